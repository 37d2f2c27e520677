//! Scores and facts of an open round: what is refused, and what is not overwritten.

use std::collections::BTreeMap;

use domain::access::Role;
use domain::number::Points;
use domain::scheme::file::Finding;
use service::inspection::{FactDraft, ScoreChange};
use support::{World, on_both};

use crate::stand::{ROUND, Stand, award, case, points, refusals, staff, subject};

on_both!(
    scores_that_do_not_fit_are_refused_with_their_place_and_none_is_stored,
    a_score_that_somebody_changed_is_not_overwritten,
    nothing_is_put_into_a_closed_round,
    a_fact_is_recorded_once_however_often_it_is_sent
);

async fn scores_that_do_not_fit_are_refused_with_their_place_and_none_is_stored(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let other = |item: &str| ScoreChange {
        item: item.to_owned(),
        ..award(1, "1")
    };
    let changes = vec![
        award(1, "10"),
        award(2, "60.5"),
        other("A9"),
        other("A2"),
        award(77, "1"),
        ScoreChange {
            subject: subject(2),
            part: Some("x".to_owned()),
            ..award(1, "1")
        },
    ];
    let refused = refusals(
        service
            .change_scores(&stand.inspector, ROUND, changes)
            .await,
    );
    let found: BTreeMap<String, &str> = refused
        .iter()
        .map(|one| (one.path.join("/"), one.code.as_str()))
        .collect();
    let expected = [
        ("scores/1/points", "ABOVE_MAXIMUM"),
        ("scores/2/item", "UNKNOWN_NAME"),
        ("scores/3/item", "WAY_NOT_POSSIBLE"),
        ("scores/4/subject", "SUBJECT_OUTSIDE_ROUND"),
        ("scores/5/item", "UNKNOWN_NAME"),
    ];
    let expected: BTreeMap<String, &str> = expected
        .into_iter()
        .map(|(path, code)| (path.to_owned(), code))
        .collect();
    assert_eq!(found, expected);
    let off_step = service
        .change_scores(&stand.inspector, ROUND, vec![award(1, "1.25")])
        .await;
    assert_eq!(refusals(off_step)[0].code, "OFF_STEP");
    let stored = service
        .list_scores(&stand.inspector, ROUND, &[subject(1), subject(2)])
        .await
        .unwrap();
    assert!(stored.is_empty());
    let many = vec![award(1, "1"); 251];
    let refused = refusals(service.change_scores(&stand.inspector, ROUND, many).await);
    assert_eq!(refused[0].code, "TOO_MANY_ROWS");
}

async fn a_score_that_somebody_changed_is_not_overwritten(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let first = service
        .change_scores(&stand.inspector, ROUND, vec![award(1, "10")])
        .await
        .unwrap();
    assert_eq!(first[0].row_version, 1);
    let change = |row_version, points: &str| ScoreChange {
        row_version,
        ..award(1, points)
    };
    let stale = service
        .change_scores(&stand.inspector, ROUND, vec![change(None, "20")])
        .await;
    let refused = refusals(stale);
    assert_eq!(
        (refused[0].code.as_str(), refused[0].path.join("/")),
        ("CHANGED_MEANWHILE", "scores/0/rowVersion".to_owned())
    );
    let second = service
        .change_scores(&stand.inspector, ROUND, vec![change(Some(1), "20")])
        .await
        .unwrap();
    assert_eq!((second[0].row_version, second[0].points), (2, points("20")));
    // Another inspector's score is another row.
    let other = staff(2, "ins-2", Role::Inspector);
    service
        .change_scores(&other, ROUND, vec![award(1, "30")])
        .await
        .unwrap();
    let taken_back = ScoreChange {
        points: None,
        ..change(Some(2), "0")
    };
    service
        .change_scores(&stand.inspector, ROUND, vec![taken_back])
        .await
        .unwrap();
    let stored = service
        .list_scores(&stand.inspector, ROUND, &[subject(1)])
        .await
        .unwrap();
    let left: Vec<Points> = stored[&subject(1)].iter().map(|one| one.points).collect();
    assert_eq!(left, [points("30")]);
}

async fn nothing_is_put_into_a_closed_round(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let refused = refusals(
        service
            .change_scores(&stand.inspector, ROUND, vec![award(1, "10")])
            .await,
    );
    assert_eq!(
        (refused[0].code.as_str(), refused[0].path.as_slice()),
        ("ROUND_NOT_OPEN", ["round".to_owned()].as_slice())
    );
    let refused = refusals(
        service
            .add_facts(&stand.inspector, ROUND, vec![case(1, "1")])
            .await,
    );
    assert_eq!(refused[0].code, "ROUND_NOT_OPEN");
}

async fn a_fact_is_recorded_once_however_often_it_is_sent(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let first = service
        .add_facts(&stand.inspector, ROUND, vec![case(1, "x-1")])
        .await
        .unwrap();
    let again = service
        .add_facts(&stand.inspector, ROUND, vec![case(1, "x-1")])
        .await
        .unwrap();
    assert!(!first[0].known && again[0].known);
    assert_eq!(first[0].fact, again[0].fact);
    let differs = FactDraft {
        persons: 2,
        ..case(1, "x-1")
    };
    let refused = refusals(
        service
            .add_facts(&stand.inspector, ROUND, vec![differs])
            .await,
    );
    assert_eq!(refused[0].code, "FACT_DIFFERS");
    let undated = FactDraft {
        decision_on: None,
        ..case(1, "x-2")
    };
    let refused = refusals(
        service
            .add_facts(&stand.inspector, ROUND, vec![undated, case(99, "x-3")])
            .await,
    );
    let found: BTreeMap<String, String> = refused
        .into_iter()
        .map(|one| (one.path.join("/"), one.code))
        .collect();
    assert_eq!(found["facts/0/date"], "DATE_MISSING");
    assert_eq!(found["facts/1/subject"], "SUBJECT_OUTSIDE_ROUND");

    let disqualified =
        |outcome: &domain::outcome::Outcome| outcome.find("u-001").unwrap().disqualified;
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(disqualified(&preflight.outcome));
    service
        .withdraw_fact(&stand.inspector, first[0].fact.id, "another unit")
        .await
        .unwrap();
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(!disqualified(&preflight.outcome));
}
