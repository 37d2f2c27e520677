//! Permission to do one thing: asked of the domain's table once, at the start of a use-case, then carried into the log.

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, Role, Scope, may};

use crate::Fault;
use crate::audit::Entry;

/// What the table said yes to.
#[derive(Debug)]
pub(crate) struct Permit {
    who: String,
    role: Option<Role>,
}

impl Permit {
    /// Asks for something that lies in a scope.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub fn ask(actor: &Actor, action: Action, scope: &Scope<'_>) -> Result<Self, Fault> {
        if !actor.may(action, scope) {
            return Err(Fault::Denied);
        }
        let (who, role) = match actor {
            Actor::Anonymous => ("anonymous".to_owned(), None),
            Actor::Operator => ("operator".to_owned(), None),
            Actor::Program { id, .. } => (id.to_string(), Some(Role::Program)),
            Actor::Staff { id, grants, .. } => {
                let granted = grants
                    .iter()
                    .find(|grant| may(Some(grant.role), action) && grant.takes_in(scope));
                (id.to_string(), granted.map(|grant| grant.role))
            }
        };
        Ok(Self { who, role })
    }

    /// Asks for something that belongs to no region, category or round, so that only an unlimited grant allows it.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub fn ask_everywhere(actor: &Actor, action: Action) -> Result<Self, Fault> {
        Self::ask(actor, action, &Scope::default())
    }

    /// The beginning of a log entry: who, in which role, did what to which object.
    pub fn entry<'a>(&'a self, at: DateTime<Utc>, action: &'a str, object: &'a str) -> Entry<'a> {
        Entry {
            at,
            who: &self.who,
            role: self.role.map(Role::word),
            action,
            object,
            ..Entry::default()
        }
    }
}

/// Whether the actor may do something somewhere; what exactly is then up to the condition on the rows.
///
/// # Errors
/// [`Fault::Denied`].
pub(crate) fn ask_somewhere(actor: &Actor, action: Action) -> Result<(), Fault> {
    if actor.may_somewhere(action) {
        Ok(())
    } else {
        Err(Fault::Denied)
    }
}
