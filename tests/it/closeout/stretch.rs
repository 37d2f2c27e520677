//! Points that are awarded for each half-year by itself.

use domain::access::Actor;
use domain::outcome::ItemState;
use service::inspection::ScoreChange;
use service::inspection::import::{self, ImportKind, Row, Table};
use support::plant::Plan;
use support::{World, on_both};

use crate::stand::{ROUND, SCHEME, Stand, award, points, refusals, subject};

on_both!(points_for_each_half_year_are_kept_apart_and_a_missing_one_is_named);

const ONCE: &str = r#"graded = { step = "0.5", several = "mean" }"#;
const EACH_HALF_YEAR: &str =
    r#"graded = { step = "0.5", several = "mean", every = "half_year", over = "mean" }"#;

fn awarded_for(period: &str, points: &str) -> ScoreChange {
    ScoreChange {
        period: Some(period.to_owned()),
        ..award(1, points)
    }
}

async fn points_for_each_half_year_are_kept_apart_and_a_missing_one_is_named(world: World) {
    let scheme = SCHEME.replace(ONCE, EACH_HALF_YEAR);
    assert_ne!(scheme, SCHEME);
    let plan = Plan {
        scheme: &scheme,
        units: 2,
    };
    let stand = Stand::of(world, plan).await;
    let service = stand.world.service.clone();
    let change = |changes| service.change_scores(&stand.inspector, ROUND, changes);

    let wrong = vec![
        award(1, "10"),
        awarded_for("2026-Q1", "10"),
        awarded_for("2026-H1", "10"),
    ];
    let refused = refusals(change(wrong).await);
    let places: Vec<(String, &str)> = refused
        .iter()
        .map(|one| (one.path.join("/"), one.code.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ("scores/0/period".to_owned(), "UNKNOWN_PERIOD"),
            ("scores/1/period".to_owned(), "UNKNOWN_PERIOD"),
        ]
    );

    change(vec![
        awarded_for("2026-H1", "20"),
        awarded_for("2026-H2", "31"),
    ])
    .await
    .unwrap();
    let changed = ScoreChange {
        row_version: Some(1),
        ..awarded_for("2026-H2", "30.5")
    };
    change(vec![changed]).await.unwrap();
    let listed = || async {
        let scores = service
            .list_scores(&stand.inspector, ROUND, &[subject(1)])
            .await
            .unwrap();
        let found: Vec<(Option<String>, domain::number::Points, i64)> = scores
            .get(&subject(1))
            .into_iter()
            .flatten()
            .map(|score| (score.period.clone(), score.points, score.row_version))
            .collect();
        found
    };
    assert_eq!(
        listed().await,
        [
            (Some("2026-H1".to_owned()), points("20"), 1),
            (Some("2026-H2".to_owned()), points("30.5"), 2),
        ]
    );
    let item = || async {
        let preflight = service
            .preflight(&stand.administrator, ROUND)
            .await
            .unwrap();
        let decision = preflight.outcome.find("u-001").unwrap();
        let item = decision.items.iter().find(|one| one.code.as_ref() == "A1");
        let item = item.unwrap();
        let why = preflight
            .outcome
            .blocking()
            .find(|gap| gap.subject.as_deref() == Some("u-001") && gap.place.as_ref() == "A1")
            .map(|gap| gap.reason.words().en);
        (item.points, item.state, why)
    };
    assert_eq!(
        item().await,
        (Some(points("25.25")), ItemState::Scored, None)
    );

    // Only the half-year that is named is taken back.
    let taken_back = ScoreChange {
        points: None,
        row_version: Some(2),
        ..awarded_for("2026-H2", "0")
    };
    change(vec![taken_back]).await.unwrap();
    assert_eq!(listed().await.len(), 1);
    let missing = "no inspector has awarded points for 2026-H2".to_owned();
    assert_eq!(item().await, (None, ItemState::Missing, Some(missing)));

    let row = |number, period: &str| Row {
        number,
        cells: ["u-001", "A1", period, "ins-1", "40"]
            .map(str::to_owned)
            .to_vec(),
    };
    let import = |rows| import::Request {
        round: Some(ROUND),
        ..import::Request::of(
            ImportKind::Scores,
            Table {
                columns: ["subject", "item", "period", "inspector", "points"]
                    .map(str::to_owned)
                    .to_vec(),
                rows,
            },
        )
    };
    let report = service
        .import(
            &Actor::Operator,
            import(vec![row(2, ""), row(3, "2026-H2")]),
        )
        .await
        .unwrap();
    let places: Vec<(u32, Option<&str>)> = report
        .faults
        .iter()
        .map(|fault| (fault.row, fault.column.as_deref()))
        .collect();
    assert_eq!((report.stored, places), (false, vec![(2, Some("period"))]));
    let report = service
        .import(&Actor::Operator, import(vec![row(2, "2026-H2")]))
        .await
        .unwrap();
    assert!(report.stored);
    assert_eq!(item().await.0, Some(points("30")));
}
