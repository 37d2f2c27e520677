//! Ballots on paper: put in from a table.

use service::inspection::import::{ImportKind, Report, Request, Row, Table};
use service::intake::{Booking, InvitationToken, RefusedAnswer};
use support::{World, on_both};

use super::{FIRST, OPERATOR, Stand};
use crate::intake::receipt;

on_both!(
    ballots_on_paper_are_put_in_line_by_line,
    what_is_wrong_with_ballots_on_paper_is_told_by_row
);

/// The columns of a table of ballots.
const COLUMNS: [&str; 8] = [
    "sheet", "subject", "channel", "panel", "code", "duty", "work", "more",
];

pub(super) async fn put_in<const N: usize>(
    stand: &Stand,
    (columns, rows): ([&str; N], &[[&str; N]]),
) -> Report {
    let rows = (2..).zip(rows).map(|(number, cells)| Row {
        number,
        cells: cells.map(str::to_owned).to_vec(),
    });
    let request = Request {
        round: None,
        survey: Some(stand.meeting.id),
        kind: ImportKind::Answers,
        table: Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        },
        dry_run: false,
        leave_out: false,
        sample: None,
    };
    stand.world.service.import(OPERATOR, request).await.unwrap()
}

async fn ballots_on_paper_are_put_in_line_by_line(world: World) {
    let stand = Stand::new(world).await;
    let tokens = stand.invite(2).await;
    let codes: Vec<String> = tokens.iter().map(InvitationToken::expose).collect();
    // The first of the invited has voted on the web already.
    let admitted = stand.admit(&tokens[0]).await;
    let key = stand.form(&admitted);
    receipt(&stand.book(&admitted, key, &FIRST).await);
    let report = put_in(
        &stand,
        (
            COLUMNS,
            &[
                // Not in the order of the lines; whoever has no row was left blank.
                ["a", "head-003", "paper", "delegates", "", "差", "good", ""],
                ["b", "head-001", "paper", "", &codes[0], "good", "good", ""],
                ["a", "head-001", "", "", "", "good", "好", "还可以"],
                ["c", "head-002", "paper", "", &codes[1], "good", "", ""],
                [
                    "d",
                    "head-901",
                    "paper",
                    "delegates",
                    "",
                    "good",
                    "good",
                    "",
                ],
            ],
        ),
    )
    .await;
    assert_eq!(report.faults, []);
    assert_eq!(
        report.made.as_deref(),
        Some("valid 2, invalid 1, replaced 1")
    );
    // By valid, rated, blank and invalid lines: the web, `a`, and `c`, whose second line lacks an answer.
    assert_eq!(
        stand.first_ballot().await,
        [[2, 2, 0, 1], [2, 0, 2, 1], [2, 1, 1, 1]]
    );
    let other = stand.ballots[1].subjects[0].number();
    assert_eq!(stand.lines().await[&other], [1, 1, 0, 0]);
    // The second of the invited cannot vote once more.
    let admitted = stand.admit(&tokens[1]).await;
    let key = stand.form(&admitted);
    let late = stand.book(&admitted, key, &FIRST).await;
    assert_eq!(late, Booking::Refused(RefusedAnswer::AlreadyAnswered));
}

async fn what_is_wrong_with_ballots_on_paper_is_told_by_row(world: World) {
    let stand = Stand::new(world).await;
    let good = [
        "a",
        "head-001",
        "paper",
        "delegates",
        "",
        "good",
        "good",
        "",
    ];
    let with = |place: usize, cell: &'static str| {
        let mut row = good;
        row[place] = cell;
        row
    };
    for (rows, row, column, code) in [
        (vec![with(0, "")], 2, "sheet", "CELL_EMPTY"),
        (vec![with(1, "unit-902")], 2, "subject", "NOT_ON_BALLOT"),
        (
            vec![good, with(1, "head-901")],
            3,
            "subject",
            "NOT_ON_BALLOT",
        ),
        (vec![good, good], 3, "subject", "LINE_TWICE"),
        (vec![with(2, "")], 2, "channel", "CELL_EMPTY"),
        (vec![with(2, "phone")], 2, "channel", "CHANNEL_UNKNOWN"),
        (vec![with(3, "")], 2, "panel", "CELL_EMPTY"),
        (vec![with(3, "nobody")], 2, "panel", "PANEL_UNKNOWN"),
        (vec![with(4, "ABCD")], 2, "code", "CODE_UNKNOWN"),
        (
            vec![good, with(1, "head-002"), with(5, "great")],
            4,
            "subject",
            "LINE_TWICE",
        ),
        (
            vec![good, ["a", "head-002", "", "", "", "great", "good", ""]],
            3,
            "duty",
            "UNKNOWN_OPTION",
        ),
        (
            vec![good, ["a", "head-002", "web", "", "", "good", "good", ""]],
            3,
            "channel",
            "SHEET_MIXED",
        ),
    ] {
        let report = put_in(&stand, (COLUMNS, &rows)).await;
        let told: Vec<_> = (report.faults.iter())
            .map(|fault| {
                (
                    fault.row,
                    fault.column.as_deref().unwrap_or_default(),
                    fault.code.as_str(),
                )
            })
            .collect();
        assert_eq!(told, [(row, column, code)]);
        assert!(!report.stored);
    }
    assert!(stand.lines().await.is_empty());
}
