//! Every field of the schema shows a value, and every change is made once: a round from its regions to its publication
//! by GraphQL alone, asking each time for everything that the schema has to tell.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::access::{Actor, CombinedRoles, Role, RolePair};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use service::inspection::import::{ImportKind, Request, Sample};
use service::staff::link::{INVITATION_JOB, Lifetimes};
use support::{World, on_both, project};

use super::scene::{SCHEME, Scene};
use super::sdl::Sdl;
use super::{Site, Token, everywhere};
use crate::contact::table;
use crate::stand::{ROUND, subject};

on_both!(
    every_change_is_made_and_every_field_shows_a_value,
    an_open_and_a_closed_round_read_as_written_down
);

/// The code of this moment, as an authenticator app makes it.
pub fn code_of(secret: &str, now: chrono::DateTime<chrono::Utc>) -> String {
    let secret = totp_rs::Secret::Encoded(secret.to_owned())
        .to_bytes()
        .unwrap();
    let codes = totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 0, 30, secret).unwrap();
    codes.generate(u64::try_from(now.timestamp()).unwrap())
}

/// A password that is long enough.
const LONG: &str = "a long password of these tests";

/// The index of a district, composed of the units of the round that is closed here.
const COMPOSED: &str = r#"
format = "mingjian-scheme/1"
code = "index"
version = "1"
name = { zh = "指数", en = "Index" }
numbers = { decimals = 2, mode = "half_up" }
grading = { by = "total" }
closing = { two_people = false }
grade = [
    { code = "good", name = { zh = "好", en = "good" }, from = 60 },
    { code = "poor", name = { zh = "差", en = "poor" } },
]
category = [{ code = "third", kind = "unit", name = { zh = "区", en = "district" } }]
section = [{ code = "s", kind = "common", name = { zh = "共性", en = "common" }, max = 100 }]

[[item]]
code = "units"
in = "s"
name = { zh = "单位", en = "units" }
max = 90
composed = { closed = ["small"], region = true, categories = ["organ"], without_total = "left_out" }

[[item]]
code = "duties"
in = "s"
name = { zh = "责任清单", en = "duties" }
max = 10
checklist = { all_or_nothing = false }
"#;

const NOBODY: &str = "nobody answers here, but in a test of its own";

const PROVIDER: &str = "no provider of identities is near; one is in tests/client";

/// Fields that show nothing here, each for its reason.
const SILENT: [(&str, &str); 35] = [
    ("DutyList.part", "no item here has parts"),
    ("Checklist.part", "no item here has parts"),
    ("Score.part", "no item here has parts"),
    (
        "Score.period",
        "every item here is awarded once for the round",
    ),
    (
        "Revision.reason",
        "what is reopened here is not closed again, but in a test of its own",
    ),
    (
        "SchemeIndicator.items",
        "they stand a level below the one that is asked for",
    ),
    ("SurveyOptionCount.high", NOBODY),
    ("SurveyOptionCount.low", NOBODY),
    ("SurveyOptionCount.percent", NOBODY),
    ("SurveyOptionCount.share", NOBODY),
    ("SessionBeginByProviderPayload.departure", PROVIDER),
    ("ProviderDeparture.address", PROVIDER),
    ("ProviderDeparture.ticket", PROVIDER),
    ("Survey.timeLine", NOBODY),
    ("Survey.warnings", NOBODY),
    ("SurveyWarning.code", NOBODY),
    ("SurveyWarning.found", NOBODY),
    ("SurveyWarning.name", NOBODY),
    ("SurveyWarning.nameEn", NOBODY),
    ("SurveyWarning.raisedAt", NOBODY),
    ("SurveyWarning.subjectId", NOBODY),
    ("SurveyDays.from", NOBODY),
    ("SurveyDays.sheets", NOBODY),
    ("SurveyDays.to", NOBODY),
    ("SurveyDecideTextPayload.text", NOBODY),
    ("SurveyText.decision", NOBODY),
    ("SurveyText.name", NOBODY),
    ("SurveyText.reason", NOBODY),
    ("SurveyText.removed", NOBODY),
    ("SurveyText.text", NOBODY),
    ("SurveyTextConnection.edges", NOBODY),
    ("SurveyTextConnection.nodes", NOBODY),
    ("SurveyTextEdge.cursor", NOBODY),
    ("SurveyTextEdge.node", NOBODY),
    ("Survey.opensAt", "surveys are opened and closed by hand"),
];

/// What would make a request for everything too dear. It is asked for by itself.
const HEAVY: &[&str] = &["Round.preflight", "Survey.results"];

/// Asks for everything, and remembers what was asked and answered.
struct Recorder<'a> {
    site: &'a Site,
    sdl: Sdl,
    called: BTreeSet<String>,
    shown: BTreeSet<String>,
    skipped: &'static [&'static str],
}

impl Recorder<'_> {
    async fn change(&mut self, token: &Token, call: &str) -> Value {
        let payload = self.ask(token, "mutation", call).await;
        assert_eq!(payload["refusals"], json!([]), "{call}");
        payload
    }

    /// What is refused has a shape as well.
    async fn refuse(&mut self, token: &Token, call: &str) {
        let payload = self.ask(token, "mutation", call).await;
        assert_ne!(payload["refusals"], json!([]), "{call}");
    }

    async fn read(&mut self, token: &Token, call: &str) -> Value {
        self.ask(token, "query", call).await
    }

    async fn ask(&mut self, token: &Token, kind: &str, call: &str) -> Value {
        let root = if kind == "query" { "Query" } else { "Mutation" };
        let field = call.split(['(', ' ']).next().unwrap();
        let below = self.sdl.select(root, field, self.skipped);
        let query = format!("{kind} {{ {call}{below} }}");
        let answer = self.site.ask(token, &query, json!({})).await;
        assert!(answer.get("errors").is_none(), "{call}: {answer}");
        let value = answer["data"][field].clone();
        self.called.insert(field.to_owned());
        self.sdl.note(root, field, &value, &mut self.shown);
        value
    }
}

/// Sends the survey to two people, by mail and by telephone.
async fn send(on: &mut Recorder<'_>, administrator: &Token, (scene, survey): (&Scene, &str)) {
    let service = &scene.stand.world.service;
    let mut lists = Vec::new();
    for (column, address) in [("mail", "a@example.com"), ("phone", "13800138000")] {
        let request = Request {
            round: None,
            survey: Some(survey.parse().unwrap()),
            kind: ImportKind::Contacts,
            table: table(column, &[address]),
            dry_run: false,
            leave_out: false,
            sample: Some(Sample {
                size: 1,
                seed: Some("20260302".to_owned()),
            }),
        };
        let report = service.import(&Actor::Operator, request).await.unwrap();
        let list = report.made.unwrap();
        on.change(
            administrator,
            &format!("contactListConfirm(id: \"{list}\")"),
        )
        .await;
        lists.push(list);
    }
    let by_phone = lists[1].parse().unwrap();
    service
        .hand_out_contact_list(&Actor::Operator, by_phone)
        .await
        .unwrap();
    let transaction = service.database.begin_write().await.unwrap();
    for sql in [
        "UPDATE contact SET delivery = 'failed' WHERE address = 'a@example.com'",
        "UPDATE contact_list SET mailed_at = 1 WHERE way = 'mail'",
    ] {
        transaction.execute_unprepared(sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    on.read(administrator, &format!("survey(id: \"{survey}\")"))
        .await;
    on.change(
        administrator,
        &format!("contactListRemind(id: \"{}\")", lists[0]),
    )
    .await;
    let call = format!(
        "contactListWithdraw(id: \"{}\", reason: \"lost\")",
        lists[1]
    );
    on.change(administrator, &call).await;
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value}"))
}

async fn every_change_is_made_and_every_field_shows_a_value(mut world: World) {
    world.service.combined_roles = Some(CombinedRoles {
        roles: RolePair::new(Role::RoundAdministrator, Role::Reviewer).unwrap(),
        reason: "three people in all (fictional)".to_owned(),
    });
    let scene = Scene::under(
        world,
        &SCHEME.replace("two_people = false", "two_people = true"),
    )
    .await;
    let (administrator, inspector) = (&scene.administrator, &scene.inspector);
    let mut on = Recorder {
        site: &scene.site,
        sdl: Sdl::read(),
        called: BTreeSet::new(),
        shown: BTreeSet::new(),
        // Of a draft, and of a closed round, a dry run is an error.
        skipped: HEAVY,
    };
    let round = ROUND.to_string();
    let [first, second, third] = [1, 2, 3].map(|unit| subject(unit).to_string());

    // Places, subjects, relations.
    let names = "name: \"名\", nameEn: \"name\"";
    let county = on
        .change(
            administrator,
            &format!("regionAdd(input: {{ code: \"county\", {names} }})"),
        )
        .await;
    let county = text(&county["region"]["id"]).to_owned();
    let call = format!("regionAdd(input: {{ code: \"town\", parentId: \"{county}\", {names} }})");
    let town = on.change(administrator, &call).await["region"].clone();
    let call = format!(
        "regionChange(id: {}, version: {}, input: {{ code: \"town-1\", parentId: \"{county}\", {names} }})",
        town["id"], town["version"]
    );
    on.change(administrator, &call).await;
    let mut subjects = Vec::new();
    for (code, kind) in [("unit-1", "UNIT"), ("person-1", "PERSON")] {
        let call = format!(
            "subjectAdd(input: {{ code: \"{code}\", kind: {kind}, category: \"other\", regionId: {}, {names} }})",
            town["id"]
        );
        subjects.push(on.change(administrator, &call).await["subject"].clone());
    }
    let call = format!(
        "relationAdd(input: {{ kind: WORKS_IN, fromId: {}, toId: {}, fromOn: \"2026-01-01\" }})",
        subjects[1]["id"], subjects[0]["id"]
    );
    let relation = on.change(administrator, &call).await["relation"].clone();
    let call = format!(
        "relationChange(id: {}, version: {}, toOn: \"2026-06-30\")",
        relation["id"], relation["version"]
    );
    on.change(administrator, &call).await;
    let call = format!(
        "subjectChange(id: {}, version: {}, input: {{ code: \"unit-1\", kind: UNIT, category: \"third\", regionId: {}, {names} }})",
        subjects[0]["id"], subjects[0]["version"], town["id"]
    );
    on.change(administrator, &call).await;

    // A unit that is merged into another, is renamed and comes under another region.
    let call = format!(
        "subjectAdd(input: {{ code: \"unit-0\", kind: UNIT, category: \"other\", regionId: {}, {names} }})",
        town["id"]
    );
    let ended = on.change(administrator, &call).await["subject"].clone();
    let since = "on: \"2026-02-01\", reason: \"Order 7\"";
    let merge = format!(
        "subjectMerge(input: {{ subjectId: {}, intoId: {}, gradesContinue: true, {since} }})",
        ended["id"], subjects[0]["id"]
    );
    on.change(administrator, &merge).await;
    on.refuse(administrator, &merge).await;
    let call = format!(
        "subjectTakeMergerBack(subjectId: {}, reason: \"an error\")",
        ended["id"]
    );
    on.change(administrator, &call).await;
    on.change(administrator, &merge).await;
    let call = format!(
        "subjectRename(input: {{ subjectId: {}, {names}, {since} }})",
        subjects[0]["id"]
    );
    on.change(administrator, &call).await;
    let call = format!(
        "subjectTransfer(input: {{ subjectId: {}, regionId: \"{county}\", on: \"2026-03-01\", reason: \"Order 8\" }})",
        subjects[0]["id"]
    );
    on.change(administrator, &call).await;

    // A scheme, a round of it, and its survey.
    let source = SCHEME.replacen("version = \"1\"", "version = \"2\"", 1);
    let source = serde_json::to_string(&source).unwrap();
    let call = format!("schemeVersionAdd(source: {source})");
    let version = on.change(administrator, &call).await["schemeVersion"].clone();
    on.refuse(administrator, "schemeVersionAdd(source: \"code = 7\")")
        .await;
    let round_of = |code: &str| {
        format!(
            "code: \"{code}\", series: \"s\", schemeVersionId: {}, periodFrom: \"2026-01-01\", periodTo: \"2026-03-31\", {names}",
            version["id"]
        )
    };
    let call = format!("roundAdd(input: {{ {} }})", round_of("quarter"));
    let draft = on.change(administrator, &call).await["round"].clone();
    let call = format!(
        "roundChange(id: {}, rowVersion: {}, input: {{ {} }})",
        draft["id"],
        draft["rowVersion"],
        round_of("quarter-1")
    );
    let draft = on.change(administrator, &call).await["round"].clone();
    let call = format!(
        "roundOpen(id: {}, rowVersion: {})",
        draft["id"], draft["rowVersion"]
    );
    let opened = on.change(administrator, &call).await["round"].clone();
    let survey = &opened["surveys"][0]["id"];
    let call = format!(
        "subjectAdd(input: {{ code: \"late\", kind: UNIT, category: \"organ\", regionId: {}, {names} }})",
        town["id"]
    );
    let late = on.change(administrator, &call).await["subject"]["id"].clone();
    for (mutation, day) in [("Join", "2026-02-01"), ("Leave", "2026-03-01")] {
        let call = format!(
            "roundSubject{mutation}(input: {{ roundId: {}, subjectId: {late}, on: \"{day}\", reason: \"Order 9\" }})",
            opened["id"]
        );
        on.change(administrator, &call).await;
    }
    let call = format!("roundSubject(roundId: {}, subjectId: {late})", opened["id"]);
    on.read(administrator, &call).await;
    let preview = |survey: &str| {
        format!(
            "surveyMakePreview(input: {{ roundId: {}, survey: \"{survey}\", subjectId: \"{first}\" }})",
            opened["id"]
        )
    };
    on.change(administrator, &preview("public")).await;
    on.refuse(administrator, &preview("nothing")).await;
    on.change(administrator, &format!("surveyOpen(id: {survey})"))
        .await;
    let call = format!(
        "surveyInvite(input: {{ surveyId: {survey}, subjectId: \"{first}\", panel: \"users\", count: 2 }})"
    );
    on.change(administrator, &call).await;
    let call = format!(
        "surveyAddLinks(input: {{ surveyId: {survey}, subjectIds: [\"{first}\"], panel: \"users\", marks: [\"front\"] }})"
    );
    on.change(administrator, &call).await;
    let scheme_version = &version["id"];
    let copy = |version: &str| {
        format!(
            "surveyCopy(input: {{ surveyId: {survey}, schemeVersionId: {scheme_version}, version: \"{version}\" }})"
        )
    };
    on.change(administrator, &copy("3")).await;
    on.refuse(administrator, &copy("")).await;
    let words = format!("surveyId: {survey}, subjectId: \"{first}\", question: \"overall\"");
    on.read(administrator, &format!("surveyWords({words}, first: 5)"))
        .await;
    let call = format!(
        "surveyDecideText(input: {{ {words}, text: \"{:026}\", decision: HIDE, reason: \"a name\" }})",
        0
    );
    on.refuse(administrator, &call).await;
    // The second survey is a ballot.
    let vote = &opened["surveys"][1]["id"];
    let call = format!(
        "surveyInviteToBallot(input: {{ surveyId: {vote}, ballot: 1, panel: \"users\", count: 2 }})"
    );
    on.change(administrator, &call).await;
    let call = format!(
        "surveyAddBallotLink(input: {{ surveyId: {vote}, ballot: 1, panel: \"users\", marks: [\"front\"] }})"
    );
    on.change(administrator, &call).await;
    on.read(administrator, &format!("survey(id: {vote})")).await;
    send(&mut on, administrator, (&scene, text(survey))).await;
    let call = format!(
        "surveySetHours(input: {{ surveyId: {survey}, closesAt: \"2099-01-01T00:00:00Z\", reason: \"holiday\" }})"
    );
    on.change(administrator, &call).await;
    let call = format!(
        "surveyDecideSheets(input: {{ surveyId: {survey}, sheets: [\"no\"], decision: COUNT, reason: \"r\" }})"
    );
    on.refuse(administrator, &call).await;
    on.refuse(administrator, &format!("surveyClose(id: {survey})"))
        .await;
    let call = format!("surveyClose(id: {survey}, reason: \"everybody has answered\")");
    on.change(administrator, &call).await;
    on.skipped = &["Round.preflight"];
    on.read(administrator, &format!("survey(id: {survey})"))
        .await;
    on.skipped = HEAVY;

    // What is put into the round.
    let score = |unit: &str, points: &str| {
        format!("{{ subjectId: \"{unit}\", item: \"A1\", points: \"{points}\", note: \"seen\" }}")
    };
    let scores = [
        score(&first, "50"),
        score(&second, "30"),
        score(&third, "20"),
    ]
    .join(" ");
    let call = format!("scoresChange(roundId: \"{round}\", scores: [{scores}])");
    on.change(inspector, &call).await;
    let meetings = |unit: &str| {
        format!(
            "{{ subjectId: \"{unit}\", measure: \"meetings\", period: \"round\", value: \"4\" }}"
        )
    };
    let measures = [meetings(&first), meetings(&second), meetings(&third)].join(" ");
    let call = format!("measuresChange(roundId: \"{round}\", measures: [{measures}])");
    on.change(inspector, &call).await;
    let tasks = |unit: &str| {
        format!("{{ subjectId: \"{unit}\", item: \"A4\", done: 2, tasks: 3, undone: [2] }}")
    };
    let checklists = [tasks(&first), tasks(&second), tasks(&third)].join(" ");
    let call = format!("checklistsChange(roundId: \"{round}\", checklists: [{checklists}])");
    on.change(inspector, &call).await;
    let call = format!(
        "nilReportsChange(roundId: \"{round}\", nilReports: [{{ subjectId: \"{first}\", kind: \"case\", none: true }} \
         {{ subjectId: \"{second}\", kind: \"case\", none: true }}])"
    );
    on.change(inspector, &call).await;
    let call = format!(
        "proposedGradesChange(roundId: \"{round}\", proposedGrades: [{{ subjectId: \"{first}\", grade: \"good\" }}])"
    );
    on.change(inspector, &call).await;
    let fact = |reference: &str| {
        format!(
            "{{ subjectId: \"{third}\", kind: \"case\", reference: \"{reference}\", eventOn: \"2026-01-05\", \
             decisionOn: \"2026-02-01\", fields: [{{ code: \"form\", value: \"first\" }}] }}"
        )
    };
    let call = format!(
        "factsAdd(roundId: \"{round}\", facts: [{} {}])",
        fact("f-1"),
        fact("f-2")
    );
    let facts = on.change(inspector, &call).await["facts"].clone();
    on.change(inspector, &format!("factConfirm(id: {})", facts[0]["id"]))
        .await;
    let call = format!("factWithdraw(id: {}, reason: \"an error\")", facts[1]["id"]);
    on.change(inspector, &call).await;
    for (unit, option) in [
        (1, "good"),
        (1, "good"),
        (1, "good"),
        (2, "good"),
        (2, "bad"),
        (2, "bad"),
    ] {
        scene.stand.answer(unit, option).await;
    }
    scene.stand.show_answers().await;
    let call = format!("investigationsOpenDue(roundId: \"{round}\")");
    let due = on.change(administrator, &call).await["investigations"][0].clone();
    let call = format!(
        "investigationRecordFinding(id: {}, finding: VERIFIED, reason: \"found true\")",
        due["id"]
    );
    on.change(administrator, &call).await;
    let call = format!(
        "investigationOpen(input: {{ roundId: \"{round}\", subjectId: \"{first}\", rule: \"many_dissatisfied\", reason: \"a hint\" }})"
    );
    let by_hand = on.change(administrator, &call).await["investigation"].clone();
    let call = format!(
        "investigationRecordFinding(id: {}, finding: UNFOUNDED, reason: \"nothing in it\")",
        by_hand["id"]
    );
    on.change(administrator, &call).await;
    let gap = "gap: { item: \"A3\" }";
    let waive = format!(
        "waiverAdd(input: {{ roundId: \"{round}\", subjectId: \"{third}\", {gap}, holds: {{ points: \"5\" }}, reason: \"nobody\" }})"
    );
    on.change(administrator, &waive).await;
    let call = format!("waiverRemove(roundId: \"{round}\", subjectId: \"{third}\", {gap})");
    on.change(administrator, &call).await;
    on.change(administrator, &waive).await;
    let waive = waive
        .replace("item: \"A3\"", "rule: \"verified\"")
        .replace("points: \"5\"", "fired: false");
    on.change(administrator, &waive).await;
    // Another person than the one who proposes.
    scene
        .site
        .add("second", vec![everywhere(Role::RoundAdministrator)])
        .await;
    let second_person = scene.site.log_in("second").await;
    let wanted = format!(
        "input: {{ roundId: \"{round}\", subjectId: \"{first}\", grade: \"good\", reason: \"by the committee\" }}"
    );
    let call = format!("gradeProposeAdjust({wanted})");
    on.change(administrator, &call).await;
    on.skipped = &["Round.preflight", "Survey.results", "Survey.links"];
    on.read(administrator, &format!("round(id: \"{round}\")"))
        .await;
    on.skipped = HEAVY;
    let call = format!("gradeAdjust({wanted})");
    on.refuse(administrator, &call).await;
    on.change(&second_person, &call).await;
    let call = format!(
        "tieChoose(input: {{ roundId: \"{round}\", quota: \"few\", subjectId: \"{first}\", keeps: false, reason: \"nobody is tied\" }})"
    );
    on.change(administrator, &call).await;

    // Read while it is open, and after.
    scene
        .stand
        .world
        .service
        .refresh_standing(ROUND)
        .await
        .unwrap();
    on.skipped = &["Survey.results", "Survey.links"];
    on.read(administrator, &format!("round(id: \"{round}\")"))
        .await;
    on.skipped = HEAVY;
    let call = format!("surveyClose(id: \"{}\")", scene.stand.survey);
    on.change(administrator, &call).await;
    let call = format!("roundProposeClose(id: \"{round}\")");
    on.change(administrator, &call).await;
    let source = SCHEME.replacen("version = \"1\"", "version = \"3\"", 1);
    let source = serde_json::to_string(&source).unwrap();
    let call = format!("schemeVersionAdd(source: {source})");
    let mended = on.change(administrator, &call).await["schemeVersion"]["id"].clone();
    let opened_round = format!("round(id: {})", opened["id"]);
    let row_version = on.read(administrator, &opened_round).await["rowVersion"].clone();
    let wanted = format!(
        "input: {{ roundId: {}, rowVersion: {row_version}, schemeVersionId: {mended}, reason: \"a misprint\" }}",
        opened["id"]
    );
    let call = format!("roundMoveVersion({wanted})");
    on.refuse(administrator, &call).await;
    on.change(administrator, &format!("roundProposeVersion({wanted})"))
        .await;
    on.read(administrator, &opened_round).await;
    on.change(&second_person, &call).await;
    on.refuse(
        administrator,
        &format!("roundProposeVersion({})", wanted.replace("a misprint", " ")),
    )
    .await;
    let call = format!("roundClose(id: \"{round}\")");
    on.refuse(administrator, &call).await;
    on.change(&second_person, &call).await;
    let call = format!("roundPublish(id: \"{round}\")");
    on.change(administrator, &call).await;
    on.read(administrator, &format!("round(id: \"{round}\")"))
        .await;
    let call = format!(
        "schemeTrial(roundId: \"{round}\", schemeVersionId: {})",
        version["id"]
    );
    on.read(administrator, &call).await;

    // A correction, which takes two people as well.
    let read = format!("round(id: \"{round}\")");
    let row_version = on.read(administrator, &read).await["rowVersion"].clone();
    let wanted = format!(
        "input: {{ roundId: \"{round}\", rowVersion: {row_version}, inputs: [SCORES], surveys: [\"public\"], reason: \"read wrongly\" }}"
    );
    let call = format!("roundReopen({wanted})");
    on.refuse(administrator, &call).await;
    on.change(administrator, &format!("roundProposeReopen({wanted})"))
        .await;
    on.read(administrator, &read).await;
    on.change(&second_person, &call).await;
    on.skipped = &["Survey.results", "Survey.links"];
    on.read(administrator, &read).await;
    on.skipped = HEAVY;
    let call = format!(
        "carriedConfirm(input: {{ roundId: \"{round}\", subjectId: \"{first}\", kind: ADJUSTMENT, place: \"good\" }})"
    );
    on.change(administrator, &call).await;
    let call = format!(
        "investigationWithdrawFinding(id: {}, reason: \"not looked into\")",
        due["id"]
    );
    on.change(administrator, &call).await;

    // A round that is composed of it.
    let source = serde_json::to_string(COMPOSED).unwrap();
    let call = format!("schemeVersionAdd(source: {source})");
    let version_of_index = on.change(administrator, &call).await["schemeVersion"]["id"].clone();
    let call = format!(
        "roundAdd(input: {{ code: \"index\", series: \"i\", schemeVersionId: {version_of_index}, \
         periodFrom: \"2026-01-01\", periodTo: \"2026-12-31\", {names} }})"
    );
    let index = on.change(administrator, &call).await["round"].clone();
    let everybody = on.read(administrator, "subjects(first: 20)").await;
    let mut everybody = everybody["nodes"].as_array().unwrap().iter();
    let district = everybody.find(|one| one["category"] == "third").unwrap();
    let list = format!("subjectId: {}, item: \"duties\"", district["id"]);
    let call = format!(
        "dutyListsChange(roundId: {}, lists: [{{ {list}, tasks: [\"talks\", \"checks\"] }}])",
        index["id"]
    );
    on.change(administrator, &call).await;
    let call = format!("dutyLists(roundId: {}, first: 1)", index["id"]);
    let recorded = on.read(administrator, &call).await;
    let approve = format!(
        "dutyListsApprove(roundId: {}, lists: [{{ {list}, version: {} }}])",
        index["id"], recorded["nodes"][0]["version"]
    );
    on.refuse(administrator, &approve).await;
    on.change(&second_person, &approve).await;
    on.read(administrator, &call).await;
    let call = format!(
        "roundOpen(id: {}, rowVersion: {})",
        index["id"], index["rowVersion"]
    );
    on.change(administrator, &call).await;
    let call = format!(
        "compositionAdd(input: {{ roundId: {}, closedRoundId: \"{round}\", revision: 1 }})",
        index["id"]
    );
    let named = on.change(administrator, &call).await["composition"].clone();
    assert_eq!(named["isLatest"], json!(true));
    on.refuse(administrator, &call.replace("revision: 1", "revision: 2"))
        .await;
    on.read(administrator, &format!("round(id: {})", index["id"]))
        .await;
    let call = format!(
        "compositionRemove(roundId: {}, closedRoundId: \"{round}\")",
        index["id"]
    );
    on.change(administrator, &call).await;

    // Accounts and sessions.
    let call = format!(
        "staffAdd(input: {{ login: \"new\", name: \"新\", password: \"{LONG}\", roles: [{{ role: INSPECTOR, \
         regionId: \"{county}\", category: \"organ\", roundId: \"{round}\" }}] }})"
    );
    let added = on.change(&scene.keeper, &call).await["staff"].clone();
    let call = format!(
        "staffInvite(input: {{ login: \"invited\", name: \"邀\", email: \"leader01@example.com\", \
         roles: [{{ role: UNIT_REPORTER, subjectId: \"{first}\" }}] }})"
    );
    let invited = on.change(&scene.keeper, &call).await["staff"].clone();
    assert_eq!(invited["invited"], json!(true));
    let call = format!("staffInviteAgain(id: {})", invited["id"]);
    on.change(&scene.keeper, &call).await;
    on.refuse(
        &scene.keeper,
        &format!("staffInviteAgain(id: {})", added["id"]),
    )
    .await;
    let call = "passwordRequestReset(login: \"invited\")";
    on.change(&None, call).await;
    let lifetimes = Lifetimes {
        invitation: Duration::from_hours(1),
        reset: Duration::from_hours(1),
    };
    let body = json!({ "staff": invited["id"] }).to_string();
    let made = (scene.stand.world.service)
        .make_wanted_link(INVITATION_JOB, &body, &lifetimes)
        .await
        .unwrap()
        .unwrap();
    let call = format!(
        "passwordSet(token: \"{}\", password: \"{LONG}\")",
        made.token
    );
    on.change(&None, &call).await;
    on.refuse(&None, &call).await;
    let call = format!(
        "staffChange(id: {}, rowVersion: {}, input: {{ name: \"更新\" }})",
        added["id"], added["rowVersion"]
    );
    on.change(&scene.keeper, &call).await;
    let call = format!("sessionOpen(input: {{ login: \"new\", password: \"{LONG}\" }})");
    let session = on.change(&None, &call).await["session"].clone();
    let call = format!("sessionRefresh(refreshToken: {})", session["refreshToken"]);
    let session = on.change(&None, &call).await["session"].clone();
    let own = Some(text(&session["accessToken"]).to_owned());
    on.read(&own, "viewer").await;
    let call = format!(
        "serviceTokenAdd(input: {{ name: \"site\", live: true, regionId: \"{county}\", roundId: \"{round}\", days: 30 }})"
    );
    let made = on.change(&scene.keeper, &call).await;
    on.refuse(&scene.keeper, &call).await;
    let program: Token = Some(text(&made["secret"]).to_owned());
    let query = "query($id: ID!) { round(id: $id) { code } }";
    let read = scene
        .site
        .get(&program, query, json!({ "id": round }))
        .await;
    assert_eq!(read["code"], json!("r1"));
    on.read(&scene.keeper, "serviceTokens(first: 5)").await;
    let call = format!("serviceTokenRevoke(id: {})", made["serviceToken"]["id"]);
    on.change(&scene.keeper, &call).await;
    on.read(&own, "sessions(first: 5)").await;
    let secret = on.change(&own, "secondFactorBegin").await["secondFactor"]["secret"].clone();
    let clock = &scene.stand.world.clock;
    let code =
        |clock: &service::clock::FixedClock| code_of(text(&secret), service::Clock::now(clock));
    let call = format!("secondFactorConfirm(code: \"{}\")", code(clock));
    on.change(&own, &call).await;
    on.refuse(&own, &call).await;
    on.refuse(&own, "secondFactorBegin").await;
    clock.advance(Duration::from_secs(30));
    let call = format!("secondFactorShow(code: \"{}\")", code(clock));
    on.change(&own, &call).await;
    on.refuse(&own, &call).await;
    clock.advance(Duration::from_secs(30));
    let call = format!("secondFactorRemove(code: \"{}\")", code(clock));
    on.change(&own, &call).await;
    on.refuse(&own, &call).await;
    let call = format!("staffRemoveSecondFactor(id: {})", added["id"]);
    on.change(&scene.keeper, &call).await;
    let call = format!("sessionOpen(input: {{ login: \"new\", password: \"{LONG}\" }})");
    on.change(&None, &call).await;
    let sessions = on.read(&own, "sessions(first: 5)").await["nodes"].clone();
    let other = sessions
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] == json!(false));
    let call = format!("sessionEnd(id: {})", other.unwrap()["id"]);
    assert_eq!(on.change(&own, &call).await["ended"], json!(1));
    let call = format!("sessionEndAll(staffId: {})", invited["id"]);
    on.change(&scene.keeper, &call).await;
    on.refuse(&None, "sessionBeginByProvider").await;
    let call = "sessionOpenByProvider(input: { ticket: \"x\", state: \"x\", code: \"x\" })";
    on.refuse(&None, call).await;
    let id = &invited["id"];
    let call = format!(
        "staffBindIdentity(id: {id}, input: {{ issuer: \"https://id.example.com\", subject: \"leader01\" }})"
    );
    let bound = on.change(&scene.keeper, &call).await["staff"].clone();
    assert_eq!(bound["identity"]["subject"], json!("leader01"));
    on.refuse(&scene.keeper, &call).await;
    let call = format!("staffRemovePassword(id: {id})");
    let left = on.change(&scene.keeper, &call).await["staff"].clone();
    assert_eq!(
        (&left["password"], &left["invited"]),
        (&json!(false), &json!(false))
    );
    let call = format!("staffRemoveIdentity(id: {id})");
    on.change(&scene.keeper, &call).await;
    on.refuse(&scene.keeper, &call).await;
    on.change(&own, "sessionClose").await;

    // Every other way in.
    on.read(administrator, "regions(first: 10)").await;
    on.read(administrator, "subjects(first: 10)").await;
    on.read(administrator, "rounds(first: 1)").await;
    // Ten versions of a scheme with all their items would be more than one operation may cost.
    on.skipped = &["SchemeVersion.sections"];
    on.read(administrator, "schemes(first: 1)").await;
    on.skipped = HEAVY;
    // One with a tree of indicators.
    let table = project::read(&project::root().join("schemes/ouhai/organ.toml"));
    let service = &scene.stand.world.service;
    let table = service
        .add_scheme_version(&Actor::Operator, &table)
        .await
        .unwrap();
    on.read(
        administrator,
        &format!("schemeVersion(id: \"{}\")", table.id),
    )
    .await;
    on.read(
        administrator,
        &format!("survey(id: \"{}\")", scene.stand.survey),
    )
    .await;
    let call = format!("roundSubject(roundId: \"{round}\", subjectId: \"{first}\")");
    on.read(administrator, &call).await;
    on.read(
        inspector,
        &format!("facts(first: 10, subjectId: \"{third}\")"),
    )
    .await;
    on.read(&scene.keeper, "staff(first: 10)").await;
    on.read(&scene.auditor, "log(first: 10)").await;
    for field in ["surveyInterference", "surveyPressure", "surveyHeldSheets"] {
        let call = format!("{field}(id: \"{}\")", scene.stand.survey);
        on.read(&scene.auditor, &call).await;
    }
    let signer = service::audit::note::Signer::generate().unwrap();
    let service = &scene.stand.world.service;
    let none = |_: &service::audit::checkpoint::Checkpoint| Vec::<()>::new();
    service.add_checkpoint(&signer, none).await.unwrap();
    on.read(&scene.auditor, "checkpoints(first: 10)").await;
    for id in [
        &json!(county),
        &subjects[0]["id"],
        &relation["id"],
        &version["id"],
        &version["scheme"]["id"],
        &json!(round),
        survey,
        &facts[0]["id"],
        &due["id"],
        &added["id"],
    ] {
        let reader = if text(id).starts_with("stf_") {
            &scene.keeper
        } else {
            administrator
        };
        let query = "query($id: ID!) { node(id: $id) { __typename id } }";
        let node = scene.site.get(reader, query, json!({ "id": id })).await;
        assert_eq!(&node["id"], id, "{node}");
    }
    on.called.insert("node".to_owned());

    let roots: BTreeSet<String> = on
        .sdl
        .roots("Query")
        .union(&on.sdl.roots("Mutation"))
        .cloned()
        .collect();
    assert_eq!(on.called, roots, "every field of both roots is asked for");
    // Told over a socket, or of two versions, by tests of their own; and most changes here are not refused.
    let elsewhere = |field: &String| {
        let types = [
            "RoundProgress.",
            "SchemeVersion.changesSince",
            "SchemeDiff.",
            "SchemeChange.",
            "LostScore.",
            "Round.revisionDifference",
            "RevisionDifference.",
            "SurveyInterference.",
            "SurveyArrivals.",
            "SurveyBurst.",
            "SurveyNetwork.",
            "SurveyJump.",
            "SurveyAlike.",
            "SurveyPressure.",
            "SurveyHeldSheet.",
            "SurveyDecideSheetsPayload.survey",
            "RevisionChange",
            "RevisionStanding.",
            "InputChange",
            "Round.outdatedSources",
            "Round.restingOn",
            "OutdatedSource.",
            "LostScores.",
            "MovedRound.lostScores",
            "ProposedVersion.lostScores",
            "TrialGap",
            "TrialSetAside",
        ];
        types.iter().any(|of| field.starts_with(of)) || field.ends_with("Payload.refusals")
    };
    let silent: BTreeSet<String> = on
        .sdl
        .all()
        .difference(&on.shown)
        .filter(|field| !elsewhere(field))
        .cloned()
        .collect();
    let expected: BTreeSet<String> = SILENT
        .iter()
        .map(|(field, _)| (*field).to_owned())
        .collect();
    assert_eq!(silent, expected, "fields that showed no value");
}

/// What differs from one version of the program to the next, or from one wording to the next, is cut out.
fn redact(value: &mut Value) {
    const CUT: [&str; 10] = [
        "words",
        "sentence",
        "inputsDigest",
        "outcomeDigest",
        "engine",
        "digest",
        "cursor",
        "startCursor",
        "endCursor",
        "schemeVersion",
    ];
    match value {
        Value::Array(list) => list.iter_mut().for_each(redact),
        Value::Object(object) => {
            // The nodes stand beside them.
            object.remove("edges");
            for (name, value) in object.iter_mut() {
                let is_words = value
                    .as_object()
                    .is_some_and(|words| words.contains_key("zh"));
                if !value.is_null() && (is_words || CUT.contains(&name.as_str())) {
                    *value = json!("…");
                }
                redact(value);
            }
        }
        Value::String(text) => {
            // Ids are drawn in whatever order requests come in.
            let is_id = text.len() == 17 && text.as_bytes().get(3) == Some(&b'_');
            if is_id && !text.starts_with("sub_") {
                text.truncate(4);
                text.push('…');
            }
        }
        _ => {}
    }
}

async fn an_open_and_a_closed_round_read_as_written_down(world: World) {
    let scene = Scene::filled(world).await;
    let sdl = Sdl::read();
    let service = &scene.stand.world.service;
    service.refresh_standing(ROUND).await.unwrap();
    let read = async |skipped: &[&str]| {
        let query = format!(
            "query($id: ID!) {{ round(id: $id){} }}",
            sdl.select("Query", "round", skipped)
        );
        let mut round = scene
            .site
            .get(
                &scene.administrator,
                &query,
                json!({ "id": ROUND.to_string() }),
            )
            .await;
        redact(&mut round);
        serde_json::to_string_pretty(&round).unwrap()
    };
    insta::assert_snapshot!(
        "open_round",
        read(&["Preflight.decisions", "Survey.links", "Survey.results"]).await
    );
    scene
        .stand
        .investigate(domain::scheme::file::Finding::Verified)
        .await;
    scene.stand.close_survey().await;
    let close = "mutation($id: ID!) { roundClose(id: $id) { refusals { code path message } } }";
    let closed = scene
        .site
        .get(
            &scene.administrator,
            close,
            json!({ "id": ROUND.to_string() }),
        )
        .await;
    assert_eq!(closed["refusals"], json!([]));
    insta::assert_snapshot!(
        "closed_round",
        read(&["Round.preflight", "Survey.links", "Survey.results"]).await
    );
}
