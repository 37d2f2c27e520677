//! The power is cut under load, SQLite: nothing acknowledged is lost, nothing is there twice, no file is broken.
//!
//! No power is cut: a shim in the server records every change to the database's files and every sync, and after the load
//! files are made as a disk may hold them at any moment of it (see `disk`). What time it is tells the length of the
//! records: an answer whose receipt was there before a record began has to survive a cut before it. PostgreSQL is
//! left out, as its files are its own.

pub mod disk;
pub mod trace;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::intake::Receipt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use support::client::Client;
use support::poll::{self, FilledForm, Left, Poll};
use support::server::Server;
use support::{Database, project};
use tempfile::TempDir;

use super::draw::Draw;
use super::kill;
use disk::{Disk, Files, Found};
use trace::{Event, Trace};

/// Forms of one load, and cuts that are made of it.
const FORMS: usize = 600;
const CUTS: usize = 25;
const CONNECTIONS: usize = 16;

/// So many pages lie in the log before the load, a little less than what SQLite folds into the file by itself
/// (`AUTOCHECKPOINT_PAGES` of the service), so that it does so in the middle of the answers.
const PAGES_BEFORE: usize = 19_880;

/// How often a disk that syncs nothing may look whole by chance.
const TRIES: usize = 16;

const NAME: &str = "mingjian.db";
const LOG: &str = "mingjian.db-wal";

/// By the place of its form: a receipt, and how long the records were when it was there.
type Receipts = Arc<Mutex<BTreeMap<usize, (Receipt, u64)>>>;

/// How cuts went.
#[derive(Debug, Default)]
pub struct Cuts {
    /// How often the power was cut.
    pub cuts: usize,
    /// How many of them left the disk without something that programs had seen.
    pub lacking: usize,
    /// How many were chosen to come around a turn of the log: it is folded into the file, removed, or begun anew.
    pub at_turns: usize,
    /// Acknowledged answers that were looked for, over all cuts.
    pub looked_for: usize,
    /// Changes and syncs that were recorded.
    pub events: usize,
}

/// Cuts the power so many times; nothing where no shim can be loaded. A seed leads to the same cuts again, but of records
/// that differ a little from run to run.
pub async fn run(count: usize, mut draw: Draw) -> Option<Cuts> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let mut went = Cuts::default();
    while went.cuts < count {
        let load = Load::record().await;
        went.events += load.trace.events.len();
        for number in 0..CUTS.min(count - went.cuts) {
            let (place, at_turn) = load.draw_place(&mut draw);
            let found = load.cut(place, true, &mut draw);
            let label = format!(
                "cut {}, before event {place} of {}",
                went.cuts,
                load.trace.events.len()
            );
            went.lacking += usize::from(found.lacks);
            went.at_turns += usize::from(at_turn);
            let expected = load.acknowledged_before(place);
            went.looked_for += expected.len();
            (load.check(&found.files, &expected).await)
                .unwrap_or_else(|fault| panic!("{label}: {fault}"));
            // The program itself takes a while to start: once in each load.
            if number == 0 {
                load.send_again(&found.files, &expected, &label).await;
            }
            went.cuts += 1;
        }
        load.must_notice_a_disk_that_does_not_sync(&mut draw).await;
    }
    Some(went)
}

/// What a server did to its files under load, and to whom it had said what.
struct Load {
    left: Left,
    forms: Arc<Vec<FilledForm>>,
    /// The files before.
    before: Files,
    trace: Trace,
    /// Places in the records where more happens than that the log grows.
    turns: Vec<usize>,
    /// By the place of its form: the receipt, and how long the records were when it was there.
    receipts: BTreeMap<usize, (Receipt, u64)>,
}

impl Load {
    /// Half of the forms are sent while the log is folded into the file, the others after a restart in order, which
    /// folds it as well, removes it and makes it anew.
    async fn record() -> Self {
        let beneath = tempfile::tempdir().expect("a temporary folder");
        // The shim compares paths with those of SQLite, which are free of links.
        let beneath_path = beneath.path().canonicalize().expect("a folder");
        let [folder, copy, records] =
            ["data", "copy", "records"].map(|name| beneath_path.join(name));
        std::fs::create_dir(&folder).expect("a folder");
        let database = Database::fresh_at(&folder.join(NAME)).await;
        let poll = Poll::open(&database, 5).await;
        let tokens = poll.invite(FORMS).await;
        let forms = Arc::new(poll.fill_in(&tokens).await);
        let left = poll.leave().await;

        let holder = fill_log(&folder.join(NAME)).await;
        // By another process: were this one to read the file, the holder would lose its locks with it.
        let copied = Command::new("cp").arg("-r").args([&folder, &copy]).status();
        assert!(copied.is_ok_and(|status| status.success()), "no copy");

        let shim = compile_shim(&beneath_path);
        let [shim, watched, told] =
            [&shim, &folder, &records].map(|path| path.to_str().expect("a plain path"));
        let settings = [
            ("LD_PRELOAD", shim),
            ("POWER_FOLDER", watched),
            ("POWER_TRACE", told),
        ];
        let mut server = Server::start_with(&database, &settings).await;
        let receipts = Arc::new(Mutex::new(BTreeMap::new()));
        let senders = (&forms, records.as_path(), &receipts);
        send_all(server.address, 0..FORMS / 2, senders).await;
        let middle = length(&records);
        // Whoever closes the file last folds the log: the server shall.
        holder.close().await.expect("a holder lets go");
        server.stop().await;
        server.restart().await;
        send_all(server.address, FORMS / 2..FORMS, senders).await;
        server.kill().await;

        let trace = Trace::read(&std::fs::read(&records).expect("what the shim told"));
        let load = Self {
            left,
            forms,
            before: read_files(&copy),
            turns: trace.turns(LOG),
            trace,
            receipts: std::mem::take(&mut *receipts.lock().expect("a whole map")),
        };
        load.must_explain(&read_files(&folder));
        // Only then anything is written to the beginning of the file, or of the log.
        let folded = load.turns.iter().any(|place| {
            matches!(load.trace.events[*place], Event::Write { offset: 0, .. })
                && load.trace.length_before(*place) < middle
        });
        assert!(folded, "SQLite folds the log during the first half");
        load
    }

    /// The records must lead from the files before to those after: the shim missed nothing.
    fn must_explain(&self, after: &Files) {
        let events = &self.trace.events;
        // The server may have been killed between the last record and what it tells of.
        let explained = [events.len(), events.len() - 1].map(|end| {
            let mut disk = Disk::with(&self.before);
            events[..end].iter().for_each(|event| disk.take(event));
            disk.settle() == *after
        });
        assert!(
            explained.contains(&true),
            "the server changes its files in ways that the shim does not see"
        );
        let removed = |event: &Event| matches!(event, Event::Unlink { name } if name == LOG);
        assert!(events.iter().any(removed), "a stop removes the log");
    }

    /// Before which event the power is cut: any of them, or one where more happens than that the log grows, or shortly
    /// after such a one.
    fn draw_place(&self, draw: &mut Draw) -> (usize, bool) {
        let turn = draw.below(2) == 0;
        let place = if turn {
            self.turns[draw.place(self.turns.len())] + draw.place(32)
        } else {
            draw.place(self.trace.events.len() + 1)
        };
        (place.min(self.trace.events.len()), turn)
    }

    /// What the disk holds after a cut before this event, where it did, or did not, what syncs are for.
    fn cut(&self, place: usize, synced: bool, draw: &mut Draw) -> Found {
        let mut disk = Disk::with(&self.before);
        (self.trace.events[..place].iter())
            .filter(|event| synced || !matches!(event, Event::Sync { .. } | Event::SyncFolder))
            .for_each(|event| disk.take(event));
        disk.cut(draw)
    }

    /// Whose receipt was there before this event began.
    fn acknowledged_before(&self, place: usize) -> BTreeMap<usize, Receipt> {
        let length = self.trace.length_before(place);
        (self.receipts.iter())
            .filter(|(_, (_, at))| *at <= length)
            .map(|(form, (receipt, _))| (*form, *receipt))
            .collect()
    }

    /// Opens files as the program does after a restart, and looks whether all is there that has to be.
    async fn check(
        &self,
        files: &Files,
        expected: &BTreeMap<usize, Receipt>,
    ) -> Result<(), String> {
        let (_folder, database) = lay_out(files);
        self.check_database(&database, expected).await
    }

    async fn check_database(
        &self,
        database: &Database,
        expected: &BTreeMap<usize, Receipt>,
    ) -> Result<(), String> {
        let poll = (self.left.clone().try_join(database).await)
            .map_err(|error| format!("it does not open: {error}"))?;
        let verdict = find_fault(&poll, expected).await;
        poll.leave().await;
        verdict
    }

    /// The program is started on what was found, and everybody tries once more.
    async fn send_again(&self, files: &Files, expected: &BTreeMap<usize, Receipt>, label: &str) {
        let (_folder, database) = lay_out(files);
        let mut server = Server::start(&database).await;
        kill::send_again(server.address, &self.forms, expected, label).await;
        server.kill().await;
        let everybody = self.acknowledged_before(self.trace.events.len());
        assert_eq!(everybody.len(), FORMS, "{label}: everybody had a receipt");
        (self.check_database(&database, &everybody).await)
            .unwrap_or_else(|fault| panic!("{label}, everybody sent again: {fault}"));
    }

    /// The same checks must find fault with a disk that takes no sync seriously: otherwise they would find nothing.
    async fn must_notice_a_disk_that_does_not_sync(&self, draw: &mut Draw) {
        let end = self.trace.events.len();
        let expected = self.acknowledged_before(end);
        for _ in 0..TRIES {
            let found = self.cut(end, false, draw);
            if self.check(&found.files, &expected).await.is_err() {
                return;
            }
        }
        panic!("nobody notices that {TRIES} disks did not sync");
    }
}

/// What is wrong in a database, if anything is.
async fn find_fault(poll: &Poll, expected: &BTreeMap<usize, Receipt>) -> Result<(), String> {
    for (pragma, sound) in [
        ("PRAGMA integrity_check", &["ok"][..]),
        ("PRAGMA foreign_key_check", &[]),
    ] {
        let statement = Statement::from_string(DbBackend::Sqlite, pragma);
        let reader = poll.service.database.reader();
        let rows = (reader.query_all_raw(statement).await)
            .map_err(|error| format!("{pragma}: {error}"))?;
        let told: Vec<String> = rows
            .iter()
            .map(|row| row.try_get_by_index(0).unwrap_or_default())
            .collect();
        if told != sound {
            return Err(format!("{pragma}: {told:?}"));
        }
    }
    let lost = kill::count_lost(poll, expected.values()).await;
    if lost > 0 {
        let asked = expected.len();
        return Err(format!("{lost} of {asked} acknowledged answers are lost"));
    }
    let recount = poll.recount().await;
    if !recount.differences.is_empty() {
        return Err(format!("tallies and sheets: {:?}", recount.differences));
    }
    // As many sheets as invitations that were used, so that nobody's is there twice.
    let valid = poll::valid_sheets(&recount);
    let used = count_rows(poll, "SELECT COUNT(*) FROM invitation WHERE state = 'used'").await;
    if valid != used {
        return Err(format!("{valid} sheets of {used} invitations"));
    }
    Ok(())
}

async fn count_rows(poll: &Poll, sql: &str) -> u64 {
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let reader = poll.service.database.reader();
    let row = reader.query_one_raw(statement).await;
    let row = row.expect("an answer").expect("a row");
    let counted: i64 = row.try_get_by_index(0).expect("a number");
    u64::try_from(counted).expect("a count")
}

/// Fills the log with pages that change nothing, and holds the file open so that nobody folds it before the load.
async fn fill_log(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .synchronous(SqliteSynchronous::Off)
        .pragma("wal_autocheckpoint", "0");
    let mut holder = (SqliteConnection::connect_with(&options).await).expect("a database");
    let one_page_each = "PRAGMA user_version = 0;".repeat(PAGES_BEFORE);
    sqlx::raw_sql(AssertSqlSafe(one_page_each))
        .execute(&mut holder)
        .await
        .expect("a longer log");
    holder
}

fn compile_shim(folder: &Path) -> PathBuf {
    let shim = folder.join("shim.so");
    let compiled = Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "cdylib", "-O", "-o"])
        .arg(&shim)
        .arg(project::root().join("tests/fault/power/shim.rs"))
        .current_dir(project::root())
        .status();
    let compiled = compiled.expect("rustc compiles the shim: is it in the path?");
    assert!(compiled.success(), "the shim does not compile");
    shim
}

/// Sends these forms over several connections until each is acknowledged.
async fn send_all(
    address: SocketAddr,
    places: Range<usize>,
    (forms, records, receipts): (&Arc<Vec<FilledForm>>, &Path, &Receipts),
) {
    let senders: Vec<_> = (places.start..places.start + CONNECTIONS)
        .map(|first| {
            let (forms, records, receipts) =
                (forms.clone(), records.to_path_buf(), receipts.clone());
            let mine = (first..places.end).step_by(CONNECTIONS);
            tokio::spawn(async move {
                let mut connection = Client::connect(address).await.expect("a server");
                for place in mine {
                    let request = forms[place].request(address);
                    let answer = connection.send(&request).await.expect("an answer");
                    // First of all: what happens to the files from here on comes after the answer.
                    let now = length(&records);
                    assert_eq!(answer.status, 200, "every invitation is good");
                    let receipt = kill::find_receipt(answer.body).expect("a receipt");
                    let mut receipts = receipts.lock().expect("a whole map");
                    receipts.insert(place, (receipt, now));
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.expect("a sender ends");
    }
}

/// How long the records are, which is what time it is.
fn length(records: &Path) -> u64 {
    std::fs::metadata(records).map_or(0, |found| found.len())
}

fn read_files(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files = Files::new();
    for entry in entries.map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().into_string().expect("a plain name");
        // Made anew by whoever opens the file first.
        if !name.ends_with("-shm") {
            files.insert(name, std::fs::read(entry.path()).expect("a file"));
        }
    }
    files
}

/// A database of such files, as long as its folder is held.
fn lay_out(files: &Files) -> (TempDir, Database) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("a file");
    }
    let url = format!("sqlite://{}", folder.path().join(NAME).display());
    (folder, Database::at(url))
}
