//! The time, passed in so that a test can hold it still.
//!
//! Instants are truncated to microseconds when they are read from the machine: it is the resolution of the columns on
//! both databases, so an instant that was written is equal to the one that is read back.

use std::{
    fmt,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};

use crate::Fault;

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present instant, in whole microseconds.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock of the machine"
    )]
    fn now(&self) -> DateTime<Utc> {
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let micros = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
        DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock {
    micros: AtomicI64,
}

impl FixedClock {
    /// A clock that stands at this instant, cut to whole microseconds.
    pub fn at(instant: DateTime<Utc>) -> Self {
        Self {
            micros: AtomicI64::new(micros(instant)),
        }
    }

    /// Moves the clock to another instant, earlier or later.
    pub fn set(&self, instant: DateTime<Utc>) {
        self.micros.store(micros(instant), Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        let micros = self.micros.load(Ordering::SeqCst);
        DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// An instant as a column holds it: microseconds since the epoch.
pub fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros()
}

/// An instant from a column. Fails on a number outside the calendar (some 262,000 years either way), which no part of
/// this program writes.
pub fn instant(micros: i64) -> Result<DateTime<Utc>, Fault> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| Fault::internal(format!("`{micros}` microseconds are outside the calendar")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_its_column() {
        let now = SystemClock.now();
        assert_eq!(instant(micros(now)).unwrap(), now);
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let start = instant(1_000_000).unwrap();
        let clock = FixedClock::at(start);
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(micros(clock.now()), 2_500_000);
        clock.set(start);
        assert_eq!(clock.now(), start);
    }
}
