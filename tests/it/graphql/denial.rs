//! Who is denied what: a row for each field of the roots and for each route that takes a file, tried by everybody.
//!
//! What is expected comes from the access table of the domain. Every call names things that are there, so that a call
//! which is let through by mistake does something, and shows.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Actor, Grant, Role, may};
use domain::id::{self, Id};
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use service::inspection::import::{ImportKind, Request};
use service::program::{MadeServiceToken, ServiceTokenDraft};
use service::relation::{RelationDraft, RelationKind};
use support::{World, on_both, project};

use super::scene::Scene;
use super::sdl::Sdl;
use super::socket::Socket;
use super::{Site, Token, code, everywhere};
use crate::contact::table;
use crate::stand::{ROUND, case, elsewhere, subject};

on_both!(
    everybody_may_what_the_access_table_says_and_nothing_else,
    files_are_taken_from_those_who_may_send_them
);

/// Who may use a field.
#[derive(Clone, Copy)]
enum Needs {
    /// Nobody is asked who they are.
    Nothing,
    /// A session of whatever role.
    Session,
    /// The access table says yes, for what the call is about.
    Action(Action),
    /// The same, but a role in whatever region or category reaches all of the round.
    InRound(Action),
}

/// How it shows that somebody may not.
#[derive(Clone, Copy)]
enum Shows {
    /// An error says so.
    Error,
    /// The same; whoever may is told that the open round has nothing to ask it of.
    Unfit,
    /// It is as if there were nothing.
    Null,
    /// The list does not hold it.
    Absent(&'static str),
}

struct Row {
    /// The call. In it `{round}` and the like stand for ids.
    call: &'static str,
    needs: Needs,
    shows: Shows,
}

const fn row(call: &'static str, needs: Needs, shows: Shows) -> Row {
    Row { call, needs, shows }
}

use Needs::{InRound, Nothing, Session};
use Shows::{Absent, Error, Null, Unfit};

const fn action(action: Action) -> Needs {
    Needs::Action(action)
}

const QUERIES: &[Row] = &[
    row(
        "dutyLists(roundId: \"{round}\", first: 5) { nodes { code } }",
        action(Action::ReadEvidence),
        Absent("u-001"),
    ),
    row(
        "facts(first: 5, subjectId: \"{unit}\") { nodes { id } }",
        action(Action::ReadEvidence),
        Error,
    ),
    row(
        "checkpoints(first: 5) { nodes { size } }",
        action(Action::ReadLog),
        Error,
    ),
    row(
        "log(first: 5) { nodes { seq } }",
        action(Action::ReadLog),
        Error,
    ),
    row(
        "node(id: \"{round}\") { id }",
        InRound(Action::ReadRound),
        Null,
    ),
    row("regions(first: 5) { nodes { code } }", Nothing, Error),
    row(
        "round(id: \"{round}\") { code }",
        InRound(Action::ReadRound),
        Null,
    ),
    row(
        "roundSubject(roundId: \"{round}\", subjectId: \"{unit}\") { code }",
        action(Action::ReadRound),
        Null,
    ),
    row(
        "rounds(first: 5) { nodes { code } }",
        InRound(Action::ReadRound),
        Absent("r1"),
    ),
    row(
        "schemeVersion(id: \"{version}\") { version }",
        Nothing,
        Error,
    ),
    row(
        "schemeTrial(roundId: \"{round}\", schemeVersionId: \"{version}\") { revision }",
        action(Action::Preflight),
        Unfit,
    ),
    row("schemes(first: 5) { nodes { code } }", Nothing, Error),
    row(
        "staff(first: 5) { nodes { login } }",
        action(Action::ReadStaff),
        Error,
    ),
    row(
        "subjects(first: 5) { nodes { code } }",
        action(Action::ReadRound),
        Absent("u-001"),
    ),
    row(
        "survey(id: \"{survey}\") { code }",
        InRound(Action::ReadRound),
        Null,
    ),
    row(
        "surveyWords(surveyId: \"{survey}\", subjectId: \"{unit}\", question: \"overall\", first: 5) { withheld }",
        action(Action::ReadWords),
        Error,
    ),
    row(
        "serviceTokens(first: 5) { nodes { name } }",
        action(Action::ReadStaff),
        Error,
    ),
    row("sessions(first: 5) { nodes { id } }", Session, Error),
    row(
        "surveyInterference(id: \"{survey}\") { channels { answers } }",
        action(Action::ReadInterference),
        Error,
    ),
    row(
        "surveyHeldSheets(id: \"{survey}\") { name }",
        action(Action::ReadInterference),
        Error,
    ),
    row(
        "surveyPressure(id: \"{survey}\") { told }",
        action(Action::ReadPressure),
        Error,
    ),
    row("viewer { login }", Nothing, Error),
];

/// In an order in which each can still be made after those before it: what ends something comes last.
const MUTATIONS: &[Row] = &[
    row(
        "regionAdd(input: {code: \"new\", parentId: \"{region}\", name: \"区\", nameEn: \"r\"}) { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "regionChange(id: \"{region}\", version: \"\", input: {code: \"r\", name: \"区\", nameEn: \"r\"}) { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "subjectAdd(input: {code: \"s\", kind: UNIT, category: \"organ\", regionId: \"{region}\", name: \"单\", nameEn: \"s\"}) { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "subjectChange(id: \"{unit}\", version: \"\", input: {code: \"s\", kind: UNIT, category: \"organ\", regionId: \"{region}\", name: \"单\", nameEn: \"s\"}) { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "subjectRename(input: {subjectId: \"{unit}\", name: \"单\", nameEn: \"s\", on: \"2026-02-01\", reason: \"\"}) { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "subjectMerge(input: {subjectId: \"{unit}\", intoId: \"{other}\", gradesContinue: true, on: \"2026-02-01\", reason: \"\"}) { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "subjectTransfer(input: {subjectId: \"{unit}\", regionId: \"{region}\", on: \"2026-02-01\", reason: \"\"}) { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "subjectTakeMergerBack(subjectId: \"{unit}\", reason: \"\") { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "relationAdd(input: {kind: LEADS, fromId: \"{unit}\", toId: \"{other}\", fromOn: \"2026-01-01\"}) { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "relationChange(id: \"{relation}\", version: \"\") { refusals { code } }",
        action(Action::ChangeRoster),
        Error,
    ),
    row(
        "schemeVersionAdd(source: \"code = 7\") { refusals { code } }",
        action(Action::AddScheme),
        Error,
    ),
    row(
        "roundAdd(input: {code: \"new\", series: \"s\", name: \"轮\", nameEn: \"r\", schemeVersionId: \"{version}\", periodFrom: \"2026-01-01\", periodTo: \"2026-12-31\"}) { refusals { code } }",
        action(Action::ChangeRound),
        Error,
    ),
    row(
        "roundChange(id: \"{round}\", rowVersion: \"1\", input: {code: \"r1\", series: \"s\", name: \"轮\", nameEn: \"r\", schemeVersionId: \"{version}\", periodFrom: \"2026-01-01\", periodTo: \"2026-12-31\"}) { refusals { code } }",
        action(Action::ChangeRound),
        Error,
    ),
    row(
        "roundOpen(id: \"{round}\", rowVersion: \"1\") { refusals { code } }",
        action(Action::ChangeRound),
        Error,
    ),
    row(
        "roundProposeVersion(input: {roundId: \"{round}\", rowVersion: \"1\", schemeVersionId: \"{version}\", reason: \"\"}) { refusals { code } }",
        action(Action::ChangeRound),
        Error,
    ),
    row(
        "roundMoveVersion(input: {roundId: \"{round}\", rowVersion: \"1\", schemeVersionId: \"{version}\", reason: \"\"}) { refusals { code } }",
        action(Action::Confirm),
        Error,
    ),
    row(
        "dutyListsChange(roundId: \"{round}\", lists: [{subjectId: \"{unit}\", item: \"A1\", tasks: [\"t\"]}]) { refusals { code } }",
        action(Action::ChangeRound),
        Error,
    ),
    row(
        "dutyListsApprove(roundId: \"{round}\", lists: [{subjectId: \"{unit}\", item: \"A1\", version: \"0\"}]) { refusals { code } }",
        action(Action::Confirm),
        Error,
    ),
    row(
        "roundSubjectJoin(input: {roundId: \"{round}\", subjectId: \"{unit}\", on: \"2026-02-01\", reason: \"\"}) { refusals { code } }",
        action(Action::ChangeRound),
        Error,
    ),
    row(
        "roundSubjectLeave(input: {roundId: \"{round}\", subjectId: \"{unit}\", on: \"2026-02-01\", reason: \"\"}) { refusals { code } }",
        action(Action::ChangeRound),
        Error,
    ),
    row(
        "scoresChange(roundId: \"{round}\", scores: [{subjectId: \"{unit}\", item: \"A1\", points: \"1\"}]) { refusals { code } }",
        action(Action::AwardScore),
        Error,
    ),
    row(
        "checklistsChange(roundId: \"{round}\", checklists: [{subjectId: \"{unit}\", item: \"A4\", done: 1, tasks: 3}]) { refusals { code } }",
        action(Action::AwardScore),
        Error,
    ),
    row(
        "measuresChange(roundId: \"{round}\", measures: [{subjectId: \"{unit}\", measure: \"meetings\", period: \"round\", value: \"2\"}]) { refusals { code } }",
        action(Action::ReportEvidence),
        Error,
    ),
    row(
        "nilReportsChange(roundId: \"{round}\", nilReports: [{subjectId: \"{unit}\", kind: \"case\", none: false}]) { refusals { code } }",
        action(Action::ReportEvidence),
        Error,
    ),
    row(
        "proposedGradesChange(roundId: \"{round}\", proposedGrades: [{subjectId: \"{unit}\", grade: \"good\"}]) { refusals { code } }",
        action(Action::ReportEvidence),
        Error,
    ),
    row(
        "factsAdd(roundId: \"{round}\", facts: [{subjectId: \"{unit}\", kind: \"case\", reference: \"n\", decisionOn: \"2026-02-01\", fields: [{code: \"form\", value: \"first\"}]}]) { refusals { code } }",
        action(Action::ReportEvidence),
        Error,
    ),
    row(
        "factConfirm(id: \"{fact}\") { refusals { code } }",
        action(Action::ReportEvidence),
        Error,
    ),
    row(
        "factWithdraw(id: \"{fact}\", reason: \"an error\") { refusals { code } }",
        action(Action::ReportEvidence),
        Error,
    ),
    row(
        "investigationsOpenDue(roundId: \"{round}\") { refusals { code } }",
        action(Action::Investigate),
        Error,
    ),
    row(
        "investigationOpen(input: {roundId: \"{round}\", subjectId: \"{unit}\", rule: \"many_dissatisfied\", reason: \"a hint\"}) { refusals { code } }",
        action(Action::Investigate),
        Error,
    ),
    row(
        "investigationRecordFinding(id: \"{investigation}\", finding: UNFOUNDED, reason: \"looked into\") { refusals { code } }",
        action(Action::Investigate),
        Error,
    ),
    row(
        "investigationWithdrawFinding(id: \"{investigation}\", reason: \"not looked into\") { refusals { code } }",
        action(Action::Investigate),
        Error,
    ),
    row(
        "waiverAdd(input: {roundId: \"{round}\", subjectId: \"{unit}\", gap: {item: \"A1\"}, holds: {points: \"1\"}, reason: \"r\"}) { refusals { code } }",
        action(Action::Waive),
        Error,
    ),
    row(
        "waiverRemove(roundId: \"{round}\", subjectId: \"{third}\", gap: {item: \"A3\"}) { refusals { code } }",
        action(Action::Waive),
        Error,
    ),
    row(
        "gradeProposeAdjust(input: {roundId: \"{round}\", subjectId: \"{unit}\", grade: \"good\", reason: \"r\"}) { refusals { code } }",
        action(Action::Waive),
        Error,
    ),
    row(
        "gradeAdjust(input: {roundId: \"{round}\", subjectId: \"{unit}\", grade: \"good\", reason: \"r\"}) { refusals { code } }",
        action(Action::Waive),
        Error,
    ),
    row(
        "tieChoose(input: {roundId: \"{round}\", quota: \"few\", subjectId: \"{unit}\", keeps: false, reason: \"r\"}) { refusals { code } }",
        action(Action::Waive),
        Error,
    ),
    row(
        "compositionAdd(input: {roundId: \"{round}\", closedRoundId: \"{round}\", revision: 1}) { refusals { code } }",
        action(Action::ChangeRound),
        Error,
    ),
    row(
        "compositionRemove(roundId: \"{round}\", closedRoundId: \"{round}\") { refusals { code } }",
        action(Action::ChangeRound),
        Error,
    ),
    row(
        "surveyCopy(input: {surveyId: \"{survey}\", schemeVersionId: \"{version}\", version: \"9\"}) { refusals { code } }",
        action(Action::AddScheme),
        Error,
    ),
    row(
        "surveyDecideText(input: {surveyId: \"{survey}\", subjectId: \"{unit}\", question: \"overall\", text: \"00000000000000000000000000\", decision: HIDE, reason: \"r\"}) { refusals { code } }",
        action(Action::ReviewWords),
        Error,
    ),
    row(
        "surveyMakePreview(input: {roundId: \"{round}\", survey: \"public\"}) { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "surveyOpen(id: \"{survey}\") { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "surveyInvite(input: {surveyId: \"{survey}\", subjectId: \"{unit}\", panel: \"users\", count: 1}) { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "surveyAddLinks(input: {surveyId: \"{survey}\", subjectIds: [\"{third}\"], panel: \"users\"}) { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "surveyInviteToBallot(input: {surveyId: \"{survey}\", ballot: 1, panel: \"users\", count: 1}) { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "contactListConfirm(id: \"{list}\") { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "surveyAddBallotLink(input: {surveyId: \"{survey}\", ballot: 1, panel: \"users\"}) { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "contactListRemind(id: \"{list}\") { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "contactListWithdraw(id: \"{list}\", reason: \"r\") { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "surveySetHours(input: {surveyId: \"{survey}\", reason: \"r\"}) { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "surveyDecideSheets(input: {surveyId: \"{survey}\", sheets: [\"no\"], decision: COUNT, reason: \"r\"}) { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "surveyClose(id: \"{survey}\") { refusals { code } }",
        action(Action::RunSurvey),
        Error,
    ),
    row(
        "roundProposeClose(id: \"{round}\") { refusals { code } }",
        action(Action::CloseRound),
        Error,
    ),
    row(
        "roundClose(id: \"{round}\") { refusals { code } }",
        action(Action::CloseRound),
        Error,
    ),
    row(
        "roundProposeReopen(input: {roundId: \"{round}\", rowVersion: \"1\", inputs: [SCORES], reason: \"r\"}) { refusals { code } }",
        action(Action::ReopenRound),
        Error,
    ),
    row(
        "roundReopen(input: {roundId: \"{round}\", rowVersion: \"1\", inputs: [SCORES], reason: \"r\"}) { refusals { code } }",
        action(Action::ReopenRound),
        Error,
    ),
    row(
        "carriedConfirm(input: {roundId: \"{round}\", subjectId: \"{unit}\", kind: WAIVER, place: \"item/A1\"}) { refusals { code } }",
        action(Action::Waive),
        Error,
    ),
    row(
        "roundPublish(id: \"{round}\") { refusals { code } }",
        action(Action::PublishRound),
        Error,
    ),
    row(
        "staffAdd(input: {login: \"new\", name: \"新\", password: \"a long password of tests\", roles: []}) { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "staffInvite(input: {login: \"invited\", name: \"邀\", email: \"leader01@example.com\", roles: []}) { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "staffInviteAgain(id: \"{staff}\") { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "staffChange(id: \"{staff}\", rowVersion: \"1\", input: {name: \"更\"}) { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "passwordRequestReset(login: \"nobody\") { refusals { code } }",
        Nothing,
        Error,
    ),
    row(
        "passwordSet(token: \"x\", password: \"a long password of tests\") { refusals { code } }",
        Nothing,
        Error,
    ),
    row(
        "sessionOpen(input: {login: \"nobody\", password: \"x\"}) { refusals { code } }",
        Nothing,
        Error,
    ),
    row(
        "sessionBeginByProvider { refusals { code } }",
        Nothing,
        Error,
    ),
    row(
        "sessionOpenByProvider(input: {ticket: \"x\", state: \"x\", code: \"x\"}) { refusals { code } }",
        Nothing,
        Error,
    ),
    row(
        "sessionRefresh(refreshToken: \"x\") { refusals { code } }",
        Nothing,
        Error,
    ),
    row(
        "staffRemoveSecondFactor(id: \"{staff}\") { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "staffBindIdentity(id: \"{staff}\", input: {issuer: \"https://id.example.com\", subject: \"s\"}) { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "staffRemovePassword(id: \"{staff}\") { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "staffRemoveIdentity(id: \"{staff}\") { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "serviceTokenAdd(input: {name: \"t\", live: true, days: 30}) { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "serviceTokenRevoke(id: \"{token}\") { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "sessionEnd(id: \"{session}\") { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row(
        "sessionEndAll(staffId: \"{staff}\") { refusals { code } }",
        action(Action::ChangeStaff),
        Error,
    ),
    row("secondFactorBegin { refusals { code } }", Session, Error),
    row(
        "secondFactorConfirm(code: \"000000\") { refusals { code } }",
        Session,
        Error,
    ),
    row(
        "secondFactorShow(code: \"000000\") { refusals { code } }",
        Session,
        Error,
    ),
    row(
        "secondFactorRemove(code: \"000000\") { refusals { code } }",
        Session,
        Error,
    ),
    row("sessionClose { refusals { code } }", Session, Error),
];

/// Somebody who tries.
struct Person {
    name: String,
    token: Token,
    standing: Standing,
}

enum Standing {
    Nobody,
    /// A role in a scope.
    Holds(Grant),
    /// A token that holds no more.
    Ended,
}

impl Person {
    fn may(&self, needs: Needs) -> bool {
        let grant = match &self.standing {
            Standing::Ended => return false,
            Standing::Nobody => None,
            Standing::Holds(grant) => Some(grant),
        };
        let holds =
            |action| may(None, action) || grant.is_some_and(|grant| may(Some(grant.role), action));
        let is_here = grant.is_none_or(|grant| grant.round.is_none());
        match needs {
            Nothing => true,
            Session => grant.is_some_and(|grant| grant.role != Role::Program),
            InRound(action) => holds(action) && is_here,
            Needs::Action(action) => {
                let scope = grant.map(|grant| (&grant.region, &grant.category));
                holds(action) && is_here && scope.is_none_or(|scope| scope == (&None, &None))
            }
        }
    }
}

/// Each role everywhere, and where nothing of the round lies; nobody; and people whose sessions are over.
async fn everybody(site: &Site) -> Vec<Person> {
    let mut people = vec![Person {
        name: "nobody".to_owned(),
        token: None,
        standing: Standing::Nobody,
    }];
    for role in Role::ALL {
        let everywhere = everywhere(role);
        let scopes = [
            ("", everywhere.clone()),
            (
                "-of-another-round",
                Grant {
                    round: Some(elsewhere::ROUND),
                    ..everywhere.clone()
                },
            ),
            (
                "-of-another-region",
                Grant {
                    region: Some(elsewhere::REGION),
                    ..everywhere.clone()
                },
            ),
            (
                "-of-another-category",
                Grant {
                    category: Some("school".to_owned()),
                    ..everywhere
                },
            ),
        ];
        for (place, grant) in scopes {
            // A unit lies somewhere already.
            if role == Role::UnitReporter && place.ends_with(['n', 'y']) {
                continue;
            }
            // The scene knows those with a role everywhere already.
            let name = format!("{}{place}", role.word());
            if !place.is_empty() {
                site.add(&name, vec![grant.clone()]).await;
            }
            let token = site.log_in(&name).await;
            people.push(Person {
                name,
                token,
                standing: Standing::Holds(grant),
            });
        }
    }
    programs(site, &mut people).await;
    for (name, end) in [
        ("logged-out", None),
        (
            "expired",
            Some("UPDATE session SET issued_at = 0, expires_at = 1 WHERE staff_id = {id}"),
        ),
        (
            "revoked",
            Some("UPDATE session SET state = 'revoked' WHERE staff_id = {id}"),
        ),
        (
            "withdrawn",
            Some("UPDATE staff SET state = 'disabled' WHERE id = {id}"),
        ),
    ] {
        site.add(name, Role::ALL.map(everywhere)[..1].to_vec())
            .await;
        let token = site.log_in(name).await;
        match end {
            None => {
                site.get(&token, "mutation { sessionClose { closed } }", json!({}))
                    .await;
            }
            Some(sql) => {
                let whose = format!("(SELECT id FROM staff WHERE login = '{name}')");
                let transaction = site.world.service.database.begin_write().await.unwrap();
                transaction
                    .execute_unprepared(&sql.replace("{id}", &whose))
                    .await
                    .unwrap();
                transaction.commit().await.unwrap();
            }
        }
        people.push(Person {
            name: name.to_owned(),
            token,
            standing: Standing::Ended,
        });
    }
    people
}

/// Programs: one that reads what is published, others that read live rounds somewhere, and one whose token is over.
async fn programs(site: &Site, people: &mut Vec<Person>) {
    let everywhere = everywhere(Role::Program);
    let elsewhere_by_round = Grant {
        round: Some(elsewhere::ROUND),
        ..everywhere.clone()
    };
    let elsewhere_by_region = Grant {
        region: Some(elsewhere::REGION),
        ..everywhere.clone()
    };
    for (name, grant) in [
        ("program-published", None),
        ("program", Some(everywhere)),
        ("program-of-another-round", Some(elsewhere_by_round)),
        ("program-of-another-region", Some(elsewhere_by_region)),
    ] {
        let token = add_program(site, name, grant.as_ref()).await;
        people.push(Person {
            name: name.to_owned(),
            token: Some(token.secret),
            standing: grant.map_or(Standing::Nobody, Standing::Holds),
        });
    }
    let service = &site.world.service;
    let revoked = add_program(
        site,
        "program-revoked",
        Some(&super::everywhere(Role::Program)),
    )
    .await;
    let id = revoked.token.id;
    let operator = Actor::Operator;
    service.revoke_service_token(&operator, id).await.unwrap();
    let expired = add_program(
        site,
        "program-expired",
        Some(&super::everywhere(Role::Program)),
    )
    .await;
    let transaction = service.database.begin_write().await.unwrap();
    let sql = "UPDATE service_token SET made_at = 0, expires_at = 1 WHERE name = 'program-expired'";
    transaction.execute_unprepared(sql).await.unwrap();
    transaction.commit().await.unwrap();
    for made in [revoked, expired] {
        people.push(Person {
            name: made.token.name,
            token: Some(made.secret),
            standing: Standing::Ended,
        });
    }
}

async fn add_program(site: &Site, name: &str, grant: Option<&Grant>) -> MadeServiceToken {
    let draft = ServiceTokenDraft {
        name: name.to_owned(),
        reads_live: grant.is_some(),
        region: grant.and_then(|grant| grant.region),
        round: grant.and_then(|grant| grant.round),
        days: 1,
    };
    let operator = Actor::Operator;
    let made = site.world.service.add_service_token(&operator, draft).await;
    let made = made.unwrap();
    // The first use of a day leaves its day, which is no side effect of what is refused.
    site.ask(
        &Some(made.secret.clone()),
        "{ viewer { login } }",
        json!({}),
    )
    .await;
    made
}

/// How many rows each table has, and what changes without adding any.
async fn fingerprint(world: &World) -> BTreeMap<String, i64> {
    let reader = world.service.database.reader();
    let backend = reader.get_database_backend();
    let tables = match backend {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        }
        _ => {
            "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = 'public'"
        }
    };
    let tables = reader
        .query_all_raw(Statement::from_string(backend, tables))
        .await
        .unwrap();
    let mut parts: Vec<String> = tables
        .iter()
        .map(|row| row.try_get::<String>("", "name").unwrap())
        .map(|name| format!("SELECT '{name}' AS name, count(*) AS n FROM {name}"))
        .collect();
    for (name, sum) in [
        (
            "round",
            "CAST(sum(row_version + inputs_changed_at) AS BIGINT)",
        ),
        ("staff", "CAST(sum(row_version + failed_logins) AS BIGINT)"),
        ("survey", "sum(CASE state WHEN 'open' THEN 1 ELSE 0 END)"),
        (
            "fact",
            "sum(CASE status WHEN 'confirmed' THEN 1 ELSE 0 END)",
        ),
        ("session", "sum(CASE state WHEN 'live' THEN 1 ELSE 0 END)"),
    ] {
        parts.push(format!(
            "SELECT 'inside {name}' AS name, {sum} AS n FROM {name}"
        ));
    }
    let rows = reader
        .query_all_raw(Statement::from_string(backend, parts.join(" UNION ALL ")))
        .await
        .unwrap();
    rows.iter()
        .map(|row| {
            (
                row.try_get("", "name").unwrap(),
                row.try_get("", "n").unwrap(),
            )
        })
        .collect()
}

/// Whether somebody got through, by the answer; an answer that fits neither is a defect.
fn got_through(shows: Shows, answer: &Value) -> Result<bool, String> {
    match code(answer) {
        "FORBIDDEN" | "UNAUTHENTICATED" | "NOT_FOUND" => return Ok(false),
        // What stands there by now is no question of permission.
        "" | "CONFLICT" => {}
        "BAD_USER_INPUT" if matches!(shows, Unfit) => {}
        other => return Err(other.to_owned()),
    }
    let value = answer["data"]
        .as_object()
        .and_then(|data| data.values().next());
    Ok(match shows {
        Error | Unfit => true,
        Null => value.is_some_and(|value| !value.is_null()),
        Absent(what) => {
            value.is_some_and(|value| value["nodes"].to_string().contains(&format!("\"{what}\"")))
        }
    })
}

/// The calls of all mutations, in an order in which each can still be made after those before it.
pub fn calls() -> impl Iterator<Item = &'static str> {
    MUTATIONS.iter().map(|row| row.call)
}

/// Ids of what the scene holds, by the words that stand for them.
pub async fn ids(scene: &Scene) -> Vec<(&'static str, String)> {
    let service = &scene.stand.world.service;
    let facts = service
        .add_facts(&scene.stand.inspector, ROUND, vec![of_form(case(2, "x-1"))])
        .await
        .unwrap();
    let investigations = service
        .open_due_investigations(&scene.stand.administrator, ROUND)
        .await
        .unwrap();
    let relation = RelationDraft {
        kind: RelationKind::PartOf,
        from: subject(1),
        to: subject(2),
        from_on: "2026-01-01".parse().unwrap(),
        to_on: None,
    };
    let relation = service
        .add_relation(&Actor::Operator, relation)
        .await
        .unwrap();
    let token = add_program(&scene.site, "known", None).await;
    // A session of somebody else, a ballot to which links and invitations can be made, and a list of tasks.
    let transaction = scene
        .stand
        .world
        .service
        .database
        .begin_write()
        .await
        .unwrap();
    let survey = scene.stand.survey.number();
    for sql in [
        "INSERT INTO session (id, staff_id, family, refresh_hash, state, issued_at, expires_at) SELECT 7, 1, 7, body_hash, \
         'live', 0, 4102444800000000 FROM sheet LIMIT 1"
            .to_owned(),
        "INSERT INTO duty_list (round_id, subject_id, item, part, tasks, recorded_at) VALUES (1, 1, 'A1', '', '[\"t\"]', 0)"
            .to_owned(),
        format!("INSERT INTO ballot (survey_id, ballot_no) VALUES ({survey}, 1)"),
        format!(
            "INSERT INTO ballot_line (survey_id, ballot_no, line_no, subject_id) VALUES ({survey}, 1, 1, 1)"
        ),
    ] {
        transaction.execute_unprepared(&sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    vec![
        ("{round}", ROUND.to_string()),
        ("{region}", support::plant::REGION.to_string()),
        ("{unit}", subject(1).to_string()),
        ("{other}", subject(2).to_string()),
        ("{third}", subject(3).to_string()),
        ("{version}", Id::<id::SchemeVersion>::new(1).to_string()),
        ("{survey}", scene.stand.survey.to_string()),
        ("{staff}", Id::<id::Staff>::new(1).to_string()),
        ("{token}", token.token.id.to_string()),
        ("{session}", Id::<id::Session>::new(7).to_string()),
        ("{fact}", facts[0].fact.id.to_string()),
        ("{investigation}", investigations[0].id.to_string()),
        ("{relation}", relation.id.to_string()),
        ("{list}", add_list(scene, "mail").await.to_string()),
    ]
}

/// A list of one person, not confirmed.
async fn add_list(scene: &Scene, column: &str) -> Id<id::ContactList> {
    let address = match column {
        "mail" => "a@example.com",
        _ => "13800138000",
    };
    let request = Request {
        round: None,
        survey: Some(scene.stand.survey),
        kind: ImportKind::Contacts,
        table: table(column, &[address]),
        dry_run: false,
        leave_out: false,
        sample: None,
    };
    let service = &scene.stand.world.service;
    let report = service.import(&Actor::Operator, request).await.unwrap();
    report.made.unwrap().parse().unwrap()
}

fn of_form(mut case: service::inspection::FactDraft) -> service::inspection::FactDraft {
    case.fields.insert("form".to_owned(), "first".to_owned());
    case
}

async fn everybody_may_what_the_access_table_says_and_nothing_else(world: World) {
    let scene = Scene::filled(world).await;
    let (site, world) = (&scene.site, &scene.stand.world);
    let ids = ids(&scene).await;
    let people = everybody(site).await;
    let fill = |text: &str| {
        ids.iter()
            .fold(text.to_owned(), |text, (word, id)| text.replace(word, id))
    };
    let rows = || {
        let queries = QUERIES.iter().map(|row| ("query", row));
        queries.chain(MUTATIONS.iter().map(|row| ("mutation", row)))
    };

    // First all who may not, then all who may: these change something, and in the end log out.
    for may in [false, true] {
        listen(&scene, &people, may).await;
        for (kind, row) in rows() {
            let before = fingerprint(world).await;
            let query = format!("{kind} {{ {} }}", fill(row.call));
            for person in people.iter().filter(|person| person.may(row.needs) == may) {
                let answer = site.ask(&person.token, &query, json!({})).await;
                let through = got_through(row.shows, &answer);
                assert_eq!(through, Ok(may), "{}, {}: {answer}", person.name, row.call);
                if matches!(person.standing, Standing::Ended) {
                    assert_eq!(
                        code(&answer),
                        "UNAUTHENTICATED",
                        "{}, {}",
                        person.name,
                        row.call
                    );
                }
            }
            if !may {
                assert_eq!(fingerprint(world).await, before, "{}", row.call);
            }
        }
    }

    // A token lives for minutes, whatever its session does.
    world.clock.advance(std::time::Duration::from_mins(10));
    let answer = site
        .ask(&scene.auditor, "{ viewer { login } }", json!({}))
        .await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
}

/// The only field of the third root. Whoever has no session cannot even open a socket, which has a test of its own.
async fn listen(scene: &Scene, people: &[Person], may: bool) {
    let query = format!("subscription {{ roundProgress(id: \"{ROUND}\") {{ scores }} }}");
    let admitted = people
        .iter()
        .filter(|person| !matches!(person.standing, Standing::Ended));
    for person in admitted.filter(|person| person.may(InRound(Action::ReadRound)) == may) {
        let mut socket = Socket::admitted(&scene.site, &person.token).await;
        socket.subscribe("p", &query).await;
        let told = socket.hear().await["payload"].clone();
        assert_eq!(
            got_through(Error, &told),
            Ok(may),
            "{}: {told}",
            person.name
        );
    }
}

#[test]
fn every_field_of_the_roots_has_a_row() {
    let sdl = Sdl::read();
    let named = |rows: &[Row]| -> BTreeSet<String> {
        rows.iter()
            .map(|row| {
                row.call
                    .split(['(', ' '])
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(named(QUERIES), sdl.roots("Query"));
    assert_eq!(named(MUTATIONS), sdl.roots("Mutation"));
    assert_eq!(
        sdl.roots("Subscription"),
        BTreeSet::from(["roundProgress".to_owned()])
    );
}

/// A file that somebody sends: where to, what, and what they must be allowed to.
const FILES: [(&str, &str, Action); 11] = [
    (
        "/import/roster",
        "code,kind,category,region,name,name_en\nnew,unit,organ,r,新,new\n",
        Action::ChangeRoster,
    ),
    (
        "/import/scores?round={round}",
        "subject,item,points\nu-001,A1,10\n",
        Action::AwardScore,
    ),
    (
        "/import/measures?round={round}",
        "subject,measure,period,value\nu-001,meetings,round,3\n",
        Action::ReportEvidence,
    ),
    (
        "/import/facts?round={round}",
        "subject,kind,reference,decision_on,status,form\nu-001,case,n,2026-02-01,reported,first\n",
        Action::ReportEvidence,
    ),
    (
        "/import/history",
        "series,round,closed_on,subject,grade\nr,r-2025,2025-12-31,u-001,good\n",
        Action::ChangeRound,
    ),
    (
        "/import/contacts?survey={survey}",
        "subject,panel,mail\nu-001,users,b@example.com\n",
        Action::RunSurvey,
    ),
    (
        "/import/answers?survey={survey}",
        "subject,panel,channel,overall\nu-001,users,web,good\n",
        Action::RunSurvey,
    ),
    (
        "/import/issues?survey={survey}",
        "subject,panel,channel,invited\nu-001,users,web,30\n",
        Action::RunSurvey,
    ),
    (
        "/import/duty-lists?round={round}",
        "subject,item,task\nu-001,A1,t\n",
        Action::ChangeRound,
    ),
    ("/contacts/{list}/hand-out", "", Action::RunSurvey),
    ("/schemes", "code = 7\n", Action::AddScheme),
];

async fn files_are_taken_from_those_who_may_send_them(world: World) {
    let scene = Scene::filled(world).await;
    let (site, world) = (&scene.site, &scene.stand.world);
    let people = everybody(site).await;
    let list = add_list(&scene, "phone").await;
    let confirmed = world.service.confirm_contact_list(&Actor::Operator, list);
    confirmed.await.unwrap();
    for may in [false, true] {
        for (path, file, action) in FILES {
            let before = fingerprint(world).await;
            let path = path
                .replace("{round}", &ROUND.to_string())
                .replace("{survey}", &scene.stand.survey.to_string())
                .replace("{list}", &list.to_string());
            for person in people
                .iter()
                .filter(|person| person.may(Needs::Action(action)) == may)
            {
                let request = site.post(&path, &person.token).body(file);
                let answer = request.send().await.unwrap();
                let status = answer.status();
                let text = answer.text().await.unwrap();
                let has_session =
                    person.token.is_some() && !matches!(person.standing, Standing::Ended);
                let expected = match (may, has_session) {
                    (true, _) if path == "/schemes" || path.contains("duty-lists") => {
                        StatusCode::UNPROCESSABLE_ENTITY
                    }
                    (true, _) => StatusCode::OK,
                    (false, true) => StatusCode::FORBIDDEN,
                    (false, false) => StatusCode::UNAUTHORIZED,
                };
                assert_eq!(status, expected, "{}, {path}: {text}", person.name);
            }
            if !may {
                assert_eq!(fingerprint(world).await, before, "{path}");
            }
        }
    }
}

/// Routes that take no file from staff: pages for everybody, and GraphQL, whose fields have rows above.
const OTHERS: [&str; 16] = [
    "/account/{token}",
    "/assets/{name}",
    "/change",
    "/graphiql",
    "/graphiql/graphiql.css",
    "/graphiql/graphiql.js",
    "/graphql",
    "/healthz",
    "/i/{token}",
    "/metrics",
    "/preview/{survey}/{pass}",
    "/readyz",
    "/receipt",
    "/reset",
    "/s/{code}",
    "/second-factor",
];

#[test]
fn every_route_has_a_row_or_takes_no_file_from_staff() {
    let mut routes = BTreeSet::new();
    for path in project::files(&project::root().join("api/src")) {
        let name = project::relative(&path);
        if name.contains("tests") || path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = project::read(&path);
        for part in text.split(".route(").skip(1) {
            routes.extend(part.split('"').nth(1).map(str::to_owned));
        }
    }
    let known: BTreeSet<String> = OTHERS
        .iter()
        .chain(&["/contacts/{list}/hand-out", "/import/{kind}", "/schemes"])
        .map(|&route| route.to_owned())
        .collect();
    assert_eq!(routes, known);
    for kind in [
        "roster", "scores", "measures", "facts", "history", "contacts", "answers", "issues",
    ] {
        let route = format!("/import/{kind}");
        assert!(
            FILES.iter().any(|(path, ..)| path.starts_with(&route)),
            "{route}"
        );
    }
}
