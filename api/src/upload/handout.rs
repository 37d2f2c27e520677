//! The route that hands out the personal links of a list, once: `POST /contacts/{list}/hand-out`.
//!
//! A list of telephone numbers comes as CSV, one of postal addresses as letters to print.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use domain::id::{ContactList, Id};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use service::survey::Way;
use service::{Fault, Refusal};

use super::{BROKEN, Desk, failure, failure_of};
use crate::graphql::ErrorCode;
use crate::http::RequestId;
use crate::http::failure::{Failure, Form, answer};
use crate::letter::{Sender, write_handed_out};

/// The route.
pub(super) fn routes(desk: Desk, sender: Sender) -> Router {
    Router::new()
        .route("/contacts/{list}/hand-out", post(give))
        .with_state((desk, Arc::new(sender)))
}

async fn give(
    State((desk, sender)): State<(Desk, Arc<Sender>)>,
    Path(list): Path<String>,
    id: Option<Extension<RequestId>>,
    headers: HeaderMap,
) -> Response {
    let id = id.map_or_else(RequestId::draw, |Extension(id)| id);
    match hand_out(&desk.of_request(&id), &sender, &list, &headers).await {
        Ok(Ok((kind, bytes))) => {
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "no-store"),
                (header::CONTENT_DISPOSITION, "attachment"),
            ];
            (headers, bytes).into_response()
        }
        Ok(Err(refusals)) => {
            let faults: Vec<_> = refusals
                .iter()
                .map(|refusal| json!({ "code": refusal.code, "message": refusal.message }))
                .collect();
            let body = Json(json!({ "faults": faults }));
            (StatusCode::UNPROCESSABLE_ENTITY, body).into_response()
        }
        Err(failure) => answer(&failure, Form::Document, &id),
    }
}

type File = (&'static str, Vec<u8>);

async fn hand_out(
    desk: &Desk,
    sender: &Sender,
    list: &str,
    headers: &HeaderMap,
) -> Result<Result<File, Vec<Refusal>>, Failure<'static>> {
    let actor = desk.find_fresh_actor(headers).await?;
    let list: Id<ContactList> = list.parse().map_err(|_| NO_SUCH_LIST)?;
    let handed_out = match desk.service.hand_out_contact_list(&actor, list).await {
        Ok(handed_out) => handed_out,
        Err(Fault::Refused(refusals)) => return Ok(Err(refusals)),
        Err(Fault::NotFound) => return Err(NO_SUCH_LIST),
        Err(fault) => return Err(failure_of(&fault)),
    };
    let kind = match handed_out.way {
        Way::Letter => "text/html; charset=utf-8",
        Way::Mail | Way::Phone => "text/csv; charset=utf-8",
    };
    let file = write_handed_out(&handed_out, sender).map_err(|error| {
        tracing::error!(%error, "personal links could not be written");
        BROKEN
    })?;
    Ok(Ok((kind, file)))
}

const NO_SUCH_LIST: Failure<'static> = failure(
    StatusCode::NOT_FOUND,
    ErrorCode::NotFound,
    ["there is no such list of contacts", "没有这份名单"],
);
