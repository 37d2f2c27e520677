//! Accounts as the API shows them.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use domain::access::{self, Grant};
use domain::id;

use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::loader::{load_referred, loader};
use crate::graphql::region::{Region, RegionKey};

/// The parts that a person can play. What each may do is one table, printed by the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "access::Role")]
pub enum Role {
    /// Sets rounds up, runs surveys, closes.
    RoundAdministrator,
    /// Marks items and reports measures and facts.
    Inspector,
    /// Reads all of a round, investigates, and decides on what a round administrator proposed.
    Reviewer,
    /// Reads all and the log, writes nothing.
    Auditor,
    /// Keeps accounts; sees no scores.
    SecurityAdministrator,
    /// Speaks for one evaluated unit: reads what was decided about it as soon as the round is closed, and nothing of
    /// others.
    UnitReporter,
    /// A program of a front-end team, with a service token of its own; never a person.
    Program,
}

/// An account.
#[derive(Debug, Clone)]
pub struct Staff(pub service::staff::Staff);

impl From<service::staff::Staff> for Staff {
    fn from(staff: service::staff::Staff) -> Self {
        Self(staff)
    }
}

/// An account of somebody who works with the rounds.
#[Object]
impl Staff {
    /// Global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The name to log in with.
    async fn login(&self) -> &str {
        &self.0.login
    }

    /// The name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where mail to this person goes.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Whether the account was invited and its owner has not chosen a password yet.
    async fn invited(&self) -> bool {
        self.0.is_invited()
    }

    /// Whether logging in asks for a second factor.
    async fn second_factor(&self) -> bool {
        self.0.has_factor
    }

    /// Whether the account may be used by a password.
    async fn password(&self) -> bool {
        self.0.has_password
    }

    /// Who its owner is at the provider of OpenID Connect; null where the account may not be used by that.
    async fn identity(&self) -> Option<StaffIdentity> {
        let identity = self.0.identity.as_ref()?;
        Some(StaffIdentity {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
        })
    }

    /// Whether the account may be used.
    async fn active(&self) -> bool {
        self.0.is_active
    }

    /// Counts the changes; give it back with a change.
    async fn row_version(&self) -> String {
        self.0.row_version.to_string()
    }

    /// The roles, each within a scope.
    async fn roles(&self) -> Vec<StaffRole> {
        self.0.grants.iter().cloned().map(StaffRole).collect()
    }
}

/// Who the owner of an account is at a provider of OpenID Connect.
#[derive(Debug, SimpleObject)]
pub struct StaffIdentity {
    /// The provider, as its tokens name it.
    issuer: String,
    /// The person, as the provider's tokens name them.
    subject: String,
}

/// A role within a scope.
#[derive(Debug, Clone)]
pub struct StaffRole(Grant);

/// A role within a scope; a part of the scope that is null takes in everything.
#[Object]
impl StaffRole {
    /// The role.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// Within this region and those below it.
    async fn region(&self, context: &Context<'_>) -> Option<Result<Region, GraphqlFault>> {
        Some(load_referred(context, RegionKey(self.0.region?)).await)
    }

    /// Within this category of subjects.
    async fn category(&self) -> Option<&str> {
        self.0.category.as_deref()
    }

    /// Within the round of this id.
    async fn round_id(&self) -> Option<ID> {
        Some(self.0.round?.to_string().into())
    }

    /// Of the subject of this id alone: only whoever speaks for a unit has one.
    async fn subject_id(&self) -> Option<ID> {
        Some(self.0.subject?.to_string().into())
    }
}

loader! {
    /// Loads accounts.
    pub StaffKey(id::Staff) -> Staff: find_staff, Staff
}

/// The part of the query root about accounts.
#[derive(Debug, Default)]
pub struct StaffQuery;

#[Object]
impl StaffQuery {
    /// All accounts, in the order of their log-in names. For security administrators and auditors.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn staff(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<Staff>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let part = service(context)?
            .list_staff(actor, window.page("staff")?)
            .await?;
        Ok(Connection::new("staff", &window, part, |staff| {
            staff.login.clone()
        }))
    }
}
