//! Signing in by OpenID Connect: authorization code with PKCE, state and nonce (RFC 9700).
//!
//! The browser keeps one random ticket between leaving for the provider and coming back; state, nonce and verifier
//! follow from it. So nothing lies on a server in the meantime, any server of several can finish what another began, and
//! what comes back fits nobody's ticket but the one it was begun with. Of all that a provider says, issuer and subject
//! alone are used. Deliberately absent: cookies, refresh tokens of the provider, its user info, and logging out there.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{
    CoreClient, CoreIdToken, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType,
};
use openidconnect::{
    AsyncHttpClient, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, TokenResponse,
};
use service::IdSource;
use service::staff::identity::Identity;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::{self, Secret};
use crate::outside::{Outside, OutsideFault};

/// How long the provider's addresses and keys are believed.
const KNOWN_FOR: TimeDelta = TimeDelta::hours(1);

/// How soon they are asked for again when a token does not fit them: keys change now and then.
const ASK_AGAIN: TimeDelta = TimeDelta::minutes(1);

/// Signatures that the provider alone can make. Those by the client's secret are not among them.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Connected = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The provider that the settings name. Cheap to clone.
#[derive(Clone)]
pub struct Provider {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: IssuerUrl,
    client: ClientId,
    secret: Option<Secret>,
    redirect: RedirectUrl,
    outside: Outside,
    known: Mutex<Option<Known>>,
}

/// What the provider says of itself.
#[derive(Clone)]
struct Known {
    metadata: CoreProviderMetadata,
    at: DateTime<Utc>,
}

/// Why nobody was recognised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    /// The settings name an address that is none.
    #[error("`{key}` is no web address: {cause}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// The certificates of this machine cannot be read.
    #[error("no certificates to check the provider by: {0}")]
    Certificates(String),
    /// The provider does not answer, or not as a provider does.
    #[error("the provider cannot be used: {0}")]
    Unreachable(&'static str),
    /// What came back does not fit what was begun, or is no token of this provider for us.
    #[error("what came back from the provider is not accepted: {0}")]
    Refused(&'static str),
}

/// Where to send a browser, and what it keeps meanwhile.
#[derive(Debug)]
pub struct Departure {
    /// The provider's page.
    pub address: String,
    /// To be given back with what the provider adds to the address of return; for nobody else.
    pub ticket: Secret,
}

/// What a browser brought back.
#[derive(Debug, Clone, Copy)]
pub struct Return<'a> {
    /// [`Departure::ticket`].
    pub ticket: &'a str,
    /// `state` of the address of return.
    pub state: &'a str,
    /// `code` of the address of return.
    pub code: &'a str,
}

/// 32 random bytes from which everything follows that must fit together.
struct Ticket([u8; 32]);

impl Ticket {
    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    fn write(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// 43 characters, as many as a verifier needs.
    fn derive(&self, purpose: &str) -> String {
        let digest = Sha256::new()
            .chain_update("mingjian sign-in ")
            .chain_update(purpose)
            .chain_update(self.0)
            .finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }

    fn state(&self) -> String {
        self.derive("state")
    }

    fn nonce(&self) -> Nonce {
        Nonce::new(self.derive("nonce"))
    }

    fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.derive("verifier"))
    }
}

impl Provider {
    /// By the settings; asks nobody yet.
    ///
    /// # Errors
    /// An address is none, or this machine has no certificates.
    pub fn new(settings: &config::Oidc) -> Result<Self, ProviderFault> {
        let wrong = |key| {
            move |error: openidconnect::url::ParseError| ProviderFault::Setting {
                key,
                cause: error.to_string(),
            }
        };
        Ok(Self {
            inner: Arc::new(Inner {
                issuer: IssuerUrl::new(settings.issuer.clone()).map_err(wrong("oidc.issuer"))?,
                client: ClientId::new(settings.client_id.clone()),
                secret: settings.client_secret.clone(),
                redirect: RedirectUrl::new(settings.redirect_url.clone())
                    .map_err(wrong("oidc.redirect_url"))?,
                outside: Outside::new().map_err(ProviderFault::Certificates)?,
                known: Mutex::new(None),
            }),
        })
    }

    /// Where to send a browser.
    ///
    /// # Errors
    /// [`ProviderFault::Unreachable`].
    pub async fn begin(
        &self,
        ids: &IdSource,
        now: DateTime<Utc>,
    ) -> Result<Departure, ProviderFault> {
        let bytes = ids
            .bytes()
            .map_err(|_| ProviderFault::Unreachable("this machine gives no random bytes"))?;
        let ticket = Ticket(bytes);
        let client = self.connect(&self.discover(now, KNOWN_FOR).await?);
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&ticket.verifier());
        let (state, nonce) = (ticket.state(), ticket.nonce());
        let (address, _, _) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state),
                move || nonce,
            )
            .set_pkce_challenge(challenge)
            .url();
        Ok(Departure {
            address: address.to_string(),
            ticket: ticket.write(),
        })
    }

    /// Who came back.
    ///
    /// # Errors
    /// [`ProviderFault::Refused`] for whatever does not fit; [`ProviderFault::Unreachable`].
    pub async fn finish(
        &self,
        returned: &Return<'_>,
        now: DateTime<Utc>,
    ) -> Result<Identity, ProviderFault> {
        let ticket = Ticket::parse(returned.ticket).ok_or(ProviderFault::Refused("the ticket"))?;
        // Before anything is sent: what was begun by somebody else goes no further.
        let fits = ticket.state().as_bytes().ct_eq(returned.state.as_bytes());
        if !bool::from(fits) {
            return Err(ProviderFault::Refused("the state"));
        }
        let metadata = self.discover(now, KNOWN_FOR).await?;
        let answer = self
            .connect(&metadata)
            .exchange_code(AuthorizationCode::new(returned.code.to_owned()))
            .map_err(|_| ProviderFault::Unreachable("it names no address for tokens"))?
            .set_pkce_verifier(ticket.verifier())
            .request_async(&self.inner.outside)
            .await
            .map_err(|error| match error {
                openidconnect::RequestTokenError::Request(_) => {
                    ProviderFault::Unreachable("its address for tokens does not answer")
                }
                // Its own words may tell more than is to be kept.
                _ => ProviderFault::Refused("the code"),
            })?;
        let token = answer
            .id_token()
            .ok_or(ProviderFault::Refused("there is no identity token"))?;
        if let Some(identity) = self.read(&metadata, token, &ticket, now) {
            return Ok(identity);
        }
        let newer = self.discover(now, ASK_AGAIN).await?;
        self.read(&newer, token, &ticket, now)
            .ok_or(ProviderFault::Refused("the identity token"))
    }

    /// Signature, issuer, audience, times and nonce.
    fn read(
        &self,
        metadata: &CoreProviderMetadata,
        token: &CoreIdToken,
        ticket: &Ticket,
        now: DateTime<Utc>,
    ) -> Option<Identity> {
        let client = self.connect(metadata);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || now);
        let claims = token.claims(&verifier, &ticket.nonce()).ok()?;
        Some(Identity {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
        })
    }

    fn connect(&self, metadata: &CoreProviderMetadata) -> Connected {
        let inner = &self.inner;
        let secret = inner.secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose().to_owned()));
        CoreClient::from_provider_metadata(metadata.clone(), inner.client.clone(), secret)
            .set_redirect_uri(inner.redirect.clone())
    }

    /// What the provider says of itself, no older than this. Two at once may both ask; nothing is lost by it.
    async fn discover(
        &self,
        now: DateTime<Utc>,
        most: TimeDelta,
    ) -> Result<CoreProviderMetadata, ProviderFault> {
        let known = || {
            self.inner
                .known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let fresh = known().clone().filter(|known| now - known.at < most);
        if let Some(known) = fresh {
            return Ok(known.metadata);
        }
        let inner = &self.inner;
        let metadata = CoreProviderMetadata::discover_async(inner.issuer.clone(), &inner.outside)
            .await
            .map_err(|error| {
                tracing::warn!(%error, "the provider of identities does not say what it is");
                ProviderFault::Unreachable("it does not say what it is")
            })?;
        *known() = Some(Known {
            metadata: metadata.clone(),
            at: now,
        });
        Ok(metadata)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Provider")
            .field("issuer", &self.inner.issuer)
            .finish_non_exhaustive()
    }
}

impl<'c> AsyncHttpClient<'c> for Outside {
    type Error = OutsideFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutsideFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.send(request.map(Bytes::from)).await?;
            Ok(answer.map(|body| body.to_vec()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_a_ticket_tells_nothing_of_it_and_fits_no_other() {
        let (one, other) = (Ticket([1; 32]), Ticket([2; 32]));
        let parts = |ticket: &Ticket| {
            [
                ticket.state(),
                ticket.nonce().secret().clone(),
                ticket.verifier().secret().clone(),
                ticket.write().expose().to_owned(),
            ]
        };
        let all: std::collections::BTreeSet<String> =
            parts(&one).into_iter().chain(parts(&other)).collect();
        assert_eq!(all.len(), 8);
        assert!(all.iter().all(|text| text.len() == 43));
        let again = Ticket::parse(one.write().expose()).unwrap();
        assert_eq!(parts(&again), parts(&one));
        assert!(Ticket::parse("short").is_none());
    }
}
