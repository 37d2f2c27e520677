//! Logging in by a provider of OpenID Connect.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::mutation::{SessionOpenPayload, sift};
use crate::auth::provider::{Departure, Return};
use crate::auth::session::{Returned, Sessions};
use crate::graphql::asker::{Asker, data, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::payload::payload;

/// What somebody brought back from the provider.
#[derive(InputObject)]
pub struct SessionOpenByProviderInput {
    /// What `sessionBeginByProvider` gave.
    ticket: String,
    /// `state` from the address to which the provider sent the browser back.
    state: String,
    /// `code` from that address; it holds once.
    code: String,
    /// A code of the authenticator app, or a recovery code: wanted where the account has a second factor here.
    second_factor: Option<String>,
    /// The last part of the link of an invitation, to take it up by this identity in place of a password.
    invitation: Option<String>,
}

/// Where to send a browser, and what it keeps meanwhile.
#[derive(SimpleObject)]
pub struct ProviderDeparture {
    /// The provider's page.
    address: String,
    /// Keep it in the browser alone, and give it to `sessionOpenByProvider` with what comes back.
    ticket: String,
}

impl From<Departure> for ProviderDeparture {
    fn from(departure: Departure) -> Self {
        Self {
            address: departure.address,
            ticket: departure.ticket.expose().to_owned(),
        }
    }
}

payload! {
    /// What came of setting out for the provider.
    SessionBeginByProviderPayload {
        /// Where to go.
        departure: ProviderDeparture
    }
}

/// The part of the mutation root about logging in by a provider.
#[derive(Debug, Default)]
pub struct ProviderMutation;

#[Object]
impl ProviderMutation {
    /// Begins to log in by the provider of OpenID Connect that the settings name. Refused with `PROVIDER_OFF` where there
    /// is none.
    async fn session_begin_by_provider(
        &self,
        context: &Context<'_>,
    ) -> Result<SessionBeginByProviderPayload, GraphqlFault> {
        let network = Asker::of(context)?.network;
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        let outcome = sessions.begin_by_provider(network).await;
        SessionBeginByProviderPayload::of(sift(outcome)?)
    }

    /// Logs in by what the provider sent back. Refused with `PROVIDER_REFUSED` for whatever does not fit, with
    /// `IDENTITY_UNKNOWN` where no account has this identity: the message says which, for a security administrator to bind
    /// it. `SECOND_FACTOR_NEEDED` and `SECOND_FACTOR_REFUSED` are as for `sessionOpen`; begin again then, for a code of the
    /// provider holds once.
    async fn session_open_by_provider(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What came back.")] input: SessionOpenByProviderInput,
    ) -> Result<SessionOpenPayload, GraphqlFault> {
        let returned = Returned {
            network: Asker::of(context)?.network,
            from_provider: Return {
                ticket: &input.ticket,
                state: &input.state,
                code: &input.code,
            },
            second_factor: input.second_factor.as_deref(),
            invitation: input.invitation.as_deref(),
        };
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        SessionOpenPayload::of(sift(sessions.open_by_provider(&returned).await)?)
    }
}
