//! Empty forms of open links, drawn once and cut in two where the key goes: between two citizens nothing else differs.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use chrono::NaiveDateTime;
use http::StatusCode;
use service::intake::FormKey;

use super::notice::Notice;
use super::view::{Keeping, Manner, View};

/// What stands before the key. No text of a scheme can hold it, for a quotation mark is written otherwise in a page.
const BEFORE_KEY: &str = "name=\"key\" value=\"";

/// Beyond it all are drawn anew; some 10 KB each, of a ballot of thirty some 100 KB.
const MOST_SKELETONS: usize = 2_000;

/// The code of a link, how the form is shown, and the end of the survey that it names, which may be moved.
type Place = (String, View, Option<NaiveDateTime>);

/// The forms that were drawn.
#[derive(Debug, Default)]
pub(super) struct Skeletons(RwLock<HashMap<Place, Arc<Skeleton>>>);

#[derive(Debug)]
struct Skeleton {
    before: Bytes,
    after: Bytes,
}

impl Skeletons {
    /// An empty form with this key. `write` draws it; a form behind an open link, which comes with the end of its
    /// survey, is drawn once and kept.
    pub(super) fn draw(
        &self,
        view: View,
        link: Option<(&str, Option<NaiveDateTime>)>,
        key: &FormKey,
        write: impl FnOnce(String) -> Result<String, askama::Error>,
    ) -> Response {
        let manner = Manner {
            status: StatusCode::OK,
            keeping: Keeping::Browser,
        };
        let write = |key| {
            write(key)
                .inspect_err(|error| tracing::error!(%error, "a form could not be drawn"))
                .ok()
        };
        let Some((code, ends_on)) = link else {
            return match write(key.to_string()) {
                Some(page) => view.answer_with(Body::from(page), manner),
                None => Notice::Unavailable.draw(view),
            };
        };
        let place = (code.to_owned(), view, ends_on);
        let known = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&place)
            .cloned();
        let skeleton = match known {
            Some(skeleton) => skeleton,
            None => match write(String::new()).as_deref().and_then(Skeleton::cut) {
                Some(skeleton) => self.keep(place, skeleton),
                None => return Notice::Unavailable.draw(view),
            },
        };
        let key = key.to_string();
        let mut page =
            BytesMut::with_capacity(skeleton.before.len() + key.len() + skeleton.after.len());
        for part in [&skeleton.before[..], key.as_bytes(), &skeleton.after[..]] {
            page.extend_from_slice(part);
        }
        view.answer_with(Body::from(page.freeze()), manner)
    }

    fn keep(&self, place: Place, skeleton: Skeleton) -> Arc<Skeleton> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_SKELETONS {
            known.clear();
        }
        known
            .entry(place)
            .or_insert_with(|| Arc::new(skeleton))
            .clone()
    }
}

impl Skeleton {
    fn cut(page: &str) -> Option<Self> {
        let (before, after) = page.split_at_checked(page.find(BEFORE_KEY)? + BEFORE_KEY.len())?;
        Some(Self {
            before: Bytes::copy_from_slice(before.as_bytes()),
            after: Bytes::copy_from_slice(after.as_bytes()),
        })
    }
}
