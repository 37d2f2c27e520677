//! The shell around all routes: who is asking, is it allowed to ask like this, and what every answer carries.
//!
//! Outermost first: request id and log line, panic to 500, security headers, client address, origin of changes, time
//! and size of the body, compression, then the routes. Deliberately absent: TLS (a proxy ends it) and anything that
//! knows what a route is about.

pub mod address;
mod body;
pub(crate) mod failure;
pub mod origin;
pub mod request_id;
mod security;
mod server;
pub mod shutdown;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument;

pub use self::address::{ClientAddress, Peer};
pub use self::body::BodyTimeout;

use self::origin::OriginPolicy;
pub use self::request_id::RequestId;
pub use self::security::CONTENT_SECURITY_POLICY;
use self::security::Https;
pub(crate) use self::server::Place;
pub use self::server::serve;
use crate::config::Http;
use crate::graphql::ErrorCode;
use crate::metric;

/// For how long a browser need not ask again whether it may send a request.
const PREFLIGHT_HOLDS: Duration = Duration::from_mins(10);

/// What must work before the server is ready, as a name and its fault. Empty means ready.
pub type Faults = Vec<(&'static str, String)>;

/// Asks the parts behind the server (database, intake) whether they work.
pub type Readiness = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Faults> + Send>> + Send + Sync>;

/// A readiness that is always given, for tests and commands without a database.
pub fn always_ready() -> Readiness {
    Arc::new(|| Box::pin(std::future::ready(Vec::new())))
}

/// Lets the pages of the allowed origins read what these routes answer. Never with cookies: whoever is logged in says so
/// by a header that only a script of theirs can set.
pub fn share(routes: Router, settings: &Http) -> Router {
    if settings.allowed_origins.is_empty() {
        return routes;
    }
    // Each was found to be an origin when the settings were read.
    let origins = settings.allowed_origins.iter();
    let origins =
        origins.filter_map(|origin| HeaderValue::from_str(origin.trim_end_matches('/')).ok());
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
        ])
        .expose_headers([
            header::ETAG,
            header::RETRY_AFTER,
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(PREFLIGHT_HOLDS);
    routes.layer(cors)
}

struct Shell {
    trusted_proxies: Vec<address::Network>,
    origins: OriginPolicy,
    body_timeout: Duration,
    https: Https,
}

/// Wraps the routes of all parts. Merge them first: `Router::new().merge(pages).merge(graphql)`; each with its state
/// already given. A route with larger bodies sets its own `DefaultBodyLimit`.
pub fn assemble(routes: Router, settings: &Http, readiness: Readiness) -> Router {
    // A proxy may rewrite `Host`; the public address is our own all the same.
    let mut own_and_allowed = settings.allowed_origins.clone();
    own_and_allowed.push(settings.public_url.clone());
    let shell = Arc::new(Shell {
        trusted_proxies: settings.trusted_proxies.clone(),
        origins: OriginPolicy::new(own_and_allowed),
        body_timeout: settings.body_timeout,
        https: if settings.is_https() {
            Https::Yes
        } else {
            Https::No
        },
    });
    // Below a packet compression costs time and saves nothing. The dearest level would take longer than sending.
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1_400)));
    routes
        .route("/healthz", get(|| async { "ok\n" }))
        .route(
            "/readyz",
            get(move || tell_readiness(Arc::clone(&readiness))),
        )
        .layer(compression)
        .layer(DefaultBodyLimit::max(settings.body_bytes))
        .layer(middleware::from_fn_with_state(shell, surround))
}

/// Everything around a route, in one layer: the parts share the request id and the headers.
async fn surround(State(shell): State<Arc<Shell>>, mut request: Request, next: Next) -> Response {
    #[expect(
        clippy::disallowed_methods,
        reason = "the log tells how long an answer took"
    )]
    let began = Instant::now();
    let id = RequestId::draw();
    let peer = request.extensions().get::<Peer>().copied();
    let address = peer.map_or(ClientAddress::UNKNOWN, |peer| {
        ClientAddress::find(peer.0.ip(), request.headers(), &shell.trusted_proxies)
    });
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(address);
    // The path of a citizen page holds an invitation, hence the pattern only; no address either.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!(
        "request",
        id = id.as_str(),
        method = %request.method(),
        route = route.as_ref().map(MatchedPath::as_str),
        status = tracing::field::Empty,
    );
    let form = failure::Form::of(request.headers());
    let method = request.method().clone();

    let mut response = if shell
        .origins
        .check(request.method(), request.headers())
        .is_err()
    {
        let refusal = failure::Failure {
            status: StatusCode::FORBIDDEN,
            code: ErrorCode::ForeignOrigin,
            message: "this change was sent by a page of another site; open the page here and send it again",
            chinese: "这个请求来自别的网站，请在本网站打开页面后重新提交",
        };
        failure::answer(&refusal, form, &id)
    } else {
        let request = request.map(|body| body::limit_time(body, shell.body_timeout));
        let answer = AssertUnwindSafe(next.run(request))
            .catch_unwind()
            .instrument(span.clone())
            .await;
        answer.unwrap_or_else(|panic| {
            let text = failure::panic_text(panic.as_ref());
            span.in_scope(|| tracing::error!(panic = text, "a request panicked"));
            let fault = failure::Failure {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: ErrorCode::Internal,
                message: "something went wrong on the server; tell the operator the reference",
                chinese: "服务器出现错误，请把编号告诉管理员",
            };
            failure::answer(&fault, form, &id)
        })
    };

    let headers = response.headers_mut();
    security::add_headers(headers, shell.https);
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert("x-request-id", value);
    }
    let took = began.elapsed();
    let route = route.as_ref().map(MatchedPath::as_str);
    metric::count_request(route, &method, response.status(), took);
    let status = response.status().as_u16();
    span.record("status", status);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(status, micros, "answered"));
    response
}

async fn tell_readiness(readiness: Readiness) -> Response {
    let faults = readiness().await;
    let status = if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    for (part, fault) in &faults {
        tracing::warn!(part, fault, "not ready");
    }
    // Only the names: the faults may tell hosts and paths, and this route is open to all.
    let parts: Vec<&str> = faults.iter().map(|(part, _)| *part).collect();
    let body = axum::Json(serde_json::json!({ "ready": faults.is_empty(), "failing": parts }));
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}
