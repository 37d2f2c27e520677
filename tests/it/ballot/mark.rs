//! Marks of respondents on ballots: each line counts them, on whatever way the ballot came.

use std::collections::BTreeMap;

use domain::package::{self, Package};
use service::audit::note::Signer;
use service::closeout::PackageKind;
use service::intake::InvitationToken;
use service::survey::{BallotFor, NewBallotInvitations};
use support::{World, on_both};

use super::entry::put_in;
use super::{FIRST, GOOD, MIXED, OPERATOR, SCHEME, Stand};
use crate::intake::receipt;
use crate::mark::count_marked;

on_both!(
    every_line_of_a_ballot_counts_the_marks_of_whoever_filled_it_in,
    marks_that_do_not_belong_to_a_ballot_on_paper_are_told_by_row
);

/// The columns of a table of ballots.
const COLUMNS: [&str; 8] = [
    "sheet", "subject", "channel", "panel", "code", "marks", "duty", "work",
];

async fn counting_marks(world: World) -> Stand {
    let share =
        "demand = { share = [{ mark = \"front\", among = \"returned\", at_least = \"0%\" }] }";
    let scheme = SCHEME.replacen("demand = { returned_within_issued = true }", share, 1);
    assert_ne!(scheme, SCHEME);
    Stand::under(world, &scheme, 3).await.unwrap()
}

async fn invite(stand: &Stand, marks: &[&str], count: usize) -> Vec<InvitationToken> {
    let new = NewBallotInvitations {
        wanted: BallotFor {
            marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
            ..stand.wanted(1)
        },
        count,
    };
    let issued = stand.world.service.issue_ballot_invitations(OPERATOR, &new);
    let issued = issued.await.unwrap();
    issued.into_iter().map(|one| one.token).collect()
}

/// By line of the first ballot, valid and returned ones of whoever bears the mark.
async fn marked(stand: &Stand) -> [[u64; 2]; 3] {
    let of = (stand.meeting.id, stand.definition());
    let counts = count_marked(&stand.world.service, of).await;
    let line = |line: usize| counts[&stand.ballots[0].subjects[line].number()];
    [line(0), line(1), line(2)]
}

async fn every_line_of_a_ballot_counts_the_marks_of_whoever_filled_it_in(world: World) {
    let stand = counting_marks(world).await;
    let service = &stand.world.service;
    let tokens = invite(&stand, &["front"], 2).await;
    let admitted = stand.admit(&tokens[0]).await;
    let key = stand.form(&admitted);
    let first = receipt(&stand.book(&admitted, key, &FIRST).await);
    let unmarked = invite(&stand, &[], 1).await;
    let other = stand.admit(&unmarked[0]).await;
    let key = stand.form(&other);
    receipt(&stand.book(&other, key, &[GOOD, MIXED, GOOD]).await);
    assert_eq!(marked(&stand).await, [[1, 1]; 3]);

    let code = tokens[1].expose();
    let rows = [
        [
            "a",
            "head-003",
            "paper",
            "delegates",
            "",
            "front",
            "good",
            "good",
        ],
        ["a", "head-001", "", "", "", "", "bad", "good"],
        ["b", "head-002", "paper", "", &code, "", "good", "good"],
        [
            "c",
            "head-002",
            "paper",
            "delegates",
            "",
            "",
            "good",
            "good",
        ],
        // Lacks an answer.
        [
            "d",
            "head-001",
            "paper",
            "delegates",
            "",
            "front",
            "good",
            "",
        ],
    ];
    let report = put_in(&stand, (COLUMNS, &rows)).await;
    assert_eq!(
        report.made.as_deref(),
        Some("valid 3, invalid 1"),
        "{report:?}"
    );
    assert_eq!(marked(&stand).await, [[3, 4]; 3]);

    // A changed ballot came back once.
    let change = stand.intake.change_code(admitted.survey(), &first).unwrap();
    let change = stand.intake.find_change(&first, &change).await.unwrap();
    let change = change.unwrap().admitted;
    let key = stand.form(&change);
    receipt(&stand.book(&change, key, &[MIXED, GOOD, None]).await);
    assert_eq!(marked(&stand).await, [[3, 4]; 3]);

    for survey in [stand.meeting.id, stand.public.id] {
        service.close_survey(OPERATOR, survey, None).await.unwrap();
    }
    let signer = Signer::generate().unwrap();
    let seal = service.seal_survey(&signer, stand.meeting.id).await;
    assert_eq!(seal.unwrap().unwrap().size, 7);
    let administrator = stand.administrator().await;
    stand.close_round(&administrator).await;
    let sheets = service
        .export_round(&administrator, stand.round, PackageKind::Sheets)
        .await
        .unwrap();
    assert_eq!(package::replay(&sheets).unwrap().sheets, 7);
    let read: Package = serde_json::from_slice(&sheets).unwrap();
    let mut marks: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for group in read
        .sheets
        .iter()
        .flatten()
        .flat_map(|survey| &survey.ballots)
    {
        let count = group.marks.get("front").copied();
        let place = (group.state.as_str(), format!("{:?}", group.channel));
        marks.insert(place, count.unwrap_or(0));
    }
    let counts = [
        (("changed", "Web"), 0),
        (("invalid", "Paper"), 1),
        (("valid", "Paper"), 2),
        (("valid", "Web"), 1),
    ];
    let expected = counts.map(|((state, channel), count)| ((state, channel.to_owned()), count));
    assert_eq!(marks, BTreeMap::from(expected));
}

async fn marks_that_do_not_belong_to_a_ballot_on_paper_are_told_by_row(world: World) {
    let stand = counting_marks(world).await;
    let code = invite(&stand, &[], 1).await[0].expose();
    let good = [
        "a",
        "head-001",
        "paper",
        "delegates",
        "",
        "front",
        "good",
        "good",
    ];
    let mut unknown = good;
    unknown[5] = "front; nobody";
    let mut of_another = good;
    of_another[4] = &code;
    let mut mixed = good;
    (mixed[1], mixed[5]) = ("head-002", "other");
    for (rows, row, fault) in [
        (vec![unknown], 2, "MARK_UNKNOWN"),
        (vec![of_another], 2, "CODE_OF_ANOTHER"),
        (vec![good, mixed], 3, "SHEET_MIXED"),
    ] {
        let report = put_in(&stand, (COLUMNS, &rows)).await;
        let told: Vec<_> = report
            .faults
            .iter()
            .map(|one| (one.row, one.column.as_deref(), one.code.as_str()))
            .collect();
        assert_eq!(told, [(row, Some("marks"), fault)]);
        assert!(!report.stored);
    }
}
