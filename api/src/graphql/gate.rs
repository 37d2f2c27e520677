//! The gate of the program: from the token to the actor, through the session's row.
//!
//! The token says which session is asking and nothing else. Whether the session lives, whose it is and what they may do
//! is read from the database for every operation, so a withdrawn role or session ends with the next one.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::access::{Actor, Role};
use domain::id::{Id, Session};
use service::{Service, program, standing};

use super::asker::Asker;
use super::error::{ErrorCode, GraphqlFault};
use super::loader::loaders;
use super::operation::{Admission, Caller, Gate};
use super::shelf::{Edition, Rights};
use crate::auth::token::Tokens;
use crate::config;

/// Admits members of staff by their access tokens, programs by theirs, and everybody else as anonymous.
#[derive(Debug, Clone)]
pub struct StaffGate {
    service: Service,
    tokens: Arc<Tokens>,
    ask_second_factor: Arc<BTreeSet<Role>>,
    fresh_factor: Duration,
}

/// Whom a token belongs to.
pub(crate) struct Found {
    pub(crate) actor: Actor,
    pub(crate) session: Option<Id<Session>>,
    /// Whether a second factor has to be shown again before a sensitive step.
    pub(crate) needs_code: bool,
}

impl StaffGate {
    /// A gate that looks sessions up in this database.
    pub fn new(service: Service, tokens: Arc<Tokens>, settings: &config::Auth) -> Self {
        Self {
            service,
            tokens,
            ask_second_factor: Arc::new(settings.factor_roles.clone()),
            fresh_factor: settings.fresh_factor,
        }
    }

    /// Who a token belongs to.
    pub(crate) async fn find_actor(&self, token: &str) -> Result<Found, GraphqlFault> {
        let refused = |message: String| GraphqlFault::new(ErrorCode::Unauthenticated, message);
        if token.starts_with(program::PREFIX) {
            let over = || refused("the token holds no longer: ask for another".to_owned());
            let program = self.service.find_program(token).await?;
            return Ok(Found {
                actor: program.ok_or_else(over)?,
                session: None,
                needs_code: false,
            });
        }
        let claims = self
            .tokens
            .verify(token, self.service.clock.now())
            .map_err(|fault| refused(fault.to_string()))?;
        let ended = || refused("the session has ended: log in again".to_owned());
        let session: Id<Session> = claims.sid.parse().map_err(|_| ended())?;
        let present = self
            .service
            .find_present(session, &self.ask_second_factor)
            .await?
            .ok_or_else(ended)?;
        let now = self.service.clock.now();
        let is_fresh = present
            .factor_at
            .is_some_and(|shown| shown + self.fresh_factor > now);
        Ok(Found {
            actor: present.actor,
            session: Some(session),
            needs_code: present.has_factor && !is_fresh,
        })
    }
}

impl Gate for StaffGate {
    async fn admit(&self, caller: Caller) -> Result<Admission, GraphqlFault> {
        let Found {
            actor,
            session,
            needs_code,
        } = match &caller.token {
            Some(token) => self.find_actor(token.expose()).await?,
            None => Found {
                actor: Actor::Anonymous,
                session: None,
                needs_code: false,
            },
        };
        let service = self.service.of_request(caller.request_id.as_str());
        let mut admission = Admission {
            needs_code,
            ..Admission::default()
        };
        admission.rights = match &actor {
            Actor::Anonymous => Some(Rights::public()),
            // Every grant with all of its limits, in the order of the database: at worst the same rights are two.
            Actor::Staff { id, grants, .. } => {
                admission.account = Some(id.number());
                Some(Rights::new(format!("{grants:?}")))
            }
            // The same as staff with such grants, but for figures of few answers.
            Actor::Program { id, grants, .. } => {
                admission.account = Some(id.number());
                Some(Rights::new(format!("program {grants:?}")))
            }
            Actor::Operator => None,
        };
        admission
            .data
            .insert(loaders(service.clone(), actor.clone()));
        // In place of the one that the schema holds: what is changed through it names its request in the log.
        admission.data.insert(service);
        admission.data.insert(Asker {
            actor,
            session,
            network: caller.address.network(),
        });
        Ok(admission)
    }

    async fn find_edition(&self, admission: &Admission, kept: Edition) -> Option<Edition> {
        let asker = admission.data.get(&TypeId::of::<Asker>())?;
        let actor = &asker.downcast_ref::<Asker>()?.actor;
        // Whatever is wrong, the query itself will tell.
        let wanted = match kept.figures {
            standing::Edition::Revision { number } => kept.by_number.then_some(number),
            standing::Edition::Live { .. } => None,
        };
        let found = self.service.find_edition(actor, kept.round, wanted).await;
        let figures = found.ok()??;
        Some(Edition { figures, ..kept })
    }
}
