//! Renames, mergers and rosters that change by recorded steps: what an open round makes of them.

use domain::access::{Actor, Role};
use domain::id::Id;
use domain::outcome::{Comparison, Ground, Outcome, Truth3};
use sea_orm::ConnectionTrait;
use serde_json::Value;
use service::audit::LoggedEntry;
use service::page::Page;
use service::round::RosterStep;
use service::succession::{SuccessionChange, SuccessionDraft};
use support::plant::Plan;
use support::{World, on_both};

use crate::stand::{ROUND, SCHEME, Stand, case, refusals, staff, subject};

on_both!(
    a_merged_unit_leaves_the_round_and_hands_on_its_cases_and_its_grades,
    a_step_that_has_no_meaning_is_refused,
    who_joins_or_leaves_a_round_does_so_by_a_recorded_step
);

fn merger(grades: bool) -> SuccessionDraft {
    SuccessionDraft {
        subject: subject(2),
        change: SuccessionChange::Merger {
            into: subject(1),
            grades,
        },
        on: "2026-02-10".parse().unwrap(),
        reason: "Order 7".to_owned(),
    }
}

async fn preflight(stand: &Stand) -> Outcome {
    let found = stand
        .world
        .service
        .preflight(&stand.administrator, ROUND)
        .await;
    found.unwrap().outcome.as_ref().clone()
}

async fn logged(stand: &Stand) -> Vec<(String, Option<String>)> {
    let page = Page {
        after: None,
        first: 100,
    };
    let log = stand.world.service.list_log(&Actor::Operator, page).await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let entry = |one: LoggedEntry| {
        let body: Value = serde_json::from_str(&one.body).unwrap();
        (text(&body["action"]).unwrap(), text(&body["reason"]))
    };
    log.unwrap().rows.into_iter().map(entry).collect()
}

/// What is told of a unit that was poor before.
const POOR: &str = "
[[rule]]
code = \"poor_before\"
name = { zh = \"上年较差\", en = \"Poor before\" }
clause = \"9\"
when = { earlier = { grades = [\"poor\"], in_a_row = 1, gap = \"breaks\" } }
effect = \"alert\"
words = { zh = \"上年较差\", en = \"Poor the year before\" }
";

async fn a_merged_unit_leaves_the_round_and_hands_on_its_cases_and_its_grades(world: World) {
    let scheme = format!("{SCHEME}{POOR}");
    let plan = Plan {
        scheme: &scheme,
        units: 2,
    };
    let stand = Stand::of(world, plan).await;
    let service = stand.world.service.clone();
    // A year ago the second unit was poor and the first was good.
    let sql = "INSERT INTO past_grade (series, round_code, subject_id, closed_on, grade)
        SELECT series, 'r0', 1, '2025-12-31', 'good' FROM round WHERE code = 'r1'
        UNION ALL SELECT series, 'r0', 2, '2025-12-31', 'poor' FROM round WHERE code = 'r1'";
    let transaction = service.database.begin_write().await.unwrap();
    transaction.execute_unprepared(sql).await.unwrap();
    transaction.commit().await.unwrap();
    let cases = vec![case(2, "x-1"), case(2, "x-2"), case(1, "x-2")];
    service
        .add_facts(&stand.inspector, ROUND, cases)
        .await
        .unwrap();
    service
        .record_succession(&stand.administrator, merger(true))
        .await
        .unwrap();

    let outcome = preflight(&stand).await;
    assert!(outcome.find("u-002").is_none(), "it takes part no longer");
    let decision = outcome.find("u-001").unwrap();
    let carried = &decision.predecessors[0];
    assert_eq!(carried.subject.as_ref(), "u-002");
    assert!(carried.grades);
    let counted: Vec<String> = decision
        .rules
        .iter()
        .flat_map(|rule| &rule.compared)
        .flat_map(Comparison::counted)
        .filter_map(|ground| match ground {
            Ground::Case(case) => {
                let of = case.of.as_ref().map_or("itself", |of| &of.subject);
                Some(format!("{} of {of}", case.reference))
            }
            _ => None,
        })
        .collect();
    assert_eq!(counted, ["x-1 of u-002", "x-2 of itself"]);
    let before = decision
        .rules
        .iter()
        .find(|rule| *rule.rule == *"poor_before");
    let before = &before.unwrap().compared[0];
    assert_eq!(
        (before.left.to_string().as_str(), before.holds),
        ("1", Truth3::True)
    );
    let package = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    let words = package.words.explainer().sentence(decision);
    assert!(words.zh.contains("于 2026-02-10 并入"), "{}", words.zh);
    assert!(
        words.en.contains("was merged into it on 2026-02-10"),
        "{}",
        words.en
    );

    // It was an error: both stand for themselves again.
    service
        .take_back_merger(&stand.administrator, subject(2), "another unit was meant")
        .await
        .unwrap();
    let outcome = preflight(&stand).await;
    assert!(outcome.find("u-001").unwrap().predecessors.is_empty());
    assert!(outcome.find("u-002").is_some());
    let log = logged(&stand).await;
    let of = |action: &str| log.iter().find(|(one, _)| one == action).cloned();
    let entry = |action: &str, reason: &str| Some((action.to_owned(), Some(reason.to_owned())));
    assert_eq!(of("subject.merge"), entry("subject.merge", "Order 7"));
    assert_eq!(
        of("subject.take_merger_back"),
        entry("subject.take_merger_back", "another unit was meant")
    );
}

async fn a_step_that_has_no_meaning_is_refused(world: World) {
    let stand = Stand::with(world, 3).await;
    let service = stand.world.service.clone();
    let administrator = &stand.administrator;
    let record =
        async |draft: SuccessionDraft| service.record_succession(administrator, draft).await;
    let refused = refusals(
        record(SuccessionDraft {
            reason: " ".to_owned(),
            ..merger(false)
        })
        .await,
    );
    assert_eq!(refused[0].code, "REASON_MISSING");
    record(merger(false)).await.unwrap();
    let refused = refusals(record(merger(false)).await);
    assert_eq!(refused[0].code, "MERGED_ALREADY");
    let back = SuccessionDraft {
        subject: subject(1),
        change: SuccessionChange::Merger {
            into: subject(2),
            grades: false,
        },
        ..merger(false)
    };
    let refused = refusals(record(back).await);
    assert_eq!(refused[0].code, "CIRCLE");
    let rename = |name: &str| SuccessionDraft {
        subject: subject(3),
        change: SuccessionChange::Rename {
            name: name.to_owned(),
            name_en: "New name".to_owned(),
        },
        ..merger(false)
    };
    let refused = refusals(record(rename("")).await);
    assert_eq!(
        (refused[0].code.as_str(), refused[0].path.join("/")),
        ("NAME_UNFIT", "name".to_owned())
    );
    record(rename("新名")).await.unwrap();
    let refused = refusals(record(rename("又一名")).await);
    assert_eq!(refused[0].code, "STEP_TAKEN");
    let roster = service
        .find_round_subjects(administrator, &[(ROUND, subject(3))])
        .await
        .unwrap();
    assert_eq!(
        roster[&(ROUND, subject(3))].name,
        "新名",
        "an open round takes the name over"
    );
    let inspector = staff(2, "ins-2", Role::Inspector);
    let denied = service.record_succession(&inspector, rename("名")).await;
    assert!(matches!(denied, Err(service::Fault::Denied)));
    let absent = SuccessionDraft {
        subject: Id::new(999),
        ..merger(false)
    };
    assert!(matches!(
        record(absent).await,
        Err(service::Fault::NotFound)
    ));
}

async fn who_joins_or_leaves_a_round_does_so_by_a_recorded_step(world: World) {
    let stand = Stand::with(world, 3).await;
    let service = stand.world.service.clone();
    let administrator = &stand.administrator;
    let step = |unit: i64, on: &str| RosterStep {
        round: ROUND,
        subject: subject(unit),
        on: on.parse().unwrap(),
        reason: "Order 9".to_owned(),
    };
    service
        .leave_round(administrator, &step(3, "2026-02-01"))
        .await
        .unwrap();
    assert!(preflight(&stand).await.find("u-003").is_none());
    let again = service
        .leave_round(administrator, &step(3, "2026-02-02"))
        .await;
    assert_eq!(refusals(again)[0].code, "SUBJECT_OUTSIDE_ROUND");
    let back = service
        .join_round(administrator, &step(3, "2026-02-02"))
        .await;
    assert_eq!(refusals(back)[0].code, "ON_ROSTER");
    let outside = service
        .leave_round(administrator, &step(2, "2031-01-01"))
        .await;
    assert_eq!(refusals(outside)[0].code, "DAY_OUTSIDE_PERIOD");

    // A unit that was set up after the opening.
    let transaction = service.database.begin_write().await.unwrap();
    let sql = "INSERT INTO subject (id, code, kind, category, region_id, name, name_en)
        SELECT 77, 'u-077', kind, category, region_id, '新单位', 'New unit' FROM subject WHERE id = 1";
    transaction.execute_unprepared(sql).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(preflight(&stand).await.find("u-077").is_none());
    service
        .join_round(administrator, &step(77, "2026-02-02"))
        .await
        .unwrap();
    assert!(preflight(&stand).await.find("u-077").is_some());
    let actions: Vec<String> = logged(&stand)
        .await
        .into_iter()
        .map(|(action, _)| action)
        .collect();
    for action in ["round.join", "round.leave"] {
        assert!(actions.iter().any(|one| one == action), "{actions:?}");
    }
}
