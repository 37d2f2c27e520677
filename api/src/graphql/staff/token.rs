//! Tokens of front-end programs: making, listing, revoking.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::id;
use service::program::{self, MadeServiceToken, ServiceTokenDraft};

use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::load_referred;
use crate::graphql::payload::{Refusal, payload, settle};
use crate::graphql::region::{Region, RegionKey};
use crate::graphql::scalar::{Date, Instant};

/// A token to be made.
#[derive(Debug, InputObject)]
pub struct ServiceTokenAddInput {
    /// What it is called: letters, digits, `-`, `_` and `.`.
    name: String,
    /// Whether it reads rounds that are not published as well, within its scope.
    live: bool,
    /// Only within this region and those below it.
    region_id: Option<Key<id::Region>>,
    /// Only this round.
    round_id: Option<Key<id::Round>>,
    /// How many days it holds, 1 to 366.
    days: u32,
}

/// A token of a program.
#[derive(Debug, Clone)]
pub struct ServiceToken(program::ServiceToken);

impl From<program::ServiceToken> for ServiceToken {
    fn from(token: program::ServiceToken) -> Self {
        Self(token)
    }
}

/// A token by which a program of a front-end team reads, and writes nothing.
#[Object]
impl ServiceToken {
    /// Its id, for `serviceTokenRevoke`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it reads rounds that are not published.
    async fn live(&self) -> bool {
        self.0.reads_live
    }

    /// Within this region and those below it.
    async fn region(&self, context: &Context<'_>) -> Option<Result<Region, GraphqlFault>> {
        Some(load_referred(context, RegionKey(self.0.region?)).await)
    }

    /// Within the round of this id.
    async fn round_id(&self) -> Option<ID> {
        Some(self.0.round?.to_string().into())
    }

    /// When it was made.
    async fn made_at(&self) -> Instant {
        self.0.made_at.into()
    }

    /// When it ends.
    async fn expires_at(&self) -> Instant {
        self.0.expires_at.into()
    }

    /// Whether it was revoked.
    async fn revoked(&self) -> bool {
        self.0.is_revoked
    }

    /// The last day (UTC) on which it was used.
    async fn used_on(&self) -> Option<Date> {
        self.0.used_on.map(Date::from)
    }
}

/// What came of making a token.
#[derive(SimpleObject)]
pub struct ServiceTokenAddPayload {
    /// What the program sends as `Authorization: Bearer …`. Shown this once. Absent when it was refused.
    secret: Option<String>,
    /// The token. Absent when it was refused.
    service_token: Option<ServiceToken>,
    /// Why nothing was changed. Empty when it was done.
    refusals: Vec<Refusal>,
}

impl ServiceTokenAddPayload {
    fn of(outcome: Result<MadeServiceToken, service::Fault>) -> Result<Self, GraphqlFault> {
        let (made, refusals) = settle(outcome)?;
        let (secret, token) = made.map(|made| (made.secret, made.token.into())).unzip();
        Ok(Self {
            secret,
            service_token: token,
            refusals,
        })
    }
}

payload! {
    /// What came of revoking a token.
    ServiceTokenRevokePayload {
        /// The token as it is now.
        service_token: ServiceToken
    }
}

/// The part of the query root about tokens of programs.
#[derive(Debug, Default)]
pub struct ServiceTokenQuery;

#[Object]
impl ServiceTokenQuery {
    /// The tokens of programs, in the order of their names. For security administrators and auditors.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn service_tokens(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<ServiceToken>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let part = service(context)?
            .list_service_tokens(actor, window.page("service_tokens")?)
            .await?;
        Ok(Connection::new(
            "service_tokens",
            &window,
            part,
            |token: &program::ServiceToken| token.name.clone(),
        ))
    }
}

/// The part of the mutation root about tokens of programs.
#[derive(Debug, Default)]
pub struct ServiceTokenMutation;

#[Object]
impl ServiceTokenMutation {
    /// Makes a token for a program, which reads what is published, or live rounds within a scope. For security
    /// administrators.
    async fn service_token_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token to be.")] input: ServiceTokenAddInput,
    ) -> Result<ServiceTokenAddPayload, GraphqlFault> {
        let draft = ServiceTokenDraft {
            name: input.name,
            reads_live: input.live,
            region: input.region_id.map(|key| key.0),
            round: input.round_id.map(|key| key.0),
            days: input.days,
        };
        let actor = &Asker::of(context)?.actor;
        ServiceTokenAddPayload::of(service(context)?.add_service_token(actor, draft).await)
    }

    /// Revokes a token at once; revoking it twice changes nothing. For security administrators.
    async fn service_token_revoke(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] id: Key<id::ServiceToken>,
    ) -> Result<ServiceTokenRevokePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let outcome = service(context)?.revoke_service_token(actor, id.0).await;
        ServiceTokenRevokePayload::of(outcome)
    }
}
