//! Part C: a survey counted again from its sheets, and looked at by its tallies.

use sea_orm::{ConnectionTrait, Statement};
use service::survey;
use support::cluster::DurableCluster;
use support::poll::{Left, Poll};
use support::{Backend, Database};

use crate::intake::median;
use crate::measure::{Aim, Figure, pairs};
use crate::stored;

const SUBJECTS: usize = 1_000;

/// Both databases, and ten times as many sheets on SQLite.
pub async fn all(sheets: usize) -> Vec<Figure> {
    let mut figures = Vec::new();
    let database = Database::fresh(Backend::Sqlite).await;
    let (taken, left) = on(&database, "SQLite", sheets).await;
    figures.extend(taken);
    figures.push(sizes(left.join(&database).await, sheets).await);
    let cluster = DurableCluster::start();
    let database = Database::fresh_in(cluster.cluster()).await;
    figures.extend(on(&database, "PostgreSQL", sheets).await.0);
    figures
}

async fn on(database: &Database, name: &str, sheets: usize) -> (Vec<Figure>, Left) {
    let poll = stored::survey(database, SUBJECTS, sheets).await;
    let (mut counted, mut grouped, mut looked) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..pairs() {
        let (seconds, recount) = timed(poll.recount()).await;
        assert!(
            recount.differences.is_empty(),
            "the tallies agree with the sheets"
        );
        counted.push(seconds);
        grouped.push(timed(group(&poll)).await.0);
        looked.push(timed(look(&poll)).await.0);
        println!(
            "pair {pair}, {name}: recount {:.2} s, GROUP BY {:.2} s, tallies read in {:.3} s",
            counted[pair], grouped[pair], looked[pair]
        );
    }
    let left = poll.leave().await;
    let aim = 1.5 + 0.2 / median(&grouped);
    let figures = vec![
        Figure {
            part: "C".to_owned(),
            job: format!("C: recount of {sheets} sheets about {SUBJECTS} subjects, {name}"),
            baseline: "GROUP BY that gives the same counts; the aim allows 0.2 s more".to_owned(),
            unit: "s".to_owned(),
            measured: counted,
            against: grouped,
            aim: Some(Aim::AtMost(aim)),
            then: Some(Aim::AtMost(1.1)),
            note: String::new(),
        },
        Figure {
            part: "C".to_owned(),
            job: format!("C: progress and tallies of {SUBJECTS} subjects, {sheets} sheets, {name}"),
            baseline: String::new(),
            unit: "s".to_owned(),
            measured: looked,
            against: Vec::new(),
            aim: Some(Aim::AtMost(0.2)),
            then: Some(Aim::AtMost(0.05)),
            note: "read from kept tallies".to_owned(),
        },
    ];
    (figures, left)
}

/// Ten times as many sheets against these, which are there.
async fn sizes(few: Poll, sheets: usize) -> Figure {
    let full = Database::fresh(Backend::Sqlite).await;
    let many = 10 * sheets;
    let polls = [few, stored::survey(&full, SUBJECTS, many).await];
    let mut seconds: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for pair in 0..pairs() {
        for (place, poll) in polls.iter().enumerate() {
            seconds[place].push(timed(poll.recount()).await.0);
        }
        println!(
            "pair {pair}: recount {:.2} s of {sheets} sheets, {:.2} s of {many}",
            seconds[0][pair], seconds[1][pair]
        );
    }
    for poll in polls {
        poll.leave().await;
    }
    let [against, measured] = seconds;
    Figure {
        part: "C".to_owned(),
        job: format!("C: recount of {many} sheets about {SUBJECTS} subjects, SQLite"),
        baseline: format!("the same of {sheets}"),
        unit: "s".to_owned(),
        measured,
        against,
        aim: Some(Aim::AtMost(11.0)),
        then: None,
        note: String::new(),
    }
}

async fn group(poll: &Poll) {
    let read = poll
        .service
        .database
        .begin_long_read()
        .await
        .expect("a transaction");
    let backend = read.get_database_backend();
    let rows = read
        .query_all_raw(Statement::from_string(backend, stored::group_by(backend)))
        .await
        .expect("counts");
    assert!(rows.len() >= SUBJECTS, "every subject has counts");
    read.finish().await.expect("an end");
}

async fn look(poll: &Poll) {
    let reader = poll.service.database.reader();
    let progress = survey::list_progress(&reader, poll.survey)
        .await
        .expect("progress");
    let tallies = survey::list_tallies(&reader, poll.survey, &poll.definition)
        .await
        .expect("tallies");
    assert_eq!(
        (progress.len(), tallies.len()),
        (SUBJECTS, SUBJECTS),
        "every subject has tallies"
    );
}

/// How long it took, in seconds, and what came of it.
pub async fn timed<T>(work: impl Future<Output = T>) -> (f64, T) {
    let begun = std::time::Instant::now();
    let made = work.await;
    (begun.elapsed().as_secs_f64(), made)
}
