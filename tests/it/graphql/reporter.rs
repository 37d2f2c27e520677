//! Whoever speaks for a unit: reads what was decided about it once the round is closed, and nothing of others.

use domain::access::{Grant, Role};
use domain::scheme::file::Finding;
use serde_json::{Value, json};
use service::Service;
use support::{World, on_both};

use super::{Site, Token, code, everywhere};
use crate::stand::{ROUND, Stand, elsewhere, subject};

on_both!(
    a_unit_reads_its_own_result_once_the_round_is_closed_and_nothing_of_others,
    a_unit_is_shown_the_revision_that_stands_though_an_earlier_one_was_published,
    whoever_speaks_for_a_unit_in_one_round_reads_no_other,
);

/// An entry of the round with its decision.
async fn read(site: &Site, token: &Token, unit: i64, revision: Option<u32>) -> Value {
    let query = "query($round: ID!, $subject: ID!, $revision: Int) {
        roundSubject(roundId: $round, subjectId: $subject) { code name
            decision(revision: $revision) { subjectCode total source { revision } sentence { zh }
                figures { what withheld } rules { rule } obstacles { words { zh } } } } }";
    let variables = json!({ "round": ROUND.to_string(), "subject": subject(unit).to_string(), "revision": revision });
    let answer = site.ask(token, query, variables).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"]["roundSubject"].clone()
}

async fn rounds(site: &Site, token: &Token) -> Vec<String> {
    let query = "{ rounds(first: 20) { nodes { code } } }";
    let found = site.get(token, query, json!({})).await;
    let nodes = found["nodes"].as_array().unwrap();
    let code = |node: &Value| node["code"].as_str().unwrap().to_owned();
    nodes.iter().map(code).collect()
}

async fn filled(world: World) -> (Stand, Site) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let site = Site::new(stand.world.clone()).await;
    (stand, site)
}

async fn a_unit_reads_its_own_result_once_the_round_is_closed_and_nothing_of_others(world: World) {
    let (stand, site) = filled(world).await;
    let service: &Service = &stand.world.service;
    let token = site.token(Role::UnitReporter).await;
    assert_eq!(read(&site, &token, 1, None).await, Value::Null);
    assert!(rounds(&site, &token).await.is_empty());

    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let own = read(&site, &token, 1, None).await;
    let inspector = site.token(Role::Inspector).await;
    let whole = read(&site, &inspector, 1, None).await;
    assert_eq!(own["decision"]["total"], whole["decision"]["total"]);
    assert_eq!(own["decision"]["sentence"], whole["decision"]["sentence"]);
    assert_eq!(own["decision"]["rules"], whole["decision"]["rules"]);
    assert_eq!(own["decision"]["source"]["revision"], 1);
    // Four answered: staff sees what they said, the unit does not.
    let withheld = |entry: &Value| entry["decision"]["figures"][0]["withheld"].clone();
    assert_eq!(
        (withheld(&own), withheld(&whole)),
        (json!(true), json!(false))
    );

    assert_eq!(read(&site, &token, 2, None).await, Value::Null);
    assert_eq!(rounds(&site, &token).await, ["r1"]);
    let list = "query($id: ID!) { round(id: $id) { code subjects(first: 20) { nodes { code } } } }";
    let round = json!({ "id": ROUND.to_string() });
    let listed = site.get(&token, list, round.clone()).await;
    assert_eq!(listed["subjects"]["nodes"], json!([{ "code": "u-001" }]));
    for denied in [
        "ranking(category: \"organ\", first: 5) { places { nodes { name } } }",
        "revision { number }",
        "preflight { gaps(first: 1) { nodes { blocks } } }",
    ] {
        let query = format!("query($id: ID!) {{ round(id: $id) {{ {denied} }} }}");
        let answer = site.ask(&token, &query, round.clone()).await;
        assert!(
            ["NOT_FOUND", "FORBIDDEN"].contains(&code(&answer)),
            "{denied}: {answer}"
        );
    }
    let subjects = "{ subjects(first: 5) { nodes { code } } }";
    let answer = site.ask(&token, subjects, json!({})).await;
    assert_eq!(code(&answer), "FORBIDDEN", "{answer}");
}

async fn a_unit_is_shown_the_revision_that_stands_though_an_earlier_one_was_published(
    world: World,
) {
    let (stand, site) = filled(world).await;
    let service = &stand.world.service;
    let actor = &stand.administrator;
    service.close_round(actor, ROUND).await.unwrap();
    service.publish_round(actor, ROUND).await.unwrap();
    let administrator = site.token(Role::RoundAdministrator).await;
    super::corrected::correct(&stand, &site, &administrator).await;

    let token = site.token(Role::UnitReporter).await;
    let shown = |entry: Value| entry["decision"]["source"]["revision"].clone();
    assert_eq!(shown(read(&site, &token, 1, None).await), 2);
    assert_eq!(shown(read(&site, &token, 1, Some(1)).await), 1);
    // Of the others, and to everybody else, the one that was published.
    assert_eq!(shown(read(&site, &token, 2, None).await), 1);
    assert_eq!(shown(read(&site, &None, 1, None).await), 1);
}

async fn whoever_speaks_for_a_unit_in_one_round_reads_no_other(world: World) {
    let (stand, site) = filled(world).await;
    elsewhere::plant(&stand.world).await;
    let service = &stand.world.service;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    for (login, round, reads) in [("here", ROUND, true), ("there", elsewhere::ROUND, false)] {
        let grant = Grant {
            round: Some(round),
            ..everywhere(Role::UnitReporter)
        };
        site.add(login, vec![grant]).await;
        let token = site.log_in(login).await;
        assert_eq!(read(&site, &token, 1, None).await.is_object(), reads);
        assert_eq!(rounds(&site, &token).await.is_empty(), !reads);
    }
}
