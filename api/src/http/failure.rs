//! Answers of the shell itself: refusals before any route, and the answer to a panic.
//!
//! A machine gets JSON in the form of a GraphQL error, a browser a small page in both languages. Neither ever shows
//! what went wrong inside; the request id leads to it in the log.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::request_id::RequestId;
use crate::graphql::ErrorCode;

/// A refusal or fault of the shell.
pub(crate) struct Failure<'a> {
    pub(crate) status: StatusCode,
    pub(crate) code: ErrorCode,
    /// English, for machines.
    pub(crate) message: &'a str,
    /// Chinese, for the page.
    pub(crate) chinese: &'a str,
}

/// In which form the client can read a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON, as a GraphQL error.
    Document,
    /// A small page in both languages.
    Page,
}

impl Form {
    /// A browser that loads a page says so.
    pub(crate) fn of(request_headers: &HeaderMap) -> Self {
        let lines = request_headers.get_all(header::ACCEPT);
        if lines
            .iter()
            .any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
        {
            Self::Page
        } else {
            Self::Document
        }
    }
}

/// Writes the failure.
pub(crate) fn answer(failure: &Failure<'_>, form: Form, id: &RequestId) -> Response {
    let (content_type, body) = if form == Form::Page {
        (
            HeaderValue::from_static("text/html; charset=utf-8"),
            page(failure, id),
        )
    } else {
        (
            HeaderValue::from_static("application/json; charset=utf-8"),
            document(failure, id),
        )
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = failure.status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

fn document(failure: &Failure<'_>, id: &RequestId) -> String {
    serde_json::json!({
        "errors": [{
            "message": failure.message,
            "extensions": { "code": failure.code.as_str(), "requestId": id.as_str() },
        }]
    })
    .to_string()
}

fn page(failure: &Failure<'_>, id: &RequestId) -> String {
    // The texts are our own constants and the id is hexadecimal: nothing here needs escaping.
    format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{status}</title><main><h1>{chinese}</h1><p lang=\"en\">{message}</p><p>{label} <code>{id}</code></p></main></html>",
        status = failure.status.as_u16(),
        chinese = failure.chinese,
        message = failure.message,
        label = "编号 / reference:",
        id = id.as_str(),
    )
}
