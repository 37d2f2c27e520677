//! Answers as server-sent events.

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

fn request(query: &str, token: Option<&str>) -> Request<Body> {
    let mut request = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "text/event-stream");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = json!({ "query": query }).to_string();
    request.body(Body::from(body)).unwrap()
}

fn by_get(query: &str) -> Request<Body> {
    Request::get(format!("/graphql?query={query}"))
        .header(header::ACCEPT, "text/event-stream")
        .body(Body::empty())
        .unwrap()
}

async fn send(routes: &Router, request: Request<Body>) -> Response {
    routes.clone().oneshot(request).await.unwrap()
}

/// All events up to the end: their names, and what they carry.
async fn events(response: Response) -> Vec<(String, Value)> {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream; charset=utf-8"
    );
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let parse = |event: &str| {
        let (name, data) = event.split_once('\n').unwrap();
        let data = data.strip_prefix("data:").unwrap().trim();
        let mut data = serde_json::from_str(data).unwrap_or(Value::Null);
        if let Some(document) = data.as_object_mut() {
            document.remove("extensions");
        }
        (name.replace("event: ", ""), data)
    };
    let events = text.split("\n\n").filter(|event| !event.is_empty());
    events.map(parse).collect()
}

fn next(data: Value) -> (String, Value) {
    ("next".to_owned(), data)
}

fn complete() -> (String, Value) {
    ("complete".to_owned(), Value::Null)
}

#[tokio::test]
async fn a_subscription_comes_event_by_event_and_says_when_it_is_over() {
    let (routes, _trigger) = routes_with(Mutation::default(), settings());
    let expected: Vec<_> = (0..3)
        .map(|number| next(json!({ "data": { "count": number } })))
        .chain([complete()])
        .collect();
    let by_post = request("subscription { count(to: 3) }", None);
    assert_eq!(events(send(&routes, by_post).await).await, expected);
    let got = send(&routes, by_get("subscription%7Bcount(to:3)%7D")).await;
    assert_eq!(events(got).await, expected);
}

#[tokio::test]
async fn a_query_and_a_change_are_one_event() {
    let (routes, _trigger) = routes_with(Mutation::default(), settings());
    for (query, data) in [
        ("{ who }", json!({ "who": "li" })),
        ("mutation { change(millis: 0) }", json!({ "change": 1 })),
    ] {
        let answer = send(&routes, request(query, Some("li"))).await;
        assert_eq!(
            events(answer).await,
            [next(json!({ "data": data })), complete()]
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_an_event_and_what_is_wrong_with_a_request_a_status() {
    let (routes, _trigger) = routes_with(Mutation::default(), settings());
    let code = |event: &(String, Value)| {
        let code = &event.1["errors"][0]["extensions"]["code"];
        code.as_str().unwrap_or_default().to_owned()
    };
    for (sent, expected) in [
        (
            request("subscription { nothing }", None),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (request("subscription { refused }", None), "FORBIDDEN"),
        (request("{", None), "GRAPHQL_PARSE_FAILED"),
        (request(&"{ me ".repeat(40), None), "DOCUMENT_TOO_LARGE"),
        (
            by_get("mutation%7Bchange(millis:0)%7D"),
            "METHOD_NOT_ALLOWED",
        ),
    ] {
        let told = events(send(&routes, sent).await).await;
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!((code(&told[0]).as_str(), &told[1]), (expected, &complete()));
    }
    let expired = request("subscription { count(to: 1) }", Some("expired"));
    assert_eq!(
        send(&routes, expired).await.status(),
        StatusCode::UNAUTHORIZED
    );
    let mut form = request("{ who }", None);
    form.headers_mut()
        .insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    let status = send(&routes, form).await.status();
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn streams_are_bounded_and_the_end_of_the_server_ends_them() {
    let settings = config::Graphql {
        sockets: 1,
        ..settings()
    };
    let (routes, trigger) = routes_with(Mutation::default(), settings);
    let forever = || request("subscription { forever }", None);
    let first = send(&routes, forever()).await;
    assert!(!first.body().is_end_stream());
    let second = send(&routes, forever()).await;
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    trigger.pull();
    let rest = first.into_body().collect().await.unwrap().to_bytes();
    // No `complete`: the client is to ask again, another server perhaps.
    assert_eq!(rest.len(), 0);
    // Its place is free again.
    let third = send(&routes, forever()).await;
    assert_eq!(third.status(), StatusCode::OK);
}
