//! The page that thanks with a receipt, and the one that says whether a receipt counts.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use service::Fault;
use service::intake::{ChangeCode, Intake, KnownSurvey, Proof, Receipt, ReceiptStatus, Sealed};

use super::field::Fields;
use super::form::{Secrets, tell_end};
use super::language::Value;
use super::notice::Notice;
use super::view::{Keeping, Manner, View};
use super::{FormPart, Pages, QueryPart};

/// More than any way of typing a code; not worth showing again.
const LONGEST: usize = 200;

/// What was typed as a code, fit to be shown again.
pub(super) fn read_code(field: &str) -> String {
    let clean = domain::survey::without_controls(field);
    clean.chars().take(LONGEST).collect()
}

/// A receipt to hand out.
pub(super) struct Thanks {
    pub receipt: Receipt,
    /// What a ballot came to: how many lines were filled in and how many left blank.
    pub said: Option<String>,
    /// What was answered.
    pub survey: Arc<KnownSurvey>,
    /// What a change is sent with, where the survey allows changes.
    pub change: Option<ChangeCode>,
}

#[derive(Template)]
#[template(path = "thanks.html")]
struct ThanksPage {
    view: View,
    said: Option<String>,
    groups: Vec<String>,
    change: Option<ChangeView>,
}

/// How to change what was sent.
struct ChangeView {
    text: String,
    secrets: Secrets,
    groups: Vec<String>,
}

impl Thanks {
    pub(super) fn draw(&self, view: View) -> Response {
        let view = view.without_links();
        let text = self.receipt.to_string();
        let groups = |code: &str| code.split('-').map(str::to_owned).collect();
        let page = ThanksPage {
            view,
            said: self.said.clone(),
            groups: groups(&text),
            change: self.change.map(|change| {
                let code = change.expose();
                ChangeView {
                    text: match tell_end(view, &self.survey) {
                        Some(when) => {
                            view.say_with("thanks-change-until", [("when", Value::Text(&when))])
                        }
                        None => view.say("thanks-change-text"),
                    },
                    groups: groups(&code),
                    secrets: Secrets {
                        receipt: text.clone(),
                        code,
                    },
                }
            }),
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
    /// The middle of the names of the words: `counted`, `not-counted`, `replaced`, `unknown`, `sealed`, `not-sealed`.
    found: Option<&'static str>,
    /// The proof, once it was asked for.
    sealed: Option<Box<Sealed>>,
    fault: bool,
    entered: String,
}

pub(super) async fn show(query: QueryPart, headers: HeaderMap) -> Response {
    let view = View::new(query, &headers);
    let page = LookupPage {
        view,
        found: None,
        sealed: None,
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
    let fields = match Fields::read(sent, &mut view) {
        Ok(fields) => fields,
        Err(notice) => return notice.draw(view),
    };
    let entered = read_code(fields.text("code"));
    let Ok(receipt) = Receipt::parse(&entered) else {
        let page = LookupPage {
            view,
            found: None,
            sealed: None,
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
    let asked = if fields.get("proof").is_some() {
        prove(&pages.intake, &receipt).await
    } else {
        look_up(&pages.intake, &receipt)
            .await
            .map(|found| (found, None))
    };
    let (found, sealed) = match asked {
        Ok(found) => found,
        Err(fault) => return Notice::of(&fault).draw(view),
    };
    let page = LookupPage {
        view,
        found: Some(found),
        sealed,
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

impl LookupPage {
    fn place(&self, sealed: &Sealed) -> String {
        let values = [
            ("place", Value::Count(sealed.place)),
            ("size", Value::Count(sealed.size)),
        ];
        self.view.say_with("receipt-place", values)
    }
}

async fn look_up(intake: &Intake, receipt: &Receipt) -> Result<&'static str, Fault> {
    Ok(match intake.find_receipt(receipt).await? {
        ReceiptStatus::Counted => "counted",
        ReceiptStatus::NotCounted => "not-counted",
        ReceiptStatus::Replaced => "replaced",
        ReceiptStatus::Unknown => "unknown",
    })
}

async fn prove(
    intake: &Intake,
    receipt: &Receipt,
) -> Result<(&'static str, Option<Box<Sealed>>), Fault> {
    Ok(match intake.prove_receipt(receipt).await? {
        Proof::Sealed(sealed) => ("sealed", Some(sealed)),
        Proof::NotSealed => ("not-sealed", None),
        Proof::Unknown => ("unknown", None),
    })
}
