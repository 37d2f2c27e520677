//! The closed rounds that a round is composed of.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use domain::id;
use service::composition::{self, NamedComposition};

use super::mutation::{Rows, RowsChangePayload};
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;
use crate::graphql::scalar::Instant;

/// A closed round whose results a round is composed of, in one revision.
#[derive(Debug, Clone, SimpleObject)]
pub struct Composition {
    /// The closed round.
    closed_round_id: Key<id::Round>,
    /// Its code.
    code: String,
    /// Number of the revision whose results are used.
    revision: u32,
    /// Number of its latest revision.
    latest_revision: u32,
    /// Whether the revision that is used is the latest. If not, nothing is recomputed by itself: look at it, and name
    /// the new one while the round is open.
    is_latest: bool,
    /// The account that named it; null where that was done from the command line.
    by_id: Option<Key<id::Staff>>,
    /// When.
    named_at: Instant,
}

impl From<NamedComposition> for Composition {
    fn from(named: NamedComposition) -> Self {
        let composition = named.composition;
        Self {
            closed_round_id: composition.closed.into(),
            code: named.code,
            revision: composition.revision,
            latest_revision: named.latest,
            is_latest: composition.revision == named.latest,
            by_id: named.by.map(Key::from),
            named_at: named.named_at.into(),
        }
    }
}

/// A revision of a closed round to be used.
#[derive(Debug, InputObject)]
pub struct CompositionInput {
    /// The round that is composed.
    round_id: Key<id::Round>,
    /// The closed round.
    closed_round_id: Key<id::Round>,
    /// Number of its revision, from 1.
    revision: u32,
}

payload! {
    /// What came of naming a revision of a closed round.
    CompositionAddPayload {
        /// The closed round in its revision.
        composition: Composition
    }
}

/// The part of the mutation root about closed rounds that a round is composed of.
#[derive(Debug, Default)]
pub struct CompositionMutation;

#[Object]
impl CompositionMutation {
    /// Names a revision of a closed round whose results a round is composed of, in place of another revision of it.
    async fn composition_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which revision, for which round.")] input: CompositionInput,
    ) -> Result<CompositionAddPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let draft = composition::Composition {
            round: input.round_id.0,
            closed: input.closed_round_id.0,
            revision: input.revision,
        };
        CompositionAddPayload::of(service(context)?.add_composition(actor, draft).await)
    }

    /// Takes back that a round is composed of a closed round.
    async fn composition_remove(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round that is composed.")] round_id: Key<id::Round>,
        #[graphql(desc = "The closed round.")] closed_round_id: Key<id::Round>,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?
            .remove_composition(actor, round_id.0, closed_round_id.0)
            .await;
        RowsChangePayload::of(done.map(|()| Rows::ONE))
    }
}
