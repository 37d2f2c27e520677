//! Second factors: drawing a secret, proving to have it, removing it.

use async_graphql::{Context, Object, SimpleObject};
use domain::id;

use super::mutation::sift;
use crate::auth::session::{Code, Enrolled, Sessions};
use crate::graphql::asker::{Asker, data, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::{Refusal, payload, settle};

/// A secret for an authenticator app, shown this once.
#[derive(Debug, SimpleObject)]
pub struct SecondFactor {
    /// For an app without a camera, in base 32.
    secret: String,
    /// What the QR code says, an `otpauth` address.
    address: String,
    /// The QR code of the address, an SVG picture.
    qr_code: String,
}

impl From<Enrolled> for SecondFactor {
    fn from(enrolled: Enrolled) -> Self {
        Self {
            secret: enrolled.secret.expose().to_owned(),
            address: enrolled.address.expose().to_owned(),
            qr_code: enrolled.qr_code.expose().to_owned(),
        }
    }
}

payload! {
    /// What came of beginning a second factor.
    SecondFactorBeginPayload {
        /// The secret.
        second_factor: SecondFactor
    }
}

/// What came of confirming a second factor.
#[derive(Debug, SimpleObject)]
pub struct SecondFactorConfirmPayload {
    /// Each in place of one code if the app is lost; shown this once. Empty when it was refused.
    recovery_codes: Vec<String>,
    /// Why nothing was changed. Empty when it was done.
    refusals: Vec<Refusal>,
}

/// What came of removing a second factor.
#[derive(Debug, SimpleObject)]
pub struct SecondFactorRemovePayload {
    /// Whether there is none any more.
    removed: bool,
    /// Why nothing was changed. Empty when it was done.
    refusals: Vec<Refusal>,
}

impl SecondFactorRemovePayload {
    fn of(outcome: Result<(), service::Fault>) -> Result<Self, GraphqlFault> {
        let (done, refusals) = settle(outcome)?;
        Ok(Self {
            removed: done.is_some(),
            refusals,
        })
    }
}

/// What came of showing a second factor.
#[derive(Debug, SimpleObject)]
pub struct SecondFactorShowPayload {
    /// Whether it counts as shown now.
    shown: bool,
    /// Why it does not. Empty when it does.
    refusals: Vec<Refusal>,
}

/// The part of the mutation root about second factors.
#[derive(Debug, Default)]
pub struct SecondFactorMutation;

#[Object]
impl SecondFactorMutation {
    /// Draws a secret for one-time codes (RFC 6238) of the viewer's own account. It asks for nothing until it is
    /// confirmed. Refused with `SECOND_FACTOR_PRESENT`, or with `SECOND_FACTOR_OFF` where the server has no key for it.
    async fn second_factor_begin(
        &self,
        context: &Context<'_>,
    ) -> Result<SecondFactorBeginPayload, GraphqlFault> {
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        let outcome = sessions.begin_factor(&Asker::of(context)?.actor).await;
        SecondFactorBeginPayload::of(sift(outcome)?)
    }

    /// Confirms the secret by a code; from then on logging in asks for one. Ends all other sessions of the account.
    /// Refused with `SECOND_FACTOR_REFUSED`.
    async fn second_factor_confirm(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A code of the app.")] code: String,
    ) -> Result<SecondFactorConfirmPayload, GraphqlFault> {
        let asker = Asker::of(context)?;
        let session = asker.session.ok_or(service::Fault::Denied)?;
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        let outcome = sessions.confirm_factor(&asker.actor, session, &code).await;
        let (codes, refusals) = settle(sift(outcome)?)?;
        Ok(SecondFactorConfirmPayload {
            recovery_codes: codes.unwrap_or_default(),
            refusals,
        })
    }

    /// Shows the second factor once more. Closing, reopening, publishing, adjusting and changes of accounts ask whoever has
    /// one to have shown it lately, and are an error `SECOND_FACTOR_STALE` otherwise. Refused with `SECOND_FACTOR_REFUSED`.
    async fn second_factor_show(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A code of the app, or a recovery code.")] code: String,
    ) -> Result<SecondFactorShowPayload, GraphqlFault> {
        let asker = Asker::of(context)?;
        let session = asker.session.ok_or(service::Fault::Denied)?;
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        let code = Code {
            network: asker.network,
            typed: &code,
        };
        let outcome = sessions.show_factor(&asker.actor, session, &code).await;
        let (done, refusals) = settle(sift(outcome)?)?;
        Ok(SecondFactorShowPayload {
            shown: done.is_some(),
            refusals,
        })
    }

    /// Removes the viewer's own second factor, by one more code or a recovery code.
    async fn second_factor_remove(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A code of the app, or a recovery code.")] code: String,
    ) -> Result<SecondFactorRemovePayload, GraphqlFault> {
        let asker = Asker::of(context)?;
        let sessions = data::<Sessions>(context)?.through(service(context)?);
        let code = Code {
            network: asker.network,
            typed: &code,
        };
        let outcome = sessions.remove_factor(&asker.actor, &code).await;
        SecondFactorRemovePayload::of(sift(outcome)?)
    }

    /// Removes the second factor of somebody who lost it, and ends the account's sessions. For security administrators.
    async fn staff_remove_second_factor(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which account.")] id: Key<id::Staff>,
    ) -> Result<SecondFactorRemovePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        SecondFactorRemovePayload::of(service(context)?.remove_factor(actor, id.0).await)
    }
}
