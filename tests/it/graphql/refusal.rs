//! What a round refuses over the wire: each with its code and the path of the input that is wrong, and nothing stored.

use domain::scheme::file::Finding;
use futures_util::future::join_all;
use serde_json::{Value, json};
use support::{World, on_both};

use super::code;
use super::scene::{Scene, award, case, waiver};
use crate::stand::{ROUND, elsewhere, subject};

on_both!(
    rows_that_do_not_fit_are_refused_with_their_places_and_none_is_stored,
    a_score_is_changed_by_whoever_has_read_it_last,
    a_case_is_on_record_once_and_differing_ones_are_refused,
    investigations_and_waivers_that_do_not_fit_are_refused,
    a_round_with_gaps_is_not_closed_and_says_what_to_do,
    of_several_who_close_at_once_one_does_and_all_get_the_same,
    a_closed_round_takes_nothing_and_its_ranking_says_so,
    progress_of_a_survey_counts_answers_as_they_come
);

impl Scene {
    /// What a change of the round answered: `field(roundId: …, list: …)`.
    async fn put(&self, field: &str, list: &str, kind: &str, rows: &Value) -> Value {
        let query = format!(
            "mutation($round: ID!, $rows: [{kind}!]!) {{ {field}(roundId: $round, {list}: $rows) {{ refusals {{ code path }} }} }}"
        );
        let variables = json!({ "round": ROUND.to_string(), "rows": rows });
        let answer = self.site.get(&self.inspector, &query, variables).await;
        answer["refusals"].clone()
    }

    async fn score(&self, rows: Value) -> Value {
        self.put("scoresChange", "scores", "ScoreInput", &rows)
            .await
    }

    async fn record(&self, rows: Value) -> Value {
        self.put("factsAdd", "facts", "FactInput", &rows).await
    }

    /// What is in the round about its first unit.
    async fn first_unit(&self) -> Value {
        let query = "query($round: ID!, $subject: ID!) { roundSubject(roundId: $round, subjectId: $subject) {
            scores { item points version } measures { measure period value } checklists { item done tasks }
            nilReports proposedGrade investigations { rule } } }";
        let variables = json!({ "round": ROUND.to_string(), "subject": subject(1).to_string() });
        self.site.get(&self.inspector, query, variables).await
    }

    async fn close(&self) -> Value {
        let query = "mutation($id: ID!) { roundClose(id: $id) {
            closed { byThisRequest revision { number outcomeDigest closedById } } refusals { code path message } } }";
        let variables = json!({ "id": ROUND.to_string() });
        self.site.get(&self.administrator, query, variables).await
    }
}

fn refusal(code: &str, path: &[&str]) -> Value {
    json!({ "code": code, "path": path })
}

async fn rows_that_do_not_fit_are_refused_with_their_places_and_none_is_stored(world: World) {
    let scene = Scene::new(world).await;
    let stranger = json!({ "subjectId": subject(77).to_string(), "item": "A1", "points": "1" });
    let refused = scene
        .score(json!([
            award(1, "10"),
            award(2, "50.5"),
            { "subjectId": subject(1).to_string(), "item": "A9", "points": "1" },
            { "subjectId": subject(1).to_string(), "item": "A2", "points": "1" },
            stranger,
        ]))
        .await;
    let mut found: Vec<Value> = refused.as_array().unwrap().clone();
    found.sort_by_key(|one| one["path"].to_string());
    let expected = [
        refusal("ABOVE_MAXIMUM", &["scores", "1", "points"]),
        refusal("UNKNOWN_NAME", &["scores", "2", "item"]),
        refusal("WAY_NOT_POSSIBLE", &["scores", "3", "item"]),
        refusal("SUBJECT_OUTSIDE_ROUND", &["scores", "4", "subject"]),
    ];
    assert_eq!(found, expected);
    let off_step = scene.score(json!([award(1, "1.25")])).await;
    assert_eq!(
        off_step,
        json!([refusal("OFF_STEP", &["scores", "0", "points"])])
    );
    let subject_of = |unit| subject(unit).to_string();
    for (field, list, kind, row, (code, at)) in [
        (
            "checklistsChange",
            "checklists",
            "ChecklistInput",
            json!({ "subjectId": subject_of(1), "item": "A4", "done": 4, "tasks": 3 }),
            ("ABOVE_MAXIMUM", "done"),
        ),
        (
            "measuresChange",
            "measures",
            "MeasureInput",
            json!({ "subjectId": subject_of(1), "measure": "meetings", "period": "2026-Q1", "value": "3" }),
            ("UNKNOWN_PERIOD", "period"),
        ),
        (
            "nilReportsChange",
            "nilReports",
            "NilReportInput",
            json!({ "subjectId": subject_of(1), "kind": "song", "none": true }),
            ("UNKNOWN_NAME", "kind"),
        ),
        (
            "proposedGradesChange",
            "proposedGrades",
            "ProposedGradeInput",
            json!({ "subjectId": subject_of(1), "grade": "best" }),
            ("UNKNOWN_NAME", "grade"),
        ),
    ] {
        let refused = scene.put(field, list, kind, &json!([row])).await;
        assert_eq!(refused, json!([refusal(code, &[list, "0", at])]), "{field}");
        let mut stranger = row;
        stranger["subjectId"] = json!(subject_of(77));
        let refused = scene.put(field, list, kind, &json!([stranger])).await;
        let outside = refusal("SUBJECT_OUTSIDE_ROUND", &[list, "0", "subject"]);
        assert_eq!(refused, json!([outside]), "{field}");
    }
    let many: Vec<Value> = (0..251).map(|_| award(1, "1")).collect();
    let query = "mutation($round: ID!, $rows: [ScoreInput!]!) { scoresChange(roundId: $round, scores: $rows) {
        refusals { code } } }";
    let variables = json!({ "round": ROUND.to_string(), "rows": many });
    let answer = scene.site.ask(&scene.inspector, query, variables).await;
    assert_eq!(code(&answer), "DOCUMENT_TOO_LARGE");
    let nothing = json!({ "scores": [], "measures": [], "checklists": [], "nilReports": [], "proposedGrade": null,
        "investigations": [] });
    assert_eq!(scene.first_unit().await, nothing);
}

async fn a_score_is_changed_by_whoever_has_read_it_last(world: World) {
    let scene = Scene::new(world).await;
    assert_eq!(scene.score(json!([award(1, "10")])).await, json!([]));
    let version = |version: &str, points: &str| {
        let mut row = award(1, points);
        row["version"] = json!(version);
        json!([row])
    };
    let refused = scene.score(json!([award(1, "20")])).await;
    assert_eq!(refused[0]["code"], "CHANGED_MEANWHILE");
    assert_eq!(scene.score(version("1", "20")).await, json!([]));
    let refused = scene.score(version("1", "30")).await;
    assert_eq!(refused[0]["code"], "CHANGED_MEANWHILE");
    let scores = scene.first_unit().await["scores"].clone();
    assert_eq!(
        scores,
        json!([{ "item": "A1", "points": "20", "version": "2" }])
    );
    let back = json!([{ "subjectId": subject(1).to_string(), "item": "A1", "version": "2" }]);
    assert_eq!(scene.score(back).await, json!([]));
    assert_eq!(scene.first_unit().await["scores"], json!([]));
}

async fn a_case_is_on_record_once_and_differing_ones_are_refused(world: World) {
    let scene = Scene::new(world).await;
    assert_eq!(scene.record(json!([case("f-1")])).await, json!([]));
    assert_eq!(scene.record(json!([case("f-1")])).await, json!([]));
    let with = |name: &str, value: Value| {
        let mut case = case("f-1");
        case[name] = value;
        json!([case])
    };
    let reference = ["facts", "0", "reference"];
    let refused = scene.record(with("persons", json!(2))).await;
    assert_eq!(refused, json!([refusal("FACT_DIFFERS", &reference)]));
    let refused = scene.record(with("reference", json!(" "))).await;
    assert_eq!(refused, json!([refusal("REFERENCE_MISSING", &reference)]));
    let refused = scene
        .record(with("subjectId", json!(subject(77).to_string())))
        .await;
    assert_eq!(
        refused,
        json!([refusal("SUBJECT_OUTSIDE_ROUND", &["facts", "0", "subject"])])
    );
    let refused = scene.record(with("decisionOn", Value::Null)).await;
    assert_eq!(refused[0]["code"], "DATE_MISSING", "{refused}");
    let refused = scene.record(with("kind", json!("song"))).await;
    assert_eq!(refused[0]["code"], "UNKNOWN_NAME", "{refused}");
    let query = "query($subject: ID!) { facts(first: 10, subjectId: $subject) { nodes {
        id reference status persons fields { code value } } } }";
    let subject = json!({ "subject": subject(3).to_string() });
    let facts = scene
        .site
        .get(&scene.inspector, query, subject.clone())
        .await["nodes"]
        .clone();
    assert_eq!(facts.as_array().unwrap().len(), 1);
    let expected = json!([{ "code": "form", "value": "first" }]);
    assert_eq!(
        (&facts[0]["status"], &facts[0]["fields"]),
        (&json!("CONFIRMED"), &expected)
    );
    let withdraw = "mutation($id: ID!, $reason: String!) { factWithdraw(id: $id, reason: $reason) {
        fact { status } refusals { code path } } }";
    let with = |reason: &str| json!({ "id": facts[0]["id"], "reason": reason });
    let refused = scene.site.get(&scene.inspector, withdraw, with(" ")).await;
    assert_eq!(
        refused["refusals"],
        json!([refusal("REASON_MISSING", &["reason"])])
    );
    let done = scene
        .site
        .get(&scene.inspector, withdraw, with("an error"))
        .await;
    assert_eq!(done["fact"]["status"], "WITHDRAWN");
    let confirm =
        "mutation($id: ID!) { factConfirm(id: $id) { fact { status } refusals { code } } }";
    let id = json!({ "id": facts[0]["id"] });
    let refused = scene.site.get(&scene.inspector, confirm, id).await;
    assert_eq!(refused["refusals"][0]["code"], "FACT_WITHDRAWN");
}

async fn investigations_and_waivers_that_do_not_fit_are_refused(world: World) {
    let scene = Scene::filled(world).await;
    let open = "mutation($input: InvestigationInput!) { investigationOpen(input: $input) {
        investigation { id byHand finding } refusals { code } } }";
    let input = |rule: &str, unit: i64, reason: &str| {
        json!({ "input": { "roundId": ROUND.to_string(), "subjectId": subject(unit).to_string(), "rule": rule,
            "reason": reason } })
    };
    for (input, expected) in [
        (input("veto", 1, "a hint"), "UNKNOWN_NAME"),
        (
            input("many_dissatisfied", 77, "a hint"),
            "SUBJECT_OUTSIDE_ROUND",
        ),
        (input("many_dissatisfied", 1, ""), "REASON_MISSING"),
    ] {
        let refused = scene.site.get(&scene.administrator, open, input).await;
        assert_eq!(refused["refusals"][0]["code"], expected);
    }
    let hint = input("many_dissatisfied", 1, "a hint");
    let opened = scene
        .site
        .get(&scene.administrator, open, hint.clone())
        .await;
    assert_eq!(opened["investigation"]["byHand"], true);
    let again = scene.site.get(&scene.administrator, open, hint).await;
    assert_eq!(again["refusals"][0]["code"], "INVESTIGATION_EXISTS");
    let decide = "mutation($id: ID!, $finding: Finding!) { investigationRecordFinding(id: $id, finding: $finding,
        reason: \"looked into\") { investigation { finding } refusals { code } } }";
    let verified = json!({ "id": opened["investigation"]["id"], "finding": "VERIFIED" });
    let found = scene.site.get(&scene.administrator, decide, verified).await;
    assert_eq!(found["investigation"]["finding"], "VERIFIED");
    let unfounded = json!({ "id": opened["investigation"]["id"], "finding": "UNFOUNDED" });
    let refused = scene
        .site
        .get(&scene.administrator, decide, unfounded)
        .await;
    assert_eq!(refused["refusals"][0]["code"], "FINDING_RECORDED");

    let waive = "mutation($input: WaiverInput!) { waiverAdd(input: $input) { refusals { code } } }";
    let with = |name: &str, value: Value| {
        let mut input = waiver();
        input[name] = value;
        json!({ "input": input })
    };
    for (input, expected) in [
        (with("reason", json!("")), "REASON_MISSING"),
        (
            with("holds", json!({ "fired": true })),
            "WAIVER_DOES_NOT_FIT",
        ),
        (with("gap", json!({ "item": "A9" })), "UNKNOWN_NAME"),
    ] {
        let refused = scene
            .site
            .get(&scene.administrator, waive, input.clone())
            .await;
        assert_eq!(refused["refusals"][0]["code"], expected, "{input}");
    }
    let two = with("gap", json!({ "item": "A3", "grade": true }));
    let answer = scene.site.ask(&scene.administrator, waive, two).await;
    assert_eq!(code(&answer), "GRAPHQL_VALIDATION_FAILED", "{answer}");
}

async fn a_round_with_gaps_is_not_closed_and_says_what_to_do(world: World) {
    let scene = Scene::filled(world).await;
    let query = "query($id: ID!) { round(id: $id) { preflight { mayClose blockingCount
        gaps(first: 50) { nodes { kind subjectCode place what blocks action } } } } }";
    let id = json!({ "id": ROUND.to_string() });
    let round = scene
        .site
        .get(&scene.administrator, query, id.clone())
        .await;
    let preflight = &round["preflight"];
    assert_eq!(preflight["mayClose"], false);
    let gaps = preflight["gaps"]["nodes"].as_array().unwrap();
    let blocking: Vec<&Value> = gaps.iter().filter(|gap| gap["blocks"] == true).collect();
    assert_eq!(preflight["blockingCount"], blocking.len());
    let open = json!({ "kind": "OPEN_SURVEY", "subjectCode": null, "place": "public", "what": null, "blocks": true,
        "action": "CLOSE_SURVEY" });
    assert!(gaps.contains(&open), "{preflight}");
    let due = |gap: &&Value| gap["kind"] == "INVESTIGATION_DUE" && gap["subjectCode"] == "u-002";
    let due = gaps
        .iter()
        .find(due)
        .unwrap_or_else(|| panic!("{preflight}"));
    assert_eq!(
        (&due["place"], &due["action"]),
        (&json!("many_dissatisfied"), &json!("OPEN_INVESTIGATION"))
    );
    let refused = scene.close().await;
    assert_eq!(refused["closed"], Value::Null);
    let codes: Vec<&Value> = refused["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert_eq!(codes.len(), blocking.len(), "{refused}");
    assert!(codes.contains(&&json!("OPEN_SURVEY")), "{refused}");

    // Those who may not try get an error and the rest of the round.
    let query = "query($id: ID!) { round(id: $id) { state preflight { mayClose } } }";
    let answer = scene.site.ask(&scene.inspector, query, id.clone()).await;
    assert_eq!(code(&answer), "FORBIDDEN", "{answer}");
    assert_eq!(
        answer["data"]["round"],
        json!({ "state": "OPEN", "preflight": null })
    );
    let draft = json!({ "id": elsewhere::ROUND.to_string() });
    let answer = scene
        .site
        .ask(&scene.administrator, query, draft.clone())
        .await;
    assert_eq!(code(&answer), "BAD_USER_INPUT", "{answer}");
    let close = "mutation($id: ID!) { roundClose(id: $id) { refusals { code path } } }";
    let refused = scene.site.get(&scene.administrator, close, draft).await;
    assert_eq!(
        refused["refusals"],
        json!([refusal("ROUND_NOT_OPEN", &["round"])])
    );
}

async fn of_several_who_close_at_once_one_does_and_all_get_the_same(world: World) {
    let scene = Scene::filled(world).await;
    scene.stand.close_survey().await;
    scene.stand.investigate(Finding::Unfounded).await;
    let answers = join_all((0..5).map(|_| scene.close())).await;
    let winners = answers
        .iter()
        .filter(|one| one["closed"]["byThisRequest"] == true);
    assert_eq!(winners.count(), 1, "{answers:?}");
    let revision = &answers[0]["closed"]["revision"];
    assert_eq!(revision["number"], 1);
    assert!(revision["closedById"].is_string());
    assert!(
        answers
            .iter()
            .all(|one| one["closed"]["revision"] == *revision)
    );
    let again = scene.close().await;
    assert_eq!(
        again["closed"],
        json!({ "byThisRequest": false, "revision": revision })
    );
}

async fn a_closed_round_takes_nothing_and_its_ranking_says_so(world: World) {
    let scene = Scene::filled(world).await;
    let id = json!({ "id": ROUND.to_string() });
    let ranking = "query($id: ID!) { round(id: $id) { state revision { number } ranking(category: \"organ\", first: 5) {
        source { live revision asOf } places { nodes { code rank total grade disqualified } } } } }";
    scene
        .stand
        .world
        .service
        .refresh_standing(ROUND)
        .await
        .unwrap();
    let live = scene
        .site
        .get(&scene.administrator, ranking, id.clone())
        .await;
    let now = "2026-03-02T01:00:00.000000Z";
    assert_eq!(
        live["ranking"]["source"],
        json!({ "live": true, "revision": null, "asOf": now })
    );
    assert_eq!(
        (&live["state"], &live["revision"]),
        (&json!("OPEN"), &Value::Null)
    );
    // Not for everybody before it is published.
    assert_eq!(
        scene.site.get(&None, ranking, id.clone()).await,
        Value::Null
    );

    let publish = "mutation($id: ID!) { roundPublish(id: $id) { published { roundId } refusals { code path } } }";
    let early = scene
        .site
        .get(&scene.administrator, publish, id.clone())
        .await;
    assert_eq!(
        early["refusals"],
        json!([refusal("ROUND_NOT_CLOSED", &["round"])])
    );
    scene.stand.close_survey().await;
    scene.stand.investigate(Finding::Verified).await;
    let closed = scene.close().await;
    assert_eq!(closed["refusals"], json!([]));
    scene
        .site
        .get(&scene.administrator, publish, id.clone())
        .await;
    let published = scene.site.get(&None, ranking, id.clone()).await;
    assert_eq!(
        published["ranking"]["source"],
        json!({ "live": false, "revision": 1, "asOf": null })
    );
    let places = published["ranking"]["places"]["nodes"].as_array().unwrap();
    let codes: Vec<&Value> = places.iter().map(|place| &place["code"]).collect();
    assert_eq!(codes, ["u-001", "u-002", "u-003"]);
    assert_eq!(places[0]["rank"], 1);
    // The second is capped by what was found, the third is out.
    assert_eq!(places[1]["grade"], "poor");
    assert_eq!(
        (&places[2]["disqualified"], &places[2]["grade"]),
        (&json!(true), &Value::Null)
    );
    let why = "query($id: ID!) { round(id: $id) { subjects(first: 5) { nodes { code decision { status grade baseGrade
        source { live revision } rules { rule fired } sentence { zh en } obstacles { grade by } } } } } }";
    let why = scene.site.get(&None, why, id.clone()).await;
    let second = &why["subjects"]["nodes"][1]["decision"];
    assert_eq!(second["source"], json!({ "live": false, "revision": 1 }));
    let fired = |rule: &str| {
        let rules = second["rules"].as_array().unwrap();
        rules.iter().find(|one| one["rule"] == rule).unwrap()["fired"].clone()
    };
    assert_eq!([fired("verified"), fired("veto")], ["TRUE", "FALSE"]);
    for language in ["zh", "en"] {
        assert_ne!(second["sentence"][language], "");
    }

    let round = refusal("ROUND_NOT_OPEN", &["round"]);
    let late = json!([round]);
    assert_eq!(scene.score(json!([award(1, "10")])).await, late);
    assert_eq!(scene.record(json!([case("f-2")])).await, late);
    let waive =
        "mutation($input: WaiverInput!) { waiverAdd(input: $input) { refusals { code path } } }";
    let refused = scene
        .site
        .get(&scene.administrator, waive, json!({ "input": waiver() }))
        .await;
    assert_eq!(refused["refusals"], late);
    let due =
        "mutation($id: ID!) { investigationsOpenDue(roundId: $id) { refusals { code path } } }";
    let refused = scene.site.get(&scene.administrator, due, id).await;
    assert_eq!(refused["refusals"], late);
}

async fn progress_of_a_survey_counts_answers_as_they_come(world: World) {
    let scene = Scene::new(world).await;
    let query = "query($id: ID!) { survey(id: $id) { state progress { returned valid notCounted panels { panel channel returned valid } } } }";
    let id = json!({ "id": scene.stand.survey.to_string() });
    let read = || scene.site.get(&scene.inspector, query, id.clone());
    let none = read().await;
    assert_eq!(
        none["progress"],
        json!({ "returned": "0", "valid": null, "notCounted": null, "panels": [] })
    );
    for (unit, count) in [(1, "1"), (2, "2")] {
        scene.stand.answer(unit, "good").await;
        let some = read().await;
        let users = json!({ "panel": "users", "channel": "WEB", "returned": count, "valid": null });
        assert_eq!(
            some["progress"],
            json!({ "returned": count, "valid": null, "notCounted": null, "panels": [users] })
        );
    }
    scene.stand.close_survey().await;
    let users = json!({ "panel": "users", "channel": "WEB", "returned": "2", "valid": "2" });
    assert_eq!(
        read().await["progress"],
        json!({ "returned": "2", "valid": "2", "notCounted": "0", "panels": [users] })
    );
    // Nobody else is told.
    let answer = scene.site.ask(&None, query, id).await;
    assert_eq!(answer["data"]["survey"], Value::Null, "{answer}");
}
