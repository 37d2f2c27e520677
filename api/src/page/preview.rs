//! The form of a survey that takes no answers yet, as citizens will see it, for those who run it.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use service::intake::Preview;

use super::notice::Notice;
use super::view::View;
use super::{Pages, QueryPart, ballot, form};

/// Draws it, marked as what it is and without anything that could be sent.
pub(super) async fn show(
    State(pages): State<Pages>,
    path: Result<Path<(String, String)>, PathRejection>,
    query: QueryPart,
    headers: HeaderMap,
) -> Response {
    let view = View::new(query, &headers);
    let Ok(Path((survey, pass))) = path else {
        return Notice::PreviewOver.draw(view);
    };
    match pages.intake.find_preview(&survey, &pass).await {
        Ok(Some(Preview::Sheet(link))) => form::draw_preview(view, &link),
        Ok(Some(Preview::Ballot(state))) => ballot::draw_preview(view, state),
        Ok(None) => Notice::PreviewOver.draw(view),
        Err(fault) => Notice::of(&fault).draw(view),
    }
}
