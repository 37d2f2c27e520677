//! Moving an open round to another version of its scheme.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use domain::id;
use domain::scheme::diff::LostBecause;
use service::round::{self, RoundAt, VersionMove};

use super::Round;
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;
use crate::graphql::scalar::Instant;
use crate::graphql::staff::parse_row_version;

/// Why a score becomes missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "LostBecause")]
pub enum LostScoreReason {
    /// There is no such item or part any more.
    Gone,
    /// It is worth more or less at most.
    Maximum,
    /// It is awarded in another way or in other steps.
    Way,
    /// It is no longer for every category that it was for.
    Categories,
}

/// Scores of one item, or of a part of one, that become missing.
#[derive(Debug, Clone, SimpleObject)]
pub struct LostScores {
    /// The item, or `item/part`.
    item: String,
    /// Why.
    reason: LostScoreReason,
    /// How many scores there are.
    count: usize,
}

impl From<round::LostScores> for LostScores {
    fn from(lost: round::LostScores) -> Self {
        Self {
            item: lost.item,
            reason: lost.why.into(),
            count: usize::try_from(lost.rows).unwrap_or(usize::MAX),
        }
    }
}

/// A proposal to move an open round to another version of its scheme.
#[derive(Debug, Clone, SimpleObject)]
pub struct VersionProposal {
    /// The version.
    scheme_version_id: Key<id::SchemeVersion>,
    /// Why.
    reason: String,
    /// The account that proposed, and that may not move the round; null where it was the command line.
    by_id: Option<Key<id::Staff>>,
    /// When.
    proposed_at: Instant,
}

impl From<round::VersionProposal> for VersionProposal {
    fn from(proposal: round::VersionProposal) -> Self {
        Self {
            scheme_version_id: proposal.version.into(),
            reason: proposal.reason,
            by_id: proposal.by.map(Key),
            proposed_at: proposal.at.into(),
        }
    }
}

/// To which version a round is to move, and why.
#[derive(Debug, InputObject)]
pub struct RoundMoveVersionInput {
    /// The round, which is open.
    round_id: Key<id::Round>,
    /// `rowVersion` of the round as it was read.
    row_version: String,
    /// Another version of its scheme, whose surveys ask the same.
    scheme_version_id: Key<id::SchemeVersion>,
    /// Why; stays in the log.
    reason: String,
}

impl RoundMoveVersionInput {
    fn wanted(self) -> Result<VersionMove, GraphqlFault> {
        Ok(VersionMove {
            at: RoundAt {
                id: self.round_id.0,
                row_version: parse_row_version(&self.row_version)?,
            },
            version: self.scheme_version_id.0,
            reason: self.reason,
        })
    }
}

/// A version that was proposed, with what moving would cost.
#[derive(Debug, SimpleObject)]
pub struct ProposedVersion {
    /// The proposal.
    proposal: VersionProposal,
    /// Scores that would become missing, by item.
    lost_scores: Vec<LostScores>,
}

/// A round that has moved.
#[derive(Debug, SimpleObject)]
pub struct MovedRound {
    /// The round.
    round: Round,
    /// Scores that became missing, by item.
    lost_scores: Vec<LostScores>,
}

payload! {
    /// What came of proposing a version.
    RoundProposeVersionPayload {
        /// The proposal.
        proposed: ProposedVersion
    }
}

payload! {
    /// What came of moving a round.
    RoundMoveVersionPayload {
        /// The round.
        moved: MovedRound
    }
}

/// The part of the mutation root about versions of open rounds.
#[derive(Debug, Default)]
pub struct VersionMutation;

#[Object]
impl VersionMutation {
    /// Proposes to move an open round to another version of its scheme because of an error, and lists the scores that would
    /// become missing. Another person then moves it. Takes the place of an earlier proposal.
    #[graphql(complexity = "100 + child_complexity")]
    async fn round_propose_version(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which round, to which version, and why.")] input: RoundMoveVersionInput,
    ) -> Result<RoundProposeVersionPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let proposed = service(context)?
            .propose_version(actor, &input.wanted()?)
            .await;
        RoundProposeVersionPayload::of(proposed.map(|(proposal, lost)| ProposedVersion {
            proposal: proposal.into(),
            lost_scores: lost.into_iter().map(LostScores::from).collect(),
        }))
    }

    /// Moves an open round to the version that another person proposed, for the same reason. Scores whose item or maximum
    /// is another are removed. Refused with every row that contradicts the new version, or if its surveys ask anything else.
    #[graphql(complexity = "100 + child_complexity")]
    async fn round_move_version(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which round, to which version, and why.")] input: RoundMoveVersionInput,
    ) -> Result<RoundMoveVersionPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let moved = service(context)?
            .move_version(actor, &input.wanted()?)
            .await;
        RoundMoveVersionPayload::of(moved.map(|moved| MovedRound {
            round: moved.round.into(),
            lost_scores: moved.lost.into_iter().map(LostScores::from).collect(),
        }))
    }
}
