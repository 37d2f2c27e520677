//! The shell by itself and on real connections.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use http::{HeaderMap, Method, Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::*;
use crate::config::{Purpose, Settings, Sources};

fn settings() -> Http {
    Settings::load(Sources::default(), Purpose::Tool)
        .unwrap()
        .http
}

async fn panics() {
    panic!("secret")
}

fn routes() -> Router {
    Router::new()
        .route(
            "/who",
            get(|address: ClientAddress| async move { address.ip.to_string() }),
        )
        .route("/panic", get(panics))
        .route(
            "/body",
            post(|body: axum::body::Bytes| async move { body.len().to_string() }),
        )
        .route(
            "/large",
            post(|body: axum::body::Bytes| async move { body.len().to_string() })
                .layer(DefaultBodyLimit::max(1_000_000)),
        )
        .route("/text", get(|| async { "明鉴 ".repeat(1_000) }))
        .route(
            "/strict",
            get(|| async { ([("content-security-policy", "default-src 'none'")], "x") }),
        )
}

async fn send(settings: &Http, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response = assemble(routes(), settings, always_ready())
        .oneshot(request)
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (
        parts.status,
        parts.headers,
        String::from_utf8_lossy(&bytes).into_owned(),
    )
}

fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_an_id() {
    for path in ["/who", "/unknown", "/panic", "/healthz"] {
        let (_, headers, _) = send(&settings(), request(path)).await;
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{path}"
        );
        assert_eq!(headers["x-request-id"].len(), 32, "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}");
    }
    let public = Http {
        public_url: "https://pj.example.org".to_owned(),
        ..settings()
    };
    let (_, headers, _) = send(&public, request("/who")).await;
    assert!(
        headers["strict-transport-security"]
            .to_str()
            .unwrap()
            .starts_with("max-age=")
    );
}

#[tokio::test]
async fn a_route_may_be_stricter() {
    let (_, headers, _) = send(&settings(), request("/strict")).await;
    assert_eq!(headers["content-security-policy"], "default-src 'none'");
}

#[tokio::test]
async fn a_panic_becomes_json_or_a_page_with_the_id_and_without_its_text() {
    let (status, headers, body) = send(&settings(), request("/panic")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        body.contains(headers["x-request-id"].to_str().unwrap()) && body.contains("\"INTERNAL\""),
        "{body}"
    );
    assert!(!body.contains("secret"));
    let mut page = request("/panic");
    page.headers_mut()
        .insert("accept", "text/html,*/*".parse().unwrap());
    let (_, headers, body) = send(&settings(), page).await;
    assert!(
        headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(
        body.contains("lang=\"zh-CN\"") && !body.contains("secret"),
        "{body}"
    );
}

#[tokio::test]
async fn a_change_from_a_foreign_page_is_refused() {
    let mut change = Request::post("/body").body(Body::from("x")).unwrap();
    change
        .headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    let (status, _, body) = send(&settings(), change).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body.contains("FOREIGN_ORIGIN"));
}

#[tokio::test]
async fn the_public_address_is_our_own_behind_a_proxy_that_rewrites_the_host() {
    let public = Http {
        public_url: "https://pj.example.org".to_owned(),
        ..settings()
    };
    let change = Request::post("/body")
        .header("host", "10.0.0.7:8080")
        .header("origin", "https://pj.example.org")
        .body(Body::from("x"))
        .unwrap();
    assert_eq!(send(&public, change).await.0, StatusCode::OK);
}

#[tokio::test]
async fn bodies_are_bounded_by_default_and_by_route() {
    let body = || Body::from(vec![b'x'; 100_000]);
    let post = |path: &str| Request::post(path).body(body()).unwrap();
    assert_eq!(
        send(&settings(), post("/body")).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(send(&settings(), post("/large")).await.2, "100000");
}

#[tokio::test]
async fn a_body_that_drips_is_cut_off() {
    let drips = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, std::io::Error>("x"), ()))
    });
    let request = Request::post("/body")
        .body(Body::from_stream(drips))
        .unwrap();
    let settings = Http {
        body_timeout: Duration::from_millis(200),
        ..settings()
    };
    let answered = tokio::time::timeout(Duration::from_secs(5), send(&settings, request)).await;
    assert!(answered.unwrap().0.is_client_error());
}

#[tokio::test]
async fn large_texts_are_compressed_for_those_who_can_read_them() {
    let mut compressed = request("/text");
    compressed
        .headers_mut()
        .insert("accept-encoding", "br, gzip".parse().unwrap());
    assert_eq!(
        send(&settings(), compressed).await.1["content-encoding"],
        "br"
    );
    assert!(
        !send(&settings(), request("/text"))
            .await
            .1
            .contains_key("content-encoding")
    );
}

#[tokio::test]
async fn readiness_names_what_fails_and_not_why() {
    assert_eq!(
        send(&settings(), request("/readyz")).await.0,
        StatusCode::OK
    );
    let failing: Readiness = Arc::new(|| {
        Box::pin(std::future::ready(vec![(
            "database",
            "secret host".to_owned(),
        )]))
    });
    let routes = assemble(Router::new(), &settings(), failing);
    let response = routes.oneshot(request("/readyz")).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = axum::body::to_bytes(response.into_body(), 1_000)
        .await
        .unwrap();
    let body = String::from_utf8_lossy(&body);
    assert!(
        body.contains("database") && !body.contains("secret"),
        "{body}"
    );
}

struct Server {
    address: std::net::SocketAddr,
    trigger: shutdown::Trigger,
    task: tokio::task::JoinHandle<()>,
}

async fn start(settings: Http, routes: Router) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (trigger, shutdown) = shutdown::channel();
    let routes = assemble(routes, &settings, always_ready());
    let task = tokio::spawn(async move { serve(listener, routes, &settings, shutdown).await });
    Server {
        address,
        trigger,
        task,
    }
}

/// All that the server says until it closes.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes))
        .await
        .expect("closes");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn the_client_of_a_trusted_proxy_is_found_on_a_real_connection() {
    let settings = Http {
        trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
        ..settings()
    };
    let server = start(settings, routes()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /who HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 6.6.6.6, 198.51.100.7\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("198.51.100.7"));
}

#[tokio::test]
async fn connections_that_send_no_or_half_headers_are_closed() {
    let server = start(
        Http {
            header_timeout: Duration::from_millis(200),
            ..settings()
        },
        routes(),
    )
    .await;
    for beginning in ["", "GET /who HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let said = read_to_end(&mut stream).await;
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 408"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_answer() {
    let server = start(
        Http {
            header_timeout: Duration::from_millis(200),
            ..settings()
        },
        routes(),
    )
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(read_to_end(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_a_place() {
    let server = start(
        Http {
            connections: 1,
            ..settings()
        },
        routes(),
    )
    .await;
    let first = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), second.readable()).await;
    assert!(early.is_err(), "answered beyond the bound");
    drop(first);
    assert!(read_to_end(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn shutting_down_lets_running_requests_finish_and_takes_no_new_ones() {
    let slow = get(|| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "finished"
    });
    let server = start(settings(), Router::new().route("/slow", slow)).await;
    let mut running = TcpStream::connect(server.address).await.unwrap();
    running
        .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let _idle = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.trigger.pull();
    assert!(read_to_end(&mut running).await.ends_with("finished"));
    tokio::time::timeout(Duration::from_secs(5), server.task)
        .await
        .expect("ends in time")
        .unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn pages_of_allowed_origins_alone_may_read_answers() {
    let ask = async |allowed: &[&str], method: Method, origin: &str| {
        let settings = Http {
            allowed_origins: allowed.iter().map(|it| (*it).to_owned()).collect(),
            ..settings()
        };
        let request = Request::builder()
            .method(method)
            .uri("/body")
            .header("origin", origin)
            .header("sec-fetch-site", "cross-site")
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            )
            .body(Body::empty())
            .unwrap();
        let routes = share(routes(), &settings);
        let answer = assemble(routes, &settings, always_ready())
            .oneshot(request)
            .await
            .unwrap();
        let allowed = answer.headers().get("access-control-allow-origin");
        let allowed = allowed.map(|origin| origin.to_str().unwrap().to_owned());
        assert!(
            !answer
                .headers()
                .contains_key("access-control-allow-credentials")
        );
        (answer.status().as_u16(), allowed)
    };
    let ours = "https://console.example.org";
    let yes = Some(ours.to_owned());
    assert_eq!(
        ask(&[ours], Method::OPTIONS, ours).await,
        (200, yes.clone())
    );
    assert_eq!(ask(&[ours], Method::POST, ours).await, (200, yes));
    let other = "https://other.example.org";
    assert_eq!(ask(&[ours], Method::OPTIONS, other).await, (200, None));
    assert_eq!(ask(&[ours], Method::POST, other).await, (403, None));
    assert_eq!(ask(&[], Method::OPTIONS, ours).await, (405, None));
}
