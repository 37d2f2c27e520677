//! Answers kept to be given again: a round's revision and ranking, which many read and which change seldom.
//!
//! An answer is kept only if the document asks for nothing else, and every figure in it was read from one edition, a
//! revision or the interim figures of one instant, which the resolvers say by [`Origin`]. It is found again under the
//! very same words by readers of the very same rights, and at most a second may pass until it is asked again whether
//! they still see that edition and no later one.
//!
//! Deliberately absent: time until which a client may go by its copy without asking. A correction shows at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use axum::body::Bytes;
use domain::id::{Id, Round};
use http::HeaderValue;
use service::standing;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::guard::document::root_fields;

/// Bytes of answers and of the words they answer that are kept. Beyond it all are forgotten and read again: simpler than an order
/// of use, and two hundred pages of rankings fit.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// How long an answer is given again before somebody asks whether it still stands.
const STANDS_FOR: Duration = Duration::from_secs(1);

/// What rights a reader has: two of the same may be shown the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rights(Arc<str>);

impl Rights {
    /// Those that this text spells out in full.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Whether they are those of everybody.
    fn are_public(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of somebody unknown.
    pub fn public() -> Self {
        Self::new("")
    }
}

/// What figures of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    /// The round.
    pub round: Id<Round>,
    /// Which of them.
    pub figures: standing::Edition,
    /// Whether a revision was asked for by its number, so that a later one takes nothing away from it.
    pub by_number: bool,
}

/// What the figures of an answer are of. Travels in the data of the operation; resolvers of results report to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin(Arc<Mutex<Reported>>);

#[derive(Debug, Default, Clone, Copy)]
enum Reported {
    #[default]
    Nothing,
    One(Edition),
    /// Several, or something that belongs to none.
    Mixed,
}

impl Origin {
    /// Says what figures were read, if any.
    pub(super) fn report(&self, edition: Option<Edition>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = match (*known, edition) {
            (Reported::Nothing, Some(edition)) => Reported::One(edition),
            (Reported::One(one), Some(edition)) if one == edition => Reported::One(one),
            _ => Reported::Mixed,
        };
    }

    /// The one edition that all of them are of.
    pub(super) fn edition(&self) -> Option<Edition> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Reported::One(edition) => Some(edition),
            Reported::Nothing | Reported::Mixed => None,
        }
    }
}

/// Whether an operation asks for nothing that could change while the edition stands. Call it on a document that passed
/// the guard: a fragment that contains itself would never end.
pub(super) fn asks_for_what_stays(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> bool {
    /// What may be asked for at this place, by name.
    #[derive(Clone, Copy)]
    enum Place {
        Root,
        Round,
        Result,
    }
    fn stays(document: &ExecutableDocument, set: &SelectionSet, place: Place) -> bool {
        set.items.iter().all(|selection| match &selection.node {
            Selection::Field(field) => {
                let below = match (place, field.node.name.node.as_str()) {
                    (Place::Root, "round") => Place::Round,
                    (Place::Round, "revision" | "ranking") => Place::Result,
                    (Place::Round, "id" | "code" | "__typename") => return true,
                    // A subject may be given another code; its name is that of the roster.
                    (Place::Root | Place::Round, _) | (Place::Result, "code") => return false,
                    (Place::Result, _) => Place::Result,
                };
                stays(document, &field.node.selection_set.node, below)
            }
            Selection::InlineFragment(fragment) => {
                stays(document, &fragment.node.selection_set.node, place)
            }
            Selection::FragmentSpread(spread) => document
                .fragments
                .get(&spread.node.fragment_name.node)
                .is_some_and(|fragment| stays(document, &fragment.node.selection_set.node, place)),
        })
    }
    // Of several rounds one might be hidden now and be published later.
    root_fields(document, operation).len() == 1
        && stays(document, &operation.selection_set.node, Place::Root)
}

/// An answer of one edition.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) json: Bytes,
    /// Weak: the same under either media type, packed or not.
    pub(super) tag: HeaderValue,
    /// Whether everybody may be shown it.
    pub(super) is_public: bool,
    pub(super) edition: Edition,
    /// Milliseconds after [`Shelf::begun`] until which it may be given without asking.
    good_until: AtomicU64,
}

/// The answers that are kept.
#[derive(Debug)]
pub(super) struct Shelf {
    begun: Instant,
    answers: Mutex<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    by_rights: HashMap<Rights, HashMap<String, Arc<Kept>>>,
    bytes: usize,
}

impl Shelf {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            answers: Mutex::default(),
        }
    }

    /// The answer to these words for readers of these rights.
    pub(super) fn find(&self, rights: &Rights, words: &str) -> Option<Arc<Kept>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.by_rights.get(rights)?.get(words).cloned()
    }

    /// Whether an answer may be given without asking.
    pub(super) fn is_fresh(&self, kept: &Kept) -> bool {
        self.elapsed() < kept.good_until.load(Ordering::Relaxed)
    }

    /// Notes that an answer was found to stand.
    pub(super) fn confirm(&self, kept: &Kept) {
        kept.good_until.store(self.next_look(), Ordering::Relaxed);
    }

    /// Forgets an answer that no longer stands.
    pub(super) fn forget(&self, rights: &Rights, words: &str) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = answers
            .by_rights
            .get_mut(rights)
            .and_then(|by_words| by_words.remove(words));
        if let Some(gone) = gone {
            answers.bytes = answers.bytes.saturating_sub(gone.json.len() + words.len());
        }
    }

    /// Keeps an answer, unless it is so large that it would drive out all others.
    pub(super) fn keep(
        &self,
        rights: &Rights,
        words: &str,
        edition: Edition,
        json: Bytes,
    ) -> Option<Arc<Kept>> {
        let size = json.len() + words.len();
        if size > MOST_BYTES / 8 {
            return None;
        }
        let digest = hex::encode(Sha256::digest(&json));
        let kept = Arc::new(Kept {
            tag: HeaderValue::from_str(&format!("W/\"{}\"", digest.get(..32)?)).ok()?,
            json,
            is_public: rights.are_public(),
            edition,
            good_until: AtomicU64::new(self.next_look()),
        });
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.bytes + size > MOST_BYTES {
            *answers = Answers::default();
        }
        let before = answers
            .by_rights
            .entry(rights.clone())
            .or_default()
            .insert(words.to_owned(), kept.clone());
        match before {
            Some(before) => answers.bytes = answers.bytes + kept.json.len() - before.json.len(),
            None => answers.bytes += size,
        }
        Some(kept)
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn next_look(&self) -> u64 {
        let stands_for = u64::try_from(STANDS_FOR.as_millis()).unwrap_or(0);
        self.elapsed().saturating_add(stands_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays(query: &str) -> bool {
        let document = async_graphql::parser::parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        asks_for_what_stays(&document, &operation.node)
    }

    #[test]
    fn only_results_of_a_round_stay() {
        let ranking = "ranking(category: \"organ\", first: 50) { source { revision } places { nodes { name total } } }";
        assert!(stays(&format!(
            "{{ round(id: \"x\") {{ id code revision {{ number }} {ranking} }} }}"
        )));
        assert!(stays(&format!(
            "query Q {{ r: round(id: \"x\") {{ ...R }} }} fragment R on Round {{ ... on Round {{ {ranking} }} }}"
        )));
        for changing in [
            "{ viewer { login } }",
            "{ round(id: \"x\") { publicity } }",
            "{ round(id: \"x\") { ranking(category: \"organ\", first: 1) { places { nodes { code } } } } }",
            "{ round(id: \"x\") { ...R } rounds(first: 1) { nodes { code } } } fragment R on Round { code }",
            "{ round(id: \"x\") { ...R } } fragment R on Round { name }",
            "{ round(id: \"x\") { ...Missing } }",
            "{ a: round(id: \"x\") { revision { number } } b: round(id: \"y\") { id } }",
            "{ __schema { types { name } } }",
        ] {
            assert!(!stays(changing), "{changing}");
        }
    }

    #[test]
    fn an_answer_has_one_origin_or_none() {
        let one = Edition {
            round: Id::new(1),
            figures: standing::Edition::Revision { number: 1 },
            by_number: false,
        };
        let origin = Origin::default();
        assert_eq!(origin.edition(), None);
        origin.report(Some(one));
        origin.report(Some(one));
        assert_eq!(origin.edition(), Some(one));
        let live = standing::Edition::Live {
            computed_at: 1,
            inputs_changed_at: 1,
        };
        let other = Edition {
            figures: live,
            ..one
        };
        for other in [None, Some(other)] {
            let origin = Origin::default();
            origin.report(Some(one));
            origin.report(other);
            origin.report(Some(one));
            assert_eq!(origin.edition(), None);
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_found_by_the_same_rights_alone() {
        let shelf = Shelf::new();
        let edition = Edition {
            round: Id::new(1),
            figures: standing::Edition::Revision { number: 1 },
            by_number: false,
        };
        let half = Bytes::from(vec![b' '; MOST_BYTES / 16]);
        for number in 0..100 {
            let query = format!("query={number}");
            let kept = shelf.keep(&Rights::public(), &query, edition, half.clone());
            assert!(kept.is_some_and(|kept| kept.is_public));
        }
        let answers = shelf.answers.lock().unwrap();
        let held: usize = (answers.by_rights.values())
            .flat_map(|by_words| by_words.values())
            .map(|kept| kept.json.len())
            .sum();
        assert!(held <= MOST_BYTES && held <= answers.bytes && answers.bytes <= MOST_BYTES);
        drop(answers);
        assert!(shelf.find(&Rights::public(), "query=99").is_some());
        assert!(shelf.find(&Rights::new("auditor"), "query=99").is_none());
        shelf.forget(&Rights::public(), "query=99");
        assert!(shelf.find(&Rights::public(), "query=99").is_none());
        let huge = Bytes::from(vec![b' '; MOST_BYTES / 4]);
        assert!(
            shelf
                .keep(&Rights::public(), "query=0", edition, huge)
                .is_none()
        );
    }
}
