//! The database goes away under load and comes back: PostgreSQL restarts, or the disk is full for a while. Whoever was
//! refused tries again, as the page does, and in the end each answer is there once; the server is never restarted.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};
use support::client::{self, Client};
use support::cluster::DurableCluster;
use support::poll::{self, FilledForm, Left, Poll};
use support::server::Server;
use support::{Backend, Database};

use super::draw::Draw;
use super::kill::find_receipt;

/// Forms that are sent around each outage.
const FORMS: usize = 200;
const CONNECTIONS: usize = 16;

/// How often somebody who was refused tries again, and how long they wait.
const TRIES: usize = 3_000;
const WAIT: Duration = Duration::from_millis(20);

/// Megabytes of the disk that gets full, for a database with its log, and for what each time adds.
const SQLITE_ROOM: (usize, usize) = (48, 1);
const POSTGRESQL_ROOM: (usize, usize) = (400, 2);

/// Bytes that are free while nothing is wrong: enough for one outage, and taken while its answers still come in.
const FREE: u64 = 24 * 1024 * 1024;

/// How outages went.
#[derive(Debug, Default)]
pub struct Outages {
    /// Answers that were acknowledged.
    pub acknowledged: usize,
    /// Tries that were told to try again.
    pub refused: usize,
}

/// A survey whose server goes through outages.
struct Scene<'a> {
    database: &'a Database,
    server: Server,
    left: Option<Left>,
    went: Outages,
}

impl<'a> Scene<'a> {
    async fn new(database: &'a Database) -> Self {
        let poll = Poll::open(database, 5).await;
        Self {
            database,
            left: Some(poll.leave().await),
            server: Server::start(database).await,
            went: Outages::default(),
        }
    }

    async fn join(&mut self) -> Poll {
        let left = self.left.take().expect("nobody holds the survey");
        left.join(self.database).await
    }

    /// Sends forms while `outage` lasts, and until each is acknowledged; then counts.
    async fn through(&mut self, outage: impl Future<Output = ()>) {
        let poll = self.join().await;
        let tokens = poll.invite(FORMS).await;
        let forms = Arc::new(poll.fill_in(&tokens).await);
        self.left = Some(poll.leave().await);
        let address = self.server.address;
        let senders: Vec<_> = (0..CONNECTIONS)
            .map(|first| tokio::spawn(send_all(address, forms.clone(), first)))
            .collect();
        outage.await;
        let mut receipts = BTreeMap::new();
        for sender in senders {
            let (mine, refused) = sender.await.expect("a sender ends");
            receipts.extend(mine);
            self.went.refused += refused;
        }
        assert_eq!(receipts.len(), FORMS, "everybody has a receipt");
        // A browser that had given up tries once more and is told the same.
        for first in 0..CONNECTIONS {
            let (again, _) = send_all(address, forms.clone(), first).await;
            for (place, receipt) in again {
                assert_eq!(receipts[&place], receipt, "another receipt");
            }
        }
        self.went.acknowledged += FORMS;
        let poll = self.join().await;
        let recount = poll.recount().await;
        assert_eq!(recount.differences, [], "tallies and sheets");
        assert_eq!(
            usize::try_from(poll::valid_sheets(&recount)).ok(),
            Some(self.went.acknowledged),
            "each answer exactly once"
        );
        self.left = Some(poll.leave().await);
    }
}

/// Sends every sixteenth form until it is acknowledged; tells the receipts and how often it was refused meanwhile.
async fn send_all(
    address: SocketAddr,
    forms: Arc<Vec<FilledForm>>,
    first: usize,
) -> (BTreeMap<usize, String>, usize) {
    let mut connection = Client::connect(address).await.expect("a server");
    let (mut receipts, mut refused) = (BTreeMap::new(), 0);
    for (place, form) in forms.iter().enumerate().skip(first).step_by(CONNECTIONS) {
        let request = form.request(address);
        let mut tries = 0;
        let receipt = loop {
            let answer = (connection.send(&request).await).expect("the server lives");
            match answer.status {
                200 => break find_receipt(answer.body).expect("a receipt"),
                503 => refused += 1,
                other => panic!("{other}: {}", String::from_utf8_lossy(answer.body)),
            }
            tries += 1;
            assert!(tries < TRIES, "the server does not recover");
            tokio::time::sleep(WAIT).await;
        };
        receipts.insert(place, format!("{receipt:?}"));
    }
    (receipts, refused)
}

/// Restarts PostgreSQL so many times under load, in a hurry or as if it had crashed.
pub async fn restarts(count: usize, mut draw: Draw) -> Outages {
    let cluster = DurableCluster::start();
    let database = Database::fresh_in(cluster.cluster()).await;
    let mut scene = Scene::new(&database).await;
    for _ in 0..count {
        let mode = ["fast", "immediate"][usize::from(draw.below(2) == 0)];
        let wait = Duration::from_millis(draw.below(120));
        scene
            .through(async {
                tokio::time::sleep(wait).await;
                tokio::task::block_in_place(|| cluster.restart(mode));
            })
            .await;
    }
    scene.went
}

/// Fills the disk so many times under load; nothing if this machine lets nobody mount one.
pub async fn full_disks(backend: Backend, count: usize, mut draw: Draw) -> Option<Outages> {
    let (room, each) = match backend {
        Backend::Sqlite => SQLITE_ROOM,
        Backend::Postgresql => POSTGRESQL_ROOM,
    };
    let disk = Disk::mount(room + each * count)?;
    let cluster =
        (backend == Backend::Postgresql).then(|| DurableCluster::start_in(&disk.folder.join("c")));
    let database = match &cluster {
        Some(cluster) => Database::fresh_in(cluster.cluster()).await,
        None => Database::fresh_at(&disk.folder.join("mingjian.db")).await,
    };
    let mut scene = Scene::new(&database).await;
    for _ in 0..count {
        let (spared, lasts) = (draw.below(96 * 1024), 50 + draw.below(400));
        if cluster.is_none() {
            fold_log(&database).await;
        }
        disk.occupy();
        let address = scene.server.address;
        let (disk, cluster) = (&disk, &cluster);
        scene
            .through(async move {
                disk.fill(spared);
                tokio::time::sleep(Duration::from_millis(lasts)).await;
                let alive = cluster.as_ref().is_none_or(DurableCluster::is_running);
                if alive {
                    let mut connection = Client::connect(address).await.expect("a server");
                    let ready = connection.send(&client::get(address, "/readyz")).await;
                    assert_eq!(ready.expect("an answer").status, 200, "reads stay up");
                }
                disk.empty();
                if let Some(cluster) = cluster.as_ref().filter(|cluster| !cluster.is_running()) {
                    tokio::task::block_in_place(|| cluster.restart("immediate"));
                }
            })
            .await;
    }
    let went = std::mem::take(&mut scene.went);
    scene.server.kill().await;
    drop(cluster);
    Some(went)
}

/// Folds SQLite's log into its file and lets it begin anew, so that what is written next asks for room.
async fn fold_log(database: &Database) {
    let path = database.url.trim_start_matches("sqlite://");
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.expect("a connection");
    let folded = sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection);
    let busy: i64 = folded.await.expect("a checkpoint").get(0);
    assert_eq!(busy, 0, "nobody else reads or writes");
    connection.close().await.expect("the connection closes");
}

/// A disk in memory, of a size that can be filled.
struct Disk {
    folder: PathBuf,
    _beneath: tempfile::TempDir,
}

impl Disk {
    fn mount(megabytes: usize) -> Option<Self> {
        let beneath = tempfile::tempdir().expect("a temporary folder");
        let folder = beneath.path().to_path_buf();
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={megabytes}m,mode=755"),
                "tmpfs",
            ])
            .arg(&folder)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self {
                folder,
                _beneath: beneath,
            })
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    /// Takes the room that the database does not need for an outage.
    fn occupy(&self) {
        let path = self.folder.join("occupied");
        take_all_but(FREE, &path);
    }

    /// Takes all room but so many bytes.
    fn fill(&self, spared: u64) {
        take_all_but(spared, &self.ballast());
    }

    fn empty(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast goes");
    }
}

/// A file that leaves so many bytes of its disk free.
fn take_all_but(spared: u64, path: &Path) {
    let mut file = std::fs::File::create(path).expect("a file");
    let piece = vec![1; 1 << 20];
    // Ends when nothing more fits.
    while file.write_all(&piece).is_ok() {}
    let length = file.metadata().expect("a file has a length").len();
    let kept = length.saturating_sub(spared);
    file.set_len(kept).expect("a file can be shortened");
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that is being stopped may still hold a file.
        let folder: &Path = &self.folder;
        let unmounted = Command::new("umount").arg("--lazy").arg(folder).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} is still mounted", folder.display());
        }
    }
}
