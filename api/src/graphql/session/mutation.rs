//! Logging in, refreshing, logging out.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::types::Session;
use crate::auth::limit::Attempt;
use crate::auth::session::{SessionFault, Sessions};
use crate::config::Secret;
use crate::graphql::asker::{Asker, data, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::payload::{Refusal, payload, settle};

/// Who logs in.
#[derive(InputObject)]
pub struct SessionOpenInput {
    /// The log-in name; capitals do not matter.
    login: String,
    /// The password, at most 256 bytes.
    password: String,
    /// A code of the authenticator app, or a recovery code: wanted where logging in is refused with
    /// `SECOND_FACTOR_NEEDED`.
    code: Option<String>,
}

payload! {
    /// What came of logging in.
    SessionOpenPayload {
        /// The tokens.
        session: Session
    }
}

payload! {
    /// What came of refreshing a session.
    SessionRefreshPayload {
        /// The new tokens; the earlier refresh token is spent.
        session: Session
    }
}

/// What came of logging out.
#[derive(Debug, SimpleObject)]
pub struct SessionClosePayload {
    /// Whether the session has ended.
    closed: bool,
    /// Why nothing was changed. Empty when it was done.
    refusals: Vec<Refusal>,
}

/// The part of the mutation root about sessions.
#[derive(Debug, Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Logs in. Refused with `LOGIN_REFUSED` for any reason; ten wrong passwords in a row lock the account for 15
    /// minutes. Where the password is right and the account has a second factor, `SECOND_FACTOR_NEEDED` asks for a code
    /// and `SECOND_FACTOR_REFUSED` refuses it.
    async fn session_open(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who logs in.")] input: SessionOpenInput,
    ) -> Result<SessionOpenPayload, GraphqlFault> {
        let attempt = Attempt {
            network: Asker::of(context)?.network,
            login: &input.login,
        };
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        let password = Secret::new(input.password);
        let outcome = sessions
            .open(&attempt, password, input.code.as_deref())
            .await;
        SessionOpenPayload::of(sift(outcome)?)
    }

    /// Gives new tokens for a refresh token. A refresh token that was used before ends the whole session, unless its
    /// successor was never used.
    async fn session_refresh(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The refresh token that was given last.")] refresh_token: String,
    ) -> Result<SessionRefreshPayload, GraphqlFault> {
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        let outcome = sessions.refresh(&Secret::new(refresh_token)).await;
        SessionRefreshPayload::of(sift(outcome)?)
    }

    /// Logs out: ends the session of the access token with which this is asked.
    async fn session_close(
        &self,
        context: &Context<'_>,
    ) -> Result<SessionClosePayload, GraphqlFault> {
        let asker = Asker::of(context)?;
        let outcome = match asker.session {
            Some(session) => service(context)?.close_session(&asker.actor, session).await,
            None => Err(service::Fault::Denied),
        };
        let (done, refusals) = settle(outcome)?;
        Ok(SessionClosePayload {
            closed: done.is_some(),
            refusals,
        })
    }
}

/// Leaves to the payload what the service says, and turns the rest into errors.
pub(crate) fn sift<T>(
    outcome: Result<T, SessionFault>,
) -> Result<Result<T, service::Fault>, GraphqlFault> {
    match outcome {
        Ok(done) => Ok(Ok(done)),
        Err(SessionFault::Service(fault)) => Ok(Err(fault)),
        Err(SessionFault::TooOften(wait)) => Err(GraphqlFault::rate_limited(wait)),
        Err(SessionFault::Password(fault)) => Err(GraphqlFault::internal(&fault)),
        Err(SessionFault::Key(fault)) => Err(GraphqlFault::internal(&fault)),
    }
}
