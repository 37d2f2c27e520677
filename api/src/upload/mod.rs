//! Routes that take or give a file, with an access token in the header: tables, schemes and personal links.
//!
//! Beside GraphQL, whose requests are small on purpose. A file is bounded before it is read, and nobody's is read before
//! it is known who sends it. Deliberately absent: cookies, so that no other site can send a file in somebody's name.

mod handout;
mod scheme;
mod table;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use domain::access::Actor;
use http::{HeaderMap, StatusCode};
use service::{Fault, Service};

use crate::graphql::{ErrorCode, Found, StaffGate, bearer};
use crate::http::RequestId;
use crate::http::failure::Failure;
use crate::letter::Sender;

/// The routes; `most_bytes` bounds a table.
pub fn routes(service: Service, gate: StaffGate, most_bytes: usize, sender: Sender) -> Router {
    let desk = Desk { service, gate };
    Router::new()
        .merge(table::routes(desk.clone(), most_bytes))
        .merge(handout::routes(desk.clone(), sender))
        .merge(scheme::routes(desk))
}

/// What the routes need.
#[derive(Debug, Clone)]
struct Desk {
    service: Service,
    gate: StaffGate,
}

impl Desk {
    /// The same for one request, which the log names.
    fn of_request(&self, id: &RequestId) -> Self {
        Self {
            service: self.service.of_request(id.as_str()),
            gate: self.gate.clone(),
        }
    }

    /// Who sends the file.
    async fn find_actor(&self, headers: &HeaderMap) -> Result<Actor, Failure<'static>> {
        Ok(self.find_sender(headers).await?.actor)
    }

    /// Who asks for what cannot be taken back, their second factor shown not long ago.
    async fn find_fresh_actor(&self, headers: &HeaderMap) -> Result<Actor, Failure<'static>> {
        let found = self.find_sender(headers).await?;
        if found.needs_code {
            return Err(STALE);
        }
        Ok(found.actor)
    }

    async fn find_sender(&self, headers: &HeaderMap) -> Result<Found, Failure<'static>> {
        let token = bearer(headers).ok_or(NO_TOKEN)?;
        match self.gate.find_actor(token.expose()).await {
            Ok(found) => Ok(found),
            Err(fault) if fault.code() == ErrorCode::Unauthenticated => Err(NO_TOKEN),
            Err(_) => Err(UNAVAILABLE),
        }
    }
}

/// The file, if it came whole and is not too large.
fn whole(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Failure<'static>> {
    body.map_err(|refusal| match refusal.status() {
        StatusCode::PAYLOAD_TOO_LARGE => TOO_LARGE,
        _ => BROKEN_BODY,
    })
}

/// The failure of the request as a whole. Refusals of what is in the file are answered apart.
fn failure_of(fault: &Fault) -> Failure<'static> {
    match fault {
        Fault::Denied => DENIED,
        Fault::Conflict => CONFLICT,
        Fault::Unavailable => UNAVAILABLE,
        Fault::Refused(_) | Fault::NotFound | Fault::Internal(_) => BROKEN,
    }
}

const fn failure(
    status: StatusCode,
    code: ErrorCode,
    [message, chinese]: [&'static str; 2],
) -> Failure<'static> {
    Failure {
        status,
        code,
        message,
        chinese,
    }
}

const NO_TOKEN: Failure<'static> = failure(
    StatusCode::UNAUTHORIZED,
    ErrorCode::Unauthenticated,
    ["send an access token: log in first", "请先登录"],
);
const STALE: Failure<'static> = failure(
    StatusCode::FORBIDDEN,
    ErrorCode::SecondFactorStale,
    [
        "show your second factor again (mutation `secondFactorShow`), then repeat the request",
        "请重新验证第二因素后再试",
    ],
);
const CONFLICT: Failure<'static> = failure(
    StatusCode::CONFLICT,
    ErrorCode::Conflict,
    [
        "somebody else changed the same thing at the same time: send the file again",
        "数据同时被他人修改，请重试",
    ],
);
const UNAVAILABLE: Failure<'static> = failure(
    StatusCode::SERVICE_UNAVAILABLE,
    ErrorCode::Unavailable,
    [
        "the database cannot be used just now: try again later",
        "系统暂时不可用，请稍后再试",
    ],
);
const BROKEN: Failure<'static> = failure(
    StatusCode::INTERNAL_SERVER_ERROR,
    ErrorCode::Internal,
    [
        "something went wrong on the server; tell the operator the reference",
        "服务器出现错误，请把编号告诉管理员",
    ],
);
const BROKEN_BODY: Failure<'static> = failure(
    StatusCode::BAD_REQUEST,
    ErrorCode::BadRequest,
    [
        "the file did not arrive whole: send it again",
        "文件没有完整上传，请重试",
    ],
);
const TOO_LARGE: Failure<'static> = failure(
    StatusCode::PAYLOAD_TOO_LARGE,
    ErrorCode::PayloadTooLarge,
    [
        "the file is larger than allowed here: split it",
        "文件过大，请拆分",
    ],
);
const DENIED: Failure<'static> = failure(
    StatusCode::FORBIDDEN,
    ErrorCode::Forbidden,
    ["your role does not allow this", "您没有这项权限"],
);
