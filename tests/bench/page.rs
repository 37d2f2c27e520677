//! Part B: pages, against nginx that serves the same bytes from a file.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use support::client::{self, Client};
use support::poll::Poll;
use support::server::Server;
use support::{Backend, Database};
use tempfile::TempDir;

use crate::intake::median;
use crate::load::{Load, Plan};
use crate::measure::{Aim, Figure, pairs, scaled};

const MOST: Duration = Duration::from_secs(10);
const VIEWS: usize = 40_000;

/// nginx on loopback with one file. It is stopped when dropped.
pub struct Nginx {
    address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

impl Nginx {
    /// Serves these bytes as `/file`.
    pub async fn start(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = (TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr()))
        .expect("a port");
        std::fs::write(folder.path().join("file"), bytes).expect("a file to serve");
        let path = folder.path().join("nginx.conf");
        std::fs::write(&path, configuration(folder.path(), address)).expect("a configuration");
        let path_of = |name: &str| Path::new(name).exists().then(|| name.to_owned());
        let process =
            Command::new(path_of("/usr/sbin/nginx").unwrap_or_else(|| "nginx".to_owned()))
                .arg("-c")
                .arg(&path)
                .arg("-e")
                .arg(folder.path().join("error.log"))
                .stdin(Stdio::null())
                .spawn()
                .expect("nginx: install it, or run `scripts/bench`, which does");
        for _ in 0..200 {
            if Client::connect(address).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self {
            address,
            process,
            _folder: folder,
        }
    }

    /// Sends so many requests for the file.
    pub async fn load(&self, connections: usize, count: usize) -> Load {
        let request = client::get(self.address, "/file");
        views(self.address, request, connections, count).await
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master process ends its workers.
        let asked = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        if asked.is_ok() {
            let _ended = self.process.wait();
        }
    }
}

/// What a careful operator would write: one worker for each core, no log line for each request, the file kept open.
fn configuration(folder: &Path, address: SocketAddr) -> String {
    let folder = folder.display();
    let user = if std::fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
    {
        "user root;"
    } else {
        ""
    };
    format!(
        "{user} daemon off; worker_processes 2; pid {folder}/pid;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; error_log {folder}/error.log; sendfile on; tcp_nopush on; keepalive_requests 1000000;
            open_file_cache max=10; default_type text/html;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
            server {{ listen {address}; root {folder}; }}
        }}"
    )
}

/// Sends one request so many times; each must be answered.
pub async fn views(
    address: SocketAddr,
    request: Vec<u8>,
    connections: usize,
    count: usize,
) -> Load {
    let load = Plan {
        address,
        connections,
        requests: Arc::new(vec![request]),
        count,
        most: MOST,
    }
    .run()
    .await;
    assert_eq!(load.refused, 0, "what is asked for is there");
    load
}

/// The first view of a citizen page.
pub async fn first_view() -> Vec<Figure> {
    let database = Database::fresh(Backend::Sqlite).await;
    let poll = Poll::open(&database, 50).await;
    let link = poll.link().await;
    poll.leave().await;
    let server = Server::start(&database).await;
    let mut connection = Client::connect(server.address).await.expect("a connection");
    let page = connection
        .send(&client::get(server.address, &link))
        .await
        .expect("a page")
        .body
        .to_vec();
    let packed = packed_size(server.address, &link).await;
    let nginx = Nginx::start(&page).await;
    let (mut measured, mut against, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..pairs() {
        let request = client::get(server.address, &link);
        let load = views(server.address, request, 64, scaled(VIEWS)).await;
        measured.push(load.rate());
        own.push(load.own_cores);
        against.push(nginx.load(64, scaled(VIEWS)).await.rate());
        println!(
            "pair {pair}: page {:.0}/s, nginx {:.0}/s",
            measured[pair], against[pair]
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "kilobytes")]
    let kib = |bytes: usize| bytes as f64 / 1024.0;
    vec![Figure {
        part: "B".to_owned(),
        job: "B: citizen page, first view, ten questions, 64 connections".to_owned(),
        baseline: "nginx serving the same bytes as a file".to_owned(),
        unit: "/s".to_owned(),
        measured,
        against,
        aim: Some(Aim::AtLeast(0.5)),
        then: Some(Aim::AtLeast(0.8)),
        note: format!(
            "{:.1} KiB, {:.1} KiB packed; the generator kept {:.2} cores busy",
            kib(page.len()),
            kib(packed),
            median(&own)
        ),
    }]
}

async fn packed_size(address: SocketAddr, path: &str) -> usize {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/html\r\naccept-encoding: br, gzip\r\n\r\n"
    );
    let mut connection = Client::connect(address).await.expect("a connection");
    connection
        .send(request.as_bytes())
        .await
        .expect("a page")
        .body
        .len()
}
