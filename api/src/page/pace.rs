//! Pages that take as long for what is there as for what is not.
//!
//! Whoever tries links at random must not learn from the time which of them exist. What is found is a larger page and
//! takes another statement; either is drawn long before the floor, so the floor is all that can be measured.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

/// Nobody notices it, and hardly any page takes longer.
const FLOOR: Duration = Duration::from_millis(10);

/// Answers never before the floor. Others are served meanwhile.
pub(super) async fn evenly(request: Request, next: Next) -> Response {
    let (answer, ()) = tokio::join!(next.run(request), tokio::time::sleep(FLOOR));
    answer
}
