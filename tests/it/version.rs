//! An open round moves to another version of its scheme: by two people, with what is lost told, and with the same
//! questions.

use domain::access::{Actor, Role};
use domain::id::{self, Id};
use domain::scheme::diff::LostBecause;
use domain::scheme::file::Finding;
use service::round::{RoundAt, RoundState, VersionMove};
use support::{World, on_both};

use crate::stand::{ROUND, SCHEME, Stand, award, refusals, staff, subject};

on_both!(
    an_open_round_moves_by_two_people_and_scores_of_items_that_differ_become_missing,
    an_item_that_is_for_fewer_categories_loses_the_scores_of_the_others,
    a_version_that_asks_anything_else_or_does_not_fit_is_refused_and_nothing_changes,
    a_closed_round_stays_under_its_version
);

/// Stores a version that differs, and returns its id.
async fn store(stand: &Stand, number: &str, changes: &[(&str, &str)]) -> Id<id::SchemeVersion> {
    let version = format!("version = \"{number}\"");
    let changes = [("version = \"1\"", version.as_str())]
        .into_iter()
        .chain(changes.iter().copied());
    let source = changes.fold(SCHEME.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let service = &stand.world.service;
    let added = service.add_scheme_version(&Actor::Operator, &source).await;
    added.unwrap_or_else(|fault| panic!("{fault:?}")).id
}

/// Other weights: the item that is inspected is worth less, the survey more.
const WEIGHTS: [(&str, &str); 2] = [
    ("max = 60", "max = 50"),
    ("max = 20\nsurveyed", "max = 30\nsurveyed"),
];

async fn wanted(stand: &Stand, version: Id<id::SchemeVersion>) -> VersionMove {
    let service = &stand.world.service;
    let found = service.find_rounds(&stand.administrator, &[ROUND]).await;
    VersionMove {
        at: RoundAt {
            id: ROUND,
            row_version: found.unwrap()[&ROUND].row_version,
        },
        version,
        reason: "the weights were misprinted".to_owned(),
    }
}

fn second_person() -> Actor {
    staff(2, "second", Role::Reviewer)
}

async fn scores(stand: &Stand) -> usize {
    let service = &stand.world.service;
    let units = [subject(1), subject(2)];
    let held = service
        .list_scores(&stand.inspector, ROUND, &units)
        .await
        .unwrap();
    held.values().map(Vec::len).sum()
}

async fn an_open_round_moves_by_two_people_and_scores_of_items_that_differ_become_missing(
    world: World,
) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    let service = &stand.world.service;
    let version = store(&stand, "2", &WEIGHTS).await;
    let wanted = wanted(&stand, version).await;
    let alone = service.move_version(&second_person(), &wanted).await;
    assert_eq!(refusals(alone)[0].code, "PROPOSAL_MISSING");

    let proposed = service.propose_version(&stand.administrator, &wanted).await;
    let (proposal, lost) = proposed.unwrap();
    assert_eq!((proposal.version, proposal.by), (version, Some(Id::new(3))));
    let lost: Vec<_> = lost
        .iter()
        .map(|one| (one.item.as_str(), one.why, one.rows))
        .collect();
    assert_eq!(lost, [("A1", LostBecause::Maximum, 2)]);
    let told = service
        .find_version_proposal(&stand.administrator, ROUND)
        .await;
    assert_eq!(told.unwrap(), Some(proposal));
    assert_eq!(scores(&stand).await, 2);

    let same = service.move_version(&stand.administrator, &wanted).await;
    assert_eq!(refusals(same)[0].code, "SAME_PERSON");
    let otherwise = VersionMove {
        reason: "for no good reason".to_owned(),
        ..wanted.clone()
    };
    let other = service.move_version(&second_person(), &otherwise).await;
    assert_eq!(refusals(other)[0].code, "PROPOSAL_DIFFERS");
    assert_eq!(scores(&stand).await, 2);

    let moved = service
        .move_version(&second_person(), &wanted)
        .await
        .unwrap();
    assert_eq!(moved.round.content.scheme_version, version);
    assert_eq!(moved.round.state, RoundState::Open);
    assert_eq!(moved.lost.len(), 1);
    assert_eq!(scores(&stand).await, 0);
    let told = service
        .find_version_proposal(&stand.administrator, ROUND)
        .await;
    assert_eq!(told.unwrap(), None);
    // What is missing is missing, and the rest is decided by the new version.
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    let gaps = preflight.outcome.blocking();
    let missing: Vec<_> = gaps
        .filter(|gap| &*gap.place == "A1")
        .filter_map(|gap| gap.subject.as_deref())
        .collect();
    assert_eq!(missing, ["u-001", "u-002"]);
    let again = service.move_version(&second_person(), &wanted).await;
    assert!(matches!(again, Err(service::Fault::Conflict)), "{again:?}");
    let change = award(1, "50");
    service
        .change_scores(&stand.inspector, ROUND, vec![change])
        .await
        .unwrap();
    let beyond = service
        .change_scores(&stand.inspector, ROUND, vec![award(2, "60")])
        .await;
    assert!(!refusals(beyond).is_empty());
}

async fn an_item_that_is_for_fewer_categories_loses_the_scores_of_the_others(world: World) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    let service = &stand.world.service;
    let narrower = [
        (
            "[[measure]]\ncode = \"meetings\"",
            "[[category]]\ncode = \"school\"\nkind = \"unit\"\nname = { zh = \"学校\", en = \"School\" }\n\n\
             [[measure]]\ncode = \"meetings\"",
        ),
        (
            "name = { zh = \"检查\", en = \"Inspection\" }\n",
            "name = { zh = \"检查\", en = \"Inspection\" }\nfor = [\"school\"]\n",
        ),
        (
            "[[item]]\ncode = \"A2\"",
            "[[item]]\ncode = \"A9\"\nin = \"all\"\nname = { zh = \"检查\", en = \"Inspection\" }\n\
             for = [\"organ\"]\nmax = 60\ngraded = { step = \"0.5\", several = \"mean\" }\n\n\
             [[item]]\ncode = \"A2\"",
        ),
    ];
    let version = store(&stand, "3", &narrower).await;
    let wanted = wanted(&stand, version).await;
    let (_, lost) = service
        .propose_version(&stand.administrator, &wanted)
        .await
        .unwrap();
    assert_eq!((lost[0].why, lost[0].rows), (LostBecause::Categories, 2));
    service
        .move_version(&second_person(), &wanted)
        .await
        .unwrap();
    assert_eq!(scores(&stand).await, 0);
}

async fn a_version_that_asks_anything_else_or_does_not_fit_is_refused_and_nothing_changes(
    world: World,
) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    let service = &stand.world.service;
    let question = [(
        "text = { zh = \"总体\", en = \"Overall\" }",
        "text = { zh = \"整体\", en = \"Overall\" }",
    )];
    let other_scheme = [("code = \"small\"", "code = \"other\"")];
    for (number, changes, code) in [
        ("4", &question[..], "SURVEYS_DIFFER"),
        ("5", &other_scheme[..], "SCHEME_DIFFERS"),
    ] {
        let version = store(&stand, number, changes).await;
        let wanted = wanted(&stand, version).await;
        let proposed = service.propose_version(&stand.administrator, &wanted).await;
        assert_eq!(refusals(proposed)[0].code, code);
    }
    let nowhere = wanted(&stand, Id::new(77)).await;
    let proposed = service
        .propose_version(&stand.administrator, &nowhere)
        .await;
    assert_eq!(refusals(proposed)[0].code, "SCHEME_VERSION_UNKNOWN");
    let silent = VersionMove {
        reason: " ".to_owned(),
        ..nowhere
    };
    let proposed = service.propose_version(&stand.administrator, &silent).await;
    assert_eq!(refusals(proposed)[0].code, "REASON_MISSING");
    let same = wanted(&stand, Id::new(1)).await;
    let proposed = service.propose_version(&stand.administrator, &same).await;
    assert_eq!(refusals(proposed)[0].code, "VERSION_SAME");
    assert!(matches!(
        service.propose_version(&stand.inspector, &same).await,
        Err(service::Fault::Denied)
    ));

    // The measure that was reported has another name.
    let renamed = [
        ("code = \"meetings\"", "code = \"sessions\""),
        ("of = \"meetings\"", "of = \"sessions\""),
        WEIGHTS[0],
        WEIGHTS[1],
    ];
    let version = store(&stand, "6", &renamed).await;
    let unfit = wanted(&stand, version).await;
    service
        .propose_version(&stand.administrator, &unfit)
        .await
        .unwrap();
    let moved = refusals(service.move_version(&second_person(), &unfit).await);
    assert_eq!(moved.len(), 2, "{moved:?}");
    assert!(
        moved.iter().all(|one| one.message.contains("meetings")),
        "{moved:?}"
    );
    assert_eq!(scores(&stand).await, 2);
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert_eq!(&*preflight.outcome.scheme_version, "1");
}

async fn a_closed_round_stays_under_its_version(world: World) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let service = &stand.world.service;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let version = store(&stand, "2", &WEIGHTS).await;
    let wanted = wanted(&stand, version).await;
    let proposed = service.propose_version(&stand.administrator, &wanted).await;
    assert_eq!(refusals(proposed)[0].code, "ROUND_NOT_OPEN");
}
