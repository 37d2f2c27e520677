//! Closing: what stands in the way, who may, and that it happens once.

use domain::access::{Actor, CombinedRoles, Grant, Role, RolePair};
use domain::id::Id;
use domain::inputs::{WaivedGap, WaiverHolds};
use domain::outcome::GapKind;
use domain::package::{self, Package};
use domain::scheme::file::Finding;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use service::audit;
use service::closeout::PackageKind;
use service::committee::{Adjustment, TieChoice};
use service::inspection::ScoreChange;
use service::inspection::{FactDraft, FactStatus};
use service::investigation::FindingDraft;
use service::standing::Seen;
use service::waiver::Waiver;
use service::{Fault, Service};
use support::plant::Plan;
use support::{World, on_both};

use crate::stand::{ROUND, SCHEME, Stand, award, case, points, refusals, staff, subject};

on_both!(
    of_many_who_close_at_once_one_wins_and_all_see_the_same,
    a_round_with_gaps_is_not_closed_and_nothing_is_written,
    an_investigation_opens_when_the_rule_fires_and_its_finding_caps_the_grade,
    a_waiver_lets_a_round_be_closed_with_its_reason,
    a_tally_that_was_tampered_with_keeps_the_round_open,
    nobody_closes_or_scores_without_the_role,
    a_survey_is_opened_in_an_open_round_alone,
    closing_a_survey_changes_what_the_round_is_decided_by,
    where_two_people_are_asked_for_one_proposes_and_another_closes,
    where_two_people_are_asked_for_one_proposes_a_grade_and_another_decides,
    roles_that_one_person_may_hold_together_stand_on_the_result_and_stay_there,
    those_tied_for_a_seat_wait_for_the_committee_and_its_choice_stays_on_the_result
);

async fn of_many_who_close_at_once_one_wins_and_all_see_the_same(world: World) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let closings = join_all((0..6).map(|_| {
        let service = stand.world.service.clone();
        let actor = stand.administrator.clone();
        async move { service.close_round(&actor, ROUND).await.unwrap() }
    }))
    .await;
    let winners = closings.iter().filter(|one| one.by_this_request).count();
    assert_eq!(winners, 1);
    assert!(
        closings
            .iter()
            .all(|one| one.revision == closings[0].revision)
    );
}

async fn a_round_with_gaps_is_not_closed_and_nothing_is_written(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    service
        .change_scores(&stand.inspector, ROUND, vec![award(1, "60")])
        .await
        .unwrap();
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(!preflight.may_close());
    let kinds: Vec<GapKind> = preflight.outcome.blocking().map(|gap| gap.kind).collect();
    assert!(kinds.contains(&GapKind::OpenSurvey) && kinds.contains(&GapKind::MissingValue));

    let refused = refusals(service.close_round(&stand.administrator, ROUND).await);
    assert!(refused.iter().any(|one| one.code == "OPEN_SURVEY"));
    assert!(
        refused
            .iter()
            .any(|one| one.code == "MISSING_VALUE" && one.path == ["round", "u-002", "A1"])
    );
    // Still open.
    service
        .change_scores(&stand.inspector, ROUND, vec![award(2, "40")])
        .await
        .unwrap();
}

async fn an_investigation_opens_when_the_rule_fires_and_its_finding_caps_the_grade(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.fill().await;
    let opened = service
        .open_due_investigations(&stand.administrator, ROUND)
        .await
        .unwrap();
    let found: Vec<_> = opened
        .iter()
        .map(|one| (one.subject, one.by_hand))
        .collect();
    assert_eq!(found, [(subject(2), false)]);
    let again = service
        .open_due_investigations(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert_eq!(again, []);
    let finding = FindingDraft {
        id: opened[0].id,
        finding: Finding::Verified,
        reason: "true".to_owned(),
    };
    service
        .record_finding(&stand.administrator, finding.clone())
        .await
        .unwrap();
    let refused = refusals(service.record_finding(&stand.administrator, finding).await);
    assert_eq!(refused[0].code, "FINDING_RECORDED");
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    let decision = preflight.outcome.find("u-002").unwrap();
    assert_eq!(decision.base_grade.as_deref(), Some("good"));
    assert_eq!(decision.grade.as_deref(), Some("poor"));
}

async fn a_waiver_lets_a_round_be_closed_with_its_reason(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let held = service
        .list_scores(&stand.inspector, ROUND, &[subject(2)])
        .await
        .unwrap();
    let taken_back = ScoreChange {
        points: None,
        row_version: Some(held[&subject(2)][0].row_version),
        ..award(2, "0")
    };
    service
        .change_scores(&stand.inspector, ROUND, vec![taken_back])
        .await
        .unwrap();
    let refused = refusals(service.close_round(&stand.administrator, ROUND).await);
    assert!(refused.iter().any(|one| one.code == "MISSING_VALUE"));
    let waiver = |holds| Waiver {
        round: ROUND,
        subject: subject(2),
        gap: WaivedGap::Item("A1".to_owned()),
        holds,
        reason: "nobody could go there".to_owned(),
    };
    let unfit = service
        .add_waiver(&stand.administrator, waiver(WaiverHolds::Fired))
        .await;
    assert_eq!(refusals(unfit)[0].code, "WAIVER_DOES_NOT_FIT");
    service
        .add_waiver(
            &stand.administrator,
            waiver(WaiverHolds::Points(points("30"))),
        )
        .await
        .unwrap();
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
}

async fn a_tally_that_was_tampered_with_keeps_the_round_open(world: World) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    transaction
        .execute_unprepared("UPDATE tally SET counts = '{4,3,0}' WHERE subject_id = 1")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let refused = refusals(
        stand
            .world
            .service
            .close_round(&stand.administrator, ROUND)
            .await,
    );
    assert_eq!(refused[0].code, "TALLY_MISMATCH");
    assert_eq!(refused[0].path, ["round", "u-001", "public"]);
}

async fn nobody_closes_or_scores_without_the_role(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    for actor in [
        Actor::Anonymous,
        stand.inspector.clone(),
        staff(9, "auditor", Role::Auditor),
        // Decides on proposals, and here nobody needs to propose.
        staff(9, "reviewer", Role::Reviewer),
    ] {
        assert!(matches!(
            service.close_round(&actor, ROUND).await,
            Err(Fault::Denied)
        ));
    }
    assert!(matches!(
        service
            .change_scores(&stand.administrator, ROUND, vec![award(1, "1")])
            .await,
        Err(Fault::Denied)
    ));
    let narrow = Actor::Staff {
        id: Id::new(1),
        login: "ins-1".to_owned(),
        grants: vec![Grant {
            role: Role::Inspector,
            region: Some(Id::new(77)),
            category: None,
            round: None,
            subject: None,
        }],
    };
    assert!(matches!(
        service
            .change_scores(&narrow, ROUND, vec![award(1, "1")])
            .await,
        Err(Fault::Denied)
    ));
}

async fn a_survey_is_opened_in_an_open_round_alone(world: World) {
    let stand = Stand::new(world).await;
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    for sql in [
        "UPDATE survey SET state = 'draft'",
        "UPDATE round SET state = 'closed', closed_at = 1",
    ] {
        transaction.execute_unprepared(sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let service = &stand.world.service;
    let opened = service
        .open_survey(&stand.administrator, stand.survey)
        .await;
    assert_eq!(refusals(opened)[0].code, "ROUND_NOT_OPEN");
}

async fn closing_a_survey_changes_what_the_round_is_decided_by(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let seen = Seen::default();
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 1);
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 0);
    service
        .close_survey(&stand.administrator, stand.survey, None)
        .await
        .unwrap();
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 1);
}

async fn where_two_people_are_asked_for_one_proposes_and_another_closes(world: World) {
    let plan = Plan {
        scheme: &SCHEME.replace("two_people = false", "two_people = true"),
        units: 2,
    };
    let stand = Stand::of(world, plan).await;
    let service = stand.world.service.clone();
    let (one, other) = (
        &stand.administrator,
        &staff(2, "ins-2", Role::RoundAdministrator),
    );
    let close = async |actor: &Actor| service.close_round(actor, ROUND).await;
    let gaps = refusals(service.propose_closing(one, ROUND).await);
    assert!(gaps.iter().any(|gap| gap.code == "OPEN_SURVEY"), "{gaps:?}");
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    assert_eq!(refusals(close(one).await)[0].code, "PROPOSAL_MISSING");

    let proposal = service.propose_closing(one, ROUND).await.unwrap();
    assert_eq!(refusals(close(one).await)[0].code, "SAME_PERSON");
    let another = FactDraft {
        status: FactStatus::Confirmed,
        ..case(1, "x-9")
    };
    service
        .add_facts(&stand.inspector, ROUND, vec![another])
        .await
        .unwrap();
    assert_eq!(refusals(close(other).await)[0].code, "PROPOSAL_LAPSED");
    assert!(matches!(
        service.propose_closing(&stand.inspector, ROUND).await,
        Err(Fault::Denied)
    ));

    let renewed = service.propose_closing(one, ROUND).await.unwrap();
    assert_ne!(renewed.inputs_digest, proposal.inputs_digest);
    let found = service.find_close_proposal(other, ROUND).await.unwrap();
    assert_eq!(found, Some(renewed.clone()));
    let closing = close(other).await.unwrap();
    assert!(closing.by_this_request);
    assert_eq!(closing.revision.inputs_digest, renewed.inputs_digest);
    // A repeat gets the stored result, whoever asks.
    assert_eq!(close(one).await.unwrap().revision, closing.revision);
    let late = service.propose_closing(one, ROUND).await;
    assert_eq!(refusals(late)[0].code, "ROUND_NOT_OPEN");

    let page = audit::Page {
        after: 0,
        limit: 100,
    };
    let log = audit::list(&service.database.reader(), page).await.unwrap();
    let bodies: Vec<serde_json::Value> = log
        .iter()
        .map(|entry| serde_json::from_str(&entry.body).unwrap())
        .collect();
    let find = |action: &str| {
        bodies
            .iter()
            .rfind(|body| body["action"] == action)
            .unwrap()
    };
    let id = |number: i64| Id::<domain::id::Staff>::new(number).to_string();
    assert_eq!(find("round.propose_close")["who"], id(3));
    assert_eq!(find("round.close")["who"], id(2));
    assert_eq!(find("round.close")["approver"], id(3));
}

async fn where_two_people_are_asked_for_one_proposes_a_grade_and_another_decides(world: World) {
    let plan = Plan {
        scheme: &SCHEME.replace("two_people = false", "two_people = true"),
        units: 2,
    };
    let stand = Stand::of(world, plan).await;
    let service = stand.world.service.clone();
    let one = &stand.administrator;
    let other = &staff(2, "ins-2", Role::Reviewer);
    let good = Adjustment {
        round: ROUND,
        subject: subject(1),
        grade: Some("good".to_owned()),
        reason: "by the committee".to_owned(),
    };
    let adjust = async |actor: &Actor, wanted: &Adjustment| {
        refusals(service.adjust_grade(actor, wanted.clone()).await)[0]
            .code
            .clone()
    };
    assert_eq!(adjust(one, &good).await, "PROPOSAL_MISSING");
    assert_eq!(adjust(other, &good).await, "PROPOSAL_MISSING");
    let alone = service.propose_adjustment(other, good.clone()).await;
    assert!(matches!(alone, Err(Fault::Denied)), "{alone:?}");
    let unknown = Adjustment {
        grade: Some("splendid".to_owned()),
        ..good.clone()
    };
    let unknown = service.propose_adjustment(one, unknown).await;
    assert_eq!(refusals(unknown)[0].code, "UNKNOWN_NAME");

    service.propose_adjustment(one, good.clone()).await.unwrap();
    assert_eq!(adjust(one, &good).await, "SAME_PERSON");
    let excellent = Adjustment {
        grade: Some("excellent".to_owned()),
        ..good.clone()
    };
    assert_eq!(adjust(other, &excellent).await, "PROPOSAL_DIFFERS");
    let listed = service
        .list_adjustment_proposals(other, ROUND)
        .await
        .unwrap();
    assert_eq!(listed[&subject(1)].adjustment, good);
    service.adjust_grade(other, good.clone()).await.unwrap();
    // It is over with the decision.
    let listed = service
        .list_adjustment_proposals(other, ROUND)
        .await
        .unwrap();
    assert!(listed.is_empty());
    assert_eq!(adjust(other, &good).await, "PROPOSAL_MISSING");

    // Taking it back takes two as well.
    let back = Adjustment {
        grade: None,
        ..good.clone()
    };
    assert_eq!(adjust(other, &back).await, "PROPOSAL_MISSING");
    service.propose_adjustment(one, back.clone()).await.unwrap();
    service.adjust_grade(other, back).await.unwrap();

    let page = audit::Page {
        after: 0,
        limit: 100,
    };
    let log = audit::list(&service.database.reader(), page).await.unwrap();
    let bodies = log
        .iter()
        .map(|entry| serde_json::from_str::<serde_json::Value>(&entry.body).unwrap());
    let made: Vec<_> = bodies
        .filter(|body| body["action"] == "round.adjust_grade")
        .map(|body| (body["who"].clone(), body["approver"].clone()))
        .collect();
    let id = |number: i64| serde_json::json!(Id::<domain::id::Staff>::new(number).to_string());
    assert_eq!(made, [(id(2), id(3)), (id(2), id(3))]);
}

async fn roles_that_one_person_may_hold_together_stand_on_the_result_and_stay_there(world: World) {
    let combined = CombinedRoles {
        roles: RolePair::new(Role::RoundAdministrator, Role::Reviewer).unwrap(),
        reason: "three people in all".to_owned(),
    };
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let plain = &stand.world.service;
    let small = Service {
        combined_roles: Some(combined.clone()),
        ..plain.clone()
    };
    let closing = small
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert_eq!(closing.revision.combined_roles, Some(combined.clone()));
    // Whatever the settings say later.
    let found = plain.find_revision(&stand.administrator, ROUND, None).await;
    assert_eq!(
        found.unwrap().unwrap().combined_roles,
        Some(combined.clone())
    );
    for kind in [PackageKind::Counts, PackageKind::Sheets] {
        let bytes = plain
            .export_round(&stand.administrator, ROUND, kind)
            .await
            .unwrap();
        let package: Package = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(package.combined_roles, Some(combined.clone()));
        package::replay(&bytes).unwrap();
    }
}

async fn those_tied_for_a_seat_wait_for_the_committee_and_its_choice_stays_on_the_result(
    world: World,
) {
    const QUOTA: &str = "
[[quota]]
code = \"few\"
name = { zh = \"只评一个\", en = \"One alone\" }
clause = \"1\"
grade = \"excellent\"
group = \"category\"
seats = 1
count_disqualified = false
tie = \"committee\"
soft = false
hand_on = false
";
    let plan = Plan {
        scheme: &format!("{SCHEME}{QUOTA}"),
        units: 2,
    };
    let stand = Stand::of(world, plan).await;
    let service = stand.world.service.clone();
    stand.fill_without_closing().await;
    let held = service
        .list_scores(&stand.inspector, ROUND, &[subject(2)])
        .await
        .unwrap();
    let same = ScoreChange {
        row_version: Some(held[&subject(2)][0].row_version),
        ..award(2, "60")
    };
    service
        .change_scores(&stand.inspector, ROUND, vec![same])
        .await
        .unwrap();
    stand.close_survey().await;
    let waiting = refusals(service.close_round(&stand.administrator, ROUND).await);
    assert_eq!(waiting[0].code, "TIE_TO_DECIDE");

    let choice = |number: i64, quota: &str, keeps: bool| TieChoice {
        round: ROUND,
        quota: quota.to_owned(),
        subject: subject(number),
        keeps,
        reason: "the longer record".to_owned(),
    };
    let choose = async |actor: &Actor, choice: TieChoice| service.choose_tied(actor, choice).await;
    let unknown = choose(&stand.administrator, choice(2, "many", true)).await;
    let unknown = refusals(unknown);
    assert_eq!(
        (unknown[0].code.as_str(), unknown[0].path.join("/")),
        ("UNKNOWN_NAME", "tie_choices/0/quota".to_owned())
    );
    let unsaid = TieChoice {
        reason: " ".to_owned(),
        ..choice(2, "few", true)
    };
    let unsaid = choose(&stand.administrator, unsaid).await;
    assert_eq!(refusals(unsaid)[0].code, "REASON_MISSING");
    assert!(matches!(
        choose(&stand.inspector, choice(2, "few", true)).await,
        Err(Fault::Denied)
    ));
    // Taken back, the choice of the first leaves no trace.
    for (number, keeps) in [(1, true), (1, false), (2, true)] {
        choose(&stand.administrator, choice(number, "few", keeps))
            .await
            .unwrap();
    }
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    let grades = ["u-001", "u-002"].map(|code| preflight.outcome.find(code).unwrap().grade.clone());
    assert_eq!(grades, [Some("good".into()), Some("excellent".into())]);
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let bytes = service
        .export_round(&stand.administrator, ROUND, PackageKind::Sheets)
        .await
        .unwrap();
    package::replay(&bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("the longer record"), "{text}");
    let late = choose(&stand.administrator, choice(1, "few", true)).await;
    assert_eq!(refusals(late)[0].code, "ROUND_NOT_OPEN");
}
