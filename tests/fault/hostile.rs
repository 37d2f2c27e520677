//! GraphQL documents that mean no good, while others are served.

#![expect(clippy::disallowed_methods, reason = "how others fare is a duration")]

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use support::Database;
use support::client::{self, Client};
use support::server::Server;

use super::draw::Draw;

/// Longest document, in bytes: what the server takes at most.
const LONGEST: usize = 64 * 1024;

/// How others fared.
#[derive(Debug)]
pub struct Fared {
    /// The slowest of a hundred answers to others, in milliseconds, with nobody else there.
    pub before: f64,
    /// The same while the documents came in.
    pub during: f64,
    /// The slowest answer to a document.
    pub worst: Duration,
}

/// Sends so many documents, one after the other, while somebody else asks for something simple all the time.
pub async fn run(database: &Database, count: usize, mut draw: Draw) -> Fared {
    let server = Server::start(database).await;
    let address = server.address;
    let before = others(address, Duration::from_secs(1)).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let other = tokio::spawn(async move {
        let mut times = Vec::new();
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped => return times,
                time = ask(address) => times.push(time),
            }
        }
    });
    let mut worst = Duration::ZERO;
    let mut connection = Client::connect(address).await.expect("a server");
    for number in 0..count {
        let document = document(number, &mut draw);
        let body = serde_json::json!({ "query": document }).to_string();
        let request = client::post(address, "/graphql", "application/json", &body);
        let begun = Instant::now();
        match connection.send(&request).await {
            Ok(answer) => assert!(
                answer.status < 500,
                "document {number}: status {}",
                answer.status
            ),
            // A body beyond the bound may be answered before it was read, and the connection ends.
            Err(_) => connection = Client::connect(address).await.expect("the server lives"),
        }
        worst = worst.max(begun.elapsed());
    }
    let _told = stop.send(());
    let mut times = other.await.expect("the other one ends");
    assert!(!times.is_empty(), "others were served");
    Fared {
        before,
        during: slowest_of_a_hundred(&mut times),
        worst,
    }
}

/// Asks for something simple for so long; the slowest of a hundred answers, in milliseconds.
pub async fn others(address: SocketAddr, long: Duration) -> f64 {
    let begun = Instant::now();
    let mut times = Vec::new();
    while begun.elapsed() < long {
        times.push(ask(address).await);
    }
    slowest_of_a_hundred(&mut times)
}

async fn ask(address: SocketAddr) -> Duration {
    let request = client::post(
        address,
        "/graphql",
        "application/json",
        r#"{"query":"{ __typename }"}"#,
    );
    let begun = Instant::now();
    let mut connection = Client::connect(address).await.expect("a server");
    let answer = connection.send(&request).await.expect("an answer");
    assert_eq!(
        answer.status,
        200,
        "{}",
        String::from_utf8_lossy(answer.body)
    );
    begun.elapsed()
}

fn slowest_of_a_hundred(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[(times.len() * 99 / 100).min(times.len() - 1)].as_secs_f64() * 1_000.0
}

/// The known kinds of attack in turn, each of a size that was drawn.
fn document(number: usize, draw: &mut Draw) -> String {
    let size = usize::try_from(draw.below(4_000)).unwrap_or(0) + 2;
    let mut text = match number % 8 {
        0 => format!(
            "{{ __typename(s: {}{}) }}",
            "[".repeat(size),
            "]".repeat(size)
        ),
        1 => format!("{{{}}}", "a{".repeat(size)),
        2 => fragments(size % 40),
        3 => {
            (0..size).fold("{".to_owned(), |mut text, alias| {
                let _written = write!(text, " a{alias}: __typename");
                text
            }) + " }"
        }
        4 => format!("{{ __typename {} }}", "@include(if: true) ".repeat(size)),
        5 => format!("query ({}) {{ __typename }}", "$a: [[[Int]]] ".repeat(size)),
        6 => format!(
            "{{ __schema {{ types {} }} }}",
            "{ fields { type ".repeat(size / 2)
        ),
        _ => (0..size)
            .map(|_| {
                char::from(b" {}()[]\"#$@!:.a0\\\n"[usize::try_from(draw.below(18)).unwrap_or(0)])
            })
            .collect(),
    };
    text.truncate(LONGEST);
    text
}

/// Fragments of which each spreads the next one twice.
fn fragments(count: usize) -> String {
    let mut text = "{ ...f0 }".to_owned();
    for number in 0..count {
        let next = number + 1;
        let _written = write!(
            text,
            " fragment f{number} on Query {{ ...f{next} ...f{next} }}"
        );
    }
    let _written = write!(text, " fragment f{count} on Query {{ __typename }}");
    text
}
