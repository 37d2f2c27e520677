//! Corrections: a closed round is reopened for named inputs, and closed again as another revision.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::access::{Actor, Role};
use domain::correction::{CarriedKind, InputKind};
use domain::id::{self, Id};
use domain::inputs::{WaivedGap, WaiverHolds};
use domain::outcome::{Action, GapKind};
use domain::package::{self, Package};
use domain::scheme::file::Finding;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use service::Fault;
use service::audit;
use service::closeout::{Confirmation, PackageKind, ReopeningDraft};
use service::committee::Adjustment;
use service::inspection::ScoreChange;
use service::intake::{Booking, RefusedAnswer};
use service::relation::{RelationDraft, RelationKind};
use service::round::RoundAt;
use service::standing::{Seen, Source, Wanted};
use service::waiver::Waiver;
use support::plant::Plan;
use support::{World, on_both};

use crate::stand::{ROUND, SCHEME, Stand, award, case, points, refusals, staff, subject};

on_both!(
    a_correction_changes_what_was_named_and_makes_another_revision,
    what_was_put_in_elsewhere_meanwhile_does_not_slip_into_a_correction,
    of_many_who_reopen_or_close_again_at_once_one_wins_and_the_others_are_told,
    where_two_people_are_asked_for_one_proposes_to_reopen_and_another_reopens,
    more_can_be_named_while_a_correction_is_under_way,
    a_finding_is_confirmed_or_withdrawn_and_then_recorded_anew,
    a_survey_takes_more_answers_where_it_is_named_and_the_old_sheets_stay,
    a_correction_is_published_by_a_step_of_its_own,
    a_later_round_that_rests_on_the_old_revision_is_flagged_and_not_recomputed,
    who_leaves_by_a_correction_is_decided_on_no_more,
    relations_are_taken_anew_where_they_are_named,
    a_code_that_changed_is_given_back_before_a_correction_is_closed,
    only_those_who_may_reopen_do
);

const OPERATOR: &Actor = &Actor::Operator;

/// A reopening of the round as it is now.
async fn draft(stand: &Stand, inputs: &[InputKind]) -> ReopeningDraft {
    draft_of(stand, ROUND, inputs).await
}

async fn draft_of(stand: &Stand, id: Id<id::Round>, inputs: &[InputKind]) -> ReopeningDraft {
    let service = &stand.world.service;
    let found = service.find_rounds(OPERATOR, &[id]).await.unwrap();
    ReopeningDraft {
        at: RoundAt {
            id,
            row_version: found[&id].row_version,
        },
        inputs: inputs.iter().cloned().collect(),
        reason: "a score was read wrongly".to_owned(),
    }
}

async fn reopen(stand: &Stand, inputs: &[InputKind]) {
    let draft = draft(stand, inputs).await;
    let service = &stand.world.service;
    service
        .reopen_round(&stand.administrator, &draft)
        .await
        .unwrap();
}

async fn close(stand: &Stand) -> u32 {
    let service = &stand.world.service;
    let closing = service.close_round(&stand.administrator, ROUND).await;
    let closing = closing.unwrap();
    assert!(closing.by_this_request);
    closing.revision.number
}

/// A round that is closed with 95 points for the first unit and 60 for the second, nobody's grade capped.
async fn closed(world: World) -> Stand {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    assert_eq!(close(&stand).await, 1);
    stand
}

async fn rescore(stand: &Stand, unit: i64, to: &str) -> Result<(), Fault> {
    let service = &stand.world.service;
    let held = service
        .list_scores(&stand.inspector, ROUND, &[subject(unit)])
        .await
        .unwrap();
    let change = ScoreChange {
        row_version: Some(held[&subject(unit)][0].row_version),
        ..award(unit, to)
    };
    let done = service.change_scores(&stand.inspector, ROUND, vec![change]);
    done.await.map(|_| ())
}

async fn export(stand: &Stand, revision: Option<u32>, kind: PackageKind) -> Vec<u8> {
    let service = &stand.world.service;
    service
        .export_revision(&stand.administrator, (ROUND, revision), kind)
        .await
        .unwrap()
}

fn confirmation(unit: i64, kind: CarriedKind, place: &str) -> Confirmation {
    Confirmation {
        round: ROUND,
        subject: subject(unit),
        kind,
        place: place.to_owned(),
    }
}

/// Confirms the only thing that is carried over from [`closed`].
async fn confirm_finding(stand: &Stand) {
    let service = &stand.world.service;
    let finding = confirmation(2, CarriedKind::Finding, "many_dissatisfied");
    service
        .confirm_carried(&stand.administrator, &finding)
        .await
        .unwrap();
}

async fn ranking(
    stand: &Stand,
    actor: &Actor,
    revision: Option<u32>,
) -> Result<(Source, Vec<Option<domain::number::Points>>), Fault> {
    let wanted = Wanted {
        round: ROUND,
        category: "organ".to_owned(),
        after: None,
        first: 50,
        revision,
    };
    let page = stand.world.service.list_ranking(actor, &wanted).await?;
    let totals = page.places.iter().map(|place| place.total).collect();
    Ok((page.source, totals))
}

async fn a_correction_changes_what_was_named_and_makes_another_revision(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let waiver = Waiver {
        round: ROUND,
        subject: subject(2),
        gap: WaivedGap::Item("A1".to_owned()),
        holds: WaiverHolds::Points(points("30")),
        reason: "the sheet was lost".to_owned(),
    };
    service
        .add_waiver(&stand.administrator, waiver.clone())
        .await
        .unwrap();
    let adjustment = Adjustment {
        round: ROUND,
        subject: subject(1),
        grade: Some("good".to_owned()),
        reason: "by the committee".to_owned(),
    };
    service
        .adjust_grade(&stand.administrator, adjustment.clone())
        .await
        .unwrap();
    assert_eq!(close(&stand).await, 1);
    let first = export(&stand, None, PackageKind::Sheets).await;

    // Closed, nothing may change; reopened, what is named and no more.
    let refused = refusals(rescore(&stand, 1, "50").await);
    assert_eq!(refused[0].code, "ROUND_NOT_OPEN");
    reopen(&stand, &[InputKind::Scores]).await;
    let facts = service.add_facts(&stand.inspector, ROUND, vec![case(1, "x-1")]);
    let refused = refusals(facts.await);
    assert_eq!(refused[0].code, "INPUT_FROZEN");
    assert_eq!(
        refused[0].message,
        "the round was reopened for `scores` alone, so `facts` cannot change: reopen it for that as well, with a reason"
    );
    let more = service.add_waiver(&stand.administrator, waiver.clone());
    assert_eq!(refusals(more.await)[0].code, "INPUT_FROZEN");
    rescore(&stand, 1, "50").await.unwrap();

    // The revision that is corrected stands meanwhile.
    let (source, totals) = ranking(&stand, OPERATOR, None).await.unwrap();
    assert_eq!(source, Source::Revision { number: 1 });
    assert_eq!(totals, [Some(points("95")), Some(points("60"))]);
    assert_eq!(
        service.refresh_standings(&Seen::default()).await.unwrap(),
        0
    );

    // What is carried over keeps it from being closed, each with the action that clears it.
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    let gaps: Vec<String> = (preflight.outcome.blocking())
        .map(|gap| {
            assert_eq!(
                (gap.kind, gap.action),
                (GapKind::Unconfirmed, Action::ConfirmCarried)
            );
            preflight.words.explainer().gap(gap).en
        })
        .collect();
    assert_eq!(
        gaps,
        [
            "1 局: adjustment to Good – it is carried over from the revision before, and nobody has confirmed it. Confirm it, or withdraw it.",
            "2 局: waiver of A1 Inspection – it is carried over from the revision before, and nobody has confirmed it. Confirm it, or withdraw it.",
            "2 局: finding on More than one third dissatisfied – it is carried over from the revision before, and nobody has confirmed it. Confirm it, or withdraw it.",
        ]
    );
    assert_eq!(
        preflight.outcome.find("u-001").unwrap().total,
        Some(points("85"))
    );
    let refused = refusals(service.close_round(&stand.administrator, ROUND).await);
    let places: Vec<_> = refused
        .iter()
        .map(|one| (one.code.as_str(), one.path.join("/")))
        .collect();
    assert_eq!(
        places,
        [
            ("UNCONFIRMED", "round/u-001/good".to_owned()),
            ("UNCONFIRMED", "round/u-002/item/A1".to_owned()),
            ("UNCONFIRMED", "round/u-002/many_dissatisfied".to_owned()),
        ]
    );
    let unknown = confirmation(2, CarriedKind::Waiver, "item/A2");
    let unknown = service.confirm_carried(&stand.administrator, &unknown);
    assert_eq!(refusals(unknown.await)[0].code, "NOT_CARRIED");
    let confirmed = confirmation(2, CarriedKind::Waiver, "item/A1");
    assert!(matches!(
        service.confirm_carried(&stand.inspector, &confirmed).await,
        Err(Fault::Denied)
    ));
    for _ in 0..2 {
        service
            .confirm_carried(&stand.administrator, &confirmed)
            .await
            .unwrap();
    }
    confirm_finding(&stand).await;
    // The adjustment is withdrawn instead, though only scores were named; giving one anew is something else.
    let withdrawn = Adjustment {
        grade: None,
        ..adjustment.clone()
    };
    service
        .adjust_grade(&stand.administrator, withdrawn)
        .await
        .unwrap();
    let anew = service.adjust_grade(&stand.administrator, adjustment);
    assert_eq!(refusals(anew.await)[0].code, "INPUT_FROZEN");

    assert_eq!(close(&stand).await, 2);
    let refused = refusals(rescore(&stand, 1, "55").await);
    assert_eq!(refused[0].code, "ROUND_NOT_OPEN");

    // The old package is the same to the byte, and both can be recomputed.
    let again = export(&stand, Some(1), PackageKind::Sheets).await;
    assert!(first == again);
    let second = export(&stand, None, PackageKind::Sheets).await;
    for (bytes, number) in [(&again, 1), (&second, 2)] {
        let same = package::replay(bytes).unwrap();
        assert_eq!(same.sheets, 8);
        let package: Package = serde_json::from_slice(bytes).unwrap();
        assert_eq!(package.revision, number);
    }
    let unknown = service.export_revision(OPERATOR, (ROUND, Some(3)), PackageKind::Counts);
    assert_eq!(refusals(unknown.await)[0].code, "REVISION_UNKNOWN");

    // Each revision is read by its number.
    let revisions = service.list_revisions(OPERATOR, ROUND).await.unwrap();
    let told: Vec<_> = revisions
        .iter()
        .map(|one| (one.number, one.reason.as_deref()))
        .collect();
    assert_eq!(told, [(1, None), (2, Some("a score was read wrongly"))]);
    let (source, totals) = ranking(&stand, OPERATOR, None).await.unwrap();
    assert_eq!(source, Source::Revision { number: 2 });
    assert_eq!(totals, [Some(points("85")), Some(points("60"))]);
    let (source, totals) = ranking(&stand, OPERATOR, Some(1)).await.unwrap();
    assert_eq!(source, Source::Revision { number: 1 });
    assert_eq!(totals, [Some(points("95")), Some(points("60"))]);
    assert!(matches!(
        ranking(&stand, OPERATOR, Some(3)).await,
        Err(Fault::NotFound)
    ));
    for (revision, total) in [(Some(1), "95"), (Some(2), "85"), (None, "85")] {
        let decisions = service
            .list_decisions(OPERATOR, (ROUND, revision), &[subject(1)])
            .await
            .unwrap();
        let decision = &decisions[&subject(1)];
        assert_eq!(decision.revision, revision.unwrap_or(2));
        assert_eq!(decision.decision.total, Some(points(total)));
    }

    // Who changed, and because of which input.
    let difference = service
        .compare_revisions(OPERATOR, ROUND, (1, 2))
        .await
        .unwrap();
    let changed: Vec<&str> = (difference.changed.iter())
        .map(|one| one.subject.as_ref())
        .collect();
    assert_eq!(changed, ["u-001"]);
    let lists: Vec<_> = (difference.inputs.iter())
        .map(|one| (one.list.as_str(), one.is_new))
        .collect();
    assert_eq!(
        lists,
        [("adjustments", false), ("scores", false), ("scores", true)]
    );
    assert!(difference.inputs[2].row.contains("\"points\":\"50\""));

    // The log says who, for what and why, and what was confirmed.
    let log = log_of(&stand, "round.reopen").await;
    assert_eq!(log["reason"], "scores: a score was read wrongly");
    let id = Id::<id::Staff>::new(3).to_string();
    assert_eq!(log_of(&stand, "round.confirm_carried").await["who"], id);
}

async fn log_of(stand: &Stand, action: &str) -> serde_json::Value {
    let page = audit::Page {
        after: 0,
        limit: 250,
    };
    let reader = stand.world.service.database.reader();
    let log = audit::list(&reader, page).await.unwrap();
    let bodies = log
        .iter()
        .map(|entry| serde_json::from_str(&entry.body).unwrap());
    let found: Vec<serde_json::Value> = bodies.collect();
    found
        .into_iter()
        .rfind(|body| body["action"] == action)
        .unwrap()
}

async fn what_was_put_in_elsewhere_meanwhile_does_not_slip_into_a_correction(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    // A fact about a unit belongs to no round, and may be recorded in any that takes it in.
    let transaction = service.database.begin_write().await.unwrap();
    for sql in [
        "INSERT INTO fact (id, subject_id, kind, reference, event_on, decision_on, persons, fields, status, recorded_at) \
         VALUES (77, 1, 'case', 'x', NULL, '2026-02-01', 1, '{}', 'confirmed', 1)",
        "UPDATE score SET points_e4 = 10000 WHERE subject_id = 2",
        "UPDATE round_subject SET name = '另名' WHERE subject_id = 1",
    ] {
        transaction.execute_unprepared(sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    reopen(&stand, &[InputKind::Measures]).await;
    confirm_finding(&stand).await;
    assert_eq!(close(&stand).await, 2);
    let of = async |revision| {
        let revision = service.find_revision(OPERATOR, ROUND, Some(revision)).await;
        revision.unwrap().unwrap()
    };
    assert_eq!(of(1).await.inputs_digest, of(2).await.inputs_digest);
    assert_eq!(of(1).await.outcome_digest, of(2).await.outcome_digest);

    // Named, it is looked at.
    reopen(&stand, &[InputKind::Facts]).await;
    confirm_finding(&stand).await;
    assert_eq!(close(&stand).await, 3);
    let decisions = service
        .list_decisions(OPERATOR, (ROUND, None), &[subject(1), subject(2)])
        .await
        .unwrap();
    assert!(decisions[&subject(1)].decision.disqualified);
    assert_eq!(decisions[&subject(2)].decision.total, Some(points("60")));
}

async fn of_many_who_reopen_or_close_again_at_once_one_wins_and_the_others_are_told(world: World) {
    let stand = closed(world).await;
    let service = stand.world.service.clone();
    let wanted = draft(&stand, &[InputKind::Scores]).await;
    let tries = join_all((0..5).map(|number: i64| {
        let (service, wanted) = (service.clone(), wanted.clone());
        let person = staff(number % 3 + 1, "one", Role::RoundAdministrator);
        async move { (number % 3, service.reopen_round(&person, &wanted).await) }
    }))
    .await;
    let winners: BTreeSet<i64> = (tries.iter())
        .filter(|(_, tried)| tried.is_ok())
        .map(|(who, _)| *who)
        .collect();
    assert_eq!(winners.len(), 1, "{tries:?}");
    for (who, tried) in tries {
        if !winners.contains(&who) {
            assert_eq!(refusals(tried)[0].code, "REOPENED_ALREADY");
        }
    }
    confirm_finding(&stand).await;
    let closings = join_all((0..4).map(|_| {
        let (service, actor) = (service.clone(), stand.administrator.clone());
        async move { service.close_round(&actor, ROUND).await.unwrap() }
    }))
    .await;
    let won = closings.iter().filter(|one| one.by_this_request).count();
    assert_eq!(won, 1);
    for closing in &closings {
        assert_eq!(closing.revision, closings[0].revision);
        assert_eq!(closing.revision.number, 2);
    }
    // As it was read before: the correction is over by now.
    let stale = service.reopen_round(&stand.administrator, &wanted).await;
    assert!(matches!(stale, Err(Fault::Conflict)), "{stale:?}");
}

async fn where_two_people_are_asked_for_one_proposes_to_reopen_and_another_reopens(world: World) {
    let plan = Plan {
        scheme: &SCHEME.replace("two_people = false", "two_people = true"),
        units: 2,
    };
    let stand = Stand::of(world, plan).await;
    let service = &stand.world.service;
    let (one, other) = (&stand.administrator, &staff(2, "ins-2", Role::Reviewer));
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    // A reviewer decides on what was proposed, and proposes nothing.
    let alone = service.propose_closing(other, ROUND).await;
    assert!(matches!(alone, Err(Fault::Denied)), "{alone:?}");
    service.propose_closing(one, ROUND).await.unwrap();
    service.close_round(other, ROUND).await.unwrap();

    let wanted = draft(&stand, &[InputKind::Scores]).await;
    let alone = service.propose_reopening(other, &wanted).await;
    assert!(matches!(alone, Err(Fault::Denied)), "{alone:?}");
    let reopen =
        async |actor: &Actor, wanted: &ReopeningDraft| service.reopen_round(actor, wanted).await;
    assert_eq!(
        refusals(reopen(one, &wanted).await)[0].code,
        "PROPOSAL_MISSING"
    );
    let proposal = service.propose_reopening(one, &wanted).await.unwrap();
    let found = service.find_reopen_proposal(other, ROUND).await.unwrap();
    assert_eq!(found, Some(proposal));
    assert_eq!(refusals(reopen(one, &wanted).await)[0].code, "SAME_PERSON");
    let more = draft(&stand, &[InputKind::Scores, InputKind::Facts]).await;
    assert_eq!(
        refusals(reopen(other, &more).await)[0].code,
        "PROPOSAL_DIFFERS"
    );
    let reopening = reopen(other, &wanted).await.unwrap();
    assert_eq!(
        (reopening.by, reopening.proposer),
        (Some(Id::new(2)), Some(Id::new(3)))
    );
    let log = log_of(&stand, "round.reopen").await;
    let id = |number: i64| Id::<id::Staff>::new(number).to_string();
    assert_eq!(
        (&log["who"], &log["approver"]),
        (&id(2).into(), &id(3).into())
    );
    assert_eq!(log_of(&stand, "round.propose_reopen").await["who"], id(3));

    // Naming more takes two people again, and so does the close-out: the proposal of the first one is gone.
    let more = draft(&stand, &[InputKind::Facts]).await;
    assert_eq!(
        refusals(reopen(other, &more).await)[0].code,
        "PROPOSAL_MISSING"
    );
    confirm_finding(&stand).await;
    let closing = service.close_round(other, ROUND).await;
    assert_eq!(refusals(closing)[0].code, "PROPOSAL_MISSING");
    service.propose_closing(one, ROUND).await.unwrap();
    let closing = service.close_round(other, ROUND).await.unwrap();
    assert_eq!(closing.revision.number, 2);
}

async fn more_can_be_named_while_a_correction_is_under_way(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    reopen(&stand, &[InputKind::Scores]).await;
    let frozen = service.add_facts(&stand.inspector, ROUND, vec![case(1, "x-1")]);
    assert_eq!(refusals(frozen.await)[0].code, "INPUT_FROZEN");
    reopen(&stand, &[InputKind::Facts]).await;
    service
        .add_facts(&stand.inspector, ROUND, vec![case(1, "x-1")])
        .await
        .unwrap();
    rescore(&stand, 2, "20").await.unwrap();
    let found = service.find_reopening(OPERATOR, ROUND).await.unwrap();
    assert_eq!(
        found.unwrap().inputs,
        BTreeSet::from([InputKind::Scores, InputKind::Facts])
    );
    for (inputs, reason, code) in [
        (vec![], "why", "INPUTS_MISSING"),
        (vec![InputKind::Scores], " ", "REASON_MISSING"),
        (
            vec![InputKind::Survey("no".to_owned())],
            "why",
            "SURVEY_UNKNOWN",
        ),
    ] {
        let wrong = ReopeningDraft {
            reason: reason.to_owned(),
            ..draft(&stand, &inputs).await
        };
        let refused = service.reopen_round(&stand.administrator, &wrong).await;
        assert_eq!(refusals(refused)[0].code, code);
    }
}

async fn a_finding_is_confirmed_or_withdrawn_and_then_recorded_anew(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    let all = service
        .list_investigations(&stand.inspector, ROUND, &[subject(2)])
        .await
        .unwrap();
    let investigation = all[&subject(2)][0].id;
    let withdraw = async || {
        let done = service.withdraw_finding(&stand.administrator, investigation, "not looked into");
        done.await
    };
    assert_eq!(refusals(withdraw().await)[0].code, "ROUND_NOT_OPEN");
    reopen(&stand, &[InputKind::Scores]).await;
    assert_eq!(withdraw().await.unwrap().finding, None);
    assert_eq!(refusals(withdraw().await)[0].code, "NO_FINDING");
    let verified = service::investigation::FindingDraft {
        id: investigation,
        finding: Finding::Verified,
        reason: "it is true".to_owned(),
    };
    let frozen = service.record_finding(&stand.administrator, verified.clone());
    assert_eq!(refusals(frozen.await)[0].code, "INPUT_FROZEN");
    reopen(&stand, &[InputKind::Investigations]).await;
    service
        .record_finding(&stand.administrator, verified)
        .await
        .unwrap();
    // Decided anew, so there is nothing to confirm.
    assert_eq!(close(&stand).await, 2);
    let decisions = service
        .list_decisions(OPERATOR, (ROUND, None), &[subject(2)])
        .await
        .unwrap();
    assert_eq!(
        decisions[&subject(2)].decision.grade.as_deref(),
        Some("poor")
    );
}

async fn a_survey_takes_more_answers_where_it_is_named_and_the_old_sheets_stay(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    let first = export(&stand, None, PackageKind::Sheets).await;
    reopen(&stand, &[InputKind::Scores]).await;
    let open = async || {
        service
            .open_survey(&stand.administrator, stand.survey)
            .await
    };
    assert_eq!(refusals(open().await)[0].code, "INPUT_FROZEN");
    reopen(&stand, &[InputKind::Survey("public".to_owned())]).await;
    assert!(matches!(
        stand.answer(2, "good").await,
        Booking::Refused(RefusedAnswer::Closed)
    ));
    open().await.unwrap();
    // Those who take answers in look again before long.
    stand.world.clock.advance(Duration::from_secs(5));
    for _ in 0..8 {
        assert!(matches!(stand.answer(2, "good").await, Booking::Booked(_)));
    }
    confirm_finding(&stand).await;
    let refused = refusals(service.close_round(&stand.administrator, ROUND).await);
    assert_eq!(refused[0].code, "OPEN_SURVEY");
    service
        .close_survey(&stand.administrator, stand.survey, None)
        .await
        .unwrap();
    assert_eq!(close(&stand).await, 2);
    assert!(first == export(&stand, Some(1), PackageKind::Sheets).await);
    let second = export(&stand, Some(2), PackageKind::Sheets).await;
    assert_eq!(package::replay(&first).unwrap().sheets, 8);
    assert_eq!(package::replay(&second).unwrap().sheets, 16);
}

async fn a_correction_is_published_by_a_step_of_its_own(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    let publish = async || service.publish_round(&stand.administrator, ROUND).await;
    let everybody = &Actor::Anonymous;
    publish().await.unwrap();
    reopen(&stand, &[InputKind::Scores]).await;
    rescore(&stand, 1, "50").await.unwrap();
    confirm_finding(&stand).await;
    let shown = async |revision| ranking(&stand, everybody, revision).await;
    let one = (
        Source::Revision { number: 1 },
        vec![Some(points("95")), Some(points("60"))],
    );
    assert_eq!(shown(None).await.unwrap(), one);
    assert_eq!(close(&stand).await, 2);
    // Everybody goes on reading what was published, until the correction is.
    assert_eq!(shown(None).await.unwrap(), one);
    assert!(matches!(shown(Some(2)).await, Err(Fault::NotFound)));
    let numbers = async |actor: &Actor| -> Vec<u32> {
        let all = service.list_revisions(actor, ROUND).await.unwrap();
        all.iter().map(|one| one.number).collect()
    };
    assert_eq!(numbers(everybody).await, [1]);
    publish().await.unwrap();
    publish().await.unwrap();
    assert_eq!(numbers(everybody).await, [1, 2]);
    assert_eq!(shown(None).await.unwrap().0, Source::Revision { number: 2 });
    assert_eq!(shown(Some(1)).await.unwrap(), one);
}

async fn a_later_round_that_rests_on_the_old_revision_is_flagged_and_not_recomputed(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    // Next year's round of the same series, about the first unit.
    let later = Id::<id::Round>::new(9);
    let version = service.add_scheme_version(OPERATOR, NEXT).await.unwrap();
    let transaction = service.database.begin_write().await.unwrap();
    for sql in [
        format!(
            "INSERT INTO round (id, code, series, name, name_en, scheme_version_id, period_from_on, period_to_on, \
             time_zone, state, publicity, opened_at, row_version, inputs_changed_at) SELECT 9, 'later', series, '后', \
             'Later', {}, '2027-01-01', '2027-12-31', time_zone, 'open', 'internal', 1, 1, 1 FROM round WHERE id = {}",
            version.id.number(),
            ROUND.number()
        ),
        "INSERT INTO round_subject (round_id, subject_id, category, region_id, name, name_en) \
         SELECT 9, subject_id, category, region_id, name, name_en FROM round_subject WHERE subject_id = 1"
            .to_owned(),
        "INSERT INTO measure_value (round_id, subject_id, measure, period, value) VALUES (9, 1, 'meetings', '', '3')"
            .to_owned(),
    ] {
        transaction.execute_unprepared(&sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let closed = service
        .close_round(&stand.administrator, later)
        .await
        .unwrap();
    let flags = async || {
        let found = service
            .list_outdated_sources(OPERATOR, later)
            .await
            .unwrap();
        let flags = found.iter().map(|one| (one.used, one.latest, one.reopened));
        flags.collect::<Vec<_>>()
    };
    assert_eq!(flags().await, []);
    reopen(&stand, &[InputKind::Scores]).await;
    assert_eq!(flags().await, [(1, 1, true)]);
    rescore(&stand, 1, "10").await.unwrap();
    confirm_finding(&stand).await;
    assert_eq!(close(&stand).await, 2);
    assert_eq!(flags().await, [(1, 2, false)]);
    let resting = service.list_resting_on(OPERATOR, ROUND).await.unwrap();
    assert_eq!(resting[0].code, "later");
    let stands = service.find_revision(OPERATOR, later, None).await.unwrap();
    assert_eq!(stands, Some(closed.revision));

    // Reopened for something else the old grade stays, and the dry run says so; named, the new one is looked at.
    let draft = draft_of(&stand, later, &[InputKind::Scores]).await;
    service
        .reopen_round(&stand.administrator, &draft)
        .await
        .unwrap();
    let preflight = service
        .preflight(&stand.administrator, later)
        .await
        .unwrap();
    let said: Vec<String> = (preflight.outcome.gaps.iter())
        .map(|gap| preflight.words.explainer().gap(gap).en)
        .collect();
    assert_eq!(
        said,
        ["round r1 – its revision 1 was used, and there is a revision 2 by now. For information."]
    );
    assert_eq!(
        preflight.outcome.find("u-001").unwrap().grade.as_deref(),
        Some("good")
    );
    let draft = draft_of(&stand, later, &[InputKind::History]).await;
    service
        .reopen_round(&stand.administrator, &draft)
        .await
        .unwrap();
    service
        .close_round(&stand.administrator, later)
        .await
        .unwrap();
    assert_eq!(flags().await, []);
    let decisions = service
        .list_decisions(OPERATOR, (later, None), &[subject(1)])
        .await
        .unwrap();
    assert_eq!(
        decisions[&subject(1)].decision.grade.as_deref(),
        Some("poor")
    );
}

/// Next year's scheme: one measure, and a cap for whoever was poor the year before.
const NEXT: &str = r#"
format = "mingjian-scheme/1"
code = "next"
version = "1"
name = { zh = "次年", en = "Next year" }
numbers = { decimals = 2, mode = "half_up" }
grading = { by = "total" }
closing = { two_people = false }
grade = [
    { code = "excellent", name = { zh = "优秀", en = "Excellent" }, from = 90 },
    { code = "good", name = { zh = "良好", en = "Good" }, from = 60 },
    { code = "poor", name = { zh = "较差", en = "Poor" } },
]
category = [{ code = "organ", kind = "unit", name = { zh = "机关", en = "Organ" } }]
measure = [{ code = "meetings", name = { zh = "会议次数", en = "Meetings" }, unit = "count", every = "round" }]
section = [{ code = "all", kind = "common", name = { zh = "共性", en = "Common" }, max = 100 }]

[[item]]
code = "A2"
in = "all"
name = { zh = "会议", en = "Meetings" }
max = 100
measured = { value = { measure = { of = "meetings" } }, shape = { line = { zero_at = 0, full_at = 4 } } }

[[rule]]
code = "again"
clause = "1"
name = { zh = "上年较差", en = "Poor the year before" }
when = { earlier = { grades = ["poor"], in_a_row = 1, gap = "breaks" } }
effect = { cap = "poor" }
words = { zh = "上年较差。", en = "It was poor the year before." }
"#;

async fn who_leaves_by_a_correction_is_decided_on_no_more(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    let first = export(&stand, None, PackageKind::Sheets).await;
    let step = service::round::RosterStep {
        round: ROUND,
        subject: subject(2),
        on: "2026-06-01".parse().unwrap(),
        reason: "dissolved".to_owned(),
    };
    reopen(&stand, &[InputKind::Scores]).await;
    let frozen = service.leave_round(&stand.administrator, &step).await;
    assert_eq!(refusals(frozen)[0].code, "INPUT_FROZEN");
    reopen(&stand, &[InputKind::Roster]).await;
    service
        .leave_round(&stand.administrator, &step)
        .await
        .unwrap();
    assert_eq!(close(&stand).await, 2);
    let (_, totals) = ranking(&stand, OPERATOR, None).await.unwrap();
    assert_eq!(totals, [Some(points("95"))]);
    package::replay(&export(&stand, Some(2), PackageKind::Sheets).await).unwrap();
    assert!(first == export(&stand, Some(1), PackageKind::Sheets).await);
}

async fn relations_are_taken_anew_where_they_are_named(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    let relation = RelationDraft {
        kind: RelationKind::PartOf,
        from: subject(1),
        to: subject(2),
        from_on: "2026-01-01".parse().unwrap(),
        to_on: None,
    };
    service.add_relation(OPERATOR, relation).await.unwrap();
    let mut counts = Vec::new();
    for kind in [InputKind::Scores, InputKind::Relations, InputKind::Scores] {
        reopen(&stand, &[kind]).await;
        confirm_finding(&stand).await;
        close(&stand).await;
        let bytes = export(&stand, None, PackageKind::Counts).await;
        let package: Package = serde_json::from_slice(&bytes).unwrap();
        counts.push(package.inputs.relations.len());
    }
    assert_eq!(counts, [0, 1, 1]);
}

async fn a_code_that_changed_is_given_back_before_a_correction_is_closed(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    reopen(&stand, &[InputKind::Scores]).await;
    let rename = async |code: &str| {
        let transaction = service.database.begin_write().await.unwrap();
        let sql = format!("UPDATE subject SET code = '{code}' WHERE id = 1");
        transaction.execute_unprepared(&sql).await.unwrap();
        transaction.commit().await.unwrap();
    };
    rename("u-other").await;
    let refused = refusals(service.close_round(&stand.administrator, ROUND).await);
    assert_eq!(refused[0].code, "CODE_CHANGED");
    assert_eq!(refused[0].path, ["round", "u-001"]);
    rename("u-001").await;
    confirm_finding(&stand).await;
    assert_eq!(close(&stand).await, 2);
}

async fn only_those_who_may_reopen_do(world: World) {
    let stand = closed(world).await;
    let service = &stand.world.service;
    let wanted = draft(&stand, &[InputKind::Scores]).await;
    for actor in [
        Actor::Anonymous,
        stand.inspector.clone(),
        staff(9, "auditor", Role::Auditor),
    ] {
        assert!(matches!(
            service.reopen_round(&actor, &wanted).await,
            Err(Fault::Denied)
        ));
        assert!(matches!(
            service.propose_reopening(&actor, &wanted).await,
            Err(Fault::Denied)
        ));
    }
    let alone = service.propose_reopening(&stand.administrator, &wanted);
    assert_eq!(refusals(alone.await)[0].code, "ONE_PERSON_REOPENS");
    let finding = confirmation(2, CarriedKind::Finding, "many_dissatisfied");
    let unopened = service.confirm_carried(&stand.administrator, &finding);
    assert_eq!(refusals(unopened.await)[0].code, "ROUND_NOT_OPEN");
}
