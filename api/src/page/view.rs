//! What every page knows: its language, the size of its print, and how it becomes an answer.

use askama::Template;
use axum::body::Body;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::asset;
use super::language::{Language, Value};

/// What a link says about how its page is shown. Values that are not known are passed over.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(super) struct Preferences {
    lang: Option<String>,
    print: Option<String>,
}

/// How a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct View {
    pub language: Language,
    /// Large print from the start.
    pub large: bool,
    /// Whether links that draw the page anew are shown: not where that would lose what is on it.
    pub offers_links: bool,
}

impl View {
    pub(super) fn new(
        query: Result<Query<Preferences>, QueryRejection>,
        headers: &HeaderMap,
    ) -> Self {
        let preferences = query
            .map(|Query(preferences)| preferences)
            .unwrap_or_default();
        Self {
            language: Language::choose(preferences.lang.as_deref(), headers),
            large: preferences.print.as_deref() == Some("large"),
            offers_links: true,
        }
    }

    /// For a page whose address does not lead back to it.
    pub(super) fn without_links(self) -> Self {
        Self {
            offers_links: false,
            ..self
        }
    }

    pub(super) fn say(self, name: &str) -> String {
        self.language.say(name)
    }

    /// Words whose name is put together: `receipt-counted-title`.
    pub(super) fn say_of(self, what: &str, which: &str, part: &str) -> String {
        self.language.say(&format!("{what}-{which}-{part}"))
    }

    pub(super) fn say_with<const N: usize>(
        self,
        name: &str,
        values: [(&'static str, Value<'_>); N],
    ) -> String {
        self.language.say_with(name, values)
    }

    pub(super) fn tag(self) -> &'static str {
        self.language.tag()
    }

    pub(super) fn other_tag(self) -> &'static str {
        self.language.other().tag()
    }

    /// A path of ours, shown the same way.
    pub(super) fn to(self, path: &str) -> String {
        format!("{path}{}", query(self.language, self.large))
    }

    pub(super) fn with_other_language(self) -> String {
        query(self.language.other(), self.large)
    }

    pub(super) fn with_other_print(self) -> String {
        query(self.language, !self.large)
    }

    #[expect(
        clippy::unused_self,
        reason = "a template reaches nothing but its fields"
    )]
    pub(super) fn style(self) -> &'static str {
        asset::style()
    }

    #[expect(
        clippy::unused_self,
        reason = "a template reaches nothing but its fields"
    )]
    pub(super) fn script(self) -> &'static str {
        asset::script()
    }

    /// A page as an answer.
    pub(super) fn answer(self, template: &impl Template, manner: Manner) -> Response {
        match template.render() {
            Ok(page) => self.answer_with(Body::from(page), manner),
            Err(error) => {
                tracing::error!(%error, "a page could not be drawn");
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        }
    }

    /// A page that is drawn already.
    pub(super) fn answer_with(self, body: Body, manner: Manner) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = manner.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(self.tag()),
        );
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        let keeping = match manner.keeping {
            Keeping::Browser => "private, no-cache",
            Keeping::Nobody => "no-store",
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping));
        if manner.status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = service::intake::RETRY_AFTER.as_secs();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Status of a page, and who may keep it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub status: StatusCode,
    pub keeping: Keeping,
}

/// Who may keep a page.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keeping {
    /// The browser that asked, so that going back finds a form as it was left.
    Browser,
    /// Nobody: the page shows a receipt, or what holds only now.
    Nobody,
}

fn query(language: Language, large: bool) -> String {
    format!(
        "?lang={}{}",
        language.tag(),
        if large { "&print=large" } else { "" }
    )
}
