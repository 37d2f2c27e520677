//! A subject as it was when a round opened.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Object};
use domain::id::{Id, Round as RoundId, Subject as SubjectId};
use service::round;

use super::fields::RoundKey;
use super::{Round, RoundSubject};
use crate::graphql::error::GraphqlFault;
use crate::graphql::loader::{Batch, load_referred};
use crate::graphql::region::{Region, RegionKey};
use crate::graphql::scalar::Date;
use crate::graphql::subject::SubjectKind;

/// The part of a roster's entry that stands in its row.
#[derive(Debug, Clone)]
pub struct RoundSubjectFields(pub round::RoundSubject);

#[Object]
impl RoundSubjectFields {
    /// The round.
    async fn round(&self, context: &Context<'_>) -> Result<Round, GraphqlFault> {
        load_referred(context, RoundKey(self.0.round)).await
    }

    /// Global id of the subject, the same in every round.
    async fn subject_id(&self) -> ID {
        self.0.subject.to_string().into()
    }

    /// Code of the subject.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What it is.
    async fn kind(&self) -> SubjectKind {
        self.0.kind.into()
    }

    /// Category at the time of opening.
    async fn category(&self) -> &str {
        &self.0.category
    }

    /// Region at the time of opening.
    async fn region(&self, context: &Context<'_>) -> Result<Region, GraphqlFault> {
        load_referred(context, RegionKey(self.0.region)).await
    }

    /// Name in Chinese at the time of opening.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Name in English at the time of opening.
    async fn name_en(&self) -> &str {
        &self.0.name_en
    }

    /// When it joined by a recorded step; null when it was there from the start.
    async fn joined_on(&self) -> Option<Date> {
        self.0.joined_on.map(Date)
    }

    /// When it left by a recorded step or was merged into another; null when it is there to the end.
    async fn left_on(&self) -> Option<Date> {
        self.0.left_on.map(Date)
    }
}

/// Loads entries of rosters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoundSubjectKey {
    /// The round.
    pub round: Id<RoundId>,
    /// The subject.
    pub subject: Id<SubjectId>,
}

impl Loader<RoundSubjectKey> for Batch {
    type Value = RoundSubject;
    type Error = GraphqlFault;

    async fn load(
        &self,
        keys: &[RoundSubjectKey],
    ) -> Result<HashMap<RoundSubjectKey, RoundSubject>, GraphqlFault> {
        let pairs: Vec<_> = keys.iter().map(|key| (key.round, key.subject)).collect();
        let found = self
            .service
            .find_round_subjects(&self.actor, &pairs)
            .await?
            .into_iter();
        Ok(found
            .map(|((round, subject), entry)| (RoundSubjectKey { round, subject }, entry.into()))
            .collect())
    }
}
