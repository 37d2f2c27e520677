//! What becomes of a sheet's marks when its respondent changes it, somebody decides about it, or it is sealed.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::access::Role;
use domain::package::{self, Package};
use domain::scheme::file::Finding;
use domain::survey::{Entries, validate};
use service::audit::note::Signer;
use service::closeout::PackageKind;
use service::intake::{Admitted, Beside, Intake, Receipt, Submission};
use service::survey::{NewInvitations, SheetDecision};
use support::plant::Plan;
use support::{World, on_both};

use super::{OPERATOR, Poll, bortala, count_marked};
use crate::intake::receipt;
use crate::stand::{ROUND, SCHEME, Stand, staff, subject};

on_both!(
    an_answer_that_is_changed_keeps_its_marks_which_count_once,
    a_sheet_that_is_held_back_takes_its_marks_along_when_it_is_decided_about,
    marks_of_changed_and_sealed_sheets_are_recomputed_from_the_package
);

/// How an answer is sent.
#[derive(Clone, Copy)]
enum Sent {
    Calmly,
    TooFast,
    ByAProgram,
}

/// Where answers may be changed, and those that come within two seconds are not valid.
async fn changeable(world: World) -> Poll {
    let rules = "one_person = \"first\"\nchangeable = true\nvalidity = { least_seconds = 3 }";
    let scheme = bortala("returned").replace("one_person = \"channel_order\"", rules);
    Poll::new(world, &scheme).await
}

impl Poll {
    async fn send(&self, admitted: &Admitted, (option, sent): (&str, Sent)) -> Receipt {
        let key = self.intake.make_key(admitted).unwrap();
        if !matches!(sent, Sent::TooFast) {
            self.world.clock.advance(Duration::from_secs(5));
        }
        let entries: Entries = [("overall", option)].into_iter().collect();
        let submission = Submission {
            admitted: admitted.clone(),
            key,
            answers: validate(&self.definition, &entries).unwrap(),
            beside: Beside {
                is_trapped: matches!(sent, Sent::ByAProgram),
                ..Beside::default()
            },
        };
        receipt(&self.intake.book(submission).await.unwrap())
    }

    /// An answer of an invited person about the first unit.
    async fn send_first(&self, marks: &[&str], sent: Sent) -> (Admitted, Receipt) {
        let token = self.invite((1, "delegates"), marks, 1).await.remove(0);
        let admitted = self.intake.admit(&token).await.unwrap().unwrap();
        let receipt = self.send(&admitted, ("satisfied", sent)).await;
        (admitted, receipt)
    }

    async fn decide(&self, count: bool) {
        let service = &self.world.service;
        let held = service.list_held_sheets(OPERATOR, self.survey).await;
        let names = held.unwrap().unwrap().into_iter().map(|one| one.name);
        let decision = SheetDecision {
            survey: self.survey,
            sheets: names.collect(),
            count,
            reason: "looked into".to_owned(),
        };
        service.decide_sheets(OPERATOR, &decision).await.unwrap();
    }
}

/// What lets the holder of a receipt change the answers.
async fn find_change(intake: &Intake, (admitted, receipt): (&Admitted, &Receipt)) -> Admitted {
    let code = intake.change_code(admitted.survey(), receipt).unwrap();
    let found = intake.find_change(receipt, &code).await.unwrap();
    found.unwrap().admitted
}

async fn an_answer_that_is_changed_keeps_its_marks_which_count_once(world: World) {
    let poll = changeable(world).await;
    let (admitted, first) = poll.send_first(&["front_line"], Sent::Calmly).await;
    let (other, of_other) = poll.send_first(&[], Sent::Calmly).await;
    let counted = |counts| BTreeMap::from([(1, counts)]);
    assert_eq!(poll.front_line().await, counted([1, 1]));
    // Whoever bears none gets none by changing.
    let change = find_change(&poll.intake, (&other, &of_other)).await;
    poll.send(&change, ("dissatisfied", Sent::Calmly)).await;
    assert_eq!(poll.front_line().await, counted([1, 1]));
    let mut last = first;
    for (sent, counts) in [
        (Sent::Calmly, [1, 1]),
        (Sent::TooFast, [0, 1]),
        (Sent::Calmly, [1, 1]),
    ] {
        let change = find_change(&poll.intake, (&admitted, &last)).await;
        last = poll.send(&change, ("dissatisfied", sent)).await;
        assert_eq!(poll.front_line().await, counted(counts));
    }
}

async fn a_sheet_that_is_held_back_takes_its_marks_along_when_it_is_decided_about(world: World) {
    let poll = changeable(world).await;
    let counted = |counts| BTreeMap::from([(1, counts)]);
    poll.send_first(&["front_line"], Sent::ByAProgram).await;
    // It was returned, and is not valid until somebody decides so.
    assert_eq!(poll.front_line().await, counted([0, 1]));
    poll.decide(true).await;
    assert_eq!(poll.front_line().await, counted([1, 1]));
    poll.send_first(&["front_line"], Sent::ByAProgram).await;
    poll.send_first(&[], Sent::ByAProgram).await;
    assert_eq!(poll.front_line().await, counted([1, 2]));
    poll.decide(false).await;
    assert_eq!(poll.front_line().await, counted([1, 2]));
}

async fn marks_of_changed_and_sealed_sheets_are_recomputed_from_the_package(world: World) {
    let rules = "changeable = true\n\
        demand = { share = [{ mark = \"front\", among = \"valid\", at_least = \"0%\" }] }\n";
    let scheme = SCHEME.replacen("demand = { least_valid = 3 }\n", rules, 1);
    assert_ne!(scheme, SCHEME);
    let plan = Plan {
        scheme: &scheme,
        units: 2,
    };
    let stand = Stand::of(world, plan).await;
    let service = &stand.world.service;
    let new = NewInvitations {
        survey: stand.survey,
        subject: subject(1),
        panel: "users".to_owned(),
        marks: vec!["front".to_owned()],
        count: 2,
    };
    let issued = service.issue_survey_invitations(OPERATOR, &new).await;
    let mut last = None;
    for one in issued.unwrap() {
        let admitted = stand.intake.admit(&one.token).await.unwrap().unwrap();
        let receipt = answer(&stand, &admitted, "good").await;
        last = Some((admitted, receipt));
    }
    let (admitted, receipt) = last.unwrap();
    let change = find_change(&stand.intake, (&admitted, &receipt)).await;
    answer(&stand, &change, "bad").await;
    stand.fill().await;
    let counts = count_marked(service, (stand.survey, &stand.definition)).await;
    assert_eq!(counts, BTreeMap::from([(1, [2, 2]), (2, [0, 0])]));
    let signer = Signer::generate().unwrap();
    let seal = service.seal_survey(&signer, stand.survey).await.unwrap();
    assert_eq!(seal.unwrap().size, 11);
    stand.investigate(Finding::Unfounded).await;
    let administrator = staff(3, "admin", Role::RoundAdministrator);
    service.close_round(&administrator, ROUND).await.unwrap();
    let sheets = service
        .export_round(&administrator, ROUND, PackageKind::Sheets)
        .await
        .unwrap();
    assert_eq!(package::replay(&sheets).unwrap().sheets, 11);
    let read: Package = serde_json::from_slice(&sheets).unwrap();
    let [survey] = &read.sheets.as_ref().unwrap()[..] else {
        panic!("there is one survey");
    };
    assert!(survey.seal.is_some());
    let groups = survey.groups.iter();
    let marks: Vec<_> = groups
        .map(|group| {
            let marks = group.marks.get("front").copied();
            (group.subject.as_str(), group.state.as_str(), marks)
        })
        .collect();
    // Who of the two it was that changed the answers is nobody's concern.
    let expected = [
        ("u-001", "changed", None),
        ("u-001", "valid", Some(2)),
        ("u-002", "valid", None),
    ];
    assert_eq!(marks, expected);
    let input = &read.inputs.sheets[0];
    assert_eq!((input.valid, input.changed), (6, 1));
    assert_eq!(
        (input.marks["front"], input.returned_marks["front"]),
        (2, 2)
    );
    let text = String::from_utf8(sheets).unwrap();
    let fewer = text.replacen("\"marks\":{\"front\":2},\"panel\"", "\"panel\"", 1);
    assert_ne!(fewer, text);
    package::replay(fewer.as_bytes()).unwrap_err();
}

async fn answer(stand: &Stand, admitted: &Admitted, option: &str) -> Receipt {
    let entries: Entries = [("overall", option)].into_iter().collect();
    let submission = Submission {
        admitted: admitted.clone(),
        key: stand.intake.make_key(admitted).unwrap(),
        answers: validate(&stand.definition, &entries).unwrap(),
        beside: Beside::default(),
    };
    receipt(&stand.intake.book(submission).await.unwrap())
}
