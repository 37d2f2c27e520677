//! The HTTP transport: status, media type, codes, and everything that is refused.

use axum::body::Body;
use axum::response::Response;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: http::HeaderMap,
    pub(super) body: Value,
    extensions: Value,
}

impl Answer {
    pub(super) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let mut body: Value = serde_json::from_slice(&bytes).unwrap();
        let extensions = body.as_object_mut().unwrap().remove("extensions");
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
            extensions: extensions.unwrap_or_default(),
        }
    }

    fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or("none")
    }

    pub(super) fn summary(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }
}

async fn send(request: Request<Body>) -> Answer {
    send_with(settings(), request).await
}

async fn send_with(settings: config::Graphql, request: Request<Body>) -> Answer {
    let (routes, _trigger) = routes_with(Mutation::default(), settings);
    Answer::of(routes.oneshot(request).await.unwrap()).await
}

fn post(body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/graphql")
        .header(header::CONTENT_TYPE, JSON)
        .header(header::ACCEPT, GRAPHQL);
    request.body(body.into()).unwrap()
}

fn query(text: &str) -> Request<Body> {
    post(json!({ "query": text }).to_string())
}

fn with_variables(text: &str, variables: &Value) -> Request<Body> {
    post(json!({ "query": text, "variables": variables }).to_string())
}

fn get(parameters: &str) -> Request<Body> {
    Request::get(format!("/graphql?{parameters}"))
        .header(header::ACCEPT, GRAPHQL)
        .body(Body::empty())
        .unwrap()
}

fn accepting(accept: &str, mut request: Request<Body>) -> Request<Body> {
    request
        .headers_mut()
        .insert(header::ACCEPT, accept.parse().unwrap());
    request
}

#[tokio::test]
async fn a_query_is_answered_by_post_and_by_get() {
    let answer = send(query("{ echo(text: \"明鉴\") }")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, json!({ "data": { "echo": "明鉴" } }));
    assert_eq!(
        answer.headers[header::CONTENT_TYPE],
        "application/graphql-response+json; charset=utf-8"
    );
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let answer = send(get(
        "query=query(%24t:String!)%7Becho(text:%24t)%7D&variables=%7B%22t%22:%22x%22%7D",
    ))
    .await;
    assert_eq!(answer.body, json!({ "data": { "echo": "x" } }));
}

#[tokio::test]
async fn an_answer_says_what_it_cost_and_how_much_is_allowed() {
    let one = send(query("{ echo(text: \"x\") }")).await.extensions;
    assert_eq!(one, json!({ "cost": { "complexity": 1, "limit": 10_000 } }));
    let many = send(query("{ many(count: 50) { number(n: 1) } }")).await;
    assert_eq!(many.extensions["cost"]["complexity"], 50);
    let refused = send(query("{ nothing }")).await;
    assert_eq!(refused.extensions, Value::Null);
}

#[tokio::test]
async fn a_change_by_get_is_refused() {
    let answer = send(get("query=mutation%7Bchange(millis:0)%7D")).await;
    assert_eq!(answer.summary(), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(answer.headers[header::ALLOW], "GET, POST");
}

#[tokio::test]
async fn other_methods_are_refused() {
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let mut request = query("{ who }");
        *request.method_mut() = method;
        assert_eq!(send(request).await.summary(), (405, "METHOD_NOT_ALLOWED"));
    }
}

#[tokio::test]
async fn forms_of_other_sites_cannot_be_taken_for_json() {
    for content_type in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let mut request = query("mutation { change(millis: 0) }");
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        assert_eq!(
            send(request).await.summary(),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
            "{content_type}"
        );
    }
}

#[tokio::test]
async fn a_client_that_accepts_neither_form_is_told_so() {
    let answer = send(accepting("text/html", query("{ who }"))).await;
    assert_eq!(answer.summary(), (406, "NOT_ACCEPTABLE"));
}

#[tokio::test]
async fn bodies_that_are_no_request_are_refused() {
    for body in [
        "",
        "{",
        "null",
        "\"{ who }\"",
        "{}",
        "[{\"query\":\"{ who }\"}]",
        "{\"query\":7}",
        "{\"query\":\"{ who }\",\"variables\":[]}",
        "{\"query\":\"{ who }\",\"operationName\":{}}",
        "{\"query\":\"{ who }\",\"extensions\":\"x\"}",
    ] {
        let answer = send(post(body.to_owned())).await;
        assert_eq!(answer.summary(), (400, "BAD_REQUEST"), "{body}");
        assert!(answer.body.get("data").is_none(), "{body}");
        // The older form says the same: the request itself is wrong, not its document.
        assert_eq!(
            send(accepting(JSON, post(body.to_owned()))).await.summary(),
            (400, "BAD_REQUEST"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_large_body_is_refused_declared_or_not() {
    let text = json!({ "query": "{ who }", "x": "x".repeat(70_000) }).to_string();
    assert_eq!(
        send(post(text.clone())).await.summary(),
        (413, "PAYLOAD_TOO_LARGE")
    );
    let chunks = futures_util::stream::iter(
        text.into_bytes()
            .chunks(1_000)
            .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
            .collect::<Vec<_>>(),
    );
    assert_eq!(
        send(post(Body::from_stream(chunks))).await.summary(),
        (413, "PAYLOAD_TOO_LARGE")
    );
}

#[tokio::test]
async fn errors_of_the_document_carry_a_code_and_no_data() {
    let fragments: Vec<String> = (0..24)
        .map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }}", n + 1))
        .collect();
    let fragments = fragments.join(" ");
    let cases = [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ number(n: \"x\") }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query($v: Nothing = 1) { who }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        // The library's own rule panics at this one.
        (
            "query($v: [[Nothing]] = 1) { who }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "mutation { a: change(millis: 0) b: change(millis: 0) }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("query A { who } query B { who }", "OPERATION_NOT_FOUND"),
        ("subscription { count(to: 1) }", "BAD_REQUEST"),
        (
            "{ many(count: 100) { many(count: 100) { many(count: 2) { who } } } }",
            "COMPLEXITY_EXCEEDED",
        ),
        (
            &format!("{{ ...f0 }} {fragments} fragment f24 on Query {{ who }}"),
            "DOCUMENT_TOO_LARGE",
        ),
        (
            &format!("{{ echo(text: {}) }}", "[".repeat(2_000)),
            "DOCUMENT_TOO_LARGE",
        ),
    ];
    for (text, code) in cases {
        let answer = send(query(text)).await;
        assert_eq!(answer.summary(), (400, code), "{text}");
        assert!(answer.body.get("data").is_none(), "{text}");
    }
}

#[tokio::test]
async fn the_older_form_gives_200_to_errors_of_the_document() {
    for text in ["{", "{ nothing }"] {
        let answer = send(accepting(JSON, query(text))).await;
        assert_eq!(answer.status, StatusCode::OK, "{text}");
        assert!(answer.body.get("data").is_none(), "{text}");
    }
}

#[tokio::test]
async fn a_syntax_error_tells_where() {
    let answer = send(query("{\n  who(")).await;
    assert_eq!(
        answer.body["errors"][0]["locations"][0]["line"], 2,
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn wrong_values_carry_a_code() {
    let text = "query($n: Int!) { number(n: $n) }";
    for variables in [
        json!({}),
        json!({ "n": "x" }),
        json!({ "n": null }),
        json!({ "n": 3_000_000_000_u64 }),
    ] {
        let answer = send(with_variables(text, &variables)).await;
        assert_ne!(answer.code(), "none", "{variables} {}", answer.body);
        assert_ne!(answer.code(), "INTERNAL", "{variables} {}", answer.body);
    }
    for text in ["{ number(n: 3000000000) }", "{ bounded(first: 101) }"] {
        let answer = send(query(text)).await;
        assert!(
            ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&answer.code()),
            "{text} {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn long_lists_are_refused_in_variables_too() {
    let answer = send(with_variables(
        "query($t: String!) { echo(text: $t) }",
        &json!({ "t": vec![1; 251] }),
    ))
    .await;
    assert_eq!(answer.summary(), (400, "DOCUMENT_TOO_LARGE"));
}

#[tokio::test]
async fn an_operation_is_chosen_by_name() {
    let document = "query A { who } query B { echo(text: \"b\") }";
    let answer = send(post(
        json!({ "query": document, "operationName": "B" }).to_string(),
    ))
    .await;
    assert_eq!(answer.body, json!({ "data": { "echo": "b" } }));
    let answer = send(post(
        json!({ "query": document, "operationName": "C" }).to_string(),
    ))
    .await;
    assert_eq!(answer.summary(), (400, "OPERATION_NOT_FOUND"));
}

#[tokio::test]
async fn an_error_of_a_field_leaves_the_rest_of_the_data() {
    let answer = send(query("{ who broken }")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.body["data"],
        json!({ "who": "nobody", "broken": null })
    );
    assert_eq!(answer.body["errors"][0]["path"], json!(["broken"]));
    assert_eq!(answer.code(), "INTERNAL");
    assert!(!answer.body.to_string().contains("secret"));
}

#[tokio::test]
async fn an_error_of_a_required_field_gives_null_data_and_its_code() {
    let answer = send(query("{ needed }")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["data"], Value::Null);
    assert!(answer.body.as_object().unwrap().contains_key("data"));
    assert_eq!(answer.code(), "NOT_FOUND");
}

#[tokio::test]
async fn what_the_library_says_of_the_inside_is_not_shown() {
    let answer = send(query("{ careless }")).await;
    assert_eq!(answer.code(), "INTERNAL");
    assert!(!answer.body.to_string().contains("f32"), "{}", answer.body);
}

#[tokio::test]
async fn a_panic_becomes_an_error_with_a_reference() {
    let answer = send(query("{ panics }")).await;
    assert_eq!(answer.summary(), (500, "INTERNAL"));
    assert!(answer.body["errors"][0]["extensions"]["reference"].is_string());
    assert!(!answer.body.to_string().contains("secret"));
}

#[tokio::test]
async fn a_token_names_the_actor_and_a_wrong_one_is_refused() {
    let with = |authorization: &str| {
        let mut request = query("{ who }");
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, authorization.parse().unwrap());
        request
    };
    assert_eq!(send(with("Bearer li")).await.body["data"]["who"], "li");
    assert_eq!(send(with("bearer li")).await.body["data"]["who"], "li");
    for wrong in ["Bearer expired", "Basic bGk6", "li"] {
        let answer = send(with(wrong)).await;
        assert_eq!(answer.summary(), (401, "UNAUTHENTICATED"), "{wrong}");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    }
}

fn hasty() -> config::Graphql {
    config::Graphql {
        deadline: Duration::from_millis(100),
        ..settings()
    }
}

#[tokio::test]
async fn a_slow_query_meets_the_deadline() {
    let answer = send_with(hasty(), query("{ slow }")).await;
    assert_eq!(answer.summary(), (503, "DEADLINE_EXCEEDED"));
}

#[tokio::test]
async fn a_slow_change_is_not_stopped_by_the_deadline_nor_by_hanging_up() {
    let mutation = Mutation::default();
    let (begun, done) = (Arc::clone(&mutation.begun), Arc::clone(&mutation.done));
    let (routes, _trigger) = routes_with(mutation, hasty());
    let request = || query("mutation { change(millis: 400) }");
    let answer = Answer::of(routes.clone().oneshot(request()).await.unwrap()).await;
    assert_eq!(answer.code(), "DEADLINE_EXCEEDED");
    assert_eq!(done.load(Ordering::SeqCst), 0);
    let hung_up = tokio::time::timeout(Duration::from_millis(20), routes.oneshot(request())).await;
    assert!(hung_up.is_err());
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(
        (begun.load(Ordering::SeqCst), done.load(Ordering::SeqCst)),
        (2, 2)
    );
}

#[tokio::test]
async fn a_large_answer_is_refused() {
    let settings = config::Graphql {
        response_bytes: 1_000,
        ..settings()
    };
    let text = "{ many(count: 100) { who } }";
    assert_eq!(
        send_with(settings, query(text)).await.summary(),
        (500, "RESPONSE_TOO_LARGE")
    );
}

#[tokio::test]
async fn spending_is_bounded_for_each_payer() {
    let settings = config::Graphql {
        cost_per_second: 10,
        ..settings()
    };
    let (routes, _trigger) = routes_with(Mutation::default(), settings);
    let ask = |token: Option<&'static str>| {
        let mut request = query("{ many(count: 90) { who } }");
        if let Some(token) = token {
            request.headers_mut().insert(
                header::AUTHORIZATION,
                format!("Bearer {token}").parse().unwrap(),
            );
        }
        let routes = routes.clone();
        async move { Answer::of(routes.oneshot(request).await.unwrap()).await }
    };
    assert_eq!(ask(None).await.status, StatusCode::OK);
    let refused = ask(None).await;
    assert_eq!(refused.summary(), (429, "RATE_LIMITED"));
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(ask(Some("li")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn introspection_is_a_setting() {
    let text = "{ __schema { queryType { name } } }";
    assert_eq!(
        send(query(text)).await.body["data"]["__schema"]["queryType"]["name"],
        "Query"
    );
    let closed = send_with(
        config::Graphql {
            introspection: false,
            ..settings()
        },
        query(text),
    )
    .await;
    assert!(
        !closed.body.to_string().contains("Query\""),
        "{}",
        closed.body
    );
}
