//! Tables, stored whole or not at all.

use domain::access::{Actor, Grant, Role};
use domain::id::Id;
use service::Fault;
use service::inspection::import::{self, ImportKind};
use service::subject::{SubjectChange, SubjectKind};
use support::{World, on_both};

use crate::stand::{ROUND, Stand, elsewhere, refusals, subject, table};

on_both!(
    a_table_is_imported_whole_or_not_at_all,
    a_column_that_is_there_twice_is_refused,
    a_roster_changes_what_lies_in_a_grant_and_never_what_takes_part,
    grades_that_an_open_round_could_not_read_are_refused,
    grades_of_more_series_than_a_statement_binds_are_stored
);

/// A table of no round, stored if it has no fault.
/// Row, code and column of each fault.
fn places(report: &import::Report) -> Vec<(u32, &str, Option<&str>)> {
    (report.faults.iter())
        .map(|fault| (fault.row, fault.code.as_str(), fault.column.as_deref()))
        .collect()
}

async fn a_table_is_imported_whole_or_not_at_all(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let import = |kind, table, dry_run| import::Request {
        round: Some(ROUND),
        dry_run,
        ..import::Request::of(kind, table)
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

/// Which of the two was meant would be a guess.
async fn a_column_that_is_there_twice_is_refused(world: World) {
    let stand = Stand::new(world).await;
    let columns = ["subject", "item", "inspector", "points", "points"];
    let twice = table(&columns, &[&["u-001", "A1", "ins-1", "50", "40"]]);
    let request = import::Request {
        round: Some(ROUND),
        ..import::Request::of(ImportKind::Scores, twice)
    };
    let service = &stand.world.service;
    let report = service.import(&Actor::Operator, request).await.unwrap();
    assert!(!report.stored);
    let found: Vec<(&str, Option<&str>)> = (report.faults.iter())
        .map(|fault| (fault.code.as_str(), fault.column.as_deref()))
        .collect();
    assert_eq!(found, [("COLUMN_TWICE", Some("points"))]);
}

async fn a_roster_changes_what_lies_in_a_grant_and_never_what_takes_part(world: World) {
    let stand = Stand::new(world).await;
    elsewhere::plant(&stand.world).await;
    let service = &stand.world.service;
    let columns = ["code", "kind", "category", "region", "name", "name_en"];
    let import = |rows: &[&[&str]]| import::Request::of(ImportKind::Roster, table(&columns, rows));
    let unfit = [
        &["u-001", "person", "organ", "r", "一局", "Bureau 1"][..],
        &["新", "unit", "organ", "r", "二局", "Bureau 2"],
        &["u-004", "unit", "or gan", "r", "\u{1}", &"x".repeat(201)],
        &["u-005", "person", "organ", "r", "五局", "Bureau 5"],
    ];
    let report = service.import(&Actor::Operator, import(&unfit)).await;
    let report = report.unwrap();
    assert!(!report.stored);
    assert_eq!(
        places(&report),
        [
            (2, "KIND_FIXED", Some("kind")),
            (3, "CODE_UNFIT", Some("code")),
            (4, "CODE_UNFIT", Some("category")),
            (4, "NAME_UNFIT", Some("name")),
            (4, "NAME_UNFIT", Some("name_en")),
        ]
    );
    let found = service.find_subjects(&Actor::Operator, &[subject(1)]).await;
    let mut draft = found.unwrap().remove(&subject(1)).unwrap();
    let version = draft.version();
    draft.content.kind = SubjectKind::Person;
    let change = SubjectChange {
        id: subject(1),
        version,
        draft: draft.content,
    };
    let refused = refusals(service.change_subject(&Actor::Operator, change).await);
    assert_eq!(refused[0].code, "KIND_FIXED");

    // Whoever works elsewhere takes nobody away from here.
    let neighbour = Actor::Staff {
        id: Id::new(3),
        login: "admin".to_owned(),
        grants: vec![Grant {
            role: Role::RoundAdministrator,
            region: Some(elsewhere::REGION),
            category: None,
            round: None,
            subject: None,
        }],
    };
    let taken = [&["u-001", "unit", "organ", "elsewhere", "一局", "Bureau 1"][..]];
    let denied = service.import(&neighbour, import(&taken)).await;
    assert!(matches!(denied, Err(Fault::Denied)), "{denied:?}");
    let own = [&["u-006", "unit", "organ", "elsewhere", "六局", "Bureau 6"][..]];
    assert!(
        service
            .import(&neighbour, import(&own))
            .await
            .unwrap()
            .stored
    );
    let moved = service.import(&Actor::Operator, import(&taken)).await;
    assert!(moved.unwrap().stored, "for a later round");
}

async fn grades_that_an_open_round_could_not_read_are_refused(world: World) {
    let stand = Stand::new(world).await;
    let columns = ["series", "round", "closed_on", "subject", "grade"];
    let rows = [
        &["r", "r0", "2025-12-31", "u-001", "good"][..],
        &["r", "r0", "2025-12-31", "u-002", "splendid"],
        &["other", "o0", "2025-12-31", "u-002", "splendid"],
    ];
    let request = import::Request::of(ImportKind::History, table(&columns, &rows));
    let service = &stand.world.service;
    let report = service.import(&Actor::Operator, request).await.unwrap();
    assert!(!report.stored);
    assert_eq!(places(&report), [(3, "UNKNOWN_NAME", Some("grade"))]);
}

async fn grades_of_more_series_than_a_statement_binds_are_stored(world: World) {
    let stand = Stand::new(world).await;
    let columns = ["series", "round", "closed_on", "subject", "grade"];
    let series: Vec<String> = (0..33_000).map(|number| format!("s{number}")).collect();
    let rows: Vec<[&str; 5]> = (series.iter())
        .map(|series| [series, "r0", "2025-12-31", "u-001", "good"])
        .collect();
    let rows: Vec<&[&str]> = rows.iter().map(|row| &row[..]).collect();
    let request = import::Request::of(ImportKind::History, table(&columns, &rows));
    let report = (stand.world.service).import(&Actor::Operator, request);
    let report = report.await.unwrap();
    assert!(report.stored, "{:?}", report.faults.first());
    assert_eq!(report.rows, 33_000);
}
