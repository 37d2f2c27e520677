//! Who asks, as resolvers see it: the actor, made from the session's row for this one operation.

use std::net::IpAddr;

use async_graphql::Context;
use domain::access::{Action, Actor};
use domain::id::{Id, Session};
use service::Service;

use super::error::GraphqlFault;

/// Who asks, and from where. The gate puts one into the data of every operation.
#[derive(Debug)]
pub struct Asker {
    /// For the use-cases, which ask the access table themselves.
    pub actor: Actor,
    /// The session that the token names; none for somebody anonymous.
    pub session: Option<Id<Session>>,
    /// The client's network, for limits on logging in.
    pub network: IpAddr,
}

impl Asker {
    /// The asker of this operation.
    ///
    /// # Errors
    /// The schema is executed without a gate, which is a defect.
    pub fn of<'a>(context: &Context<'a>) -> Result<&'a Self, GraphqlFault> {
        data(context)
    }

    /// Whether figures of few answers are kept from this asker.
    pub fn reads_as_unit(&self) -> bool {
        reads_as_unit(&self.actor)
    }
}

/// Whether figures of few answers are kept from this actor: from programs, and from everybody who reads no rounds but
/// published ones and those of their own unit.
pub fn reads_as_unit(actor: &Actor) -> bool {
    matches!(actor, Actor::Program { .. }) || !actor.may_somewhere(Action::ReadRound)
}

/// The use-cases.
///
/// # Errors
/// The schema was built without them, which is a defect.
pub fn service<'a>(context: &Context<'a>) -> Result<&'a Service, GraphqlFault> {
    data(context)
}

/// Something that the schema or the gate holds ready for resolvers.
///
/// # Errors
/// It does not, which is a defect.
pub fn data<'a, T: Send + Sync + 'static>(context: &Context<'a>) -> Result<&'a T, GraphqlFault> {
    context.data_opt::<T>().ok_or_else(|| {
        GraphqlFault::internal_text(&format!("no `{}` at hand", std::any::type_name::<T>()))
    })
}
