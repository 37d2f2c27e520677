//! Rounds and their rosters.
//!
//! [`Round`] and [`RoundSubject`] are put together from parts, so that a slice (scores, decisions, …) adds its fields
//! with a part of its own: one line in the struct, one in its `from`.

mod duty;
mod fields;
mod mutation;
mod query;
mod subject;
mod version;

use async_graphql::{Context, ID, MergedObject};

pub use fields::RoundKey;
pub use mutation::RoundMutation;
pub use query::RoundQuery;
pub use subject::RoundSubjectFields;

use crate::graphql::closeout::RoundResults;
use crate::graphql::inspection::{Entry, RoundSubjectEvidence};
use crate::graphql::survey::RoundSurveys;
use fields::RoundFields;

/// A round (考评轮次) of evaluation under one version of a scheme.
#[derive(Debug, Clone, MergedObject)]
pub struct Round(RoundFields, RoundSurveys, RoundResults);

impl From<service::round::Round> for Round {
    fn from(round: service::round::Round) -> Self {
        let id = round.id;
        Self(RoundFields(round), RoundSurveys(id), RoundResults(id))
    }
}

impl Round {
    /// For the interface of everything that has a global id.
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    pub(crate) async fn id(&self, _: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(self.0.0.id.to_string().into())
    }
}

/// A subject on the roster of a round, as it was when the round opened.
#[derive(Debug, Clone, MergedObject)]
pub struct RoundSubject(RoundSubjectFields, RoundSubjectEvidence);

impl From<service::round::RoundSubject> for RoundSubject {
    fn from(entry: service::round::RoundSubject) -> Self {
        let place = Entry {
            round: entry.round,
            subject: entry.subject,
        };
        Self(RoundSubjectFields(entry), RoundSubjectEvidence(place))
    }
}
