//! Sessions that are open: listing and ending them.

use async_graphql::{Context, ID, Object, SimpleObject};
use domain::id::{self, Id};
use service::page::Part;
use service::session::list::OpenSession as Row;

use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::{Refusal, settle};
use crate::graphql::scalar::Instant;

/// A session that is open.
#[derive(Debug, Clone)]
pub struct OpenSession {
    row: Row,
    is_current: bool,
}

/// A session that is open. Neither addresses nor devices are kept.
#[Object]
impl OpenSession {
    /// Its id, for `sessionEnd`.
    async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// When it was opened, to the full hour.
    async fn opened_at(&self) -> Instant {
        self.row.opened_at.into()
    }

    /// When it was last refreshed, to the full hour.
    async fn used_at(&self) -> Instant {
        self.row.used_at.into()
    }

    /// When it ends if it is not refreshed.
    async fn expires_at(&self) -> Instant {
        self.row.expires_at.into()
    }

    /// Whether this is asked through it.
    async fn current(&self) -> bool {
        self.is_current
    }
}

/// What came of ending sessions.
#[derive(Debug, SimpleObject)]
pub struct SessionEndPayload {
    /// How many have ended by this.
    ended: i32,
    /// Why nothing was changed. Empty when it was done.
    refusals: Vec<Refusal>,
}

impl SessionEndPayload {
    fn of(outcome: Result<u64, service::Fault>) -> Result<Self, GraphqlFault> {
        let (ended, refusals) = settle(outcome)?;
        Ok(Self {
            ended: ended.map_or(0, |count| i32::try_from(count).unwrap_or(i32::MAX)),
            refusals,
        })
    }
}

/// The part of the query root about open sessions.
#[derive(Debug, Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The open sessions of the viewer, or of an account for security administrators and auditors, in no order that
    /// means anything.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Whose; one's own where left out.")] staff_id: Option<Key<id::Staff>>,
    ) -> Result<Connection<OpenSession>, GraphqlFault> {
        let window = Window { first, after };
        let asker = Asker::of(context)?;
        let whose: Option<Id<id::Staff>> = staff_id.map(|key| key.0);
        let part = service(context)?
            .list_sessions(&asker.actor, whose, window.page("sessions")?)
            .await?;
        let shown = Part {
            has_more: part.has_more,
            rows: part
                .rows
                .into_iter()
                .map(|row| OpenSession {
                    is_current: asker.session == Some(row.id),
                    row,
                })
                .collect(),
        };
        Ok(Connection::new(
            "sessions",
            &window,
            shown,
            |session: &OpenSession| session.row.id.number(),
        ))
    }
}

/// The part of the mutation root about open sessions.
#[derive(Debug, Default)]
pub struct SessionEndMutation;

#[Object]
impl SessionEndMutation {
    /// Ends a session at once: one's own, or anybody's for security administrators. Ending it twice changes nothing.
    async fn session_end(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] id: Key<id::Session>,
    ) -> Result<SessionEndPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        SessionEndPayload::of(service(context)?.end_session(actor, id.0).await)
    }

    /// Ends every session of an account at once: of one's own, or of anybody for security administrators.
    async fn session_end_all(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose.")] staff_id: Key<id::Staff>,
    ) -> Result<SessionEndPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        SessionEndPayload::of(service(context)?.end_sessions(actor, staff_id.0).await)
    }
}
