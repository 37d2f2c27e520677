//! Documents that are named instead of being sent.

use axum::Router;
use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::over_http::Answer;
use super::*;
use crate::graphql::persisted::{Digest, Trusted};

const DOCUMENT: &str = "query Known($t: String!) { echo(text: $t) }";

async fn post(routes: &Router, body: &Value) -> Answer {
    let request = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    Answer::of(routes.clone().oneshot(request).await.unwrap()).await
}

fn by_name(name: &str) -> Value {
    json!({ "variables": { "t": "x" }, "extensions": { "persistedQuery": { "version": 1, "sha256Hash": name } } })
}

fn with(mut request: Value, document: &str) -> Value {
    request["query"] = document.into();
    request
}

#[tokio::test]
async fn a_document_is_sent_once_and_then_named() {
    let (routes, _trigger) = routes_with(Mutation::default(), settings());
    let request = by_name(&Digest::of(DOCUMENT).to_string());
    let unknown = post(&routes, &request).await;
    assert_eq!(unknown.summary(), (200, "PERSISTED_QUERY_NOT_FOUND"));
    // Clients look for these letters before they send the document.
    assert_eq!(
        unknown.body["errors"][0]["message"],
        "PersistedQueryNotFound"
    );
    let sent = post(&routes, &with(request.clone(), DOCUMENT)).await;
    assert_eq!(sent.body, json!({ "data": { "echo": "x" } }));
    let named = post(&routes, &request).await;
    assert_eq!(named.body, sent.body);
    let address = format!(
        "/graphql?variables=%7B%22t%22%3A%22y%22%7D&extensions={}",
        request["extensions"].to_string().replace('"', "%22")
    );
    let by_get = Request::get(address).body(Body::empty()).unwrap();
    let by_get = Answer::of(routes.oneshot(by_get).await.unwrap()).await;
    assert_eq!(by_get.body, json!({ "data": { "echo": "y" } }));
}

#[tokio::test]
async fn nothing_is_learnt_under_a_wrong_name_or_from_a_document_that_is_refused() {
    let (routes, _trigger) = routes_with(Mutation::default(), settings());
    let request = by_name(&Digest::of(DOCUMENT).to_string());
    let lied = post(&routes, &with(request.clone(), "{ who }")).await;
    assert_eq!(lied.summary(), (400, "BAD_REQUEST"));
    assert_eq!(
        post(&routes, &request).await.summary().1,
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let deep = format!("{}who{}", "{ me ".repeat(40), "}".repeat(40));
    let request = by_name(&Digest::of(&deep).to_string());
    for _ in 0..2 {
        let refused = post(&routes, &with(request.clone(), &deep)).await;
        assert_eq!(refused.summary(), (200, "DOCUMENT_TOO_LARGE"));
    }
    assert_eq!(
        post(&routes, &request).await.summary().1,
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let wrong_id = json!({ "documentId": "sha1:ab" });
    assert_eq!(
        post(&routes, &wrong_id).await.summary(),
        (400, "BAD_REQUEST")
    );
    for wrong in [
        json!({ "version": 2, "sha256Hash": Digest::of(DOCUMENT).to_string() }),
        json!({ "version": 1, "sha256Hash": "ab" }),
        json!({ "version": 1 }),
        json!("x"),
    ] {
        let request = json!({ "extensions": { "persistedQuery": wrong } });
        assert_eq!(
            post(&routes, &request).await.summary(),
            (400, "BAD_REQUEST")
        );
    }
}

fn trusting(only_trusted: bool) -> (Router, shutdown::Trigger) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("known.graphql"), DOCUMENT).unwrap();
    let settings = config::Graphql {
        only_trusted,
        ..settings()
    };
    let trusted = Trusted::read(folder.path(), &settings.guard).unwrap();
    let (trigger, shutdown) = shutdown::channel();
    let schema = schema(Mutation::default(), &settings);
    let endpoint = Endpoint::new(schema, Names, settings).trust(trusted);
    (crate::graphql::routes(endpoint, shutdown), trigger)
}

#[tokio::test]
async fn a_trusted_document_is_known_from_the_start() {
    for only_trusted in [false, true] {
        let (routes, _trigger) = trusting(only_trusted);
        let request = by_name(&Digest::of(DOCUMENT).to_string());
        let named = post(&routes, &request).await;
        assert_eq!(named.body, json!({ "data": { "echo": "x" } }));
        let id = format!("sha256:{}", Digest::of(DOCUMENT));
        let by_id = json!({ "documentId": id, "variables": { "t": "x" } });
        assert_eq!(post(&routes, &by_id).await.body, named.body);
        // Sent in full it is the same document.
        let sent = json!({ "query": DOCUMENT, "variables": { "t": "x" } });
        assert_eq!(post(&routes, &sent).await.body, named.body);
    }
}

#[tokio::test]
async fn where_only_trusted_documents_are_executed_no_other_is_and_none_is_learnt() {
    let (routes, _trigger) = trusting(true);
    let other = "{ who }";
    let name = Digest::of(other).to_string();
    for request in [
        json!({ "query": other }),
        with(by_name(&name), other),
        json!({ "query": format!("{DOCUMENT} ") }),
        json!({ "query": "{ __schema { types { name } } }" }),
    ] {
        let refused = post(&routes, &request).await;
        assert_eq!(
            refused.summary(),
            (200, "DOCUMENT_NOT_TRUSTED"),
            "{request}"
        );
    }
    let unknown = post(&routes, &by_name(&name)).await;
    assert_eq!(unknown.summary().1, "PERSISTED_QUERY_NOT_FOUND");
}
