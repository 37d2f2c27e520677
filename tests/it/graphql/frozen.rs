//! What a reopened round takes: a row for each mutation, which says what kind of input it puts into a round, if any.
//!
//! A new mutation without a row fails here, so that none can be forgotten.

use std::collections::BTreeSet;

use domain::correction::InputKind;
use domain::scheme::file::Finding;
use serde_json::{Value, json};
use service::closeout::ReopeningDraft;
use service::investigation::FindingDraft;
use service::round::RoundAt;
use support::{World, on_both};

use super::denial::{calls, ids};
use super::scene::Scene;
use super::sdl::Sdl;
use crate::stand::ROUND;

on_both!(a_reopened_round_takes_what_was_named_and_refuses_every_other_write);

/// What a mutation does to a round.
#[derive(Debug, Clone, PartialEq)]
enum Does {
    /// It puts in, changes or takes back inputs of a kind.
    Change(InputKind),
    /// The same, by another call than that of the denial matrix.
    ChangeBy(InputKind, &'static str),
    /// It takes back what was carried over, which every correction may do.
    Withdraw,
    /// Nothing: for this reason.
    Nothing(&'static str),
}

use Does::{Change, ChangeBy, Nothing, Withdraw};

fn rows() -> Vec<(&'static str, Does)> {
    const NO_ROUND: &str = "it belongs to no round, and a closed one does not look at it";
    const STEPS: &str = "it is a step of the round itself, with rules of its own";
    const CLOSED: &str = "a closed survey refuses it, and only a reopening that names it opens it";
    const PEOPLE: &str = "it is about accounts";
    let public = InputKind::Survey("public".to_owned());
    vec![
        ("regionAdd", Nothing(NO_ROUND)),
        ("regionChange", Nothing(NO_ROUND)),
        ("subjectAdd", Nothing(NO_ROUND)),
        ("subjectChange", Nothing(NO_ROUND)),
        ("subjectRename", Nothing(NO_ROUND)),
        ("subjectMerge", Nothing(NO_ROUND)),
        ("subjectTransfer", Nothing(NO_ROUND)),
        ("subjectTakeMergerBack", Nothing(NO_ROUND)),
        ("relationAdd", Nothing(NO_ROUND)),
        ("relationChange", Nothing(NO_ROUND)),
        ("factConfirm", Nothing(NO_ROUND)),
        ("factWithdraw", Nothing(NO_ROUND)),
        ("schemeVersionAdd", Nothing(NO_ROUND)),
        ("roundAdd", Nothing(NO_ROUND)),
        ("roundChange", Nothing(STEPS)),
        ("roundOpen", Nothing(STEPS)),
        ("roundProposeClose", Nothing(STEPS)),
        ("roundClose", Nothing(STEPS)),
        ("roundReopen", Nothing(STEPS)),
        ("roundProposeReopen", Nothing(STEPS)),
        ("roundProposeVersion", Nothing(STEPS)),
        ("roundMoveVersion", Nothing(STEPS)),
        ("carriedConfirm", Nothing(STEPS)),
        ("roundPublish", Nothing(STEPS)),
        (
            "roundSubjectJoin",
            ChangeBy(
                InputKind::Roster,
                "roundSubjectJoin(input: {roundId: \"{round}\", subjectId: \"{unit}\", on: \"2026-02-01\", reason: \"r\"})",
            ),
        ),
        (
            "roundSubjectLeave",
            ChangeBy(
                InputKind::Roster,
                "roundSubjectLeave(input: {roundId: \"{round}\", subjectId: \"{unit}\", on: \"2025-02-01\", reason: \"r\"})",
            ),
        ),
        ("dutyListsChange", Change(InputKind::Roster)),
        ("dutyListsApprove", Change(InputKind::Roster)),
        ("scoresChange", Change(InputKind::Scores)),
        ("checklistsChange", Change(InputKind::Checklists)),
        ("measuresChange", Change(InputKind::Measures)),
        ("nilReportsChange", Change(InputKind::Facts)),
        ("factsAdd", Change(InputKind::Facts)),
        ("proposedGradesChange", Change(InputKind::ProposedGrades)),
        ("investigationsOpenDue", Change(InputKind::Investigations)),
        ("investigationOpen", Change(InputKind::Investigations)),
        (
            "investigationRecordFinding",
            Change(InputKind::Investigations),
        ),
        ("investigationWithdrawFinding", Withdraw),
        ("waiverAdd", Change(InputKind::Waivers)),
        ("waiverRemove", Withdraw),
        ("gradeAdjust", Change(InputKind::Adjustments)),
        ("gradeProposeAdjust", Change(InputKind::Adjustments)),
        (
            "tieChoose",
            ChangeBy(
                InputKind::Adjustments,
                "tieChoose(input: {roundId: \"{round}\", quota: \"few\", subjectId: \"{unit}\", keeps: true, reason: \"r\"})",
            ),
        ),
        ("compositionAdd", Change(InputKind::ClosedRounds)),
        ("compositionRemove", Change(InputKind::ClosedRounds)),
        ("surveyOpen", Change(public.clone())),
        ("surveySetHours", Change(public.clone())),
        ("surveyDecideSheets", Change(public.clone())),
        ("surveyClose", Change(public.clone())),
        ("contactListConfirm", Change(public.clone())),
        ("contactListRemind", Change(public.clone())),
        ("contactListWithdraw", Change(public)),
        ("surveyCopy", Nothing(NO_ROUND)),
        (
            "surveyMakePreview",
            Nothing("it shows a form and stores nothing"),
        ),
        (
            "surveyDecideText",
            Nothing("it is about who reads a text, which nothing is decided by"),
        ),
        ("surveyInvite", Nothing(CLOSED)),
        ("surveyAddLinks", Nothing(CLOSED)),
        ("surveyInviteToBallot", Nothing(CLOSED)),
        ("surveyAddBallotLink", Nothing(CLOSED)),
        ("staffAdd", Nothing(PEOPLE)),
        ("staffInvite", Nothing(PEOPLE)),
        ("staffInviteAgain", Nothing(PEOPLE)),
        ("passwordRequestReset", Nothing(PEOPLE)),
        ("passwordSet", Nothing(PEOPLE)),
        ("staffChange", Nothing(PEOPLE)),
        ("sessionOpen", Nothing(PEOPLE)),
        ("sessionRefresh", Nothing(PEOPLE)),
        ("sessionClose", Nothing(PEOPLE)),
        ("secondFactorBegin", Nothing(PEOPLE)),
        ("secondFactorConfirm", Nothing(PEOPLE)),
        ("secondFactorShow", Nothing(PEOPLE)),
        ("secondFactorRemove", Nothing(PEOPLE)),
        ("serviceTokenAdd", Nothing(PEOPLE)),
        ("serviceTokenRevoke", Nothing(PEOPLE)),
        ("sessionEnd", Nothing(PEOPLE)),
        ("sessionEndAll", Nothing(PEOPLE)),
        ("staffRemoveSecondFactor", Nothing(PEOPLE)),
        ("staffBindIdentity", Nothing(PEOPLE)),
        ("staffRemovePassword", Nothing(PEOPLE)),
        ("staffRemoveIdentity", Nothing(PEOPLE)),
        ("sessionBeginByProvider", Nothing(PEOPLE)),
        ("sessionOpenByProvider", Nothing(PEOPLE)),
    ]
}

/// Files that put rows into a round.
fn files() -> [(&'static str, &'static str, InputKind); 5] {
    [
        (
            "scores?round={round}",
            "subject,item,points\nu-001,A1,10\n",
            InputKind::Scores,
        ),
        (
            "scores?round={round}",
            "subject,item,done,tasks\nu-001,A4,1,3\n",
            InputKind::Checklists,
        ),
        (
            "measures?round={round}",
            "subject,measure,period,value\nu-001,meetings,round,3\n",
            InputKind::Measures,
        ),
        (
            "facts?round={round}",
            "subject,kind,reference,decision_on,status,form\nu-001,case,n-9,2026-02-01,reported,first\n",
            InputKind::Facts,
        ),
        (
            "issues?survey={survey}",
            "subject,panel,channel,invited\nu-001,users,web,30\n",
            InputKind::Survey("public".to_owned()),
        ),
    ]
}

#[test]
fn every_mutation_says_what_it_does_to_a_round() {
    let named: BTreeSet<String> = rows().iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(named, Sdl::read().roots("Mutation"));
}

async fn a_reopened_round_takes_what_was_named_and_refuses_every_other_write(world: World) {
    let scene = Scene::filled(world).await;
    let ids = ids(&scene).await;
    close(&scene, &ids).await;
    let public = InputKind::Survey("public".to_owned());
    let kinds: Vec<InputKind> = InputKind::PLAIN.into_iter().chain([public]).collect();
    // Closed, it takes nothing at all.
    for kind in &kinds {
        expect(&scene, &ids, kind, &["ROUND_NOT_OPEN"], true).await;
    }
    withdraw(&scene, &ids, true).await;
    // Relations and history are put in elsewhere, so naming these takes nothing in but them.
    let (elsewhere, here): (Vec<InputKind>, Vec<InputKind>) = kinds
        .into_iter()
        .partition(|kind| matches!(kind, InputKind::Relations | InputKind::History));
    for kind in elsewhere {
        name(&scene, kind).await;
    }
    // Each is refused until it is named, with all before it named already; then it is taken, or refused for another
    // reason.
    let frozen = ["INPUT_FROZEN"];
    for (place, kind) in here.iter().enumerate() {
        for other in here.iter().skip(place) {
            expect(&scene, &ids, other, &frozen, true).await;
        }
        name(&scene, kind.clone()).await;
        expect(
            &scene,
            &ids,
            kind,
            &["INPUT_FROZEN", "ROUND_NOT_OPEN"],
            false,
        )
        .await;
    }
    withdraw(&scene, &ids, false).await;
}

async fn close(scene: &Scene, ids: &[(&'static str, String)]) {
    let service = &scene.stand.world.service;
    scene.stand.close_survey().await;
    let investigation = ids.iter().find(|(word, _)| *word == "{investigation}");
    let finding = FindingDraft {
        id: investigation.unwrap().1.parse().unwrap(),
        finding: Finding::Unfounded,
        reason: "looked into".to_owned(),
    };
    service
        .record_finding(&scene.stand.administrator, finding)
        .await
        .unwrap();
    service
        .close_round(&scene.stand.administrator, ROUND)
        .await
        .unwrap();
}

async fn name(scene: &Scene, kind: InputKind) {
    let service = &scene.stand.world.service;
    let actor = &scene.stand.administrator;
    let found = service.find_rounds(actor, &[ROUND]).await.unwrap();
    let draft = ReopeningDraft {
        at: RoundAt {
            id: ROUND,
            row_version: found[&ROUND].row_version,
        },
        inputs: BTreeSet::from([kind]),
        reason: "to be corrected".to_owned(),
    };
    service.reopen_round(actor, &draft).await.unwrap();
}

/// Makes every write of a kind, and looks whether the code of its refusal is among some.
async fn expect(
    scene: &Scene,
    ids: &[(&'static str, String)],
    kind: &InputKind,
    codes: &[&str],
    among: bool,
) {
    for (field, does) in rows() {
        let own = match does {
            Change(of) if of == *kind => None,
            ChangeBy(of, call) if of == *kind => Some(call),
            _ => continue,
        };
        let code = call(scene, ids, field, own).await;
        assert_eq!(
            codes.contains(&code.as_str()),
            among,
            "{kind}: {field}: {code}"
        );
    }
    for (path, file, _) in files().into_iter().filter(|(_, _, of)| of == kind) {
        let path = format!("/import/{}", fill(ids, path));
        let token = match kind {
            InputKind::Survey(_) => &scene.administrator,
            _ => &scene.inspector,
        };
        let request = scene.site.post(&path, token).body(file);
        let text = request.send().await.unwrap().text().await.unwrap();
        let found = codes.iter().any(|code| text.contains(code));
        assert_eq!(found, among, "{kind}: {path}: {text}");
    }
}

fn fill(ids: &[(&'static str, String)], text: &str) -> String {
    let text = text.to_owned();
    ids.iter()
        .fold(text, |text, (word, id)| text.replace(word, id))
}

async fn withdraw(scene: &Scene, ids: &[(&'static str, String)], closed: bool) {
    let withdrawing = rows().into_iter().filter(|(_, does)| *does == Withdraw);
    for (field, _) in withdrawing {
        let code = call(scene, ids, field, None).await;
        assert_ne!(code, "INPUT_FROZEN", "{field}");
        assert_eq!(code == "ROUND_NOT_OPEN", closed, "{field}: {code}");
    }
}

/// The code of the refusal of a call, empty where it was taken.
async fn call(
    scene: &Scene,
    ids: &[(&'static str, String)],
    field: &str,
    own: Option<&str>,
) -> String {
    let text = match own {
        Some(call) => format!("{call} {{ refusals {{ code }} }}"),
        None => calls()
            .find(|call| call.split(['(', ' ']).next() == Some(field))
            .unwrap_or_else(|| panic!("{field} has no row in the denial matrix"))
            .to_owned(),
    };
    let text = fill(ids, &text);
    let token = match field {
        "scoresChange" | "checklistsChange" => &scene.inspector,
        _ => &scene.administrator,
    };
    let query = format!("mutation {{ {text} }}");
    let answer: Value = scene.site.ask(token, &query, json!({})).await;
    assert!(answer.get("errors").is_none(), "{field}: {answer}");
    let code = &answer["data"][field]["refusals"][0]["code"];
    code.as_str().unwrap_or_default().to_owned()
}
