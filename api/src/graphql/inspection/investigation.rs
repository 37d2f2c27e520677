//! Special investigations.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object};
use domain::id;
use domain::scheme::file;
use service::investigation::{self, FindingDraft, InvestigationDraft};

use super::score::{Entry, by_round};
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::{Batch, loader};
use crate::graphql::payload::payload;
use crate::graphql::scalar::Instant;

/// What an investigation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "file::Finding")]
pub enum Finding {
    /// Found true.
    Verified,
    /// Found untrue.
    Unfounded,
}

/// An investigation.
#[derive(Debug, Clone)]
pub struct Investigation(investigation::Investigation);

impl From<investigation::Investigation> for Investigation {
    fn from(investigation: investigation::Investigation) -> Self {
        Self(investigation)
    }
}

/// A special investigation (专项调查) of a subject in a round.
#[Object]
impl Investigation {
    /// Global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Whom it is about.
    async fn subject_id(&self) -> Key<id::Subject> {
        self.0.subject.into()
    }

    /// Code of the rule that it belongs to.
    async fn rule(&self) -> &str {
        &self.0.rule
    }

    /// Whether a person opened it, not the rule.
    async fn by_hand(&self) -> bool {
        self.0.by_hand
    }

    /// What it found; null while it is open.
    async fn finding(&self) -> Option<Finding> {
        self.0.finding.map(Into::into)
    }

    /// When it was opened.
    async fn opened_at(&self) -> Instant {
        self.0.opened_at.into()
    }

    /// When it was decided.
    async fn decided_at(&self) -> Option<Instant> {
        self.0.decided_at.map(Into::into)
    }

    /// Why it was decided so.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
}

/// Loads investigations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InvestigationsKey(pub Entry);

impl Loader<InvestigationsKey> for Batch {
    type Value = Vec<Investigation>;
    type Error = GraphqlFault;

    async fn load(
        &self,
        keys: &[InvestigationsKey],
    ) -> Result<HashMap<InvestigationsKey, Vec<Investigation>>, GraphqlFault> {
        let mut all = HashMap::new();
        for (round, subjects) in by_round(keys.iter().map(|key| &key.0)) {
            let found = self
                .service
                .list_investigations(&self.actor, round, &subjects)
                .await?;
            for (subject, list) in found {
                let key = InvestigationsKey(Entry { round, subject });
                all.insert(key, list.into_iter().map(Investigation).collect());
            }
        }
        Ok(all)
    }
}

loader! {
    /// Loads investigations.
    pub InvestigationKey(id::Investigation) -> Investigation: find_investigations, Investigation
}

/// An investigation to be opened by hand.
#[derive(Debug, InputObject)]
pub struct InvestigationInput {
    /// The round.
    round_id: Key<id::Round>,
    /// Whom it is about.
    subject_id: Key<id::Subject>,
    /// Code of the rule that it belongs to: one that opens investigations.
    rule: String,
    /// Why, though the rule does not fire.
    reason: String,
}

payload! {
    /// What came of opening an investigation or recording its finding.
    InvestigationPayload {
        /// The investigation as it is now.
        investigation: Investigation
    }
}

payload! {
    /// What came of opening the investigations that are due.
    InvestigationsOpenDuePayload {
        /// Those that were opened now.
        investigations: Vec<Investigation>
    }
}

/// The part of the mutation root about investigations.
#[derive(Debug, Default)]
pub struct InvestigationMutation;

#[Object]
impl InvestigationMutation {
    /// Opens an investigation by hand.
    async fn investigation_open(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is to be looked into.")] input: InvestigationInput,
    ) -> Result<InvestigationPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let draft = InvestigationDraft {
            round: input.round_id.0,
            subject: input.subject_id.0,
            rule: input.rule,
            reason: input.reason,
        };
        InvestigationPayload::of(service(context)?.open_investigation(actor, draft).await)
    }

    /// Opens every investigation of a round that a rule now asks for.
    async fn investigations_open_due(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] round_id: Key<id::Round>,
    ) -> Result<InvestigationsOpenDuePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?
            .open_due_investigations(actor, round_id.0)
            .await;
        let shown = done.map(|list| list.into_iter().map(Investigation).collect::<Vec<_>>());
        InvestigationsOpenDuePayload::of(shown)
    }

    /// Records what an investigation found. Once: a finding is not changed, and only a correction takes one back.
    async fn investigation_record_finding(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which investigation.")] id: Key<id::Investigation>,
        #[graphql(desc = "What it found.")] finding: Finding,
        #[graphql(desc = "Why.")] reason: String,
    ) -> Result<InvestigationPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let draft = FindingDraft {
            id: id.0,
            finding: finding.into(),
            reason,
        };
        InvestigationPayload::of(service(context)?.record_finding(actor, draft).await)
    }

    /// Takes a finding back that a correction carries over and that is not to stand: the investigation is open again.
    async fn investigation_withdraw_finding(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which investigation.")] id: Key<id::Investigation>,
        #[graphql(desc = "Why.")] reason: String,
    ) -> Result<InvestigationPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?.withdraw_finding(actor, id.0, &reason);
        InvestigationPayload::of(done.await)
    }
}
