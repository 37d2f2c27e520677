//! Faults in large numbers: `scripts/fault kill --count 1000 --seed 7`.
//!
//! What is made: `kill` (the server dies under load), `closing` (answers race it), `copies` (of one form at once),
//! `closers` (people who close one round), `mail` (days with a mail server that fails and workers that die; 365 are a
//! year), `restarts` (of PostgreSQL under load), `disk` (the disk is full under load; only where a disk may be mounted,
//! as root), `power` (the power is cut under load, of SQLite and on Linux alone), `slow` (so many connections that send a
//! byte now and then), `hostile` (GraphQL documents), `timing` (whether the time of an answer tells that something is
//! there: it is told, and stops nothing). Without a name, all of them; on both databases, unless `--database sqlite` or
//! `--database postgresql` chooses one. Whatever breaks stops the run with its number and the seed that leads there again.

#![expect(clippy::disallowed_methods, reason = "the time of a run is told")]

mod draw;
mod hostile;
mod kill;
mod mail;
mod outage;
mod power;
mod race;
mod slow;
mod timing;

use std::time::Instant;

use draw::Draw;
use support::{Backend, Database};

const KINDS: [&str; 11] = [
    "kill", "closing", "copies", "closers", "mail", "restarts", "disk", "power", "slow", "hostile",
    "timing",
];

/// Answers that race one closing, and copies of one form.
const RACING: usize = 500;
const COPIES: usize = 100;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        words.get(place + 1).cloned()
    };
    let number = |name: &str, otherwise: u64| {
        value(name).map_or(otherwise, |text| {
            text.parse()
                .unwrap_or_else(|_| panic!("{name} takes a number"))
        })
    };
    let (count, seed) = (number("--count", 20), number("--seed", 1));
    let backends = match value("--database").as_deref() {
        None => vec![Backend::Sqlite, Backend::Postgresql],
        Some("sqlite") => vec![Backend::Sqlite],
        Some("postgresql") => vec![Backend::Postgresql],
        Some(_) => panic!("--database takes sqlite or postgresql"),
    };
    let chosen: Vec<&str> = KINDS
        .into_iter()
        .filter(|kind| words.iter().any(|word| word == kind))
        .collect();
    let kinds = if chosen.is_empty() {
        KINDS.to_vec()
    } else {
        chosen
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    for kind in kinds {
        for backend in &backends {
            let begun = Instant::now();
            let told = runtime.block_on(run(
                kind,
                *backend,
                usize::try_from(count).expect("a count"),
                seed,
            ));
            println!(
                "{kind}, {backend:?}, seed {seed}: {told}; {:.0} s",
                begun.elapsed().as_secs_f64()
            );
        }
    }
}

async fn run(kind: &str, backend: Backend, count: usize, seed: u64) -> String {
    let draw = Draw::seeded(seed);
    match kind {
        "kill" => {
            let database = Database::fresh(backend).await;
            let answers = kill::run(&database, count, draw).await;
            database.remove().await;
            format!("{count} kills, {answers} answers, each there once")
        }
        "closing" => {
            let (mut sent, mut booked) = (0, 0);
            while sent < count {
                let database = Database::fresh(backend).await;
                let size = RACING.min(count - sent);
                booked += race::closing(
                    &database,
                    size,
                    Draw::seeded(seed + u64::try_from(sent).unwrap_or(0)),
                )
                .await;
                sent += size;
                database.remove().await;
            }
            format!(
                "{sent} answers raced a closing, {booked} are in the tally, the others were refused as closed"
            )
        }
        "copies" => {
            let database = Database::fresh(backend).await;
            race::copies(&database, count, COPIES).await;
            database.remove().await;
            format!("{count} forms in {COPIES} copies each, one sheet each")
        }
        "closers" => {
            for number in 0..count {
                let database = Database::fresh(backend).await;
                race::closers(
                    &database,
                    Draw::seeded(seed + u64::try_from(number).unwrap_or(0)),
                )
                .await;
                database.remove().await;
            }
            format!("{count} rounds were closed by several people, once each")
        }
        "mail" => {
            let database = Database::fresh(backend).await;
            let went = mail::run(&database, count, draw).await;
            database.remove().await;
            format!(
                "{count} days, {} mails, {} connections that failed, {} workers that died: {} were refused for their \
                 address, all others came, {} of them again under the same name",
                went.wanted, went.troubles, went.deaths, went.refused, went.again
            )
        }
        "restarts" if backend == Backend::Sqlite => "SQLite is no server".to_owned(),
        "restarts" => {
            let went = outage::restarts(count, draw).await;
            format!(
                "{count} restarts, {} answers, each there once; {} tries were told to come again",
                went.acknowledged, went.refused
            )
        }
        "disk" => match outage::full_disks(backend, count, draw).await {
            None => "not run: a disk can be mounted by root alone".to_owned(),
            Some(went) => format!(
                "the disk was full {count} times, {} answers, each there once; {} tries were told to come again",
                went.acknowledged, went.refused
            ),
        },
        "power" if backend == Backend::Postgresql => {
            "how PostgreSQL keeps its files is its own affair".to_owned()
        }
        "power" => match power::run(count, draw).await {
            None => "not run: the shim that records what is written is for Linux".to_owned(),
            Some(went) => format!(
                "{} cuts, {} of them around a turn of the log, {} left the disk without something; {} acknowledged \
                 answers were looked for, each was there once, and no file was broken; {} writes and syncs were recorded",
                went.cuts, went.at_turns, went.lacking, went.looked_for, went.events
            ),
        },
        "slow" => {
            let database = Database::fresh(backend).await;
            let slowed = slow::run(&database, count).await;
            database.remove().await;
            format!(
                "{count} slow connections; p99 of others {:.1} ms before, {:.1} ms during; at most {} MiB",
                slowed.before, slowed.during, slowed.memory
            )
        }
        "timing" => {
            let database = Database::fresh(backend).await;
            let told = timing::run(&database, count, draw).await;
            database.remove().await;
            told
        }
        _ => {
            let database = Database::fresh(backend).await;
            let fared = hostile::run(&database, count, draw).await;
            database.remove().await;
            format!(
                "{count} documents, the slowest took {:.0} ms; p99 of others {:.1} ms before, {:.1} ms during",
                fared.worst.as_secs_f64() * 1_000.0,
                fared.before,
                fared.during
            )
        }
    }
}
