//! Tables, stored whole or not at all.

use domain::access::Actor;
use service::inspection::import::{self, ImportKind};
use support::{World, on_both};

use crate::stand::{ROUND, Stand, table};

on_both!(a_table_is_imported_whole_or_not_at_all);

async fn a_table_is_imported_whole_or_not_at_all(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let import = |kind, table, dry_run| import::Request {
        round: Some(ROUND),
        survey: None,
        kind,
        table,
        dry_run,
        leave_out: false,
        sample: None,
    };
    let columns = ["subject", "item", "inspector", "points"];
    let wrong = table(
        &columns,
        &[
            &["u-001", "A1", "ins-1", "50"],
            &["u-009", "A1", "ins-1", "50"],
            &["u-002", "A1", "nobody", "50"],
            &["u-002", "A1", "ins-1", "fifty"],
            &["u-002", "A1", "ins-2", "61"],
        ],
    );
    let report = service
        .import(&Actor::Operator, import(ImportKind::Scores, wrong, false))
        .await
        .unwrap();
    assert!(!report.stored);
    let found: Vec<(u32, Option<&str>)> = report
        .faults
        .iter()
        .map(|fault| (fault.row, fault.column.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            (3, Some("subject")),
            (4, Some("inspector")),
            (5, Some("points")),
            (6, Some("points"))
        ]
    );
    let right = table(
        &columns,
        &[
            &["u-001", "A1", "ins-1", "50"],
            &["u-002", "A1", "ins-1", "40.5"],
        ],
    );
    let dry = service
        .import(
            &Actor::Operator,
            import(ImportKind::Scores, right.clone(), true),
        )
        .await
        .unwrap();
    assert!(!dry.stored && dry.faults.is_empty());
    let stored = || service.list_scores(&stand.inspector, ROUND, &[]);
    assert!(stored().await.unwrap().is_empty());
    let real = service
        .import(&Actor::Operator, import(ImportKind::Scores, right, false))
        .await
        .unwrap();
    assert!(real.stored);
    assert_eq!(real.rows, 2);

    let facts = table(
        &["subject", "kind", "reference", "decision_on", "status"],
        &[&["u-001", "case", "f-1", "2026-02-01", "confirmed"]],
    );
    for _ in 0..2 {
        let report = service
            .import(
                &Actor::Operator,
                import(ImportKind::Facts, facts.clone(), false),
            )
            .await
            .unwrap();
        assert!(report.stored, "{:?}", report.faults);
    }
    let measures = table(
        &["subject", "measure", "period", "value"],
        &[
            &["u-001", "meetings", "round", "3"],
            &["u-001", "meetings", "2026-Q1", "3"],
        ],
    );
    let report = service
        .import(
            &Actor::Operator,
            import(ImportKind::Measures, measures, false),
        )
        .await
        .unwrap();
    assert_eq!(report.faults[0].column.as_deref(), Some("period"));
    let history = table(
        &["series", "round", "closed_on", "subject", "grade"],
        &[&["r", "r-2025", "2025-12-31", "u-001", "good"]],
    );
    let report = service
        .import(
            &Actor::Operator,
            import(ImportKind::History, history, false),
        )
        .await
        .unwrap();
    assert!(report.stored, "{:?}", report.faults);
    let roster = table(
        &["code", "kind", "category", "region", "name", "name_en"],
        &[
            &["n-1", "unit", "organ", "r", "新局", "New Bureau"],
            &["n-2", "unit", "organ", "nowhere", "新局", "New Bureau"],
        ],
    );
    let report = service
        .import(&Actor::Operator, import(ImportKind::Roster, roster, false))
        .await
        .unwrap();
    assert_eq!(report.faults[0].column.as_deref(), Some("region"));
}
