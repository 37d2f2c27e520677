//! The route that imports tables: `POST /import/{kind}?round=rnd_…&dry_run=true`, or with `survey=sur_…`, with the file as the body and an
//! access token in the header.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Extension, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use domain::id::{Id, Round, Survey};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use service::Fault;
use service::inspection::import::{ImportKind, Report, Request, Sample};

use super::{BROKEN, Desk, failure, failure_of, whole};
use crate::graphql::ErrorCode;
use crate::http::RequestId;
use crate::http::failure::{Failure, Form, answer};
use crate::sheet::read_table;

/// The address after its path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    round: Option<String>,
    survey: Option<String>,
    #[serde(default)]
    leave_out: bool,
    sample: Option<usize>,
    seed: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

/// The route; `most_bytes` bounds the body.
pub(super) fn routes(desk: Desk, most_bytes: usize) -> Router {
    Router::new()
        .route("/import/{kind}", post(take))
        .layer(DefaultBodyLimit::max(most_bytes))
        .with_state(desk)
}

async fn take(
    State(desk): State<Desk>,
    Path(kind): Path<String>,
    query: Result<Query<Wanted>, QueryRejection>,
    id: Option<Extension<RequestId>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let id = id.map_or_else(RequestId::draw, |Extension(id)| id);
    let desk = desk.of_request(&id);
    let outcome = import(&desk, &kind, query, &headers, body).await;
    match outcome {
        Ok((report, dry_run)) => show(&report, dry_run),
        Err(failure) => answer(&failure, Form::Document, &id),
    }
}

async fn import(
    desk: &Desk,
    kind: &str,
    query: Result<Query<Wanted>, QueryRejection>,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(Report, bool), Failure<'static>> {
    // Who asks comes first: a stranger's file is not even looked at.
    let actor = desk.find_actor(headers).await?;
    let kind = ImportKind::find(kind).ok_or(NO_SUCH_KIND)?;
    let Ok(Query(wanted)) = query else {
        return Err(BAD_ADDRESS);
    };
    let round: Option<Id<Round>> = match wanted.round.as_deref().map(str::parse) {
        Some(Ok(round)) => Some(round),
        Some(Err(_)) => return Err(BAD_ADDRESS),
        None => None,
    };
    let survey: Option<Id<Survey>> = match wanted.survey.as_deref().map(str::parse) {
        Some(Ok(survey)) => Some(survey),
        Some(Err(_)) => return Err(BAD_ADDRESS),
        None => None,
    };
    let bytes = whole(body)?;
    let read = tokio::task::spawn_blocking(move || read_table(&bytes, kind)).await;
    let table = match read {
        Ok(Ok(table)) => table,
        Ok(Err(fault)) => {
            let report = Report {
                rows: 0,
                stored: false,
                made: None,
                faults: vec![service::inspection::import::RowReport {
                    row: 0,
                    column: None,
                    code: fault.code.to_owned(),
                    what: fault.message,
                    mend: String::new(),
                }],
            };
            return Ok((report, wanted.dry_run));
        }
        Err(_) => return Err(BROKEN),
    };
    let request = Request {
        round,
        survey,
        kind,
        table,
        dry_run: wanted.dry_run,
        leave_out: wanted.leave_out,
        sample: wanted.sample.map(|size| Sample {
            size,
            seed: wanted.seed,
        }),
    };
    let report = desk.service.import(&actor, request).await;
    match report {
        Ok(report) => Ok((report, wanted.dry_run)),
        Err(Fault::Refused(refusals)) => Ok((refused(refusals), wanted.dry_run)),
        Err(Fault::NotFound) => Err(NO_SUCH_ROUND),
        Err(fault) => Err(failure_of(&fault)),
    }
}

/// A refusal of the table as a whole, in the form of a report.
fn refused(refusals: Vec<service::Refusal>) -> Report {
    Report {
        rows: 0,
        stored: false,
        made: None,
        faults: refusals
            .into_iter()
            .map(|refusal| service::inspection::import::RowReport {
                row: 0,
                column: refusal.path.last().cloned(),
                code: refusal.code,
                what: refusal.message,
                mend: String::new(),
            })
            .collect(),
    }
}

/// 200 for a table without fault, or whose faulty rows were left out as asked; 422 for others. The report is the same.
fn show(report: &Report, dry_run: bool) -> Response {
    let status = if report.faults.is_empty() || report.stored {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let faults: Vec<_> = report
        .faults
        .iter()
        .map(|fault| {
            json!({
                "row": fault.row,
                "column": fault.column,
                "code": fault.code,
                "what": fault.what,
                "mend": fault.mend,
            })
        })
        .collect();
    let body = json!({
        "rows": report.rows,
        "stored": report.stored,
        "made": report.made,
        "dryRun": dry_run,
        "faults": faults,
    });
    (status, Json(body)).into_response()
}

const NO_SUCH_KIND: Failure<'static> = failure(
    StatusCode::NOT_FOUND,
    ErrorCode::NotFound,
    [
        "there are imports of `roster`, `duty-lists`, `scores`, `measures`, `facts`, `history`, `contacts`, `answers` and `issues`",
        "没有这种导入",
    ],
);
const NO_SUCH_ROUND: Failure<'static> = failure(
    StatusCode::NOT_FOUND,
    ErrorCode::NotFound,
    ["there is no such round or survey", "没有这个考评轮次或测评"],
);
const BAD_ADDRESS: Failure<'static> = failure(
    StatusCode::BAD_REQUEST,
    ErrorCode::BadRequest,
    [
        "write the address as `/import/scores?round=rnd_…&dry_run=true`",
        "导入地址不正确",
    ],
);
