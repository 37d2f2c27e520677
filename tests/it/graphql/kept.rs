//! Results of a round: kept, given again to those who may see them while they stand, and to nobody else.

use std::time::Duration;

use domain::access::Role;
use domain::scheme::file::Finding;
use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use service::inspection::ScoreChange;
use support::{World, on_both};

use super::{Site, Token};
use crate::stand::{ROUND, Stand, award};

on_both!(
    results_of_a_closed_round_are_given_again_without_asking_the_database,
    what_staff_may_see_is_never_given_to_somebody_else,
    interim_results_are_given_again_until_they_are_rewritten,
    interim_results_are_asked_for_again_once_inputs_have_changed,
    what_is_posted_is_given_again_without_a_tag,
    a_ranking_page_costs_three_statements_beside_the_session
);

const RANKING: &str = "query($id: ID!) { round(id: $id) { id revision { number outcomeDigest }
    ranking(category: \"organ\", first: 50) { source { live revision }
        places { nodes { subjectId name rank total grade nodes { node points } figures { what } } } } } }";

/// An answer to a GET.
struct Got {
    status: StatusCode,
    tag: Option<String>,
    caching: String,
    body: String,
}

impl Got {
    fn ranked(&self) -> Value {
        let answer: Value = serde_json::from_str(&self.body).unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"]["round"]["ranking"].clone()
    }
}

async fn get(site: &Site, token: &Token, held: Option<&str>) -> Got {
    ask(site, token, (RANKING, held)).await
}

/// The ranking alone, which is all that an open round has.
fn interim() -> String {
    RANKING.replace("revision { number outcomeDigest }", "")
}

/// Until somebody looks again whether what is kept still stands.
async fn outlast_a_look() {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}

async fn ask(site: &Site, token: &Token, (query, held): (&str, Option<&str>)) -> Got {
    let variables = json!({ "id": ROUND.to_string() }).to_string();
    let mut request = site
        .client
        .get(site.url())
        .query(&[("query", query), ("variables", &variables)]);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(held) = held {
        request = request.header(IF_NONE_MATCH, held);
    }
    let response = request.send().await.unwrap();
    let header = |name| {
        let value = response.headers().get(name)?.to_str().unwrap();
        Some(value.to_owned())
    };
    Got {
        status: response.status(),
        tag: header(ETAG),
        caching: header(CACHE_CONTROL).unwrap(),
        body: response.text().await.unwrap(),
    }
}

async fn closed(world: World) -> (Stand, Site) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let service = &stand.world.service;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let site = Site::new(stand.world.clone()).await;
    (stand, site)
}

async fn publish(stand: &Stand) {
    let service = &stand.world.service;
    service
        .publish_round(&stand.administrator, ROUND)
        .await
        .unwrap();
}

async fn results_of_a_closed_round_are_given_again_without_asking_the_database(world: World) {
    let (stand, site) = closed(world).await;
    publish(&stand).await;
    let first = get(&site, &None, None).await;
    assert_eq!(first.ranked()["source"]["revision"], 1);
    assert_eq!(
        first.ranked()["places"]["nodes"].as_array().unwrap().len(),
        2
    );
    assert_eq!(first.caching, "public, no-cache");
    let tag = first.tag.unwrap();

    let before = stand.world.service.database.statement_count();
    let again = get(&site, &None, None).await;
    assert_eq!(
        (&again.body, again.tag.as_deref()),
        (&first.body, Some(&*tag))
    );
    for held in [tag.clone(), format!("\"another\", {tag}"), "*".to_owned()] {
        let unchanged = get(&site, &None, Some(&held)).await;
        assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED, "{held}");
        assert_eq!(
            (unchanged.tag.as_deref(), &*unchanged.body),
            (Some(&*tag), "")
        );
    }
    let asked = stand.world.service.database.statement_count() - before;
    // At most one look a second whether the revision still stands.
    assert!(asked <= 2 * 2, "{asked} statements");

    let other = get(&site, &None, Some("W/\"0123\"")).await;
    assert_eq!((other.status, other.body), (StatusCode::OK, first.body));
}

async fn what_staff_may_see_is_never_given_to_somebody_else(world: World) {
    let (stand, site) = closed(world).await;
    let auditor = site.token(Role::Auditor).await;
    for _ in 0..2 {
        let seen = get(&site, &auditor, None).await;
        assert_eq!(seen.ranked()["source"]["revision"], 1);
        assert_eq!(seen.caching, "private, no-cache");
        let tag = seen.tag.unwrap();

        // The same address, and even the same tag: not published, so there is no such round.
        for held in [None, Some(&*tag)] {
            let hidden = get(&site, &None, held).await;
            assert_eq!(hidden.status, StatusCode::OK);
            assert!(
                hidden
                    .body
                    .starts_with(r#"{"data":{"round":null},"extensions":{"cost":"#)
            );
            assert_eq!((hidden.tag, &*hidden.caching), (None, "no-store"));
        }
    }
    // That there was none is not remembered.
    publish(&stand).await;
    let seen = get(&site, &None, None).await;
    assert_eq!(seen.ranked()["source"]["revision"], 1);
}

/// An open round with interim figures, and an auditor.
async fn open(world: World) -> (Stand, Site, Token) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.world.service.refresh_standing(ROUND).await.unwrap();
    let site = Site::new(stand.world.clone()).await;
    let auditor = site.token(Role::Auditor).await;
    (stand, site, auditor)
}

async fn mark(stand: &Stand, points: &str) {
    let score = ScoreChange {
        row_version: Some(1),
        ..award(2, points)
    };
    let service = &stand.world.service;
    (service
        .change_scores(&stand.inspector, ROUND, vec![score])
        .await)
        .unwrap();
}

async fn interim_results_are_given_again_until_they_are_rewritten(world: World) {
    let (stand, site, auditor) = open(world).await;
    let query = interim();
    let get = async |held| ask(&site, &auditor, (&*query, held)).await;
    let count = || stand.world.service.database.statement_count();

    let first = get(None).await;
    assert_eq!(first.ranked()["source"]["live"], true);
    assert_eq!(first.caching, "private, no-cache");
    let tag = first.tag.clone().unwrap();
    let before = count();
    site.get(&auditor, "{ __typename }", json!({})).await;
    let session = count() - before;
    let before = count();
    for _ in 0..5 {
        let again = get(None).await;
        assert_eq!(again.body, first.body);
        assert_eq!(get(Some(&tag)).await.status, StatusCode::NOT_MODIFIED);
    }
    let asked = count() - before - 10 * session;
    // At most one look a second whether the same figures stand.
    assert!(asked <= 2 * 2, "{asked} statements");
    let hidden = ask(&site, &None, (&*query, Some(&tag))).await;
    assert!(hidden.body.starts_with(r#"{"data":{"round":null}"#));

    mark(&stand, "50").await;
    stand.world.service.refresh_standing(ROUND).await.unwrap();
    outlast_a_look().await;
    let later = get(Some(&tag)).await;
    assert_eq!(later.status, StatusCode::OK);
    assert_ne!(later.ranked()["places"], first.ranked()["places"]);

    // Once it is closed its interim figures are gone.
    stand.investigate(Finding::Unfounded).await;
    let service = &stand.world.service;
    (service.close_round(&stand.administrator, ROUND).await).unwrap();
    outlast_a_look().await;
    let closed = get(later.tag.as_deref()).await;
    assert_eq!(closed.ranked()["source"]["revision"], 1);

    // That there is no revision yet is no figure: with it nothing is kept.
    let mixed = RANKING.replace("revision { number", "revision(number: 7) { number");
    let mixed = ask(&site, &auditor, (&mixed, None)).await;
    assert_eq!((mixed.tag, &*mixed.caching), (None, "no-store"));
}

async fn interim_results_are_asked_for_again_once_inputs_have_changed(world: World) {
    let (stand, site, auditor) = open(world).await;
    let query = interim();
    let get = async || ask(&site, &auditor, (&*query, None)).await;
    let first = get().await;
    // Names are read beside the figures, and the figures are not rewritten in this test.
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    for change in [
        "UPDATE round_subject SET name = 'renamed' WHERE round_id = 1 AND subject_id = 1",
        "UPDATE round SET inputs_changed_at = inputs_changed_at + 1",
    ] {
        transaction.execute_unprepared(change).await.unwrap();
    }
    transaction.commit().await.unwrap();
    outlast_a_look().await;
    let later = get().await;
    assert!(!first.body.contains("renamed") && later.body.contains("renamed"));

    // Without a revision to tell, an answer about one is not kept.
    let unclosed = ask(&site, &auditor, (RANKING, Some("*"))).await;
    assert_eq!(unclosed.status, StatusCode::OK);
    assert_eq!((unclosed.tag, &*unclosed.caching), (None, "no-store"));
}

async fn what_is_posted_is_given_again_without_a_tag(world: World) {
    let (stand, site, auditor) = open(world).await;
    let query = interim();
    let body = json!({ "query": query, "variables": { "id": ROUND.to_string() } }).to_string();
    let count = || stand.world.service.database.statement_count();
    let mut answers = Vec::new();
    let mut asked = Vec::new();
    for _ in 0..2 {
        let before = count();
        let post = site.post("/graphql", &auditor).body(body.clone());
        let post = post.header(CONTENT_TYPE, "application/json");
        let response = post.header(IF_NONE_MATCH, "*").send().await.unwrap();
        asked.push(count() - before);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().get(ETAG), None);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        answers.push(response.text().await.unwrap());
    }
    assert!(answers[0] == answers[1] && answers[0].contains("\"live\":true"));
    assert!(asked[1] < asked[0], "{asked:?} statements");
    // The same words by GET are another request, and a wrong one.
    let mut url: reqwest::Url = site.url().parse().unwrap();
    url.set_query(Some(&body));
    let swapped = site
        .client
        .get(url)
        .bearer_auth(auditor.as_deref().unwrap());
    assert_eq!(
        swapped.send().await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
}

async fn a_ranking_page_costs_three_statements_beside_the_session(world: World) {
    let stand = Stand::with(world, 60).await;
    stand.fill().await;
    stand.world.service.refresh_standing(ROUND).await.unwrap();
    let site = Site::new(stand.world.clone()).await;
    let auditor = site.token(Role::Auditor).await;
    let count = || stand.world.service.database.statement_count();
    let before = count();
    site.get(&auditor, "{ __typename }", json!({})).await;
    let session = count() - before;

    let variables = json!({ "id": ROUND.to_string() });
    let live = interim();
    let before = count();
    let page = site.get(&auditor, &live, variables).await;
    let asked = count() - before;
    assert_eq!(page["ranking"]["source"]["live"], true);
    // Some have a rank and some none, and both are on this page.
    let nodes = page["ranking"]["places"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 50);
    assert_eq!(nodes[0]["rank"], 1);
    assert_eq!(nodes[49]["rank"], Value::Null);
    assert_eq!(
        asked - session,
        3,
        "the round, whether it may be seen, the page"
    );
}
