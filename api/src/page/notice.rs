//! Pages that say that there is nothing to fill in, and why.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use service::Fault;

use super::view::{Keeping, Manner, View};

/// What a page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    Closed,
    NotYetOpen,
    AlreadyAnswered,
    SentBefore,
    /// What is to be changed was changed before.
    Changed,
    /// The same for a link that never was and for one that is no longer good.
    Unknown,
    /// The same for an account's link that was used, ran out or never was.
    LinkOver,
    /// The same for a preview that ran out, whose survey has opened, or that never was.
    PreviewOver,
    TooOften,
    Unavailable,
    TooLarge,
    Unreadable,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Page {
    view: View,
    notice: Notice,
}

impl Notice {
    pub(super) fn of(fault: &Fault) -> Self {
        match fault {
            Fault::NotFound | Fault::Denied => Self::Unknown,
            Fault::Refused(_) | Fault::Conflict | Fault::Unavailable | Fault::Internal(_) => {
                Self::Unavailable
            }
        }
    }

    pub(super) fn draw(self, view: View) -> Response {
        // Sent forms have no address that leads back to what was sent.
        let view = match self {
            Self::TooLarge | Self::Unreadable | Self::TooOften => view.without_links(),
            _ => view,
        };
        let page = Page { view, notice: self };
        view.answer(
            &page,
            Manner {
                status: self.status(),
                keeping: Keeping::Nobody,
            },
        )
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Closed => StatusCode::GONE,
            Self::NotYetOpen | Self::Unknown | Self::LinkOver | Self::PreviewOver => {
                StatusCode::NOT_FOUND
            }
            Self::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Self::AlreadyAnswered | Self::SentBefore | Self::Changed => StatusCode::CONFLICT,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable => StatusCode::BAD_REQUEST,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::NotYetOpen => "not-yet",
            Self::AlreadyAnswered => "answered",
            Self::SentBefore => "sent",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
            Self::LinkOver => "link-over",
            Self::PreviewOver => "preview-over",
            Self::TooOften => "too-often",
            Self::Unavailable => "unavailable",
            Self::TooLarge => "too-large",
            Self::Unreadable => "unreadable",
        }
    }

    fn title_id(self) -> String {
        format!("{}-title", self.name())
    }

    fn text_id(self) -> String {
        format!("{}-text", self.name())
    }

    fn leads_to_receipts(self) -> bool {
        matches!(
            self,
            Self::Closed | Self::AlreadyAnswered | Self::SentBefore | Self::Changed
        )
    }
}
