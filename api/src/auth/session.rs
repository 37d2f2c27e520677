//! Logging in, refreshing, logging out: limits, passwords and tokens around the sessions that `service` keeps.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::access::Actor;
use domain::id::{Id, Session, Staff};
use service::session::{Credentials, OpenedSession, login_refused};
use service::staff::factor::{Proof, factor_refused};
use service::staff::identity::Identity;
use service::staff::link::FirstAccount;
use service::{Refusal, Service};

use super::factor::{Factors, Kept, Owner};
use super::limit::{Attempt, LoginLimits};
use super::password::{PasswordFault, Passwords};
use super::provider::{Departure, Provider, ProviderFault, Return};
use super::token::{AccessToken, Bearer, KeyFault, Tokens};
use crate::config::{self, Secret};
use crate::letter;

/// What logging in stands on. Cheap to clone; the clones share their limits.
#[derive(Debug, Clone)]
pub struct Sessions {
    service: Service,
    tokens: Arc<Tokens>,
    passwords: Passwords,
    limits: Arc<LoginLimits>,
    /// Apart from those on logging in: whoever asks for links in somebody's name must not lock them out.
    reset_limits: Arc<LoginLimits>,
    factors: Option<Arc<Factors>>,
    provider: Option<Provider>,
    lifetime: Duration,
}

/// What somebody who is logged in sends with later requests.
#[derive(Debug, Clone)]
pub struct Granted {
    /// Who.
    pub staff: Id<Staff>,
    /// For `Authorization: Bearer …`.
    pub access: AccessToken,
    /// For the next [`Sessions::refresh`], and that alone.
    pub refresh_token: Secret,
    /// When the refresh token ends.
    pub refresh_expires_at: DateTime<Utc>,
}

/// A secret for an authenticator app, told this once.
#[derive(Debug)]
pub struct Enrolled {
    /// In base 32.
    pub secret: Secret,
    /// What the QR code says.
    pub address: Secret,
    /// The QR code, an SVG picture.
    pub qr_code: Secret,
}

/// A code that somebody typed.
#[derive(Debug, Clone, Copy)]
pub struct Code<'a> {
    /// [`crate::http::ClientAddress::network`] of the client.
    pub network: std::net::IpAddr,
    /// As it was typed.
    pub typed: &'a str,
}

/// What somebody brought back from the provider of identities.
#[derive(Debug, Clone, Copy)]
pub struct Returned<'a> {
    /// [`crate::http::ClientAddress::network`] of the client.
    pub network: std::net::IpAddr,
    /// What the browser kept and what the provider added.
    pub from_provider: Return<'a>,
    /// A code of the second factor.
    pub second_factor: Option<&'a str>,
    /// The token of an invitation that is to be taken up by this identity.
    pub invitation: Option<&'a str>,
}

fn of_provider(fault: &ProviderFault) -> SessionFault {
    let fault = match fault {
        ProviderFault::Refused(what) => {
            let message = format!("{what} from the provider is not accepted: begin again");
            service::Fault::refused(Refusal::new("PROVIDER_REFUSED", message))
        }
        other => {
            tracing::warn!(fault = %other, "nobody can sign in by the provider of identities");
            service::Fault::Unavailable
        }
    };
    fault.into()
}

/// The message goes to whom the provider knows by this name, and to nobody else.
fn identity_unknown(identity: &Identity) -> service::Fault {
    let message = format!(
        "no account belongs to the subject `{}` of `{}`: ask a security administrator to bind it",
        identity.subject, identity.issuer
    );
    service::Fault::refused(Refusal::new("IDENTITY_UNKNOWN", message))
}

/// How far a second factor has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Begun,
    Confirmed,
}

fn is_factor_refusal(fault: &service::Fault) -> bool {
    matches!(fault, service::Fault::Refused(refusals)
        if refusals.iter().any(|refusal| refusal.code == "SECOND_FACTOR_REFUSED"))
}

/// The very first account, as its owner writes it down.
#[derive(Debug)]
pub struct NewFirst {
    /// The name to log in with.
    pub login: String,
    /// The name to show.
    pub name: String,
    /// The password.
    pub password: Secret,
}

/// Why nobody was logged in, or no password set.
#[derive(Debug)]
pub enum SessionFault {
    /// Too many attempts; the time after which another is allowed.
    TooOften(Duration),
    /// Password or token refused, or the database failed.
    Service(service::Fault),
    /// Passwords cannot be compared.
    Password(PasswordFault),
    /// Tokens cannot be signed.
    Key(KeyFault),
}

impl From<service::Fault> for SessionFault {
    fn from(fault: service::Fault) -> Self {
        Self::Service(fault)
    }
}

impl From<PasswordFault> for SessionFault {
    fn from(fault: PasswordFault) -> Self {
        match fault {
            PasswordFault::Busy => Self::TooOften(Duration::from_secs(1)),
            fault @ (PasswordFault::TooShort | PasswordFault::TooLong) => {
                let refusal = Refusal::new("PASSWORD_UNFIT", fault.to_string()).at(["password"]);
                Self::Service(service::Fault::refused(refusal))
            }
            other => Self::Password(other),
        }
    }
}

impl Sessions {
    /// On a database, with the keys and limits of the settings.
    ///
    /// # Errors
    /// The key of second factors cannot be read.
    pub fn new(
        service: Service,
        tokens: Arc<Tokens>,
        passwords: Passwords,
        settings: &config::Auth,
    ) -> Result<Self, KeyFault> {
        let factors = settings.factor_key.as_ref().map(Factors::new).transpose()?;
        Ok(Self {
            service,
            tokens,
            passwords,
            limits: Arc::new(LoginLimits::new(settings)),
            reset_limits: Arc::new(LoginLimits::new(settings)),
            factors: factors.map(Arc::new),
            provider: None,
            lifetime: settings.refresh_lifetime,
        })
    }

    /// The same with a provider of identities.
    #[must_use]
    pub fn with_provider(self, provider: Option<Provider>) -> Self {
        Self { provider, ..self }
    }

    /// The same with the use-cases of one request.
    #[must_use]
    pub fn through(&self, service: &Service) -> Self {
        Self {
            service: service.clone(),
            ..self.clone()
        }
    }

    /// The hash to keep of a password that somebody chose.
    ///
    /// # Errors
    /// The refusal `PASSWORD_UNFIT`; too many are being hashed.
    pub async fn accept(&self, password: Secret) -> Result<String, SessionFault> {
        Ok(self.passwords.accept(password).await?)
    }

    /// Asks for a mail with a link to a new password. The same is done where there is no such account.
    ///
    /// # Errors
    /// [`SessionFault::TooOften`], counted by what was typed.
    pub async fn request_reset(&self, attempt: &Attempt<'_>) -> Result<(), SessionFault> {
        self.reset_limits
            .count(attempt)
            .map_err(SessionFault::TooOften)?;
        Ok(self.service.request_password_reset(attempt.login).await?)
    }

    /// Sets the password of the account that a link is for, and uses the link up.
    ///
    /// # Errors
    /// The refusals `LINK_OVER` and `PASSWORD_UNFIT`; the link still holds after the latter.
    pub async fn set_password(&self, token: &str, password: Secret) -> Result<(), SessionFault> {
        // Hashing costs more than asking: whoever holds no link is not to make us do it.
        self.service.ask_staff_link(token).await?;
        let hash = self.accept(password).await?;
        Ok(self.service.set_password(token, hash).await?)
    }

    /// Makes the very first account by the link that the first start printed.
    ///
    /// # Errors
    /// The refusals `LINK_OVER`, `PASSWORD_UNFIT`, `CODE_UNFIT`, `NAME_UNFIT`.
    pub async fn add_first(&self, token: &str, first: NewFirst) -> Result<(), SessionFault> {
        self.service.ask_staff_link(token).await?;
        let account = FirstAccount {
            login: first.login,
            name: first.name,
            password_hash: self.accept(first.password).await?,
        };
        self.service.add_first_staff(token, account).await?;
        Ok(())
    }

    /// Logs somebody in. Takes as long, and writes as much, for a name that nobody has.
    ///
    /// # Errors
    /// [`SessionFault::TooOften`]; the refusal `LOGIN_REFUSED`, which does not say why. Where the password was right
    /// `SECOND_FACTOR_NEEDED` or `SECOND_FACTOR_REFUSED`; the latter counts like a wrong password.
    pub async fn open(
        &self,
        attempt: &Attempt<'_>,
        password: Secret,
        code: Option<&str>,
    ) -> Result<Granted, SessionFault> {
        self.limits.count(attempt).map_err(SessionFault::TooOften)?;
        let credentials = self.service.find_credentials(attempt.login).await?;
        let recorded = credentials
            .as_ref()
            .and_then(|known| known.password_hash.clone());
        let is_right = self.passwords.verify(password, recorded).await?;
        match credentials {
            Some(known) if is_right => self.open_with_factor(&known, code).await,
            other => {
                self.service
                    .count_failed_login(other.map(|known| known.staff))
                    .await?;
                Err(login_refused().into())
            }
        }
    }

    async fn open_with_factor(
        &self,
        known: &Credentials,
        code: Option<&str>,
    ) -> Result<Granted, SessionFault> {
        let proof = match code {
            Some(code) => self.read_code(known.staff, code, Standing::Confirmed).await,
            None => Ok(None),
        };
        let opened = match proof {
            Ok(proof) => {
                self.service
                    .open_session(known, proof.as_ref(), self.lifetime)
                    .await
            }
            Err(fault) => Err(fault),
        };
        self.grant_unless_refused(known.staff, opened).await
    }

    fn provider(&self) -> Result<&Provider, service::Fault> {
        self.provider.as_ref().ok_or_else(|| {
            let message =
                "staff do not sign in by a provider here: the operator sets `oidc.issuer`";
            service::Fault::refused(Refusal::new("PROVIDER_OFF", message))
        })
    }

    /// Where to send a browser that is to sign in by the provider of identities.
    ///
    /// # Errors
    /// [`SessionFault::TooOften`]; the refusal `PROVIDER_OFF`; [`service::Fault::Unavailable`] where it does not answer.
    pub async fn begin_by_provider(
        &self,
        network: std::net::IpAddr,
    ) -> Result<Departure, SessionFault> {
        let provider = self.provider()?;
        self.limits
            .count_address(network)
            .map_err(SessionFault::TooOften)?;
        let now = self.service.clock.now();
        let begun = provider.begin(&self.service.ids, now).await;
        begun.map_err(|fault| of_provider(&fault))
    }

    /// Logs somebody in whom the provider of identities recognised.
    ///
    /// # Errors
    /// [`SessionFault::TooOften`]; the refusals `PROVIDER_OFF`, `PROVIDER_REFUSED`, `IDENTITY_UNKNOWN`, `LOGIN_REFUSED`,
    /// `SECOND_FACTOR_NEEDED`, `SECOND_FACTOR_REFUSED`, and those of [`Service::take_up_by_identity`].
    pub async fn open_by_provider(&self, returned: &Returned<'_>) -> Result<Granted, SessionFault> {
        let provider = self.provider()?;
        self.limits
            .count_address(returned.network)
            .map_err(SessionFault::TooOften)?;
        let now = self.service.clock.now();
        let finished = provider.finish(&returned.from_provider, now).await;
        let identity = finished.map_err(|fault| of_provider(&fault))?;
        if let Some(token) = returned.invitation {
            self.service.take_up_by_identity(token, &identity).await?;
        }
        let Some(staff) = self.service.find_staff_by_identity(&identity).await? else {
            self.service.count_failed_login(None).await?;
            return Err(identity_unknown(&identity).into());
        };
        let proof = match returned.second_factor {
            Some(code) => self.read_code(staff, code, Standing::Confirmed).await,
            None => Ok(None),
        };
        let opened = match proof {
            Ok(proof) => {
                self.service
                    .open_session_by_identity(&identity, proof.as_ref(), self.lifetime)
                    .await
            }
            Err(fault) => Err(fault),
        };
        self.grant_unless_refused(staff, opened).await
    }

    /// Gives tokens for a session, or counts a wrong code like a wrong password.
    async fn grant_unless_refused(
        &self,
        staff: Id<Staff>,
        opened: Result<OpenedSession, service::Fault>,
    ) -> Result<Granted, SessionFault> {
        match opened {
            Ok(opened) => self.grant(opened),
            Err(fault) => {
                if is_factor_refusal(&fault) {
                    self.service.count_failed_login(Some(staff)).await?;
                }
                Err(fault.into())
            }
        }
    }

    /// What a code proves; nothing for an account whose second factor does not stand like this.
    async fn read_code(
        &self,
        staff: Id<Staff>,
        code: &str,
        standing: Standing,
    ) -> Result<Option<Proof>, service::Fault> {
        let is_confirmed = standing == Standing::Confirmed;
        let factor = self.service.find_factor(staff).await?;
        let Some(factor) = factor.filter(|factor| factor.is_confirmed == is_confirmed) else {
            return Ok(None);
        };
        let kept = Kept {
            owner: staff,
            sealed: &factor.sealed,
        };
        let proof = self
            .factors()?
            .read(&kept, code, self.service.clock.now())?;
        proof.ok_or_else(factor_refused).map(Some)
    }

    fn factors(&self) -> Result<&Factors, service::Fault> {
        self.factors.as_deref().ok_or_else(|| {
            let message = "this server has no key for second factors: the operator gives `auth.factor_key_file`";
            service::Fault::refused(Refusal::new("SECOND_FACTOR_OFF", message))
        })
    }

    /// Draws a secret for the actor's own account, which asks for nothing until it is confirmed.
    ///
    /// # Errors
    /// The refusals `SECOND_FACTOR_PRESENT` and `SECOND_FACTOR_OFF`.
    pub async fn begin_factor(&self, actor: &Actor) -> Result<Enrolled, SessionFault> {
        let Actor::Staff { id, login, .. } = actor else {
            return Err(service::Fault::Denied.into());
        };
        let owner = Owner { id: *id, login };
        let drawn = self.factors()?.draw(&self.service.ids, owner)?;
        self.service.begin_factor(actor, drawn.sealed).await?;
        let qr_code = letter::draw_svg(drawn.address.expose(), "otpauth")
            .map_err(service::Fault::internal)?;
        Ok(Enrolled {
            secret: drawn.secret,
            address: drawn.address,
            qr_code: Secret::new(qr_code),
        })
    }

    /// Confirms the secret by a code, and returns recovery codes.
    ///
    /// # Errors
    /// The refusals `SECOND_FACTOR_REFUSED` and `SECOND_FACTOR_OFF`.
    pub async fn confirm_factor(
        &self,
        actor: &Actor,
        session: Id<Session>,
        code: &str,
    ) -> Result<Vec<String>, SessionFault> {
        let Actor::Staff { id, .. } = actor else {
            return Err(service::Fault::Denied.into());
        };
        let proof = self.read_code(*id, code, Standing::Begun).await?;
        let Some(Proof::Step(step)) = proof else {
            return Err(factor_refused().into());
        };
        Ok(self.service.confirm_factor(actor, session, step).await?)
    }

    /// Removes the actor's own second factor, by one more code. A wrong code counts like a wrong password: whoever
    /// took over a session is not to guess.
    ///
    /// # Errors
    /// [`SessionFault::TooOften`]; the refusal `SECOND_FACTOR_REFUSED`.
    pub async fn remove_factor(&self, actor: &Actor, code: &Code<'_>) -> Result<(), SessionFault> {
        let Actor::Staff { id, .. } = actor else {
            return Err(service::Fault::Denied.into());
        };
        let outcome = match self.prove(actor, code).await? {
            Ok(proof) => self.service.remove_own_factor(actor, &proof).await,
            Err(fault) => Err(fault),
        };
        if outcome.as_ref().is_err_and(is_factor_refusal) {
            self.service.count_failed_login(Some(*id)).await?;
        }
        Ok(outcome?)
    }

    /// Whose access token this is, for pages that carry one from step to step.
    ///
    /// # Errors
    /// The refusal `LOGIN_REFUSED` for a token that holds no longer.
    pub async fn find_bearer(&self, access: &Secret) -> Result<(Actor, Id<Session>), SessionFault> {
        let now = self.service.clock.now();
        let claims = self.tokens.verify(access.expose(), now);
        let session = claims.ok().and_then(|claims| claims.sid.parse().ok());
        let session: Id<Session> = session.ok_or_else(login_refused)?;
        // What is done with it concerns the account alone, so no role has to grant anything.
        let actor = self.service.find_actor(session, &BTreeSet::new()).await?;
        Ok((actor.ok_or_else(login_refused)?, session))
    }

    /// Ends a session of the actor.
    ///
    /// # Errors
    /// Those of [`Service::close_session`].
    pub async fn close(&self, actor: &Actor, session: Id<Session>) -> Result<(), service::Fault> {
        self.service.close_session(actor, session).await
    }

    /// Shows the second factor once more, for steps that ask for it. A wrong code counts like a wrong password.
    ///
    /// # Errors
    /// [`SessionFault::TooOften`]; the refusal `SECOND_FACTOR_REFUSED`, also where the account has none.
    pub async fn show_factor(
        &self,
        actor: &Actor,
        session: Id<Session>,
        code: &Code<'_>,
    ) -> Result<(), SessionFault> {
        let Actor::Staff { id, .. } = actor else {
            return Err(service::Fault::Denied.into());
        };
        let outcome = match self.prove(actor, code).await? {
            Ok(proof) => self.service.show_factor(actor, session, &proof).await,
            Err(fault) => Err(fault),
        };
        if outcome.as_ref().is_err_and(is_factor_refusal) {
            self.service.count_failed_login(Some(*id)).await?;
        }
        Ok(outcome?)
    }

    /// What a code of the actor's own second factor proves, counted like an attempt to log in.
    async fn prove(
        &self,
        actor: &Actor,
        code: &Code<'_>,
    ) -> Result<Result<Proof, service::Fault>, SessionFault> {
        let Actor::Staff { id, login, .. } = actor else {
            return Err(service::Fault::Denied.into());
        };
        let attempt = Attempt {
            network: code.network,
            login,
        };
        self.limits
            .count(&attempt)
            .map_err(SessionFault::TooOften)?;
        let proof = self.read_code(*id, code.typed, Standing::Confirmed).await;
        Ok(proof.and_then(|proof| proof.ok_or_else(factor_refused)))
    }

    /// Gives new tokens for a refresh token, which is spent by that.
    ///
    /// # Errors
    /// The refusal `REFRESH_REFUSED`.
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<Granted, SessionFault> {
        let opened = self
            .service
            .refresh_session(refresh_token.expose(), self.lifetime)
            .await?;
        self.grant(opened)
    }

    fn grant(&self, opened: OpenedSession) -> Result<Granted, SessionFault> {
        let (staff, session) = (opened.staff.to_string(), opened.id.to_string());
        let bearer = Bearer {
            staff: &staff,
            session: &session,
        };
        let access = self
            .tokens
            .issue(&bearer, self.service.clock.now())
            .map_err(SessionFault::Key)?;
        Ok(Granted {
            staff: opened.staff,
            access,
            refresh_token: Secret::new(opened.refresh_token),
            refresh_expires_at: opened.expires_at,
        })
    }
}
