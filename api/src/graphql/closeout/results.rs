//! What a round says of its results.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use domain::access;
use domain::id::{self, Id};
use service::closeout;
use service::standing::{self, Wanted};

use super::preflight::Preflight;
use super::ranking::{Cursor, Ranking};
use super::reopening::{OutdatedSource, ReopenProposal, Reopening, RevisionDifference};
use crate::graphql::asker::{Asker, data, service};
use crate::graphql::connection::{Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::inspection::{AdjustProposal, Composition, Waiver};
use crate::graphql::key::Key;
use crate::graphql::scalar::Instant;
use crate::graphql::shelf::{Edition, Origin};
use crate::graphql::staff::Role;

/// A stored close-out of a round. It never changes.
#[derive(Debug, Clone, SimpleObject)]
pub struct Revision {
    /// Its number, from 1.
    number: u32,
    /// The version of the engine that decided.
    engine: String,
    /// SHA-256 of the inputs, in hexadecimal.
    inputs_digest: String,
    /// SHA-256 of the outcome, in hexadecimal.
    outcome_digest: String,
    /// When the round was closed with it.
    closed_at: Instant,
    /// The account that closed it; null where it was the command line.
    closed_by_id: Option<Key<id::Staff>>,
    /// Why it was closed again; present from the second revision on.
    reason: Option<String>,
    /// The roles that one person might hold together when the round was closed, though others keep them apart; null where
    /// none might.
    combined_roles: Option<CombinedRoles>,
}

/// Two roles that the office lets one person hold together.
#[derive(Debug, Clone, SimpleObject)]
pub struct CombinedRoles {
    /// The two.
    roles: Vec<Role>,
    /// Why, in the words of the office.
    reason: String,
}

impl From<access::CombinedRoles> for CombinedRoles {
    fn from(combined: access::CombinedRoles) -> Self {
        Self {
            roles: combined.roles.roles().map(Role::from).to_vec(),
            reason: combined.reason,
        }
    }
}

impl From<closeout::Revision> for Revision {
    fn from(revision: closeout::Revision) -> Self {
        Self {
            number: revision.number,
            engine: revision.engine,
            inputs_digest: revision.inputs_digest,
            outcome_digest: revision.outcome_digest,
            closed_at: revision.closed_at.into(),
            closed_by_id: revision.closed_by.map(Key),
            reason: revision.reason,
            combined_roles: revision.combined_roles.map(CombinedRoles::from),
        }
    }
}

/// A proposal to close a round, where the scheme asks for two people.
#[derive(Debug, Clone, SimpleObject)]
pub struct CloseProposal {
    /// The account that proposed, and that may not close; null where it was the command line.
    by_id: Option<Key<id::Staff>>,
    /// When.
    proposed_at: Instant,
    /// SHA-256 of the inputs as they were, in hexadecimal. The proposal lapses when they change.
    inputs_digest: String,
}

impl From<closeout::CloseProposal> for CloseProposal {
    fn from(proposal: closeout::CloseProposal) -> Self {
        Self {
            by_id: proposal.by.map(Key),
            proposed_at: proposal.at.into(),
            inputs_digest: proposal.inputs_digest,
        }
    }
}

/// The part of a round about its results.
#[derive(Debug, Clone, Copy)]
pub struct RoundResults(pub Id<id::Round>);

impl RoundResults {
    /// Says what the figures are of that were just read, if of anything.
    fn report(
        self,
        context: &Context<'_>,
        figures: Option<standing::Edition>,
        by_number: bool,
    ) -> Result<(), GraphqlFault> {
        let round = self.0;
        data::<Origin>(context)?.report(figures.map(|figures| Edition {
            round,
            figures,
            by_number,
        }));
        Ok(())
    }

    async fn find_revision(
        &self,
        context: &Context<'_>,
        number: Option<u32>,
    ) -> Result<Option<Revision>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let found = service(context)?
            .find_revision(actor, self.0, number)
            .await?;
        let read = found.as_ref().map(|revision| standing::Edition::Revision {
            number: revision.number,
        });
        self.report(context, read, number.is_some())?;
        Ok(found.map(Revision::from))
    }

    async fn find_reopening(
        &self,
        context: &Context<'_>,
    ) -> Result<Option<Reopening>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let found = service(context)?.find_reopening(actor, self.0).await?;
        Ok(found.map(Reopening::from))
    }

    async fn find_reopen_proposal(
        &self,
        context: &Context<'_>,
    ) -> Result<Option<ReopenProposal>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let found = service(context)?
            .find_reopen_proposal(actor, self.0)
            .await?;
        Ok(found.map(ReopenProposal::from))
    }

    async fn compare(
        &self,
        context: &Context<'_>,
        numbers: (u32, u32),
    ) -> Result<RevisionDifference, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let found = service(context)?
            .compare_revisions(actor, self.0, numbers)
            .await?;
        Ok(RevisionDifference(found))
    }

    async fn find_proposal(
        &self,
        context: &Context<'_>,
    ) -> Result<Option<CloseProposal>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let found = service(context)?.find_close_proposal(actor, self.0).await?;
        Ok(found.map(CloseProposal::from))
    }

    async fn try_closing(&self, context: &Context<'_>) -> Result<Preflight, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let preflight = service(context)?.preflight(actor, self.0).await?;
        Ok(Preflight(Arc::new(preflight)))
    }
}

#[Object]
impl RoundResults {
    /// What closing the round now would give; null with an error unless it is open or reopened.
    #[graphql(complexity = "100 + child_complexity")]
    async fn preflight(&self, context: &Context<'_>) -> Option<Result<Preflight, GraphqlFault>> {
        Some(self.try_closing(context).await)
    }

    /// The proposal to close that was made last; null where there is none.
    async fn close_proposal(
        &self,
        context: &Context<'_>,
    ) -> Option<Result<CloseProposal, GraphqlFault>> {
        self.find_proposal(context).await.transpose()
    }

    /// Grades that were proposed, and that another person has not decided on yet.
    async fn adjust_proposals(
        &self,
        context: &Context<'_>,
    ) -> Result<Vec<AdjustProposal>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let found = service(context)?
            .list_adjustment_proposals(actor, self.0)
            .await?;
        Ok(found.into_values().map(AdjustProposal::from).collect())
    }

    /// The close-out that stands, or an earlier one; null while the round is open. Whoever reads what was published is
    /// shown the latest one that was.
    async fn revision(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Number of an earlier one.")] number: Option<u32>,
    ) -> Option<Result<Revision, GraphqlFault>> {
        self.find_revision(context, number).await.transpose()
    }

    /// Every revision that whoever asks may see, the first one first.
    async fn revisions(&self, context: &Context<'_>) -> Result<Vec<Revision>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let found = service(context)?.list_revisions(actor, self.0).await?;
        Ok(found.into_iter().map(Revision::from).collect())
    }

    /// The correction that is under way; null where there is none. The revision that stands goes on standing meanwhile.
    async fn reopening(&self, context: &Context<'_>) -> Option<Result<Reopening, GraphqlFault>> {
        self.find_reopening(context).await.transpose()
    }

    /// The proposal to reopen that was made last; null where there is none.
    async fn reopen_proposal(
        &self,
        context: &Context<'_>,
    ) -> Option<Result<ReopenProposal, GraphqlFault>> {
        self.find_reopen_proposal(context).await.transpose()
    }

    /// What the standing revision rests on, by its history or by closed rounds that it is composed of, though that was
    /// corrected since.
    async fn outdated_sources(
        &self,
        context: &Context<'_>,
    ) -> Result<Vec<OutdatedSource>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let found = service(context)?
            .list_outdated_sources(actor, self.0)
            .await?;
        Ok(found.into_iter().map(OutdatedSource::from).collect())
    }

    /// Rounds whose standing revision rests on one of this round that was corrected since, or is being corrected.
    async fn resting_on(&self, context: &Context<'_>) -> Result<Vec<OutdatedSource>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let found = service(context)?.list_resting_on(actor, self.0).await?;
        Ok(found.into_iter().map(OutdatedSource::from).collect())
    }

    /// In what a later revision differs from an earlier one.
    #[graphql(complexity = "100 + child_complexity")]
    async fn revision_difference(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Number of the earlier one.")] earlier: u32,
        #[graphql(desc = "Number of the later one.")] later: u32,
    ) -> Result<RevisionDifference, GraphqlFault> {
        self.compare(context, (earlier, later)).await
    }

    /// The ranking of a category: interim while the round is open, else of the revision that stands, or of an earlier one.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn ranking(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Code of the category.")] category: String,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of an earlier revision.")] revision: Option<u32>,
    ) -> Result<Ranking, GraphqlFault> {
        let window = Window { first, after };
        let page = window.page::<Cursor>("ranking")?;
        let wanted = Wanted {
            round: self.0,
            category,
            after: page.after.map(|cursor| cursor.0),
            first: page.first,
            revision,
        };
        let actor = &Asker::of(context)?.actor;
        let page = service(context)?.list_ranking(actor, &wanted).await?;
        self.report(context, page.edition, revision.is_some())?;
        Ok(Ranking::new(&window, page))
    }

    /// Closed rounds that it is composed of, each in one revision, by code.
    async fn compositions(&self, context: &Context<'_>) -> Result<Vec<Composition>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let named = service(context)?.list_compositions(actor, self.0).await?;
        Ok(named.into_iter().map(Composition::from).collect())
    }

    /// Gaps that were waived, in the order in which that was done.
    async fn waivers(&self, context: &Context<'_>) -> Result<Vec<Waiver>, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let waivers = service(context)?.list_waivers(actor, self.0).await?;
        Ok(waivers.into_iter().map(Waiver::from).collect())
    }
}
