//! Load from this very process, counted and bounded, to loopback alone; it tells what it cost itself.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::client::Client;

/// Ticks of a second in which the kernel counts CPU; the same on every Linux.
const TICKS: f64 = 100.0;

/// What is sent, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to.
    pub address: SocketAddr,
    /// How many connections, each of which waits for its answer.
    pub connections: usize,
    /// What is sent; from the start again when it is used up.
    pub requests: Arc<Vec<Vec<u8>>>,
    /// How many in all.
    pub count: usize,
    /// When to stop all the same.
    pub most: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Load {
    /// Answers with status 200.
    pub answered: usize,
    /// Other answers.
    pub refused: usize,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Of all answers, sorted.
    latencies: Vec<Duration>,
    /// Cores that this process kept busy.
    pub own_cores: f64,
}

impl Load {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    /// Answers with status 200 in a second.
    pub fn rate(&self) -> f64 {
        self.answered as f64 / self.seconds
    }

    /// The latency, in milliseconds, that so many of a thousand answers kept.
    pub fn latency(&self, per_mille: usize) -> f64 {
        let place = (self.latencies.len() * per_mille / 1_000).min(self.latencies.len() - 1);
        self.latencies[place].as_secs_f64() * 1_000.0
    }
}

impl Plan {
    /// Sends it.
    ///
    /// # Panics
    /// A connection breaks: what is measured must answer.
    pub async fn run(self) -> Load {
        let next = Arc::new(AtomicUsize::new(0));
        let cpu = cpu_seconds("self").expect("the kernel counts");
        let start = Instant::now();
        let mut tasks = Vec::new();
        for _ in 0..self.connections {
            tasks.push(tokio::spawn(send(self.clone(), next.clone(), start)));
        }
        let (mut answered, mut refused, mut latencies) = (0, 0, Vec::with_capacity(self.count));
        for task in tasks {
            let (good, mut times) = task
                .await
                .expect("a task ends")
                .expect("a server that answers");
            answered += good;
            refused += times.len() - good;
            latencies.append(&mut times);
        }
        let seconds = start.elapsed().as_secs_f64();
        latencies.sort_unstable();
        assert!(!latencies.is_empty(), "nothing was sent");
        Load {
            answered,
            refused,
            seconds,
            latencies,
            own_cores: (cpu_seconds("self").expect("the kernel counts") - cpu) / seconds,
        }
    }
}

async fn send(
    plan: Plan,
    next: Arc<AtomicUsize>,
    start: Instant,
) -> io::Result<(usize, Vec<Duration>)> {
    let mut client = Client::connect(plan.address).await?;
    let (mut good, mut times) = (0, Vec::with_capacity(plan.count / plan.connections + 1));
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.count || start.elapsed() > plan.most {
            return Ok((good, times));
        }
        let request = &plan.requests[number % plan.requests.len()];
        let begun = Instant::now();
        if client.send(request).await?.status == 200 {
            good += 1;
        }
        times.push(begun.elapsed());
    }
}

/// CPU that a process (`self` or its number) has used.
pub fn cpu_seconds(process: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold spaces.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / TICKS)
}

/// A process's memory that belongs to it alone, in MiB, and all of it with the files that it maps.
pub fn memory(process: u32) -> Option<(f64, f64)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| -> Option<f64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib / 1024.0)
    };
    Some((field("RssAnon:")?, field("VmRSS:")?))
}
