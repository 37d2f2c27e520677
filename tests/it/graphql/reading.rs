//! Connections, ids, and how many statements a page costs.

use domain::access::{Actor, Grant, Role};
use domain::id::Id;
use serde_json::{Value, json};
use service::region::RegionDraft;
use support::{World, on_both};

use super::scene::Scene;
use super::{Site, code, everywhere};
use crate::stand::{ROUND, Stand, case, elsewhere, subject};

on_both!(
    a_list_is_read_to_its_end_by_cursors,
    an_id_of_another_kind_is_refused_and_says_so,
    a_page_costs_as_many_statements_however_long_it_is,
    the_log_is_for_those_who_may_read_it,
    the_log_names_the_request_of_a_change,
    a_relation_is_shown_to_those_who_see_both_its_sides,
    a_fact_and_an_investigation_are_found_by_their_ids_within_the_roles,
    results_of_a_survey_are_told_exactly_once_it_is_closed
);

async fn plant(site: &Site, count: usize) {
    let mut parent = None;
    for number in 0..count {
        let draft = RegionDraft {
            parent,
            code: format!("r{number:03}"),
            name: format!("第{number}区"),
            name_en: format!("Region {number}"),
        };
        let added = site
            .world
            .service
            .add_region(&Actor::Operator, draft)
            .await
            .ok()
            .unwrap();
        parent = Some(added.id);
    }
}

const PAGE: &str = "query($first: Int!, $after: String) { regions(first: $first, after: $after) {
    nodes { id code parent { code } } pageInfo { hasNextPage endCursor } } }";

async fn a_list_is_read_to_its_end_by_cursors(world: World) {
    let site = Site::new(world).await;
    plant(&site, 5).await;
    let mut codes = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = site
            .get(&None, PAGE, json!({ "first": 2, "after": after }))
            .await;
        codes.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["code"].clone()),
        );
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(
        json!(codes),
        json!(["r000", "r001", "r002", "r003", "r004"])
    );
    for wrong in [
        json!({ "first": 0 }),
        json!({ "first": 101 }),
        json!({ "first": 2, "after": "x" }),
    ] {
        let answer = site.ask(&None, PAGE, wrong).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{answer}");
    }
}

async fn an_id_of_another_kind_is_refused_and_says_so(world: World) {
    let site = Site::new(world).await;
    let subject = Id::<domain::id::Subject>::new(7).to_string();
    let answer = site
        .ask(
            &None,
            "query($id: ID!) { round(id: $id) { code } }",
            json!({ "id": subject }),
        )
        .await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("this is the id of a subject, where the id of a round is needed"),
        "{message}"
    );
    let node = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(
        code(&site.ask(&None, node, json!({ "id": "xyz" })).await),
        "BAD_USER_INPUT"
    );
    let round = Id::<domain::id::Round>::new(7).to_string();
    assert_eq!(
        site.get(&None, node, json!({ "id": round })).await,
        Value::Null
    );
}

async fn a_page_costs_as_many_statements_however_long_it_is(world: World) {
    let site = Site::new(world).await;
    plant(&site, 60).await;
    let count = || site.world.service.database.statement_count();
    let mut costs = Vec::new();
    for (first, has_figures) in [(3, false), (60, false), (3, true), (60, true)] {
        if has_figures {
            // Once in a process is enough.
            let _begun: Result<_, _> = api::metric::Metrics::start();
        }
        let before = count();
        let page = site.get(&None, PAGE, json!({ "first": first })).await;
        assert_eq!(page["nodes"].as_array().unwrap().len(), first);
        costs.push(count() - before);
    }
    assert_eq!(
        costs, [2; 4],
        "one for the page, one for all the regions above, and none for figures that are kept of it"
    );
}

async fn the_log_is_for_those_who_may_read_it(world: World) {
    let site = Site::new(world).await;
    let auditor = site.token(Role::Auditor).await;
    let inspector = site.token(Role::Inspector).await;
    let query = "{ log(first: 100) { nodes { seq body leafHash } } }";
    assert_eq!(
        code(&site.ask(&inspector, query, json!({})).await),
        "FORBIDDEN"
    );
    let log = site.get(&auditor, query, json!({})).await;
    let entries = log["nodes"].as_array().unwrap();
    assert_eq!(entries[0]["seq"], "1");
    assert!(
        entries[0]["body"]
            .as_str()
            .unwrap()
            .contains(r#""action":"staff.add""#)
    );
}

async fn the_log_names_the_request_of_a_change(world: World) {
    let site = Site::new(world).await;
    let administrator = site.token(Role::RoundAdministrator).await;
    let auditor = site.token(Role::Auditor).await;
    let query = "mutation { regionAdd(input: { code: \"r\", name: \"区\", nameEn: \"r\" }) { region { id } } }";
    let body = json!({ "query": query });
    let answer = site.post("/graphql", &administrator).json(&body);
    let answer = answer.send().await.unwrap();
    let name = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let log = "{ log(first: 100) { nodes { body } } }";
    let log = site.get(&auditor, log, json!({})).await;
    let bodies: Vec<Value> = log["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| serde_json::from_str(entry["body"].as_str().unwrap()).unwrap())
        .collect();
    let find = |action: &str| bodies.iter().find(|body| body["action"] == action).unwrap();
    assert_eq!(find("region.add")["request_id"], json!(name));
    // Accounts were added without a request here; logging in is one.
    assert_eq!(find("staff.add")["request_id"], Value::Null);
    assert!(find("session.open")["request_id"].is_string());
}

async fn a_relation_is_shown_to_those_who_see_both_its_sides(world: World) {
    let site = Site::new(world).await;
    let administrator = site.token(Role::RoundAdministrator).await;
    let region = async |code: &str| {
        let query = "mutation($code: String!) { regionAdd(input: { code: $code, name: \"区\", nameEn: \"r\" }) {
            region { id } } }";
        let added = site
            .get(&administrator, query, json!({ "code": code }))
            .await;
        added["region"]["id"].clone()
    };
    let (here, there) = (region("here").await, region("there").await);
    let subject = async |code: &str, kind: &str, region: &Value| {
        let query =
            "mutation($input: SubjectInput!) { subjectAdd(input: $input) { subject { id } } }";
        let input = json!({ "code": code, "kind": kind, "category": "organ", "regionId": region,
            "name": "名", "nameEn": "name" });
        let added = site
            .get(&administrator, query, json!({ "input": input }))
            .await;
        added["subject"]["id"].clone()
    };
    let unit = subject("unit", "UNIT", &here).await;
    let person = subject("person", "PERSON", &there).await;
    let relate = "mutation($from: ID!, $to: ID!) { relationAdd(input: { kind: WORKS_IN, fromId: $from, toId: $to,
        fromOn: \"2026-01-01\" }) { relation { id } } }";
    let relation = site
        .get(
            &administrator,
            relate,
            json!({ "from": person, "to": unit }),
        )
        .await["relation"]["id"]
        .clone();
    let within = Grant {
        region: Some(here.as_str().unwrap().parse().unwrap()),
        ..everywhere(Role::RoundAdministrator)
    };
    site.add("local", vec![within]).await;
    let local = site.log_in("local").await;

    let list =
        "{ subjects(first: 10) { nodes { code relations { id from { code } to { code } } } } }";
    let whole = json!({ "id": relation, "from": { "code": "person" }, "to": { "code": "unit" } });
    let seen = site.get(&administrator, list, json!({})).await;
    assert_eq!(
        seen["nodes"],
        json!([{ "code": "person", "relations": [whole] }, { "code": "unit", "relations": [whole] }])
    );
    let seen = site.get(&local, list, json!({})).await;
    assert_eq!(seen["nodes"], json!([{ "code": "unit", "relations": [] }]));
    let node =
        "query($id: ID!) { node(id: $id) { id ... on Relation { kind fromOn toOn version } } }";
    let found = site
        .get(&administrator, node, json!({ "id": relation }))
        .await;
    assert_eq!(
        (&found["id"], &found["kind"]),
        (&relation, &json!("WORKS_IN"))
    );
    let hidden = site.get(&local, node, json!({ "id": relation })).await;
    assert_eq!(hidden, Value::Null);
}

async fn a_fact_and_an_investigation_are_found_by_their_ids_within_the_roles(world: World) {
    let site = Site::new(world.clone()).await;
    let stand = Stand::new(world).await;
    stand.fill().await;
    elsewhere::plant(&stand.world).await;
    let opened = stand
        .world
        .service
        .open_due_investigations(&stand.administrator, ROUND)
        .await
        .unwrap();
    let fact = stand
        .world
        .service
        .add_facts(&stand.inspector, ROUND, vec![case(1, "x-1")])
        .await
        .unwrap();
    let inspector = site.token(Role::Inspector).await;
    for (login, grant) in [
        (
            "of-schools",
            Grant {
                category: Some("school".to_owned()),
                ..everywhere(Role::Inspector)
            },
        ),
        (
            "of-another-round",
            Grant {
                round: Some(elsewhere::ROUND),
                ..everywhere(Role::Inspector)
            },
        ),
    ] {
        site.add(login, vec![grant]).await;
    }
    let node = "query($id: ID!) { node(id: $id) { id ... on Fact { kind reference } ... on Investigation { rule } } }";
    for (id, what) in [
        (
            fact[0].fact.id.to_string(),
            json!({ "kind": "case", "reference": "x-1" }),
        ),
        (
            opened[0].id.to_string(),
            json!({ "rule": "many_dissatisfied" }),
        ),
    ] {
        let variables = json!({ "id": id });
        let mut found = site.get(&inspector, node, variables.clone()).await;
        found.as_object_mut().unwrap().remove("id");
        assert_eq!(found, what);
        for login in ["of-schools", "of-another-round"] {
            let stranger = site.log_in(login).await;
            let hidden = site.get(&stranger, node, variables.clone()).await;
            assert_eq!(hidden, Value::Null, "{login}, {what}");
        }
        let answer = site.ask(&None, node, variables).await;
        assert_eq!(code(&answer), "FORBIDDEN");
    }
}

const RESULTS: &str = "query($id: ID!, $of: ID) { survey(id: $id) { results(subjectId: $of) { question { code }
    lines { panel channel isWithheld answers options { option count share percent low high } } } } }";

async fn results_of_a_survey_are_told_exactly_once_it_is_closed(world: World) {
    let scene = Scene::new(world).await;
    for (unit, option, count) in [(1, "good", 9), (1, "bad", 3), (2, "good", 2)] {
        for _ in 0..count {
            scene.stand.answer(unit, option).await;
        }
    }
    let read = async |of: Option<i64>| {
        let id = scene.stand.survey.to_string();
        let of = of.map(|unit| subject(unit).to_string());
        let values = json!({ "id": id, "of": of });
        scene.site.get(&scene.inspector, RESULTS, values).await["results"].clone()
    };
    assert_eq!(read(None).await, Value::Null);
    scene.stand.close_survey().await;
    let found = read(Some(1)).await;
    let line = &found[0]["lines"][0];
    assert_eq!(
        (&line["answers"], &line["isWithheld"]),
        (&json!("12"), &json!(false))
    );
    assert_eq!(
        line["options"].as_array().unwrap().last(),
        Some(&json!({
            "option": "bad", "count": "3", "share": "1/4", "percent": "25%",
            "low": "889/10000", "high": "1331/2500"
        }))
    );
    for few in [Some(2), None] {
        let line = &read(few).await[0]["lines"][0];
        assert_eq!(
            (&line["isWithheld"], &line["answers"], &line["options"]),
            (&json!(true), &Value::Null, &Value::Null)
        );
    }
}
