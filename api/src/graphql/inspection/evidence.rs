//! What was put in about a subject of a round.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Object, SimpleObject};
use service::inspection;

use super::investigation::{Investigation, InvestigationsKey};
use super::score::{Entry, Score, ScoresKey, by_round};
use crate::graphql::closeout::{Decision, DecisionKey};
use crate::graphql::error::GraphqlFault;
use crate::graphql::loader::{Batch, load};
use crate::graphql::scalar::Rational;

/// Tasks of a list that are done.
#[derive(Debug, Clone, SimpleObject)]
pub struct Checklist {
    /// Code of the item.
    item: String,
    /// Code of the part, where the item has parts.
    part: Option<String>,
    /// How many are done.
    done: u32,
    /// Of how many.
    tasks: u32,
    /// Numbers, from 1, of those that are not done, as far as they were named.
    undone: Vec<u32>,
}

/// A value of a measure.
#[derive(Debug, Clone, SimpleObject)]
pub struct Measure {
    /// Code of the measure.
    measure: String,
    /// `round`, `last_year`, or a stretch such as `2026-Q1`.
    period: String,
    /// The value.
    value: Rational,
}

/// The part of a roster's entry about what was put in and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct RoundSubjectEvidence(pub Entry);

#[Object]
impl RoundSubjectEvidence {
    /// Points that inspectors awarded, by item.
    async fn scores(&self, context: &Context<'_>) -> Result<Vec<Score>, GraphqlFault> {
        Ok(load(context, ScoresKey(self.0)).await?.unwrap_or_default())
    }

    /// Tasks done, by item.
    async fn checklists(&self, context: &Context<'_>) -> Result<Vec<Checklist>, GraphqlFault> {
        let evidence = load(context, EvidenceKey(self.0))
            .await?
            .unwrap_or_default();
        let shown = |one: inspection::Checklist| Checklist {
            item: one.item,
            part: one.part,
            done: one.done,
            tasks: one.tasks,
            undone: one.undone,
        };
        Ok(evidence.checklists.into_iter().map(shown).collect())
    }

    /// Values of measures.
    async fn measures(&self, context: &Context<'_>) -> Result<Vec<Measure>, GraphqlFault> {
        let evidence = load(context, EvidenceKey(self.0))
            .await?
            .unwrap_or_default();
        let shown = |one: inspection::Measure| Measure {
            measure: one.measure,
            period: one.period,
            value: one.value.into(),
        };
        Ok(evidence.measures.into_iter().map(shown).collect())
    }

    /// Kinds of fact of which it is confirmed that there was none (零报告).
    async fn nil_reports(&self, context: &Context<'_>) -> Result<Vec<String>, GraphqlFault> {
        let evidence = load(context, EvidenceKey(self.0))
            .await?
            .unwrap_or_default();
        Ok(evidence
            .nil_reports
            .into_iter()
            .map(|one| one.kind)
            .collect())
    }

    /// The grade that was recorded as proposed.
    async fn proposed_grade(&self, context: &Context<'_>) -> Option<Result<String, GraphqlFault>> {
        let evidence = load(context, EvidenceKey(self.0)).await.transpose()?;
        let grade = evidence.map(|evidence| evidence.proposed.map(|one| one.grade));
        grade.transpose()
    }

    /// Special investigations, by rule.
    async fn investigations(
        &self,
        context: &Context<'_>,
    ) -> Result<Vec<Investigation>, GraphqlFault> {
        Ok(load(context, InvestigationsKey(self.0))
            .await?
            .unwrap_or_default())
    }

    /// What was decided, in the revision of the round that stands or in an earlier one; null while the round is open.
    async fn decision(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Number of an earlier revision.")] revision: Option<u32>,
    ) -> Option<Result<Decision, GraphqlFault>> {
        let entry = self.0;
        load(context, DecisionKey { entry, revision })
            .await
            .transpose()
    }
}

/// Loads what was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EvidenceKey(pub Entry);

impl Loader<EvidenceKey> for Batch {
    type Value = inspection::Evidence;
    type Error = GraphqlFault;

    async fn load(
        &self,
        keys: &[EvidenceKey],
    ) -> Result<HashMap<EvidenceKey, inspection::Evidence>, GraphqlFault> {
        let mut all = HashMap::new();
        for (round, subjects) in by_round(keys.iter().map(|key| &key.0)) {
            let found = self
                .service
                .list_evidence(&self.actor, round, &subjects)
                .await?;
            for (subject, evidence) in found {
                all.insert(EvidenceKey(Entry { round, subject }), evidence);
            }
        }
        Ok(all)
    }
}
