//! Pages for staff: choosing a password by a one-time link, and asking for such a link.
//!
//! Looking at a link does not use it up, for mail programs look at links before people do. Nobody is logged in here.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use service::staff::link::Purpose;
use service::{Fault, Service};

use super::field::Fields;
use super::notice::Notice;
use super::pace::evenly;
use super::view::{Keeping, Manner, View};
use super::{FormPart, PathPart, QueryPart};
use crate::auth::limit::Attempt;
use crate::auth::password::MAXIMUM_BYTES;
use crate::auth::session::{NewFirst, SessionFault, Sessions};
use crate::config::Secret;
use crate::http::{ClientAddress, RequestId};

/// Two passwords of the greatest length, each byte of them escaped, and the rest.
pub(super) const FORM_BYTES: usize = 8 * 1024;

/// More than any name that somebody may enter; not worth showing again.
const LONGEST: usize = 254;

#[derive(Debug, Clone)]
pub(super) struct Desk {
    service: Service,
    sessions: Sessions,
}

impl Desk {
    pub(super) const fn new(service: Service, sessions: Sessions) -> Self {
        Self { service, sessions }
    }

    /// Logging in for one request, which the log names.
    pub(super) fn of_request(&self, id: &RequestId) -> Sessions {
        self.sessions.through(&self.service.of_request(id.as_str()))
    }
}

/// The routes of the pages for staff.
pub fn routes(service: Service, sessions: Sessions) -> Router {
    Router::new()
        .route(
            "/account/{token}",
            get(show_link).layer(from_fn(evenly)).post(follow_link),
        )
        .route("/reset", get(show_reset).post(ask_reset))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .with_state(Desk::new(service, sessions))
}

/// What is wrong with what was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Short,
    Long,
    Differs,
    Login,
    Name,
}

#[derive(Template)]
#[template(path = "account.html")]
struct LinkPage {
    view: View,
    action: String,
    purpose: Purpose,
    login: String,
    name: String,
    wrong: Vec<Wrong>,
}

impl LinkPage {
    /// The middle of the names of the words.
    fn kind(&self) -> &'static str {
        match self.purpose {
            Purpose::Invitation => "invitation",
            Purpose::Reset => "reset",
            Purpose::First => "first",
        }
    }

    fn is_first(&self) -> bool {
        self.purpose == Purpose::First
    }

    fn says(&self, wrong: Wrong) -> bool {
        self.wrong.contains(&wrong)
    }

    fn password_fault(&self) -> Option<&'static str> {
        if self.says(Wrong::Short) {
            Some("account-short")
        } else if self.says(Wrong::Long) {
            Some("account-long")
        } else {
            None
        }
    }
}

#[derive(Template)]
#[template(path = "account-done.html")]
struct DonePage {
    view: View,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage {
    view: View,
    sent: bool,
}

async fn show_link(
    State(desk): State<Desk>,
    path: PathPart,
    query: QueryPart,
    headers: HeaderMap,
) -> Response {
    let view = View::new(query, &headers);
    let Ok(Path(token)) = path else {
        return Notice::LinkOver.draw(view);
    };
    match desk.service.find_staff_link(&token).await {
        Ok(Some(link)) => {
            let page = LinkPage {
                view,
                action: view.to(&format!("/account/{token}")),
                purpose: link.purpose,
                login: link.login.unwrap_or_default(),
                name: String::new(),
                wrong: Vec::new(),
            };
            view.answer(&page, plain(StatusCode::OK))
        }
        Ok(None) => Notice::LinkOver.draw(view),
        Err(fault) => Notice::of(&fault).draw(view),
    }
}

async fn follow_link(
    State(desk): State<Desk>,
    id: RequestId,
    path: PathPart,
    query: QueryPart,
    headers: HeaderMap,
    sent: FormPart,
) -> Response {
    let mut view = View::new(query, &headers);
    let fields = match Fields::read(sent, &mut view) {
        Ok(fields) => fields,
        Err(notice) => return notice.draw(view),
    };
    let field = |name: &str| fields.text(name);
    let Ok(Path(token)) = path else {
        return Notice::LinkOver.draw(view);
    };
    let link = match desk.service.find_staff_link(&token).await {
        Ok(Some(link)) => link,
        Ok(None) => return Notice::LinkOver.draw(view),
        Err(fault) => return Notice::of(&fault).draw(view),
    };
    let mut page = LinkPage {
        view,
        action: view.to(&format!("/account/{token}")),
        purpose: link.purpose,
        login: link.login.unwrap_or_else(|| shown(field("login"))),
        name: shown(field("name")),
        wrong: Vec::new(),
    };
    if field("password") == field("again") {
        let password = Secret::new(field("password").to_owned());
        let sessions = desk.of_request(&id);
        let outcome = match link.purpose {
            Purpose::First => {
                let first = NewFirst {
                    login: page.login.clone(),
                    name: page.name.clone(),
                    password,
                };
                sessions.add_first(&token, first).await
            }
            Purpose::Invitation | Purpose::Reset => sessions.set_password(&token, password).await,
        };
        match outcome {
            Ok(()) => {
                let view = view.without_links();
                return view.answer(&DonePage { view }, plain(StatusCode::OK));
            }
            Err(SessionFault::Service(Fault::Refused(refusals))) => {
                for refusal in &refusals {
                    match refusal.code.as_str() {
                        "PASSWORD_UNFIT" if field("password").len() > MAXIMUM_BYTES => {
                            page.wrong.push(Wrong::Long);
                        }
                        "PASSWORD_UNFIT" => page.wrong.push(Wrong::Short),
                        "CODE_UNFIT" => page.wrong.push(Wrong::Login),
                        "NAME_UNFIT" => page.wrong.push(Wrong::Name),
                        _ => return Notice::LinkOver.draw(view),
                    }
                }
            }
            Err(fault) => return notice_of(&fault).draw(view),
        }
    } else {
        page.wrong.push(Wrong::Differs);
    }
    view.answer(&page, plain(StatusCode::UNPROCESSABLE_ENTITY))
}

async fn show_reset(query: QueryPart, headers: HeaderMap) -> Response {
    let view = View::new(query, &headers);
    view.answer(&ResetPage { view, sent: false }, plain(StatusCode::OK))
}

/// Answers the same whether or not there is such an account.
async fn ask_reset(
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
    let attempt = Attempt {
        network: address.network(),
        login: fields.text("login"),
    };
    match desk.of_request(&id).request_reset(&attempt).await {
        Ok(()) => view.answer(&ResetPage { view, sent: true }, plain(StatusCode::OK)),
        Err(fault) => notice_of(&fault).draw(view),
    }
}

pub(super) fn notice_of(fault: &SessionFault) -> Notice {
    match fault {
        SessionFault::TooOften(_) => Notice::TooOften,
        SessionFault::Service(fault) => Notice::of(fault),
        SessionFault::Password(fault) => {
            tracing::error!(%fault, "a password could not be set");
            Notice::Unavailable
        }
        SessionFault::Key(fault) => {
            tracing::error!(%fault, "a password could not be set");
            Notice::Unavailable
        }
    }
}

/// What was entered, fit to be shown again.
pub(super) fn shown(entered: &str) -> String {
    domain::survey::without_controls(entered)
        .chars()
        .take(LONGEST)
        .collect()
}

/// Kept by nobody: the page holds only now, and its address is a secret.
pub(super) const fn plain(status: StatusCode) -> Manner {
    Manner {
        status,
        keeping: Keeping::Nobody,
    }
}
