//! The page that thanks with a receipt, and the one that says whether a receipt counts.

use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use service::intake::{Receipt, ReceiptStatus};

use super::notice::Notice;
use super::view::{Keeping, Manner, View};
use super::{FormPart, Pages, QueryPart};

/// More than any way of typing a receipt; not worth showing again.
const LONGEST: usize = 200;

/// A receipt to hand out.
pub(super) struct Thanks {
    pub receipt: Receipt,
    /// What a ballot came to: how many lines were filled in and how many left blank.
    pub said: Option<String>,
}

#[derive(Template)]
#[template(path = "thanks.html")]
struct ThanksPage {
    view: View,
    said: Option<String>,
    groups: Vec<String>,
}

impl Thanks {
    pub(super) fn draw(&self, view: View) -> Response {
        let view = view.without_links();
        let text = self.receipt.to_string();
        let page = ThanksPage {
            view,
            said: self.said.clone(),
            groups: text.split('-').map(str::to_owned).collect(),
        };
        view.answer(
            &page,
            Manner {
                status: StatusCode::OK,
                keeping: Keeping::Nobody,
            },
        )
    }
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct LookupPage {
    view: View,
    /// The middle of the names of the words: `counted`, `not-counted`, `unknown`.
    found: Option<&'static str>,
    fault: bool,
    entered: String,
}

pub(super) async fn show(query: QueryPart, headers: HeaderMap) -> Response {
    let view = View::new(query, &headers);
    let page = LookupPage {
        view,
        found: None,
        fault: false,
        entered: String::new(),
    };
    view.answer(
        &page,
        Manner {
            status: StatusCode::OK,
            keeping: Keeping::Browser,
        },
    )
}

/// The code comes in a form, not in the address, which browsers and proxies write down.
pub(super) async fn find(
    State(pages): State<Pages>,
    query: QueryPart,
    headers: HeaderMap,
    sent: FormPart,
) -> Response {
    let mut view = View::new(query, &headers);
    let fields = match sent {
        Ok(Form(fields)) => fields,
        Err(rejection) => return super::form::refuse(&rejection).draw(view),
    };
    let field = |name: &str| {
        fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    view.large = field("print") == Some("large");
    let entered: String = domain::survey::without_controls(field("code").unwrap_or_default())
        .chars()
        .take(LONGEST)
        .collect();

    let Ok(receipt) = Receipt::parse(&entered) else {
        let page = LookupPage {
            view,
            found: None,
            fault: true,
            entered,
        };
        return view.answer(
            &page,
            Manner {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                keeping: Keeping::Nobody,
            },
        );
    };
    let found = match pages.intake.find_receipt(&receipt).await {
        Ok(ReceiptStatus::Counted) => "counted",
        Ok(ReceiptStatus::NotCounted) => "not-counted",
        Ok(ReceiptStatus::Unknown) => "unknown",
        Err(fault) => return Notice::of(&fault).draw(view),
    };
    let page = LookupPage {
        view,
        found: Some(found),
        fault: false,
        entered,
    };
    view.answer(
        &page,
        Manner {
            status: StatusCode::OK,
            keeping: Keeping::Nobody,
        },
    )
}
