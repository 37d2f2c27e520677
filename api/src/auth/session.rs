//! Logging in, refreshing, logging out: limits, passwords and tokens around the sessions that `service` keeps.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::{Id, Staff};
use service::session::{OpenedSession, login_refused};
use service::staff::link::FirstAccount;
use service::{Refusal, Service};

use super::limit::{Attempt, LoginLimits};
use super::password::{PasswordFault, Passwords};
use super::token::{AccessToken, Bearer, KeyFault, Tokens};
use crate::config::{self, Secret};

/// What logging in stands on. Cheap to clone; the clones share their limits.
#[derive(Debug, Clone)]
pub struct Sessions {
    service: Service,
    tokens: Arc<Tokens>,
    passwords: Passwords,
    limits: Arc<LoginLimits>,
    /// Apart from those on logging in: whoever asks for links in somebody's name must not lock them out.
    reset_limits: Arc<LoginLimits>,
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
    pub fn new(
        service: Service,
        tokens: Arc<Tokens>,
        passwords: Passwords,
        settings: &config::Auth,
    ) -> Self {
        Self {
            service,
            tokens,
            passwords,
            limits: Arc::new(LoginLimits::new(settings)),
            reset_limits: Arc::new(LoginLimits::new(settings)),
            lifetime: settings.refresh_lifetime,
        }
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
    /// [`SessionFault::TooOften`]; the refusal `LOGIN_REFUSED`, which does not say why.
    pub async fn open(
        &self,
        attempt: &Attempt<'_>,
        password: Secret,
    ) -> Result<Granted, SessionFault> {
        self.limits.count(attempt).map_err(SessionFault::TooOften)?;
        let credentials = self.service.find_credentials(attempt.login).await?;
        let recorded = credentials
            .as_ref()
            .and_then(|known| known.password_hash.clone());
        let is_right = self.passwords.verify(password, recorded).await?;
        match credentials {
            Some(known) if is_right => {
                let opened = self.service.open_session(&known, self.lifetime).await?;
                self.grant(opened)
            }
            other => {
                self.service
                    .count_failed_login(other.map(|known| known.staff))
                    .await?;
                Err(login_refused().into())
            }
        }
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
