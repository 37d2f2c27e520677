//! Citizen pages: drawn on the server, whole without JavaScript, Chinese first, for a phone in an old hand.
//!
//! | path | what it is |
//! |---|---|
//! | `/s/<code>` | an open link: the form, and where it is sent |
//! | `/i/<token>` | a one-time invitation; looking at it does not use it up |
//! | `/preview/<survey>/<pass>` | the form of a survey before it opens, for whoever runs it; nothing can be sent |
//! | `/receipt` | whether a receipt's answers count |
//! | `/change` | other answers in place of those of a receipt, with the code that came with it |
//! | `/account/<token>` | where staff choose a password by a one-time link; looking at it does not use it up |
//! | `/reset` | where staff ask for such a link |
//! | `/second-factor` | where staff set up a second factor |
//! | `/assets/…` | style and script, named by their content |
//!
//! Whatever is wrong with an answer, the page comes back with all that was entered. Deliberately absent: cookies,
//! sessions and anything that would know a citizen again.

mod account;
mod asset;
mod ballot;
mod change;
mod factor;
mod field;
mod form;
pub(crate) mod language;
mod notice;
mod pace;
mod preview;
mod receipt;
mod skeleton;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Form, Path, Query, State};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::get;
use domain::survey::validate;
use http::HeaderMap;
use service::Fault;
use service::intake::{
    Admitted, Beside, Booking, Intake, InvitationState, InvitationToken, KnownSurvey, LinkState,
    RefusedAnswer, Standing, Submission,
};

use crate::http::ClientAddress;

pub use account::routes as account_routes;
pub use factor::routes as factor_routes;
use form::{About, Banner, Drawn};
use notice::Notice;
use skeleton::Skeletons;
use view::{Preferences, View};

use crate::metric;

/// Four thousand characters of Chinese take 36 KB in a form; two such answers and the rest fit.
const FORM_BYTES: usize = 128 * 1024;

/// What the pages work with.
#[derive(Debug, Clone)]
struct Pages {
    intake: Intake,
    skeletons: Arc<Skeletons>,
}

type QueryPart = Result<Query<Preferences>, QueryRejection>;
type PathPart = Result<Path<String>, PathRejection>;
type FormPart = Result<Form<Vec<(String, String)>>, FormRejection>;

/// The routes of the citizen pages.
pub fn routes(intake: Intake) -> Router {
    let pages = Pages {
        intake,
        skeletons: Arc::default(),
    };
    Router::new()
        .route("/s/{code}", get(show_link).post(answer_link))
        .route(
            "/i/{token}",
            get(show_invitation)
                .layer(from_fn(pace::evenly))
                .post(answer_invitation),
        )
        .route("/preview/{survey}/{pass}", get(preview::show))
        .route("/receipt", get(receipt::show).post(receipt::find))
        .route("/change", get(change::ask).post(change::answer))
        .route("/assets/{name}", get(asset::get))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .with_state(pages)
}

async fn show_link(
    State(pages): State<Pages>,
    path: PathPart,
    query: QueryPart,
    headers: HeaderMap,
) -> Response {
    let view = View::new(query, &headers);
    match find_link(&pages, &path).await {
        Ok(state) => match refuse_unless_open(state.standing) {
            Ok(()) => draw_first(&pages, view, &About::link(&state.link)),
            Err(notice) => notice.draw(view),
        },
        Err(Notice::Unknown) => ballot::show_link(&pages, &path, view).await,
        Err(notice) => notice.draw(view),
    }
}

async fn show_invitation(
    State(pages): State<Pages>,
    path: PathPart,
    query: QueryPart,
    headers: HeaderMap,
) -> Response {
    let view = View::new(query, &headers);
    match find_invitation(&pages, &path).await {
        Ok((token, state)) => draw_first(&pages, view, &About::invitation(&token, &state)),
        Err(Notice::Unknown) => ballot::show_invitation(&pages, &path, view).await,
        Err(notice) => notice.draw(view),
    }
}

/// The empty form.
fn draw_first(pages: &Pages, view: View, about: &About<'_>) -> Response {
    match pages.intake.make_key(about.admitted()) {
        Ok(key) => pages.skeletons.draw(view, about.link_code(), &key, |key| {
            form::write_empty(view, about, key)
        }),
        Err(fault) => Notice::of(&fault).draw(view),
    }
}

async fn answer_link(
    State(pages): State<Pages>,
    path: PathPart,
    query: QueryPart,
    headers: HeaderMap,
    address: ClientAddress,
    sent: FormPart,
) -> Response {
    let mut view = View::new(query, &headers);
    let state = match find_link(&pages, &path).await {
        Ok(state) => state,
        Err(Notice::Unknown) => {
            return ballot::answer_link(&pages, &path, view, (sent, address)).await;
        }
        Err(notice) => return notice.draw(view),
    };
    let sent = match form::read(sent, &mut view) {
        Ok(sent) => sent,
        Err(notice) => return notice.draw(view),
    };
    // Not refused here where it is closed: a retry may come late, and must still find its receipt.
    let about = About::link(&state.link);
    match book(&pages, about.admitted(), &sent, Some(address)).await {
        Outcome::Booked(page) => page.draw(view),
        Outcome::Refused(notice) => notice.draw(view),
        Outcome::Again(banner) => match refuse_again(&banner, refuse_unless_open(state.standing)) {
            Ok(()) => draw_again(&pages, view, &about, Again { sent, banner }),
            Err(notice) => notice.draw(view),
        },
    }
}

async fn answer_invitation(
    State(pages): State<Pages>,
    path: PathPart,
    query: QueryPart,
    headers: HeaderMap,
    address: ClientAddress,
    sent: FormPart,
) -> Response {
    let mut view = View::new(query, &headers);
    let Some(token) = path
        .as_ref()
        .ok()
        .and_then(|Path(text)| InvitationToken::parse(text))
    else {
        return Notice::Unknown.draw(view);
    };
    // Whether the invitation is good is asked once, where the answer is booked.
    let admitted = match pages.intake.admit(&token).await {
        Ok(Some(admitted)) => admitted,
        Ok(None) => return Notice::Unknown.draw(view),
        Err(fault) => return Notice::of(&fault).draw(view),
    };
    if admitted.ballot().is_some() {
        return ballot::answer_invitation(&pages, &token, view, (sent, address)).await;
    }
    let sent = match form::read(sent, &mut view) {
        Ok(sent) => sent,
        Err(notice) => return notice.draw(view),
    };
    match book(&pages, &admitted, &sent, Some(address)).await {
        Outcome::Booked(page) => page.draw(view),
        Outcome::Refused(notice) => notice.draw(view),
        Outcome::Again(banner) => match find_invitation_again(&pages, &path, &banner).await {
            Ok((token, state)) => draw_again(
                &pages,
                view,
                &About::invitation(&token, &state),
                Again { sent, banner },
            ),
            // What was entered must not be lost because the database cannot say whom it is about.
            Err(Notice::Unavailable) => draw_again(
                &pages,
                view,
                &About::nameless(&token, &admitted),
                Again { sent, banner },
            ),
            Err(notice) => notice.draw(view),
        },
    }
}

async fn find_link(pages: &Pages, path: &PathPart) -> Result<LinkState, Notice> {
    let Ok(Path(code)) = path else {
        return Err(Notice::Unknown);
    };
    let state = pages
        .intake
        .find_link(code)
        .await
        .map_err(|fault| Notice::of(&fault))?;
    state.ok_or(Notice::Unknown)
}

/// An invitation that can still be answered.
async fn find_invitation(
    pages: &Pages,
    path: &PathPart,
) -> Result<(InvitationToken, InvitationState), Notice> {
    let (token, state) = read_invitation(pages, path).await?;
    refuse_unless_answerable(&state)?;
    Ok((token, state))
}

/// The invitation of a form that comes back.
async fn find_invitation_again(
    pages: &Pages,
    path: &PathPart,
    banner: &Banner,
) -> Result<(InvitationToken, InvitationState), Notice> {
    let (token, state) = read_invitation(pages, path).await?;
    refuse_again(banner, refuse_unless_answerable(&state))?;
    Ok((token, state))
}

async fn read_invitation(
    pages: &Pages,
    path: &PathPart,
) -> Result<(InvitationToken, InvitationState), Notice> {
    let Ok(Path(text)) = path else {
        return Err(Notice::Unknown);
    };
    let token = InvitationToken::parse(text).ok_or(Notice::Unknown)?;
    let state = pages
        .intake
        .find_invitation(&token)
        .await
        .map_err(|fault| Notice::of(&fault))?;
    Ok((token, state.ok_or(Notice::Unknown)?))
}

fn refuse_unless_answerable(state: &InvitationState) -> Result<(), Notice> {
    if state.is_used {
        return Err(Notice::AlreadyAnswered);
    }
    refuse_unless_open(state.standing)
}

/// Refuses a form that comes back, but never after an outage: that attempt may have got through, and the next one is
/// told its receipt, even where the survey has ended since.
fn refuse_again(banner: &Banner, refused: Result<(), Notice>) -> Result<(), Notice> {
    match banner {
        Banner::Busy => Ok(()),
        _ => refused,
    }
}

fn refuse_unless_open(standing: Standing) -> Result<(), Notice> {
    match standing {
        Standing::Open => Ok(()),
        Standing::NotYetOpen => Err(Notice::NotYetOpen),
        Standing::Closed => Err(Notice::Closed),
    }
}

/// What follows from an attempt to book answers.
enum Outcome {
    Booked(receipt::Thanks),
    Refused(Notice),
    /// The page comes back.
    Again(Banner),
}

async fn book(
    pages: &Pages,
    admitted: &Admitted,
    sent: &form::Sent,
    address: Option<ClientAddress>,
) -> Outcome {
    let answers = match validate(&admitted.survey().definition, &sent.entries) {
        Ok(answers) => answers,
        Err(faults) => return Outcome::Again(Banner::Faults(faults)),
    };
    let Some(key) = sent.key else {
        return Outcome::Again(Banner::ForeignForm);
    };
    let submission = Submission {
        admitted: admitted.clone(),
        key,
        answers,
        beside: beside((sent.told, sent.is_trapped), address),
    };
    let booked = pages.intake.book(submission).await;
    settle(pages, admitted.survey(), booked)
}

/// What is counted apart from answers.
fn beside((told, is_trapped): (Option<bool>, bool), address: Option<ClientAddress>) -> Beside {
    let known = address.filter(|address| *address != ClientAddress::UNKNOWN);
    Beside {
        network: known.map(|address| address.network()),
        told,
        is_trapped,
    }
}

/// What follows from what became of answers.
fn settle(pages: &Pages, survey: &Arc<KnownSurvey>, booked: Result<Booking, Fault>) -> Outcome {
    metric::count_booking(&booked);
    match booked {
        Ok(Booking::Booked(receipt)) => Outcome::Booked(receipt::Thanks {
            change: pages.intake.change_code(survey, &receipt),
            survey: survey.clone(),
            receipt,
            said: None,
        }),
        Ok(Booking::Refused(RefusedAnswer::ForeignForm)) => Outcome::Again(Banner::ForeignForm),
        Ok(Booking::Refused(RefusedAnswer::Closed)) => Outcome::Refused(Notice::Closed),
        Ok(Booking::Refused(RefusedAnswer::AlreadyAnswered)) => {
            Outcome::Refused(Notice::AlreadyAnswered)
        }
        Ok(Booking::Refused(RefusedAnswer::OtherAnswers)) => Outcome::Refused(Notice::SentBefore),
        Ok(Booking::Refused(RefusedAnswer::Unknown)) => Outcome::Refused(Notice::Unknown),
        Ok(Booking::Refused(RefusedAnswer::Changed)) => Outcome::Refused(Notice::Changed),
        Err(Fault::Unavailable | Fault::Conflict) => Outcome::Again(Banner::Busy),
        Err(fault) => Outcome::Refused(Notice::of(&fault)),
    }
}

/// A form that comes back.
struct Again {
    sent: form::Sent,
    banner: Banner,
}

fn draw_again(pages: &Pages, view: View, about: &About<'_>, again: Again) -> Response {
    let Again { sent, banner } = again;
    // The same form keeps its key, so that an attempt that did get through is found again.
    let key = match (sent.key, &banner) {
        (Some(key), banner) if banner.keeps_key() => Ok(key),
        _ => pages.intake.make_key(about.admitted()),
    };
    let status = banner.status();
    match key {
        Ok(key) => form::draw(
            view,
            about,
            Drawn {
                key: key.to_string(),
                entries: sent.entries,
                told: sent.told,
                banner: Some(banner),
            },
            status,
        ),
        Err(fault) => Notice::of(&fault).draw(view),
    }
}
