//! The page on which staff set up a second factor: log in, scan a code, enter one of the app, write recovery codes down.
//!
//! From the first step to the last the page itself carries an access token, which holds for minutes; there is no cookie,
//! and the session ends with the last step. Deliberately absent: removing a factor, which the API does.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use service::code::in_groups;
use service::{Fault, Refusal, Service};

use super::account::{Desk, FORM_BYTES, notice_of, plain, shown};
use super::field::Fields;
use super::notice::Notice;
use super::view::View;
use super::{FormPart, QueryPart};
use crate::auth::limit::Attempt;
use crate::auth::session::{SessionFault, Sessions};
use crate::config::Secret;
use crate::http::{ClientAddress, RequestId};
use crate::letter::draw_svg;

/// The route of the page.
pub fn routes(service: Service, sessions: Sessions) -> Router {
    Router::new()
        .route("/second-factor", get(show).post(take))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .with_state(Desk::new(service, sessions))
}

/// Where somebody is.
enum Step {
    /// At the beginning, with the log-in name that was entered.
    LogIn { login: String },
    /// Before the code, which is shown once.
    Scan { picture: String, secret: String },
    /// A code of the app was wrong.
    Again,
}

#[derive(Template)]
#[template(path = "factor.html")]
struct FactorPage {
    view: View,
    step: Step,
    /// Carried to the next step.
    token: String,
    /// The name of the words that say what is wrong.
    wrong: Option<&'static str>,
}

impl FactorPage {
    fn begin(view: View, login: String, wrong: Option<&'static str>) -> Self {
        Self {
            view,
            step: Step::LogIn { login },
            token: String::new(),
            wrong,
        }
    }

    fn draw(self) -> Response {
        let status = if self.wrong.is_some() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        self.view.answer(&self, plain(status))
    }
}

#[derive(Template)]
#[template(path = "factor-codes.html")]
struct CodesPage {
    view: View,
    codes: Vec<String>,
}

async fn show(query: QueryPart, headers: HeaderMap) -> Response {
    FactorPage::begin(View::new(query, &headers), String::new(), None).draw()
}

async fn take(
    State(desk): State<Desk>,
    id: RequestId,
    address: ClientAddress,
    query: QueryPart,
    headers: HeaderMap,
    sent: FormPart,
) -> Response {
    let mut view = View::new(query, &headers);
    let fields = match Fields::read(sent, &mut view) {
        Ok(fields) => fields,
        Err(notice) => return notice.draw(view),
    };
    // What is on these pages is told once: drawing them anew would lose it.
    view = view.without_links();
    let sessions = desk.of_request(&id);
    let token = fields.text("token");
    if token.is_empty() {
        let attempt = Attempt {
            network: address.network(),
            login: fields.text("login"),
        };
        let password = Secret::new(fields.text("password").to_owned());
        return log_in(&sessions, view, &attempt, password).await;
    }
    confirm(&sessions, view, token, fields.text("code")).await
}

async fn log_in(
    sessions: &Sessions,
    view: View,
    attempt: &Attempt<'_>,
    password: Secret,
) -> Response {
    let begun = async {
        let granted = sessions.open(attempt, password, None).await?;
        let (actor, _) = sessions.find_bearer(&granted.access.text).await?;
        let enrolled = sessions.begin_factor(&actor).await?;
        Ok((granted.access.text, enrolled))
    };
    match begun.await {
        Ok((token, enrolled)) => {
            let told = view.say("factor-picture");
            let Ok(picture) = draw_svg(enrolled.address.expose(), &told) else {
                return Notice::Unavailable.draw(view);
            };
            let step = Step::Scan {
                picture,
                secret: in_groups(enrolled.secret.expose(), " "),
            };
            let page = FactorPage {
                view,
                step,
                token: token.expose().to_owned(),
                wrong: None,
            };
            page.draw()
        }
        Err(SessionFault::Service(Fault::Refused(refusals))) => {
            FactorPage::begin(view, shown(attempt.login), Some(words_for(&refusals))).draw()
        }
        Err(fault) => notice_of(&fault).draw(view),
    }
}

async fn confirm(sessions: &Sessions, view: View, token: &str, code: &str) -> Response {
    let token = Secret::new(token.to_owned());
    let (actor, session) = match sessions.find_bearer(&token).await {
        Ok(found) => found,
        Err(SessionFault::Service(Fault::Refused(_))) => {
            return FactorPage::begin(view, String::new(), Some("factor-late")).draw();
        }
        Err(fault) => return notice_of(&fault).draw(view),
    };
    match sessions.confirm_factor(&actor, session, code).await {
        Ok(codes) => {
            if let Err(fault) = sessions.close(&actor, session).await {
                return Notice::of(&fault).draw(view);
            }
            view.answer(&CodesPage { view, codes }, plain(StatusCode::OK))
        }
        Err(SessionFault::Service(Fault::Refused(refusals))) => {
            let page = FactorPage {
                view,
                step: Step::Again,
                token: token.expose().to_owned(),
                wrong: Some(words_for(&refusals)),
            };
            page.draw()
        }
        Err(fault) => notice_of(&fault).draw(view),
    }
}

fn words_for(refusals: &[Refusal]) -> &'static str {
    match refusals.first().map(|refusal| refusal.code.as_str()) {
        Some("SECOND_FACTOR_NEEDED" | "SECOND_FACTOR_PRESENT") => "factor-present",
        Some("SECOND_FACTOR_REFUSED") => "factor-refused",
        Some("SECOND_FACTOR_OFF") => "factor-off",
        _ => "factor-login-refused",
    }
}
