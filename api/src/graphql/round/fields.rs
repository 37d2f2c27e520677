//! What a round says of itself.

use async_graphql::{Context, Enum, ID, Object};
use domain::id::{self, Id};
use service::round::{self, RosterFilter};

use super::version::VersionProposal;
use super::{Round, RoundSubject};
use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::loader::{load_referred, loader};
use crate::graphql::scalar::{Date, Instant};
use crate::graphql::scheme::{SchemeVersion, SchemeVersionKey};

/// How far a round has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "round::RoundState")]
pub enum RoundState {
    /// It is being set up.
    Draft,
    /// Answers and scores come in.
    Open,
    /// It was decided. It stays so while it is reopened for a correction, as `reopening` then says.
    Closed,
}

/// Who may read the results of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "round::Publicity")]
pub enum Publicity {
    /// Staff alone.
    Internal,
    /// Everybody.
    Published,
}

/// The part of a round that stands in its row.
#[derive(Debug, Clone)]
pub struct RoundFields(pub round::Round);

#[Object]
impl RoundFields {
    /// Global id.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Code, unique among rounds.
    async fn code(&self) -> &str {
        &self.0.content.code
    }

    /// The series of rounds that it continues; earlier grades are looked up in it.
    async fn series(&self) -> &str {
        &self.0.content.series
    }

    /// Name in Chinese.
    async fn name(&self) -> &str {
        &self.0.content.name
    }

    /// Name in English.
    async fn name_en(&self) -> &str {
        &self.0.content.name_en
    }

    /// First day of the period.
    async fn period_from(&self) -> Date {
        self.0.content.period_from.into()
    }

    /// Last day of the period.
    async fn period_to(&self) -> Date {
        self.0.content.period_to.into()
    }

    /// IANA name of the zone of its days, such as `Asia/Shanghai`.
    async fn time_zone(&self) -> &str {
        &self.0.content.time_zone
    }

    /// How far it has come.
    async fn state(&self) -> RoundState {
        self.0.state.into()
    }

    /// Who may read its results.
    async fn publicity(&self) -> Publicity {
        self.0.publicity.into()
    }

    /// When it was opened; null for a draft.
    async fn opened_at(&self) -> Option<Instant> {
        self.0.opened_at.map(Instant)
    }

    /// When it was closed for the first time; null until then. Each revision says when it was closed with it.
    async fn closed_at(&self) -> Option<Instant> {
        self.0.closed_at.map(Instant)
    }

    /// Counts the changes; give it back with a change.
    async fn row_version(&self) -> String {
        self.0.row_version.to_string()
    }

    /// The version of the scheme that decides.
    async fn scheme_version(&self, context: &Context<'_>) -> Result<SchemeVersion, GraphqlFault> {
        load_referred(context, SchemeVersionKey(self.0.content.scheme_version)).await
    }

    /// The proposal to move the open round to another version of its scheme; null where there is none.
    async fn version_proposal(
        &self,
        context: &Context<'_>,
    ) -> Option<Result<VersionProposal, GraphqlFault>> {
        find_proposal(context, self.0.id).await.transpose()
    }

    /// The roster that was frozen when the round opened, as far as whoever asks may read it, in the order of the
    /// subjects' codes.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn subjects(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those of this category.")] category: Option<String>,
    ) -> Result<Connection<RoundSubject>, GraphqlFault> {
        let window = Window { first, after };
        let filter = RosterFilter { category };
        let actor = &Asker::of(context)?.actor;
        let page = window.page("round_subject")?;
        let part = service(context)?
            .list_round_subjects(actor, self.0.id, &filter, page)
            .await?;
        Ok(Connection::new("round_subject", &window, part, |entry| {
            entry.code.clone()
        }))
    }
}

async fn find_proposal(
    context: &Context<'_>,
    round: Id<id::Round>,
) -> Result<Option<VersionProposal>, GraphqlFault> {
    let actor = &Asker::of(context)?.actor;
    let found = service(context)?
        .find_version_proposal(actor, round)
        .await?;
    Ok(found.map(VersionProposal::from))
}

loader! {
    /// Loads rounds.
    pub RoundKey(id::Round) -> Round: find_rounds, Round::from
}
