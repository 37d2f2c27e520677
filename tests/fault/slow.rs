//! Thousands of connections that send nothing, or a byte now and then, while others are served.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use support::Database;
use support::server::Server;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use super::hostile;

/// How long others are watched, before and during.
const WATCHED: Duration = Duration::from_secs(5);
/// Pause between two bytes.
const PAUSE: Duration = Duration::from_secs(1);
/// Connections from one address: a client has only so many ports.
const EACH: usize = 1_000;

/// How others fared.
#[derive(Debug)]
pub struct Slowed {
    /// The slowest of a hundred answers to others, in milliseconds, with nobody else there.
    pub before: f64,
    /// The same beside all the slow ones.
    pub during: f64,
    /// The most memory that the server ever held, in MiB.
    pub memory: u64,
}

/// Opens so many connections: a third say nothing, a third send headers byte by byte, a third a body.
pub async fn run(database: &Database, count: usize) -> Slowed {
    let server = Server::start(database).await;
    let address = server.address;
    let before = hostile::others(address, WATCHED).await;
    let mut slow = Vec::with_capacity(count);
    for number in 0..count {
        slow.push(tokio::spawn(dawdle(address, number)));
        // Not faster than a kernel's queue takes them.
        if number % 64 == 63 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    tokio::time::sleep(PAUSE).await;
    let during = hostile::others(address, WATCHED).await;
    let open = slow.iter().filter(|one| !one.is_finished()).count();
    assert_eq!(open, count, "all are still there");
    for one in &slow {
        one.abort();
    }
    Slowed {
        before,
        during,
        memory: most_memory(&server),
    }
}

async fn dawdle(address: SocketAddr, number: usize) {
    let mut stream = connect(address, number).await;
    let text: &[u8] = match number % 3 {
        0 => b"",
        1 => b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        _ => b"{\"query\":\"{ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    if number % 3 == 2 {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("a head");
    }
    for byte in text {
        tokio::time::sleep(PAUSE).await;
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// From an address of loopback that a thousand others share.
async fn connect(address: SocketAddr, number: usize) -> TcpStream {
    let host = u8::try_from(2 + number / EACH).expect("a few thousand connections");
    let socket = TcpSocket::new_v4().expect("a socket");
    let from = Ipv4Addr::new(127, 0, 0, host);
    socket
        .bind((from, 0).into())
        .expect("an address of loopback");
    socket.connect(address).await.expect("a connection")
}

fn most_memory(server: &Server) -> u64 {
    let process = server.process_id().expect("the server runs");
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its figures");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes
        .and_then(|text| text.trim().parse::<u64>().ok())
        .expect("a figure")
        / 1_024
}
