//! GraphQL over HTTP, by its specification: POST with `application/json`, GET for queries; answers as events to those
//! who ask for them.
//!
//! Our own instead of the library's, which runs mutations by GET, as text/plain and as multipart, and ignores limits on
//! the body. Deliberately absent: batching, uploads, `application/graphql`.

use std::sync::Arc;

use async_graphql::Executor;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request, State, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::LengthLimitError;

use super::error::{ErrorCode, GraphqlFault};
use super::negotiation::{MediaType, is_json, negotiate};
use super::operation::{Caller, Endpoint, Gate, Reply, Transport};
use super::request::Parameters;
use super::shelf::Kept;
use super::sse;
use super::websocket::{self, Sockets};
use crate::config::Secret;
use crate::http::shutdown::Shutdown;
use crate::http::{BodyTimeout, ClientAddress, RequestId};

/// What an answer depends on beside its address.
const VARY: &str = "accept, authorization";

/// The route `/graphql`, for HTTP and for WebSockets, which `shutdown` ends.
pub fn routes<E: Executor, G: Gate>(endpoint: Endpoint<E, G>, shutdown: Shutdown) -> Router {
    let sockets = Sockets::new(endpoint.settings.sockets, shutdown);
    Router::new()
        .route("/graphql", any(answer::<E, G>))
        .with_state((Arc::new(endpoint), sockets))
}

async fn answer<E: Executor, G: Gate>(
    State((endpoint, sockets)): State<(Arc<Endpoint<E, G>>, Sockets)>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if parts.method == Method::GET && parts.headers.contains_key(header::UPGRADE) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => websocket::open(
                upgrade,
                endpoint,
                sockets.of(parts.extensions.get().cloned()),
                find_caller(&parts),
            ),
            Err(refusal) => refusal.into_response(),
        };
    }
    if sse::is_wanted(&parts.headers) {
        return match listen(&endpoint, &parts, body).await {
            Ok(wanted) => sse::open(
                endpoint,
                &sockets.of(parts.extensions.get().cloned()),
                wanted,
            ),
            Err(fault) => write(MediaType::Json, fault.into()),
        };
    }
    let Some(media) = negotiate(&parts.headers) else {
        let message = "the answer is `application/graphql-response+json` or `application/json`: accept one of them";
        return write(
            MediaType::Json,
            GraphqlFault::new(ErrorCode::NotAcceptable, message).into(),
        );
    };
    let mut reply = match serve(&endpoint, &parts, body).await {
        Ok(reply) => reply,
        Err(fault) => fault.into(),
    };
    // Only what is asked for by GET may be stored by clients, so nothing else has a tag.
    reply.kept = reply.kept.filter(|_| parts.method == Method::GET);
    if let Some(kept) = &reply.kept
        && is_held(&parts.headers, &kept.tag)
    {
        return unchanged(kept);
    }
    write(media, reply)
}

/// Whether the client says that it holds the answer of this tag.
fn is_held(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(tag) = tag.to_str() else {
        return false;
    };
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|held| held.trim() == "*" || opaque(held) == opaque(tag))
}

fn unchanged(kept: &Kept) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    mark(response.headers_mut(), kept);
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static(VARY));
    response
}

/// An answer that is given again: the client may store it and asks each time whether it still stands.
fn mark(headers: &mut HeaderMap, kept: &Kept) {
    headers.insert(header::ETAG, kept.tag.clone());
    let who = if kept.is_public {
        "public, no-cache"
    } else {
        "private, no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(who));
}

async fn serve<E: Executor, G: Gate>(
    endpoint: &Endpoint<E, G>,
    parts: &Parts,
    body: Body,
) -> Result<Reply, GraphqlFault> {
    check_method(parts)?;
    // Before the body: somebody with a wrong token need not be read.
    let caller = find_caller(parts);
    let network = caller.address.network();
    let admission = endpoint.gate.admit(caller).await?;
    let asked = read_asked(parts, body, endpoint.settings.body_bytes).await?;
    // Under its method: the same words by the other one would be read as something else.
    let words = std::str::from_utf8(&asked).map(|text| format!("{} {text}", parts.method));
    if let Ok(words) = &words
        && let Some(reply) = endpoint.find_kept(&admission, words).await
    {
        return Ok(reply);
    }
    let transport = if parts.method == Method::GET {
        Transport::Get
    } else {
        Transport::Post
    };
    let prepared = match endpoint.prepare(parse(parts, &asked)?, transport) {
        Ok(prepared) => prepared,
        Err(error) => return Ok(Reply::refuse(&[error])),
    };
    let rights = admission.rights.clone();
    let mut reply = endpoint.execute(prepared, admission, network).await;
    if let Ok(words) = &words {
        endpoint.keep(rights.as_ref(), words, &mut reply);
    }
    Ok(reply)
}

/// The same for whoever wants events.
async fn listen<E: Executor, G: Gate>(
    endpoint: &Endpoint<E, G>,
    parts: &Parts,
    body: Body,
) -> Result<sse::Wanted, GraphqlFault> {
    check_method(parts)?;
    let caller = find_caller(parts);
    let admission = endpoint.gate.admit(caller.clone()).await?;
    let asked = read_asked(parts, body, endpoint.settings.body_bytes).await?;
    let parameters = parse(parts, &asked)?;
    let transport = if parts.method == Method::GET {
        Transport::EventsByGet
    } else {
        Transport::Events
    };
    Ok(sse::Wanted {
        caller,
        admission,
        prepared: endpoint.prepare(parameters, transport),
    })
}

fn check_method(parts: &Parts) -> Result<(), GraphqlFault> {
    match parts.method {
        Method::GET => Ok(()),
        Method::POST if is_json(&parts.headers) => Ok(()),
        Method::POST => Err(GraphqlFault::new(
            ErrorCode::UnsupportedMediaType,
            "the body must be `application/json` in UTF-8, uncompressed",
        )),
        _ => Err(GraphqlFault::new(
            ErrorCode::MethodNotAllowed,
            "send GraphQL by POST, or queries by GET",
        )),
    }
}

/// The words of a request: its query string, or its body.
async fn read_asked(parts: &Parts, body: Body, limit: usize) -> Result<Bytes, GraphqlFault> {
    if parts.method == Method::GET {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Bytes::copy_from_slice(query.as_bytes()))
    } else {
        read(body, limit).await
    }
}

fn parse(parts: &Parts, asked: &[u8]) -> Result<Parameters, GraphqlFault> {
    if parts.method == Method::GET {
        Parameters::from_uri(&parts.uri)
    } else {
        Parameters::from_body(asked)
    }
}

async fn read(body: Body, limit: usize) -> Result<Bytes, GraphqlFault> {
    let too_large = || {
        GraphqlFault::new(
            ErrorCode::PayloadTooLarge,
            format!("the body has more than {limit} bytes: ask for less at once"),
        )
    };
    let declared = axum::body::HttpBody::size_hint(&body).lower();
    if declared > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        let cause = error.into_inner();
        if cause.is::<LengthLimitError>() {
            return too_large();
        }
        let mut deeper: Option<&(dyn std::error::Error + 'static)> = Some(cause.as_ref());
        while let Some(error) = deeper {
            if error.is::<BodyTimeout>() {
                return GraphqlFault::new(
                    ErrorCode::RequestTimeout,
                    "the body did not arrive in time",
                );
            }
            deeper = error.source();
        }
        GraphqlFault::new(ErrorCode::BadRequest, "the body broke off")
    })
}

fn find_caller(parts: &Parts) -> Caller {
    Caller {
        token: bearer(&parts.headers),
        address: parts
            .extensions
            .get()
            .copied()
            .unwrap_or(ClientAddress::UNKNOWN),
        request_id: parts
            .extensions
            .get()
            .cloned()
            .unwrap_or_else(RequestId::draw),
    }
}

/// The token of `Authorization: Bearer …`. A header in any other form is a token too, a wrong one: whoever meant to
/// prove something must not be taken for anonymous.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let text = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .unwrap_or_default();
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    };
    Some(Secret::new(token.to_owned()))
}

fn write(media: MediaType, reply: Reply) -> Response {
    let status = match (reply.refused, media) {
        (None, _) => StatusCode::OK,
        (Some(code), MediaType::Json) if code.is_of_document() => StatusCode::OK,
        (Some(code), _) => code.status(),
    };
    let retry_after = reply.retry_after;
    let resolver_headers = reply.headers.clone();
    let kept = reply.kept.clone();
    let mut response = Response::new(Body::from(reply.into_document()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.extend(resolver_headers);
    headers.insert(header::CONTENT_TYPE, media.content_type());
    if let Some(kept) = kept {
        mark(headers, &kept);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static(VARY));
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
        }
        StatusCode::UNAUTHORIZED => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::TOO_MANY_REQUESTS => {
            if let Some(value) =
                retry_after.and_then(|seconds| HeaderValue::from_str(&seconds.to_string()).ok())
            {
                headers.insert(header::RETRY_AFTER, value);
            }
        }
        _ => {}
    }
    response
}
