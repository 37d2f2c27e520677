//! Corrections over the wire: which revision is shown, what is kept for readers, who is told, and what differs.

use domain::access::Role;
use domain::scheme::file::Finding;
use reqwest::StatusCode;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};
use service::inspection::ScoreChange;
use support::{World, on_both};

use super::{Site, Token};
use crate::stand::{ROUND, Stand, award, subject};

on_both!(
    a_correction_is_made_over_the_wire_and_says_of_which_revision_everything_is,
    a_ranking_that_was_kept_is_of_one_revision_and_stands_where_it_was_asked_for_by_number
);

async fn closed(world: World) -> (Stand, Site, Token) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let service = &stand.world.service;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let site = Site::new(stand.world.clone()).await;
    let administrator = site.token(Role::RoundAdministrator).await;
    (stand, site, administrator)
}

async fn read(site: &Site, token: &Token, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ round(id: $id) {{ {fields} }} }}");
    let variables = json!({ "id": ROUND.to_string() });
    site.get(token, &query, variables).await
}

/// Reopens the round for scores, awards the first unit 50 points, and closes it again.
pub async fn correct(stand: &Stand, site: &Site, administrator: &Token) -> Value {
    let version = read(site, administrator, "rowVersion").await["rowVersion"].clone();
    let reopen = "mutation($input: RoundReopenInput!) { roundReopen(input: $input) {
        reopening { revision inputs surveys reason reopenedAt } refusals { code path } } }";
    let input = json!({ "roundId": ROUND.to_string(), "rowVersion": version, "inputs": ["SCORES"],
        "reason": "read wrongly" });
    let reopened = site
        .get(administrator, reopen, json!({ "input": input }))
        .await;
    assert_eq!(reopened["refusals"], json!([]));
    let service = &stand.world.service;
    let held = service
        .list_scores(&stand.inspector, ROUND, &[subject(1)])
        .await
        .unwrap();
    let change = ScoreChange {
        row_version: Some(held[&subject(1)][0].row_version),
        ..award(1, "50")
    };
    service
        .change_scores(&stand.inspector, ROUND, vec![change])
        .await
        .unwrap();
    let confirm = "mutation($input: CarriedConfirmInput!) { carriedConfirm(input: $input) { confirmed refusals { code } } }";
    let input = json!({ "roundId": ROUND.to_string(), "subjectId": subject(2).to_string(), "kind": "FINDING",
        "place": "many_dissatisfied" });
    let confirmed = site
        .get(administrator, confirm, json!({ "input": input }))
        .await;
    assert_eq!(confirmed["confirmed"], json!(true));
    let close = "mutation($id: ID!) { roundClose(id: $id) { closed { revision { number reason } } refusals { code } } }";
    let variables = json!({ "id": ROUND.to_string() });
    let closed = site.get(administrator, close, variables).await;
    assert_eq!(
        closed["closed"]["revision"],
        json!({ "number": 2, "reason": "read wrongly" })
    );
    reopened
}

async fn a_correction_is_made_over_the_wire_and_says_of_which_revision_everything_is(world: World) {
    let (stand, site, administrator) = closed(world).await;
    // As somebody read it before.
    let stale = read(&site, &administrator, "rowVersion").await["rowVersion"].clone();
    let reopened = correct(&stand, &site, &administrator).await;
    let reopening = &reopened["reopening"];
    assert_eq!(reopening["revision"], json!(1));
    assert_eq!(reopening["inputs"], json!(["SCORES"]));

    let reopen =
        "mutation($input: RoundReopenInput!) { roundReopen(input: $input) { refusals { code } } }";
    let input = json!({ "roundId": ROUND.to_string(), "rowVersion": stale, "inputs": ["FACTS"], "reason": "r" });
    let late = site
        .ask(&administrator, reopen, json!({ "input": input }))
        .await;
    assert_eq!(super::code(&late), "CONFLICT", "{late}");

    let shown = read(
        &site,
        &administrator,
        "state reopening { revision } revision { number } first: revision(number: 1) { number }
         revisions { number reason }
         ranking(category: \"organ\", first: 5) { source { live revision } places { nodes { total } } }
         before: ranking(category: \"organ\", first: 5, revision: 1) { source { live revision } places { nodes { total } } }
         subjects(first: 1) { nodes { decision { source { revision } total }
             before: decision(revision: 1) { source { revision } total } } }
         revisionDifference(earlier: 1, later: 2) {
             changes(first: 5) { nodes { subjectCode before { status total grade eligible disqualified }
                 after { status total grade eligible disqualified } because { zh en } } }
             inputs(first: 5) { nodes { list isNew row } } }
         outdatedSources { roundId } restingOn { roundId }",
    )
    .await;
    assert_eq!(shown["state"], json!("CLOSED"));
    assert_eq!(shown["reopening"], Value::Null);
    assert_eq!(
        shown["revisions"],
        json!([{ "number": 1, "reason": null }, { "number": 2, "reason": "read wrongly" }])
    );
    assert_eq!(
        (&shown["revision"]["number"], &shown["first"]["number"]),
        (&json!(2), &json!(1))
    );
    let ranked = |totals: [&str; 2], number: u32| {
        json!({ "source": { "live": false, "revision": number },
            "places": { "nodes": [{ "total": totals[0] }, { "total": totals[1] }] } })
    };
    assert_eq!(shown["ranking"], ranked(["85", "60"], 2));
    assert_eq!(shown["before"], ranked(["95", "60"], 1));
    let subject = &shown["subjects"]["nodes"][0];
    assert_eq!(
        subject["decision"],
        json!({ "source": { "revision": 2 }, "total": "85" })
    );
    assert_eq!(
        subject["before"],
        json!({ "source": { "revision": 1 }, "total": "95" })
    );
    let standing = |total: &str, grade: &str| json!({ "status": "DECIDED", "total": total, "grade": grade, "eligible": true, "disqualified": false });
    assert_eq!(
        shown["revisionDifference"]["changes"]["nodes"],
        json!([{ "subjectCode": "u-001", "before": standing("95", "excellent"), "after": standing("85", "good"),
            "because": [{ "zh": "“A1 检查”得分 60 → 50", "en": "points of “A1 Inspection” 60 → 50" }] }])
    );
    let inputs = &shown["revisionDifference"]["inputs"]["nodes"];
    let rows = |row: &Value| (row["list"].clone(), row["isNew"].clone());
    let rows: Vec<_> = inputs.as_array().unwrap().iter().map(rows).collect();
    assert_eq!(
        rows,
        [
            (json!("scores"), json!(false)),
            (json!("scores"), json!(true))
        ]
    );
    let variables = json!({ "id": ROUND.to_string() });
    let unknown = "query($id: ID!) { round(id: $id) { revision(number: 7) { number } } }";
    let unknown = site.ask(&administrator, unknown, variables).await;
    assert_eq!(super::code(&unknown), "NOT_FOUND", "{unknown}");
}

const RANKING: &str = "query($id: ID!, $revision: Int) { round(id: $id) {
    ranking(category: \"organ\", first: 5, revision: $revision) { source { revision } places { nodes { total } } } } }";

/// Status, tag and revision of an answer to a GET.
async fn get(
    site: &Site,
    revision: Option<u32>,
    held: Option<&str>,
) -> (StatusCode, Option<String>, Value) {
    let variables = json!({ "id": ROUND.to_string(), "revision": revision }).to_string();
    let mut request = site
        .client
        .get(site.url())
        .query(&[("query", RANKING), ("variables", &variables)]);
    if let Some(held) = held {
        request = request.header(IF_NONE_MATCH, held);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    let tag = response.headers().get(ETAG);
    let tag = tag.map(|tag| tag.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let number = answer["data"]["round"]["ranking"]["source"]["revision"].clone();
    (status, tag, number)
}

async fn a_ranking_that_was_kept_is_of_one_revision_and_stands_where_it_was_asked_for_by_number(
    world: World,
) {
    let (stand, site, administrator) = closed(world).await;
    let service = &stand.world.service;
    let publish = async || {
        let published = service.publish_round(&stand.administrator, ROUND).await;
        published.unwrap();
    };
    publish().await;
    let (_, latest, number) = get(&site, None, None).await;
    assert_eq!(number, json!(1));
    let (_, first, number) = get(&site, Some(1), None).await;
    assert_eq!(number, json!(1));
    correct(&stand, &site, &administrator).await;
    publish().await;
    // Nobody goes by a copy for longer than a second without asking.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let (status, tag, number) = get(&site, None, latest.as_deref()).await;
    assert_eq!((status, number), (StatusCode::OK, json!(2)));
    assert_ne!(tag, latest);
    let before = service.database.statement_count();
    let (status, tag, _) = get(&site, Some(1), first.as_deref()).await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
    assert_eq!(tag, first);
    let asked = service.database.statement_count() - before;
    assert!(asked <= 2, "{asked} statements");
}
