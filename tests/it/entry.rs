//! Sheets that staff put in as a table: from paper, from the telephone, and from whoever else held the survey.

use std::collections::BTreeMap;

use domain::access::Actor;
use domain::survey::SheetState;
use sea_orm::EntityTrait;
use service::Fault;
use service::inspection::import::{ImportKind, Report, Request, Table};
use service::intake::{Booking, RefusedAnswer};
use service::survey;
use support::{World, on_both};

use crate::contact::Post;
use crate::stand::{ROUND, SCHEME, Stand, refusals, table};

on_both!(
    a_table_of_sheets_is_judged_and_counted_like_those_that_citizens_send,
    one_person_counts_once_on_whatever_way_the_sheet_comes,
    what_is_wrong_with_a_row_is_told_and_nothing_is_stored,
    the_same_table_is_not_put_in_twice,
    sheets_that_come_after_the_end_are_late_and_count_nowhere,
    tables_and_citizens_count_into_the_same_groups_at_once,
    counts_that_no_sheet_can_tell_are_reported_and_corrected,
    of_the_invited_those_with_a_mark_are_counted_and_a_least_share_is_taken_of_them
);

const OPERATOR: &Actor = &Actor::Operator;

/// The scheme of the stand, whose survey comes in by every channel.
fn scheme() -> String {
    SCHEME.replacen(
        "[[survey.channel]]\ncode = \"web\"\n",
        "[[survey.channel]]\ncode = \"web\"\n\n[[survey.channel]]\ncode = \"paper\"\n",
        1,
    )
}

async fn enter(stand: &Stand, table: Table, dry_run: bool) -> Result<Report, Fault> {
    let request = Request {
        round: None,
        survey: Some(stand.survey),
        kind: ImportKind::Answers,
        table,
        dry_run,
        leave_out: false,
        sample: None,
    };
    stand.world.service.import(OPERATOR, request).await
}

/// Counts from the sheets by channel and state, which must agree with what was kept up.
async fn counts(stand: &Stand) -> BTreeMap<(String, SheetState), u64> {
    let read = stand.world.service.database.begin_read().await.unwrap();
    let recount = survey::count_from_sheets(&read, stand.survey, &stand.definition)
        .await
        .unwrap();
    assert_eq!(recount.differences, []);
    let mut counts = BTreeMap::new();
    for (group, tally) in recount.tallies {
        for (state, count) in tally.sheets {
            let key = (format!("{:?}", group.channel).to_lowercase(), state);
            *counts.entry(key).or_default() += count;
        }
    }
    counts
}

fn of(channel: &str, state: SheetState, count: u64) -> ((String, SheetState), u64) {
    ((channel.to_owned(), state), count)
}

const HEAD: [&str; 4] = ["subject", "panel", "channel", "overall"];

async fn a_table_of_sheets_is_judged_and_counted_like_those_that_citizens_send(world: World) {
    let scheme = scheme();
    let post = Post::under(world, &scheme).await;
    let stand = &post.stand;
    assert!(matches!(stand.answer(1, "good").await, Booking::Booked(_)));
    let rows: [&[&str]; 5] = [
        &["u-001", "users", "paper", "good"],
        // By its label, in either language, and a channel in Chinese.
        &["u-001", "users", "纸质", "不满意"],
        &["u-002", "users", "paper", "Satisfied"],
        &["u-002", "users", "web", "bad"],
        // A required answer is missing: on paper that is a sheet, and not a valid one.
        &["u-002", "users", "paper", ""],
    ];
    let dry = enter(stand, table(&HEAD, &rows), true).await.unwrap();
    assert_eq!((dry.rows, dry.stored, dry.faults), (5, false, Vec::new()));
    assert_eq!(dry.made.as_deref(), Some("valid 4, invalid 1"));
    assert_eq!(
        counts(stand).await,
        [of("web", SheetState::Valid, 1)].into()
    );

    let stored = enter(stand, table(&HEAD, &rows), false).await.unwrap();
    assert!(stored.stored, "{stored:?}");
    assert_eq!(stored.made, dry.made);
    assert_eq!(
        counts(stand).await,
        [
            of("web", SheetState::Valid, 2),
            of("paper", SheetState::Valid, 3),
            of("paper", SheetState::Invalid, 1),
        ]
        .into()
    );
    // A second table adds to the same groups.
    let more: [&[&str]; 1] = [&["u-001", "users", "paper", "good"]];
    enter(stand, table(&HEAD, &more), false).await.unwrap();
    assert_eq!(
        counts(stand).await[&("paper".to_owned(), SheetState::Valid)],
        4
    );
}

async fn one_person_counts_once_on_whatever_way_the_sheet_comes(world: World) {
    let scheme = scheme();
    let post = Post::under(world, &scheme).await;
    let stand = &post.stand;
    let addresses = [
        "a@example.com",
        "b@example.com",
        "c@example.com",
        "d@example.com",
    ];
    let list = post.list("mail", &addresses).await;
    post.confirm(list).await;
    post.deliver().await;
    let codes: Vec<String> = post
        .mailed()
        .iter()
        .map(|(_, token)| token.expose())
        .collect();
    let tokens: Vec<_> = post.mailed().into_iter().map(|(_, token)| token).collect();
    assert!(matches!(
        post.answer(&tokens[0], "bad").await,
        Booking::Booked(_)
    ));

    // As it was typed, as a scanner read it, and as it stands on the paper.
    let scanned = format!("https://pj.example.org/i/{}", codes[1]);
    let typed = format!("{} ", codes[2].to_lowercase());
    let rows: [&[&str]; 4] = [
        &[&codes[0], "paper", "good"],
        &[&scanned, "paper", "good"],
        &[&scanned, "paper", "bad"],
        &[&typed, "paper", "good"],
    ];
    let columns = ["code", "channel", "overall"];
    let dry = enter(stand, table(&columns, &rows), true).await.unwrap();
    let stored = enter(stand, table(&columns, &rows), false).await.unwrap();
    assert_eq!(stored.made.as_deref(), Some("valid 2, replaced 2"));
    assert_eq!(stored.made, dry.made);
    assert_eq!(
        counts(stand).await,
        [
            of("web", SheetState::Valid, 1),
            of("paper", SheetState::Valid, 2),
            of("paper", SheetState::Replaced, 2),
        ]
        .into()
    );
    // Whoever answered on paper does not answer again on the page; whoever did not still may.
    assert_eq!(
        post.answer(&tokens[1], "bad").await,
        Booking::Refused(RefusedAnswer::AlreadyAnswered)
    );
    assert!(matches!(
        post.answer(&tokens[3], "bad").await,
        Booking::Booked(_)
    ));
}

async fn what_is_wrong_with_a_row_is_told_and_nothing_is_stored(world: World) {
    let scheme = scheme();
    let post = Post::under(world, &scheme).await;
    let stand = &post.stand;
    let columns = ["subject", "panel", "channel", "code", "overall"];
    let rows: [&[&str]; 8] = [
        &["u-001", "users", "paper", "", "good"],
        &["u-999", "users", "paper", "", "good"],
        &["u-001", "nobody", "paper", "", "good"],
        &["u-001", "users", "phone", "", "good"],
        &["u-001", "users", "paper", "", "excellent"],
        &["", "users", "paper", "", "good"],
        &["", "", "paper", "0000-not-a-code", "good"],
        &["u-001", "users", "paper", "", "=1+1"],
    ];
    let report = enter(stand, table(&columns, &rows), false).await.unwrap();
    let told: Vec<(u32, &str, &str)> = report
        .faults
        .iter()
        .map(|fault| {
            (
                fault.row,
                fault.column.as_deref().unwrap_or(""),
                fault.code.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (3, "subject", "UNKNOWN_SUBJECT"),
            (4, "panel", "PANEL_UNKNOWN"),
            (5, "channel", "CHANNEL_UNKNOWN"),
            (6, "overall", "UNKNOWN_OPTION"),
            (7, "subject", "CELL_EMPTY"),
            (8, "code", "CODE_UNKNOWN"),
            (9, "overall", "UNKNOWN_OPTION"),
        ]
    );
    assert!(report.faults.iter().all(|fault| !fault.mend.is_empty()));
    assert!(!report.stored);
    assert_eq!(counts(stand).await, BTreeMap::new());
    let strange = table(&["subject", "panel", "channel", "weather"], &[]);
    let report = enter(stand, strange, false).await.unwrap();
    let told: Vec<&str> = report
        .faults
        .iter()
        .map(|fault| fault.code.as_str())
        .collect();
    assert_eq!(told, ["COLUMN_MISSING", "COLUMN_UNKNOWN"]);
}

async fn the_same_table_is_not_put_in_twice(world: World) {
    let scheme = scheme();
    let post = Post::under(world, &scheme).await;
    let stand = &post.stand;
    let rows: [&[&str]; 2] = [
        &["u-001", "users", "paper", "good"],
        &["u-001", "users", "paper", "good"],
    ];
    assert!(
        enter(stand, table(&HEAD, &rows), false)
            .await
            .unwrap()
            .stored
    );
    let again = enter(stand, table(&HEAD, &rows), false).await;
    assert_eq!(refusals(again)[0].code, "TABLE_KNOWN");
    assert_eq!(
        counts(stand).await,
        [of("paper", SheetState::Valid, 2)].into()
    );
}

async fn sheets_that_come_after_the_end_are_late_and_count_nowhere(world: World) {
    let scheme = scheme();
    let post = Post::under(world, &scheme).await;
    let stand = &post.stand;
    let list = post.list("mail", &["a@example.com"]).await;
    post.confirm(list).await;
    post.deliver().await;
    let code = post.mailed()[0].1.expose();
    stand.close_survey().await;
    let rows: [&[&str]; 2] = [
        &["u-001", "users", "paper", "", "good"],
        &["", "", "paper", &code, "good"],
    ];
    let columns = ["subject", "panel", "channel", "code", "overall"];
    let report = enter(stand, table(&columns, &rows), false).await.unwrap();
    assert_eq!(report.made.as_deref(), Some("late 2"));
    assert_eq!(
        counts(stand).await,
        [of("paper", SheetState::Late, 2)].into()
    );
    let reader = stand.world.service.database.reader();
    let tallies = survey::list_tallies(&reader, stand.survey, &stand.definition)
        .await
        .unwrap();
    assert!(tallies.values().all(|tally| tally.answers.is_empty()));
}

async fn tables_and_citizens_count_into_the_same_groups_at_once(world: World) {
    let scheme = scheme();
    let post = Post::under(world, &scheme).await;
    let stand = &post.stand;
    let citizens = async {
        for _ in 0..20 {
            assert!(matches!(stand.answer(1, "good").await, Booking::Booked(_)));
        }
    };
    let tables = async {
        for size in 1..=10 {
            let row: &[&str] = &["u-001", "users", "web", "bad"];
            let rows = vec![row; size];
            // Whoever is told that others were in the way sends the table again.
            loop {
                match enter(stand, table(&HEAD, &rows), false).await {
                    Ok(report) => break assert!(report.stored),
                    Err(Fault::Conflict) => {}
                    Err(fault) => panic!("{fault:?}"),
                }
            }
        }
    };
    tokio::join!(citizens, tables);
    assert_eq!(
        counts(stand).await,
        [of("web", SheetState::Valid, 20 + 55)].into()
    );
}

async fn counts_that_no_sheet_can_tell_are_reported_and_corrected(world: World) {
    let scheme = scheme();
    let post = Post::under(world, &scheme).await;
    let stand = &post.stand;
    let list = post.list("mail", &["a@example.com"]).await;
    post.confirm(list).await;
    let report = async |rows: &[&[&str]]| {
        let columns = [
            "subject", "panel", "channel", "invited", "issued", "attended", "entitled",
        ];
        let request = Request {
            round: None,
            survey: Some(stand.survey),
            kind: ImportKind::Issues,
            table: table(&columns, rows),
            dry_run: false,
            leave_out: false,
            sample: None,
        };
        stand.world.service.import(OPERATOR, request).await.unwrap()
    };
    let wrong = report(&[
        &["u-001", "users", "web", "10", "9", "", ""],
        &["u-001", "users", "phone", "10", "", "", ""],
        &["u-002", "users", "paper", "10", "-1", "", ""],
        &["u-002", "users", "paper", "", "5", "", ""],
        &["u-002", "users", "paper", "", "6", "", ""],
    ])
    .await;
    let told: Vec<(u32, &str)> = wrong
        .faults
        .iter()
        .map(|fault| (fault.row, fault.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "ISSUED_IS_COUNTED"),
            (3, "CHANNEL_UNKNOWN"),
            (4, "CELL_UNREADABLE"),
            (5, "ROW_TWICE"),
            (6, "ROW_TWICE"),
        ]
    );
    assert!(!wrong.stored);

    let rows: [&[&str]; 2] = [
        &["u-001", "users", "web", "10", "", "", ""],
        &["u-001", "users", "paper", "", "5", "4", "6"],
    ];
    assert!(report(&rows).await.stored);
    let corrected: [&[&str]; 1] = [&["u-001", "users", "paper", "", "7", "4", ""]];
    assert!(report(&corrected).await.stored);
    let reader = stand.world.service.database.reader();
    let rows = entity::survey_issue::Entity::find()
        .all(&reader)
        .await
        .unwrap();
    let mut kept: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.channel.as_str(),
                row.invited,
                row.issued,
                row.attended,
                row.entitled,
            )
        })
        .collect();
    kept.sort_unstable();
    // What was counted when invitations were made is still there.
    assert_eq!(
        kept,
        [
            ("paper", None, Some(7), Some(4), None),
            ("web", Some(10), Some(1), None, None),
        ]
    );
}

async fn of_the_invited_those_with_a_mark_are_counted_and_a_least_share_is_taken_of_them(
    world: World,
) {
    let scheme = scheme().replacen(
        "demand = { least_valid = 3 }\n",
        "mark = [{ code = \"front\", name = { zh = \"基层一线\", en = \"front line\" } }]\n\
         demand = { share = [{ mark = \"front\", among = \"invited\", at_least = \"50%\" }] }\n",
        1,
    );
    let post = Post::under(world, &scheme).await;
    let stand = &post.stand;
    let report = async |rows: &[&[&str]]| {
        let columns = ["subject", "panel", "channel", "invited", "invited:front"];
        let request = Request {
            round: None,
            survey: Some(stand.survey),
            kind: ImportKind::Issues,
            table: table(&columns, rows),
            dry_run: false,
            leave_out: false,
            sample: None,
        };
        stand.world.service.import(OPERATOR, request).await.unwrap()
    };
    let wrong = report(&[
        &["u-001", "users", "web", "10", "11"],
        &["u-001", "users", "paper", "", "1"],
    ])
    .await;
    let told = wrong.faults.iter().map(|fault| fault.code.as_str());
    assert_eq!(told.collect::<Vec<_>>(), ["MARKED_ABOVE_INVITED"; 2]);
    assert!(!wrong.stored);
    let why = async || {
        let preflight = stand.world.service.preflight(OPERATOR, ROUND).await;
        let outcome = preflight.unwrap().outcome;
        let figure = outcome.find("u-001").unwrap().figures[0].clone();
        figure.why.map(|why| why.words().en)
    };
    // Channels are added up: 4 of 10 on the web and 1 of 2 on paper are too few, one more on paper is not.
    for (marked, expected) in [
        ("1", Some("5/12 come from front, less than 1/2")),
        ("2", Some("there are no answers to divide by")),
    ] {
        let rows: [&[&str]; 2] = [
            &["u-001", "users", "web", "10", "4"],
            &["u-001", "users", "paper", "2", marked],
        ];
        assert!(report(&rows).await.stored);
        assert_eq!(why().await.as_deref(), expected);
    }
}
