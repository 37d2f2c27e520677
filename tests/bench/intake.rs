//! Part A: answers acknowledged through HTTP, against databases that are written to directly.

use std::sync::Arc;
use std::time::Duration;

use support::client::Client;
use support::cluster::DurableCluster;
use support::poll::{self, FilledForm, Poll};
use support::server::Server;
use support::{Backend, Database};

use crate::direct;
use crate::load::{Load, Plan, memory};
use crate::measure::{Aim, Figure, pairs, scaled};

/// Subjects that the answers are about.
const SUBJECTS: usize = 50;
/// Answers in a run.
const ANSWERS: usize = 30_000;
/// No run takes longer.
const MOST: Duration = Duration::from_secs(20);

/// A database with a survey, forms to send and a server to send them to.
struct Stand {
    database: Database,
    server: Server,
    forms: Vec<FilledForm>,
}

impl Stand {
    async fn on(database: Database, forms: usize, stored: usize) -> Self {
        let poll = Poll::open(&database, SUBJECTS).await;
        crate::stored::fill(&poll, stored).await;
        let tokens = poll.invite(forms).await;
        let forms = poll.fill_in(&tokens).await;
        poll.leave().await;
        let server = Server::start(&database).await;
        Self {
            database,
            server,
            forms,
        }
    }

    async fn sqlite(forms: usize, stored: usize) -> Self {
        Self::on(Database::fresh(Backend::Sqlite).await, forms, stored).await
    }

    /// Reads the file once, for some machines take from the page cache what was not used for seconds: how fast they read
    /// it again is theirs.
    fn warm(&self) {
        let path = self.database.url.trim_start_matches("sqlite://");
        let mut file = std::fs::File::open(path).expect("the file of the database");
        std::io::copy(&mut file, &mut std::io::sink()).expect("a file that can be read");
    }

    /// Sends the next of its forms.
    async fn send(&mut self, connections: usize, count: usize) -> Load {
        let requests: Vec<Vec<u8>> = self
            .forms
            .drain(..count)
            .map(|form| form.request(self.server.address))
            .collect();
        let load = Plan {
            address: self.server.address,
            connections,
            requests: Arc::new(requests),
            count,
            most: MOST,
        }
        .run()
        .await;
        assert_eq!(
            load.refused,
            0,
            "every invitation is good:\n{}",
            self.server.log()
        );
        load
    }

    /// Every acknowledged answer is in: a fast server that loses some has no figure.
    async fn check(self, acknowledged: usize) -> Database {
        drop(self.server);
        let service = poll::connect(&self.database).await;
        let read = service.database.begin_read().await.expect("a transaction");
        let counted = crate::stored::count(&read).await;
        read.finish().await.expect("an end");
        service.database.close().await;
        assert_eq!(counted, acknowledged, "sheets and acknowledged answers");
        self.database
    }
}

/// An empty survey whose invitations nobody has used.
async fn invited(database: Database, count: usize) -> Database {
    let poll = Poll::open(&database, SUBJECTS).await;
    poll.invite(count).await;
    poll.leave().await;
    database
}

/// SQLite, against one writer in groups of 32 and against one with a commit for each answer.
pub async fn sqlite() -> Vec<Figure> {
    let answers = scaled(ANSWERS);
    let (mut rates, mut groups, mut singles) = (Vec::new(), Vec::new(), Vec::new());
    let (mut slowest, mut own, mut private) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..pairs() {
        let mut stand = Stand::sqlite(answers, 0).await;
        let load = stand.send(64, answers).await;
        let of_server = stand
            .server
            .process_id()
            .and_then(memory)
            .expect("a running server");
        rates.push(load.rate());
        slowest.push(load.latency(990));
        own.push(load.own_cores);
        private.push(of_server.0);
        stand.check(load.answered).await;
        let database = invited(Database::fresh(Backend::Sqlite).await, answers).await;
        groups.push(direct::sqlite(&database, 32).await);
        let database = invited(Database::fresh(Backend::Sqlite).await, answers / 3).await;
        singles.push(direct::sqlite(&database, 1).await);
        println!(
            "pair {pair}: {:.0}/s, p99 {:.1} ms, own {:.2} cores; groups of 32 {:.0}/s, single {:.0}/s; {:.0} MiB",
            rates[pair], slowest[pair], own[pair], groups[pair], singles[pair], private[pair]
        );
    }
    let note = format!("the generator kept {:.2} cores busy", median(&own));
    let job = "A: answers acknowledged through HTTP, SQLite FULL, 64 connections";
    let figure = |job: &str, baseline: &str, unit: &str| Figure {
        part: "A".to_owned(),
        job: job.to_owned(),
        baseline: baseline.to_owned(),
        unit: unit.to_owned(),
        measured: rates.clone(),
        against: Vec::new(),
        aim: None,
        then: None,
        note: note.clone(),
    };
    vec![
        Figure {
            against: groups,
            aim: Some(Aim::AtLeast(0.4)),
            then: Some(Aim::AtLeast(0.6)),
            ..figure(job, "direct SQLite writer, FULL, groups of 32", "/s")
        },
        Figure {
            against: singles,
            aim: Some(Aim::AtLeast(2.0)),
            then: Some(Aim::AtLeast(3.0)),
            ..figure(
                job,
                "direct SQLite writer, FULL, one commit per answer",
                "/s",
            )
        },
        Figure {
            measured: slowest,
            aim: Some(Aim::AtMost(25.0)),
            ..figure("A: its slowest answer but one in a hundred (p99)", "", "ms")
        },
        Figure {
            measured: private,
            aim: Some(Aim::AtMost(100.0)),
            ..figure("memory of the server after A, page cache apart", "", "MiB")
        },
    ]
}

/// PostgreSQL, against pgbench.
pub async fn postgresql() -> Vec<Figure> {
    let answers = scaled(ANSWERS);
    let cluster = DurableCluster::start();
    let (mut rates, mut against, mut slowest, mut own) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for pair in 0..pairs() {
        let mut stand = Stand::on(Database::fresh_in(cluster.cluster()).await, answers, 0).await;
        let load = stand.send(64, answers).await;
        rates.push(load.rate());
        slowest.push(load.latency(990));
        own.push(load.own_cores);
        stand.check(load.answered).await;
        let database = invited(Database::fresh_in(cluster.cluster()).await, 50).await;
        against.push(direct::postgresql(&cluster, &database, 3).await);
        println!(
            "pair {pair}: {:.0}/s, p99 {:.1} ms, own {:.2} cores; pgbench {:.0}/s",
            rates[pair], slowest[pair], own[pair], against[pair]
        );
    }
    vec![Figure {
        part: "A".to_owned(),
        job: "A: answers acknowledged through HTTP, PostgreSQL, 64 connections".to_owned(),
        baseline: "pgbench, one statement that inserts and spends, 32 clients".to_owned(),
        unit: "/s".to_owned(),
        measured: rates,
        against,
        aim: Some(Aim::AtLeast(0.8)),
        then: Some(Aim::AtLeast(1.0)),
        note: format!(
            "p99 {:.1} ms; the generator kept {:.2} cores busy",
            median(&slowest),
            median(&own)
        ),
    }]
}

/// One citizen, nobody else, against a single commit.
pub async fn alone() -> Vec<Figure> {
    let answers = scaled(500);
    let (mut measured, mut against) = (Vec::new(), Vec::new());
    for pair in 0..pairs() {
        let mut stand = Stand::sqlite(answers, 0).await;
        let load = stand.send(1, answers).await;
        measured.push(load.latency(500));
        stand.check(load.answered).await;
        let database = invited(Database::fresh(Backend::Sqlite).await, answers).await;
        against.push(1_000.0 / direct::sqlite(&database, 1).await);
        println!(
            "pair {pair}: alone {:.2} ms, direct commit {:.2} ms",
            measured[pair], against[pair]
        );
    }
    vec![Figure {
        part: "A".to_owned(),
        job: "A: a lone citizen on an idle server, median of 500 answers".to_owned(),
        baseline: "direct single commit; the aim allows 1 ms more".to_owned(),
        unit: "ms".to_owned(),
        aim: Some(Aim::AtMost(1.5 + 1.0 / median(&against))),
        measured,
        against,
        then: None,
        note: "SQLite FULL".to_owned(),
    }]
}

/// Many connections against few, and a full database against an empty one.
pub async fn crowded(stored: usize) -> Vec<Figure> {
    let forms = scaled(15_000);
    let (mut many, mut few, mut full, mut empty) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // One for all pairs: so many are stored in minutes.
    let mut laden = Stand::sqlite(pairs() * forms, stored).await;
    for pair in 0..pairs() {
        let mut stand = Stand::sqlite(3 * forms, 0).await;
        few.push(stand.send(32, forms).await.latency(990));
        many.push(stand.send(256, forms).await.latency(990));
        let load = stand.send(64, forms).await;
        empty.push(load.rate());
        stand.check(3 * forms).await;
        laden.warm();
        full.push(laden.send(64, forms).await.rate());
        println!(
            "pair {pair}: p99 {:.1} ms at 256 connections, {:.1} ms at 32; {:.0}/s with {stored} sheets stored, {:.0}/s with none",
            many[pair], few[pair], full[pair], empty[pair]
        );
    }
    vec![
        Figure {
            part: "A".to_owned(),
            job: "A: p99 at 256 connections".to_owned(),
            baseline: "p99 at 32 connections".to_owned(),
            unit: "ms".to_owned(),
            measured: many,
            against: few,
            aim: Some(Aim::AtMost(5.0)),
            then: None,
            note: "SQLite FULL".to_owned(),
        },
        Figure {
            part: "A".to_owned(),
            job: format!("A: answers acknowledged with {stored} sheets stored"),
            baseline: "with none stored".to_owned(),
            unit: "/s".to_owned(),
            measured: full,
            against: empty,
            aim: Some(Aim::AtLeast(0.8)),
            then: None,
            note: "SQLite FULL, 64 connections".to_owned(),
        },
    ]
}

/// Start, memory and size.
pub async fn machine() -> Vec<Figure> {
    let poll_database = invited(Database::fresh(Backend::Sqlite).await, 50).await;
    let mut server = Server::start(&poll_database).await;
    let (mut start, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..pairs() {
        server.kill().await;
        let begun = std::time::Instant::now();
        server.restart().await;
        start.push(begun.elapsed().as_secs_f64());
        let mut client = Client::connect(server.address).await.expect("a connection");
        client
            .send(&support::client::get(server.address, "/healthz"))
            .await
            .expect("an answer");
        tokio::time::sleep(Duration::from_secs(1)).await;
        idle.push(
            server
                .process_id()
                .and_then(memory)
                .expect("a running server")
                .1,
        );
    }
    let size = std::fs::metadata(support::server::program())
        .expect("the program")
        .len();
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let size = size as f64 / 1e6;
    println!(
        "start {:.3} s, idle {:.1} MiB, program {size:.1} MB",
        median(&start),
        median(&idle)
    );
    let figure = |job: &str, unit: &str, measured: Vec<f64>, most: f64| Figure {
        part: "D".to_owned(),
        job: job.to_owned(),
        baseline: String::new(),
        unit: unit.to_owned(),
        measured,
        against: Vec::new(),
        aim: Some(Aim::AtMost(most)),
        then: None,
        note: String::new(),
    };
    vec![
        figure("start to ready, SQLite", "s", start, 0.2),
        figure("idle memory, mapped program included", "MiB", idle, 30.0),
        figure("release program", "MB", vec![size], 40.0),
    ]
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
