//! What a survey warns of, at its line and on either side of it.

use super::super::WarningGround;
use super::super::warning::find_ground;
use super::*;
use crate::scheme::file::SurveyWarning;

fn warning(above: Option<&str>, fewer_than: Option<u32>) -> SurveyWarning {
    SurveyWarning {
        code: "w".to_owned(),
        name: file::Words::new("预警", "Warning"),
        dissatisfied_above: above.map(|share| share.parse().unwrap()),
        fewer_than,
        hours_before_end: None,
    }
}

/// Answers to the two rated questions: satisfied, neutral, dissatisfied, no opinion, of each.
fn tally(counts: [[u64; 4]; 2]) -> Tally {
    let mut tally = Tally::default();
    for (question, counts) in (0..).zip(counts) {
        for (option, count) in (0..).zip(counts) {
            tally.answers.insert((question, option), count);
        }
    }
    // What is chosen of several is satisfaction with nothing.
    tally.answers.insert((2, 0), 1_000);
    tally
}

#[test]
fn more_than_the_share_of_dissatisfied_answers_warns_and_the_share_itself_does_not() {
    let ground = |counts| {
        find_ground(
            &definition(),
            &warning(Some("1/3"), None),
            (&tally(counts), 0),
        )
    };
    // A third of 60 rated answers; no opinion is none.
    assert_eq!(ground([[20, 5, 5, 90], [10, 5, 15, 0]]), None);
    assert_eq!(ground([[30, 5, 5, 0], [10, 5, 5, 0]]), None);
    let found = WarningGround::Dissatisfied {
        dissatisfied: 21,
        rated: 60,
    };
    assert_eq!(ground([[20, 4, 6, 90], [10, 5, 15, 0]]), Some(found));
    let found = WarningGround::Dissatisfied {
        dissatisfied: 1,
        rated: 1,
    };
    assert_eq!(ground([[0, 0, 1, 0], [0; 4]]), Some(found));
    // Of no answers there is no share.
    assert_eq!(ground([[0, 0, 0, 9], [0; 4]]), None);
}

#[test]
fn fewer_sheets_than_hoped_for_warn_and_so_many_do_not() {
    let ground = |returned| {
        find_ground(
            &definition(),
            &warning(None, Some(30)),
            (&Tally::default(), returned),
        )
    };
    let few = |returned| {
        Some(WarningGround::Few {
            returned,
            wanted: 30,
        })
    };
    assert_eq!(ground(0), few(0));
    assert_eq!(ground(29), few(29));
    assert_eq!((ground(30), ground(31)), (None, None));
    assert_eq!(
        find_ground(&definition(), &warning(None, None), (&Tally::default(), 0)),
        None
    );
}
