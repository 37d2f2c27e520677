//! Adding and changing accounts.

use async_graphql::{Context, InputObject, Object};
use domain::access::Grant;
use domain::id;
use service::staff::identity::Identity;
use service::staff::{StaffChange, StaffDraft};

use super::types::{Role, Staff};
use crate::auth::session::Sessions;
use crate::config::Secret;
use crate::graphql::asker::{Asker, data, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;
use crate::graphql::session::sift;

/// A role within a scope.
#[derive(Debug, InputObject)]
pub struct StaffRoleInput {
    /// The role.
    role: Role,
    /// Only within this region and those below it.
    region_id: Option<Key<id::Region>>,
    /// Only within this category of subjects.
    category: Option<String>,
    /// Only within this round.
    round_id: Option<Key<id::Round>>,
    /// The unit that somebody speaks for; for that role alone.
    subject_id: Option<Key<id::Subject>>,
}

impl From<StaffRoleInput> for Grant {
    fn from(input: StaffRoleInput) -> Self {
        Self {
            role: input.role.into(),
            region: input.region_id.map(|key| key.0),
            category: input.category,
            round: input.round_id.map(|key| key.0),
            subject: input.subject_id.map(|key| key.0),
        }
    }
}

/// An account to be added.
#[derive(InputObject)]
pub struct StaffAddInput {
    /// The name to log in with: letters, digits, `-`, `_` and `.`; capitals do not matter.
    login: String,
    /// The name to show.
    name: String,
    /// Where mail to this person goes; without it a forgotten password cannot be reset by mail.
    email: Option<String>,
    /// The first password, 12 characters to 256 bytes.
    password: String,
    /// The roles, at most 50.
    #[graphql(validator(max_items = 50))]
    roles: Vec<StaffRoleInput>,
}

/// An account whose owner is invited by mail to choose the password.
#[derive(InputObject)]
pub struct StaffInviteInput {
    /// The name to log in with: letters, digits, `-`, `_` and `.`; capitals do not matter.
    login: String,
    /// The name to show.
    name: String,
    /// Where the invitation goes.
    email: String,
    /// The roles, at most 50.
    #[graphql(validator(max_items = 50))]
    roles: Vec<StaffRoleInput>,
}

/// A change of an account; what is left out stays as it is.
#[derive(InputObject)]
pub struct StaffChangeInput {
    /// The name to show.
    name: Option<String>,
    /// Where mail to this person goes; links that were mailed to the earlier address hold no longer.
    email: Option<String>,
    /// Whether the account may be used; turning it off ends its sessions.
    active: Option<bool>,
    /// A new password, 12 characters to 256 bytes; ends the account's sessions and its lock.
    password: Option<String>,
    /// All its roles, in place of the earlier ones; at most 50.
    #[graphql(validator(max_items = 50))]
    roles: Option<Vec<StaffRoleInput>>,
}

payload! {
    /// What came of adding an account.
    StaffAddPayload {
        /// The new account.
        staff: Staff
    }
}

payload! {
    /// What came of inviting somebody.
    StaffInvitePayload {
        /// The account, which waits for its owner.
        staff: Staff
    }
}

/// Who somebody is at a provider of OpenID Connect.
#[derive(InputObject)]
pub struct StaffIdentityInput {
    /// The provider, as its tokens name it: its address.
    issuer: String,
    /// The person, as the provider's tokens name them (`sub`). Whoever comes with an unknown one is told it.
    subject: String,
}

payload! {
    /// What came of changing how somebody logs in.
    StaffIdentityPayload {
        /// The account as it is now.
        staff: Staff
    }
}

payload! {
    /// What came of changing an account.
    StaffChangePayload {
        /// The account as it is now.
        staff: Staff
    }
}

/// The part of the mutation root about accounts.
#[derive(Debug, Default)]
pub struct StaffMutation;

#[Object]
impl StaffMutation {
    /// Adds an account. For security administrators.
    async fn staff_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The account to be.")] input: StaffAddInput,
    ) -> Result<StaffAddPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let service = service(context)?;
        // Hashing costs more than asking: whoever may not add accounts is not to make us do it.
        service.ask_staff_change(actor)?;
        let password_hash = match hash(context, input.password).await? {
            Ok(hash) => Some(hash),
            Err(fault) => return StaffAddPayload::of::<Staff>(Err(fault)),
        };
        let draft = StaffDraft {
            login: input.login,
            name: input.name,
            email: input.email,
            password_hash,
            grants: input.roles.into_iter().map(Grant::from).collect(),
        };
        StaffAddPayload::of(service.add_staff(actor, draft).await)
    }

    /// Adds an account and mails its owner a one-time link to choose the password. For security administrators.
    async fn staff_invite(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The account to be.")] input: StaffInviteInput,
    ) -> Result<StaffInvitePayload, GraphqlFault> {
        let draft = StaffDraft {
            login: input.login,
            name: input.name,
            email: Some(input.email),
            password_hash: None,
            grants: input.roles.into_iter().map(Grant::from).collect(),
        };
        let actor = &Asker::of(context)?.actor;
        StaffInvitePayload::of(service(context)?.add_staff(actor, draft).await)
    }

    /// Mails another link to somebody who has not taken up the invitation; the earlier link holds no longer. For
    /// security administrators.
    async fn staff_invite_again(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which account.")] id: Key<id::Staff>,
    ) -> Result<StaffInvitePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        StaffInvitePayload::of(service(context)?.invite_staff_again(actor, id.0).await)
    }

    /// Lets the owner of an account log in by a provider of OpenID Connect. For security administrators; nobody does it for
    /// their own account.
    async fn staff_bind_identity(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which account.")] id: Key<id::Staff>,
        #[graphql(desc = "Who its owner is there.")] input: StaffIdentityInput,
    ) -> Result<StaffIdentityPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let identity = Identity {
            issuer: input.issuer,
            subject: input.subject,
        };
        let outcome = service(context)?.bind_identity(actor, id.0, identity).await;
        StaffIdentityPayload::of(outcome)
    }

    /// Takes the identity at the provider away again, and ends the account's sessions. For security administrators.
    async fn staff_remove_identity(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which account.")] id: Key<id::Staff>,
    ) -> Result<StaffIdentityPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        StaffIdentityPayload::of(service(context)?.remove_identity(actor, id.0).await)
    }

    /// Takes the password of an account away, so that its owner logs in by the provider alone; ends its sessions. A new
    /// password by `staffChange` undoes it. For security administrators.
    async fn staff_remove_password(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which account.")] id: Key<id::Staff>,
    ) -> Result<StaffIdentityPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        StaffIdentityPayload::of(service(context)?.remove_password(actor, id.0).await)
    }

    /// Changes an account, unless somebody else did so since it was read: then the error `CONFLICT`. For security
    /// administrators; nobody changes their own roles or state.
    async fn staff_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which account.")] id: Key<id::Staff>,
        #[graphql(desc = "`rowVersion` of the account as it was read.")] row_version: String,
        #[graphql(desc = "What is to be changed.")] input: StaffChangeInput,
    ) -> Result<StaffChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let service = service(context)?;
        service.ask_staff_change(actor)?;
        let password_hash = match input.password {
            Some(password) => match hash(context, password).await? {
                Ok(hash) => Some(hash),
                Err(fault) => return StaffChangePayload::of::<Staff>(Err(fault)),
            },
            None => None,
        };
        let change = StaffChange {
            id: id.0,
            row_version: parse_row_version(&row_version)?,
            name: input.name,
            email: input.email,
            is_active: input.active,
            password_hash,
            grants: input
                .roles
                .map(|roles| roles.into_iter().map(Grant::from).collect()),
        };
        StaffChangePayload::of(service.change_staff(actor, change).await)
    }
}

/// A row version, which is a number of 64 bits and so travels as a text.
///
/// # Errors
/// It is no number.
pub(crate) fn parse_row_version(text: &str) -> Result<i64, GraphqlFault> {
    text.parse().map_err(|_| {
        GraphqlFault::bad_input("`rowVersion` is no such number: give back what was read")
    })
}

/// The outer error is an error, the inner one a refusal.
async fn hash(
    context: &Context<'_>,
    password: String,
) -> Result<Result<String, service::Fault>, GraphqlFault> {
    let sessions: &Sessions = data(context)?;
    sift(sessions.accept(Secret::new(password)).await)
}
