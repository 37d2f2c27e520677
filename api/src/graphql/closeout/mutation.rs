//! Closing and publishing.

use async_graphql::{Context, MergedObject, Object, SimpleObject};
use domain::id;
use service::closeout::Closing;

use super::reopening::ReopeningMutation;
use super::results::{CloseProposal, Revision};
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;

/// A close-out that stands.
#[derive(Debug, Clone, SimpleObject)]
pub struct Closed {
    /// The result. The same for everybody who asked.
    revision: Revision,
    /// Whether this request closed the round, rather than another one before it.
    by_this_request: bool,
}

impl From<Closing> for Closed {
    fn from(closing: Closing) -> Self {
        Self {
            revision: closing.revision.into(),
            by_this_request: closing.by_this_request,
        }
    }
}

/// A round that everybody may read.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Published {
    /// Which.
    round_id: Key<id::Round>,
}

payload! {
    /// What came of closing a round.
    RoundClosePayload {
        /// The close-out that stands.
        closed: Closed
    }
}

payload! {
    /// What came of proposing to close a round.
    RoundProposeClosePayload {
        /// The proposal.
        proposal: CloseProposal
    }
}

payload! {
    /// What came of publishing a round.
    RoundPublishPayload {
        /// The round.
        published: Published
    }
}

/// The part of the mutation root about the end of rounds. Put together here, for each part of the root makes the types of
/// all requests deeper, and the compiler follows them only so far.
#[derive(Debug, Default, MergedObject)]
pub struct CloseoutMutation(ClosingMutation, ReopeningMutation);

/// Closing and publishing.
#[derive(Debug, Default)]
pub struct ClosingMutation;

#[Object]
impl ClosingMutation {
    /// Closes a round, or says with one refusal for each gap why it cannot be closed. Of several requests at once one
    /// closes, and all get the same result; so does a repeat.
    #[graphql(complexity = "100 + child_complexity")]
    async fn round_close(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] id: Key<id::Round>,
    ) -> Result<RoundClosePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        RoundClosePayload::of(service(context)?.close_round(actor, id.0).await)
    }

    /// Proposes to close a round, where the scheme asks for two people; another person then closes it. Refused as
    /// closing would be. Takes the place of an earlier proposal.
    #[graphql(complexity = "100 + child_complexity")]
    async fn round_propose_close(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] id: Key<id::Round>,
    ) -> Result<RoundProposeClosePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let proposed = service(context)?.propose_closing(actor, id.0).await;
        RoundProposeClosePayload::of(proposed.map(CloseProposal::from))
    }

    /// Lets everybody read the results of a closed round.
    async fn round_publish(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] id: Key<id::Round>,
    ) -> Result<RoundPublishPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?.publish_round(actor, id.0).await;
        RoundPublishPayload::of(done.map(|()| Published { round_id: id }))
    }
}
