//! Results of a closed round by GET: kept, given again to those who may see them, and to nobody else.

use domain::access::Role;
use domain::scheme::file::Finding;
use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};
use support::{World, on_both};

use super::{Site, Token};
use crate::stand::{ROUND, Stand};

on_both!(
    results_of_a_closed_round_are_given_again_without_asking_the_database,
    what_staff_may_see_is_never_given_to_somebody_else,
    results_of_an_open_round_are_never_kept,
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
    let variables = json!({ "id": ROUND.to_string() }).to_string();
    let mut request = site
        .client
        .get(site.url())
        .query(&[("query", RANKING), ("variables", &variables)]);
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

async fn results_of_an_open_round_are_never_kept(world: World) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.world.service.refresh_standing(ROUND).await.unwrap();
    let site = Site::new(stand.world.clone()).await;
    let auditor = site.token(Role::Auditor).await;
    let live = get(&site, &auditor, None).await;
    assert_eq!(live.ranked()["source"]["live"], true);
    assert_eq!((live.tag, &*live.caching), (None, "no-store"));
    let held = get(&site, &auditor, Some("*")).await;
    assert_eq!(held.status, StatusCode::OK);
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
    let live = RANKING.replace("revision { number outcomeDigest }", "");
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
