//! The route that adds a version of a scheme: `POST /schemes` with the file as the body.
//!
//! The same as the mutation `schemeVersionAdd`, for files that are larger than a GraphQL request may be.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use service::scheme::{LONGEST, SchemeVersion};
use service::{Fault, Refusal};

use super::{Desk, failure_of, whole};
use crate::http::RequestId;
use crate::http::failure::{Failure, Form, answer};

/// The route.
pub(super) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/schemes", post(take))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(desk)
}

async fn take(
    State(desk): State<Desk>,
    id: Option<Extension<RequestId>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let id = id.map_or_else(RequestId::draw, |Extension(id)| id);
    match add(&desk.of_request(&id), &headers, body).await {
        Ok(Ok(version)) => show(&version),
        Ok(Err(refusals)) => refuse(&refusals),
        Err(failure) => answer(&failure, Form::Document, &id),
    }
}

async fn add(
    desk: &Desk,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Result<SchemeVersion, Vec<Refusal>>, Failure<'static>> {
    let actor = desk.find_actor(headers).await?;
    let bytes = whole(body)?;
    let Ok(source) = std::str::from_utf8(&bytes) else {
        let message = "the file is not in UTF-8: save it as UTF-8 text";
        return Ok(Err(vec![Refusal::new("SCHEME_UNREADABLE", message)]));
    };
    match desk.service.add_scheme_version(&actor, source).await {
        Ok(version) => Ok(Ok(version)),
        Err(Fault::Refused(refusals)) => Ok(Err(refusals)),
        Err(fault) => Err(failure_of(&fault)),
    }
}

/// 200 with the version that now stands, also where it stood before.
fn show(version: &SchemeVersion) -> Response {
    let body = json!({
        "schemeVersion": {
            "id": version.id.to_string(),
            "schemeId": version.scheme.to_string(),
            "version": version.version,
            "digest": version.digest,
        },
        "faults": [],
    });
    Json(body).into_response()
}

/// 422 with every fault of the file. A path is a list of names from the file's root.
fn refuse(refusals: &[Refusal]) -> Response {
    let faults: Vec<_> = refusals
        .iter()
        .map(|refusal| {
            // Refusals speak of the argument `source` of a mutation; here it is the file itself.
            let path: Vec<&String> = refusal
                .path
                .iter()
                .skip_while(|part| *part == "source")
                .collect();
            json!({ "code": refusal.code, "path": path, "message": refusal.message })
        })
        .collect();
    let body = json!({ "schemeVersion": null, "faults": faults });
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}
