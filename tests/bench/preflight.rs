//! Part C: the dry run of a whole round and its live progress, from kept tallies.

use domain::access::Actor;
use domain::id::{self, Id};
use service::survey;
use support::poll::{Poll, show_answers};
use support::{Backend, Database};

use crate::measure::{Aim, Figure, pairs};
use crate::recount::timed;
use crate::stored;

const SUBJECTS: usize = 1_000;
const ROUND: Id<id::Round> = Id::new(1);

/// A round with ten times as many sheets against one with these.
pub async fn all(sheets: usize) -> Vec<Figure> {
    let many = 10 * sheets;
    let few = (Database::fresh(Backend::Sqlite).await, sheets);
    let full = (Database::fresh(Backend::Sqlite).await, many);
    let mut polls = Vec::new();
    for (database, sheets) in [&few, &full] {
        let poll = stored::survey(database, SUBJECTS, *sheets).await;
        show_answers(&poll.service).await;
        polls.push(poll);
    }
    let mut dry: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let mut progress: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for pair in 0..pairs() {
        for (place, poll) in polls.iter().enumerate() {
            dry[place].push(timed(run_dry(poll)).await.0);
            progress[place].push(timed(look(poll)).await.0);
        }
        println!(
            "pair {pair}: preflight {:.3} s with {sheets} sheets, {:.3} s with {many}; progress {:.4} s and {:.4} s",
            dry[0][pair], dry[1][pair], progress[0][pair], progress[1][pair]
        );
    }
    for poll in polls {
        poll.leave().await;
    }
    let figure = |job: &str, measured: &Vec<f64>, against: &[f64], aim: f64| Figure {
        part: "C".to_owned(),
        job: format!("C: {job} of {SUBJECTS} subjects, {many} sheets"),
        baseline: if against.is_empty() {
            String::new()
        } else {
            format!("the same with {sheets} sheets")
        },
        unit: "s".to_owned(),
        measured: measured.clone(),
        against: against.to_vec(),
        aim: Some(Aim::AtMost(aim)),
        then: against.is_empty().then_some(Aim::AtMost(0.05)),
        note: "SQLite, from kept tallies".to_owned(),
    };
    vec![
        figure("preflight", &dry[1], &dry[0], 1.1),
        figure("preflight", &dry[1], &[], 0.2),
        figure("live progress", &progress[1], &progress[0], 1.1),
        figure("live progress", &progress[1], &[], 0.2),
    ]
}

async fn run_dry(poll: &Poll) {
    let preflight = (poll.service.preflight(&Actor::Operator, ROUND).await).expect("a dry run");
    assert_eq!(preflight.outcome.decisions.len(), SUBJECTS);
}

async fn look(poll: &Poll) {
    let progress = poll
        .service
        .get_progress(&Actor::Operator, ROUND)
        .await
        .expect("progress");
    assert!(progress.sheets > 0, "sheets have come in");
    let read = (poll.service.database.begin_read().await).expect("a transaction");
    let groups = survey::list_progress(&read, poll.survey)
        .await
        .expect("groups");
    read.finish().await.expect("an end");
    assert_eq!(groups.len(), SUBJECTS);
}
