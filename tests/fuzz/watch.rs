//! How long an answer takes, by the time of its own thread: on a machine that others use, time that passes says how
//! busy they are.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// No answer takes longer. A build without optimisation is some twenty times slower and is watched for hangs alone.
const LONGEST: Duration = if cfg!(debug_assertions) {
    Duration::from_secs(2)
} else {
    Duration::from_millis(50)
};

/// How often an answer that took too long is asked for again: the least counts, for the first time may have waited for
/// memory.
const TRIES: usize = 4;

/// Looks at the clock while answers are asked for.
#[derive(Debug, Default)]
pub struct Watch {
    /// The slowest answer so far.
    pub worst: Duration,
    /// Which that was.
    pub slowest: &'static str,
}

impl Watch {
    /// Asks for an answer. It has to be the same each time.
    ///
    /// # Panics
    /// It takes too long.
    pub fn time<T>(&mut self, what: &'static str, ask: impl Fn() -> T) -> T {
        let began = on_cpu();
        let answer = std::hint::black_box(ask());
        let mut took = on_cpu().saturating_sub(began);
        if took > self.worst {
            for _ in 0..TRIES {
                let began = on_cpu();
                std::hint::black_box(ask());
                took = took.min(on_cpu().saturating_sub(began));
            }
            if took > self.worst {
                (self.worst, self.slowest) = (took, what);
            }
            assert!(took <= LONGEST, "{what} took {took:.1?}");
        }
        answer
    }
}

/// How long this thread has run.
fn on_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}
