//! Changing an answer until its survey closes: with a receipt and the code that came with it.
//!
//! Both come in a form and go on in one, never in an address: browsers, proxies and servers write addresses down, and
//! name them to the next page. The form is empty. What was said before is not shown, for whoever has to show the codes
//! to somebody else could be made to show the answers; and the script keeps no draft of it, whose codes would outlive
//! the page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use service::intake::{ChangeCode, ChangeState, Receipt};

use super::field::Fields;
use super::form::{About, Drawn, Secrets};
use super::notice::Notice;
use super::receipt::read_code;
use super::view::{Keeping, Manner, View};
use super::{
    Again, FormPart, Outcome, Pages, QueryPart, ballot, book, draw_again, form, refuse_again,
    refuse_unless_open,
};

#[derive(Template)]
#[template(path = "change.html")]
struct Page {
    view: View,
    /// The name of the words.
    fault: Option<&'static str>,
    entered: Secrets,
}

/// The page that asks for both codes.
pub(super) async fn ask(query: QueryPart, headers: HeaderMap) -> Response {
    let entered = Secrets {
        receipt: String::new(),
        code: String::new(),
    };
    draw(View::new(query, &headers), None, entered)
}

fn draw(view: View, fault: Option<&'static str>, entered: Secrets) -> Response {
    let manner = match fault {
        None => Manner {
            status: StatusCode::OK,
            keeping: Keeping::Browser,
        },
        Some(_) => Manner {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            keeping: Keeping::Nobody,
        },
    };
    let page = Page {
        view,
        fault,
        entered,
    };
    view.answer(&page, manner)
}

/// The form for both codes, or what was sent with it.
pub(super) async fn answer(
    State(pages): State<Pages>,
    query: QueryPart,
    headers: HeaderMap,
    sent: FormPart,
) -> Response {
    let mut view = View::new(query, &headers);
    let fields = match Fields::read(sent, &mut view) {
        Ok(fields) => fields,
        Err(notice) => return notice.draw(view),
    };
    let has_answers = fields.get("key").is_some();
    let secrets = Secrets {
        receipt: read_code(fields.text("code")),
        code: read_code(fields.text("change")),
    };
    let codes = Receipt::parse(&secrets.receipt)
        .ok()
        .zip(ChangeCode::parse(&secrets.code));
    let Some((receipt, code)) = codes else {
        return draw(view.without_links(), Some("change-malformed"), secrets);
    };
    let state = match pages.intake.find_change(&receipt, &code).await {
        Ok(Some(state)) => state,
        Ok(None) => return draw(view.without_links(), Some("change-unknown"), secrets),
        Err(fault) => return Notice::of(&fault).draw(view),
    };
    let sent = has_answers.then(|| Ok(fields.into_form()));
    if state.admitted.ballot().is_some() {
        return ballot::change(&pages, view, (state, secrets), sent).await;
    }
    let about = About::change(&state, secrets);
    match sent {
        None => show(&pages, view, &about, &state),
        Some(sent) => take(&pages, view, (&about, &state), sent).await,
    }
}

fn refuse_unless_changeable(state: &ChangeState) -> Result<(), Notice> {
    if state.is_over {
        return Err(Notice::Changed);
    }
    refuse_unless_open(state.standing)
}

fn show(pages: &Pages, view: View, about: &About<'_>, state: &ChangeState) -> Response {
    if let Err(notice) = refuse_unless_changeable(state) {
        return notice.draw(view);
    }
    match pages.intake.make_key(about.admitted()) {
        Ok(key) => {
            let drawn = Drawn {
                key: key.to_string(),
                entries: domain::survey::Entries::default(),
                told: None,
                banner: None,
            };
            form::draw(view, about, drawn, StatusCode::OK)
        }
        Err(fault) => Notice::of(&fault).draw(view),
    }
}

async fn take(
    pages: &Pages,
    mut view: View,
    (about, state): (&About<'_>, &ChangeState),
    sent: FormPart,
) -> Response {
    let sent = match form::read(sent, &mut view) {
        Ok(sent) => sent,
        Err(notice) => return notice.draw(view),
    };
    // Not refused here where it is over: a retry may come late, and must still find its receipt.
    match book(pages, about.admitted(), &sent, None).await {
        Outcome::Booked(page) => page.draw(view),
        Outcome::Refused(notice) => notice.draw(view),
        Outcome::Again(banner) => match refuse_again(&banner, refuse_unless_changeable(state)) {
            Ok(()) => draw_again(pages, view, about, Again { sent, banner }),
            Err(notice) => notice.draw(view),
        },
    }
}
