//! Asking for a link to a new password, and choosing one by such a link.

use async_graphql::{Context, Object, SimpleObject};

use super::mutation::sift;
use crate::auth::limit::Attempt;
use crate::auth::session::Sessions;
use crate::config::Secret;
use crate::graphql::asker::{Asker, data, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::payload::{Refusal, settle};

/// What came of a step towards a new password.
#[derive(Debug, SimpleObject)]
pub struct PasswordPayload {
    /// Whether it was done.
    done: bool,
    /// Why nothing was changed. Empty when it was done.
    refusals: Vec<Refusal>,
}

impl PasswordPayload {
    fn of(outcome: Result<(), service::Fault>) -> Result<Self, GraphqlFault> {
        let (done, refusals) = settle(outcome)?;
        Ok(Self {
            done: done.is_some(),
            refusals,
        })
    }
}

/// The part of the mutation root about forgotten passwords and invitations.
#[derive(Debug, Default)]
pub struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// Mails a one-time link to a new password to whoever has this log-in name or address. Answers and does the same
    /// whether or not there is such an account.
    async fn password_request_reset(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A log-in name or an address.")] login: String,
    ) -> Result<PasswordPayload, GraphqlFault> {
        let attempt = Attempt {
            network: Asker::of(context)?.network,
            login: &login,
        };
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        PasswordPayload::of(sift(sessions.request_reset(&attempt).await)?)
    }

    /// Sets the password by a one-time link of an invitation or a reset, and ends all sessions of the account. Refused
    /// with `LINK_OVER` if the link was used, ran out or never was; a password that does not fit does not use it up.
    async fn password_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What stands at the end of the link.")] token: String,
        #[graphql(desc = "The password, 12 characters to 256 bytes.")] password: String,
    ) -> Result<PasswordPayload, GraphqlFault> {
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        let outcome = sessions.set_password(&token, Secret::new(password)).await;
        PasswordPayload::of(sift(outcome)?)
    }
}
