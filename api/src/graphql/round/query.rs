//! Reading rounds.

use async_graphql::{Context, Object};
use domain::id;
use service::round::DutyListKey;

use super::duty::DutyList;
use super::fields::RoundKey;
use super::subject::RoundSubjectKey;
use super::{Round, RoundSubject};
use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::load;

/// The part of the query root about rounds.
#[derive(Debug, Default)]
pub struct RoundQuery;

#[Object]
impl RoundQuery {
    /// Rounds that whoever asks may read, in the order of their codes: published ones for everybody, the others for
    /// staff within their roles.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn rounds(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<Round>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let part = service(context)?
            .list_rounds(actor, window.page("round")?)
            .await?;
        Ok(Connection::new("round", &window, part, |round| {
            round.content.code.clone()
        }))
    }

    /// One round; null if there is none of that id or it may not be read.
    async fn round(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which round.")] id: Key<id::Round>,
    ) -> Option<Result<Round, GraphqlFault>> {
        load(context, RoundKey(id.0)).await.transpose()
    }

    /// Lists of tasks that subjects have of their own for a round, as far as whoever asks may read what is reported about
    /// them; also while the round is a draft.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn duty_lists(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Of which round.")] round_id: Key<id::Round>,
        #[graphql(desc = "Of this subject alone.")] subject_id: Option<Key<id::Subject>>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<DutyList>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let whose = (round_id.0, subject_id.map(|key| key.0));
        let part = service(context)?
            .list_duty_lists(actor, whose, window.page("dutyList")?)
            .await?;
        Ok(Connection::new("dutyList", &window, part, |one| {
            DutyListKey::of(&one.list)
        }))
    }

    /// One subject on the roster of a round; null if it is not there or may not be read.
    async fn round_subject(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which round.")] round_id: Key<id::Round>,
        #[graphql(desc = "Which subject.")] subject_id: Key<id::Subject>,
    ) -> Option<Result<RoundSubject, GraphqlFault>> {
        let key = RoundSubjectKey {
            round: round_id.0,
            subject: subject_id.0,
        };
        load(context, key).await.transpose()
    }
}
