//! Identities of other systems: who the owner of an account is at a provider of OpenID Connect.
//!
//! An identity is an issuer and a subject, nothing else that a provider says: names and addresses change hands. It is
//! bound to an account by a security administrator, or by its owner with the invitation; no account is ever made by
//! somebody's coming. Deliberately absent: the provider's tokens, which are checked above, in `api`.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::access::{Action, Actor};
use domain::id::{self, Id};
use entity::{staff, staff_identity, staff_link};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QuerySelect, Statement, Value,
};

use super::link::{hash_of, link_over};
use super::{Staff, end_sessions, grants_of, remove_links};
use crate::database::WriteTransaction;
use crate::frame::staff_of;
use crate::permit::Permit;
use crate::session::{OpenedSession, login_refused};
use crate::staff::factor::Proof;
use crate::text::{Refusals, digest_of};
use crate::{Fault, Refusal, Service, audit, clock, fault};

/// Longest issuer and longest subject, in characters; OpenID Connect allows 255 for the latter.
const LONGEST: usize = 255;

/// Somebody at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// The person, as the provider's tokens name them.
    pub subject: String,
}

impl Identity {
    fn digest(&self) -> [u8; 32] {
        digest_of(&[&self.issuer, &self.subject])
    }

    fn check(&self) -> Result<(), Fault> {
        let mut refusals = Refusals::default();
        for (field, text) in [("issuer", &self.issuer), ("subject", &self.subject)] {
            let is_fit = !text.is_empty()
                && text.chars().count() <= LONGEST
                && !text.chars().any(char::is_control);
            if !is_fit {
                let message = "is 1 to 255 characters, as the provider's tokens have it";
                refusals.add(Refusal::new("IDENTITY_UNFIT", message).at([field]));
            }
        }
        refusals.settle()
    }
}

fn refused(code: &str, message: &str) -> Fault {
    Fault::refused(Refusal::new(code, message).at(["id"]))
}

/// What lists of accounts show of the tables beside them.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    pub has_factor: bool,
    pub identity: Option<Identity>,
}

#[derive(FromQueryResult)]
struct MarkRow {
    id: i64,
    factors: i64,
    issuer: Option<String>,
    subject: Option<String>,
}

impl MarkRow {
    fn read(self) -> (i64, Marks) {
        let identity = self.issuer.zip(self.subject);
        let identity = identity.map(|(issuer, subject)| Identity { issuer, subject });
        let has_factor = self.factors > 0;
        (
            self.id,
            Marks {
                has_factor,
                identity,
            },
        )
    }
}

/// The same by account. One statement.
pub(super) async fn list_marks(
    connection: &impl ConnectionTrait,
    staff: &[i64],
) -> Result<BTreeMap<i64, Marks>, Fault> {
    if staff.is_empty() {
        return Ok(BTreeMap::new());
    }
    let places: Vec<String> = (1..=staff.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT staff.id, staff_identity.issuer, staff_identity.subject,
            (SELECT count(*) FROM staff_factor
                WHERE staff_factor.staff_id = staff.id AND staff_factor.confirmed_at IS NOT NULL) AS factors
        FROM staff LEFT JOIN staff_identity ON staff_identity.staff_id = staff.id
        WHERE staff.id IN ({})",
        places.join(", ")
    );
    let values: Vec<Value> = staff.iter().map(|id| (*id).into()).collect();
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = MarkRow::find_by_statement(statement)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(MarkRow::read).collect())
}

/// The same of one account. One statement.
pub(super) async fn marks_of(
    connection: &impl ConnectionTrait,
    staff: i64,
) -> Result<Marks, Fault> {
    let mut found = list_marks(connection, &[staff]).await?;
    Ok(found.remove(&staff).unwrap_or_default())
}

impl Service {
    /// Whose identity this is. One statement.
    pub async fn find_staff_by_identity(
        &self,
        identity: &Identity,
    ) -> Result<Option<Id<id::Staff>>, Fault> {
        let row = staff_identity::Entity::find()
            .filter(staff_identity::Column::Issuer.eq(identity.issuer.as_str()))
            .filter(staff_identity::Column::Subject.eq(identity.subject.as_str()))
            .one(&self.database.reader())
            .await?;
        Ok(row.map(|row| Id::new(row.staff_id)))
    }

    /// Opens a session for somebody whom the provider knows by this identity, and who shows the second factor if the
    /// account has one.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LOGIN_REFUSED` if nobody has the identity any more, or the account is disabled or locked;
    /// with `SECOND_FACTOR_NEEDED` or `SECOND_FACTOR_REFUSED`.
    pub async fn open_session_by_identity(
        &self,
        identity: &Identity,
        proof: Option<&Proof>,
        lifetime: Duration,
    ) -> Result<OpenedSession, Fault> {
        let transaction = self.database.begin_write().await?;
        let bound = staff_identity::Entity::find()
            .filter(staff_identity::Column::Issuer.eq(identity.issuer.as_str()))
            .filter(staff_identity::Column::Subject.eq(identity.subject.as_str()))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or_else(login_refused)?;
        let owner = staff::Entity::find_by_id(bound.staff_id)
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or_else(login_refused)?;
        self.begin_session(transaction, owner, proof, lifetime)
            .await
    }

    /// Binds an identity to an account. Nobody binds one to their own.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `IDENTITY_UNFIT`, `IDENTITY_PRESENT`, `IDENTITY_TAKEN`, `OWN_ACCOUNT`;
    /// [`Fault::NotFound`].
    pub async fn bind_identity(
        &self,
        actor: &Actor,
        staff: Id<id::Staff>,
        identity: Identity,
    ) -> Result<Staff, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeStaff)?;
        identity.check()?;
        if staff_of(actor) == Some(staff) {
            let message =
                "nobody binds an identity to their own account: ask another security administrator";
            return Err(refused("OWN_ACCOUNT", message));
        }
        let transaction = self.database.begin_write().await?;
        lock(&transaction, staff).await?;
        self.insert_identity(&transaction, staff, &identity).await?;
        // Whoever was invited comes by the provider now.
        remove_links(&transaction, staff).await?;
        let object = staff.to_string();
        let entry = audit::Entry {
            after: Some(identity.digest()),
            ..permit.entry(self.clock.now(), "staff.bind_identity", &object)
        };
        finish(transaction, staff, &entry).await
    }

    /// Takes the identity of an account away and ends its sessions. Without a password it can be invited again.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `IDENTITY_ABSENT`; [`Fault::NotFound`].
    pub async fn remove_identity(
        &self,
        actor: &Actor,
        staff: Id<id::Staff>,
    ) -> Result<Staff, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeStaff)?;
        let transaction = self.database.begin_write().await?;
        lock(&transaction, staff).await?;
        let bound = staff_identity::Entity::find_by_id(staff.number())
            .one(&transaction)
            .await?
            .ok_or_else(|| refused("IDENTITY_ABSENT", "the account has no identity"))?;
        staff_identity::Entity::delete_by_id(staff.number())
            .exec(&transaction)
            .await?;
        end_sessions(&transaction, staff).await?;
        let identity = Identity {
            issuer: bound.issuer,
            subject: bound.subject,
        };
        let object = staff.to_string();
        let entry = audit::Entry {
            before: Some(identity.digest()),
            ..permit.entry(self.clock.now(), "staff.remove_identity", &object)
        };
        finish(transaction, staff, &entry).await
    }

    /// Takes the password of an account away, which from then on signs in by its provider alone; ends its sessions. A new
    /// password given by [`Service::change_staff`] undoes it.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `IDENTITY_ABSENT`; [`Fault::NotFound`].
    pub async fn remove_password(
        &self,
        actor: &Actor,
        staff: Id<id::Staff>,
    ) -> Result<Staff, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeStaff)?;
        let transaction = self.database.begin_write().await?;
        lock(&transaction, staff).await?;
        if read(&transaction, staff).await?.identity.is_none() {
            let message =
                "without a password nobody could use the account: bind an identity to it first";
            return Err(refused("IDENTITY_ABSENT", message));
        }
        staff::Entity::update_many()
            .col_expr(staff::Column::PasswordHash, Expr::value(""))
            .col_expr(
                staff::Column::RowVersion,
                Expr::col(staff::Column::RowVersion).add(1),
            )
            .filter(staff::Column::Id.eq(staff.number()))
            .exec(&transaction)
            .await?;
        end_sessions(&transaction, staff).await?;
        remove_links(&transaction, staff).await?;
        let object = staff.to_string();
        let entry = permit.entry(self.clock.now(), "staff.remove_password", &object);
        finish(transaction, staff, &entry).await
    }

    /// Takes an invitation up by an identity in place of a password, and uses the link up.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LINK_OVER`, `IDENTITY_TAKEN`, `IDENTITY_UNFIT`.
    pub async fn take_up_by_identity(&self, token: &str, identity: &Identity) -> Result<(), Fault> {
        identity.check()?;
        let hash = hash_of(token).ok_or_else(link_over)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let link = staff_link::Entity::find_by_id(hash.clone())
            .filter(staff_link::Column::ExpiresAt.gt(clock::micros(now)))
            .filter(staff_link::Column::Purpose.eq(staff_link::Purpose::Invitation))
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let owner = link.and_then(|link| link.staff_id).ok_or_else(link_over)?;
        let id = Id::new(owner);
        let row = lock(&transaction, id).await.map_err(|_| link_over())?;
        if row.state != staff::State::Active {
            return Err(link_over());
        }
        self.insert_identity(&transaction, id, identity).await?;
        remove_links(&transaction, id).await?;
        let who = id.to_string();
        let entry = audit::Entry {
            at: now,
            who: &who,
            action: "staff.bind_identity",
            object: &who,
            after: Some(identity.digest()),
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await
    }

    async fn insert_identity(
        &self,
        transaction: &WriteTransaction,
        staff: Id<id::Staff>,
        identity: &Identity,
    ) -> Result<(), Fault> {
        if staff_identity::Entity::find_by_id(staff.number())
            .one(transaction)
            .await?
            .is_some()
        {
            let message = "the account has an identity: remove that one first";
            return Err(refused("IDENTITY_PRESENT", message));
        }
        let row = staff_identity::ActiveModel {
            staff_id: Set(staff.number()),
            issuer: Set(identity.issuer.clone()),
            subject: Set(identity.subject.clone()),
            bound_at: Set(clock::micros(self.clock.now())),
        };
        staff_identity::Entity::insert(row)
            .exec_without_returning(transaction)
            .await
            .map_err(|error| {
                if fault::is_duplicate(&error) {
                    let message = "the identity belongs to another account: remove it there first";
                    return refused("IDENTITY_TAKEN", message);
                }
                error.into()
            })?;
        Ok(())
    }
}

async fn lock(transaction: &WriteTransaction, staff: Id<id::Staff>) -> Result<staff::Model, Fault> {
    let row = staff::Entity::find_by_id(staff.number())
        .lock_exclusive()
        .one(transaction)
        .await?;
    row.ok_or(Fault::NotFound)
}

async fn read(transaction: &WriteTransaction, staff: Id<id::Staff>) -> Result<Staff, Fault> {
    let row = lock(transaction, staff).await?;
    let grants = grants_of(transaction, [row.id])
        .await?
        .remove(&row.id)
        .unwrap_or_default();
    let marks = marks_of(transaction, row.id).await?;
    Ok(Staff::of(row, grants, marks))
}

/// Writes the line of the log, and tells what became of the account.
async fn finish(
    transaction: WriteTransaction,
    staff: Id<id::Staff>,
    entry: &audit::Entry<'_>,
) -> Result<Staff, Fault> {
    audit::append(&transaction, entry).await?;
    let changed = read(&transaction, staff).await?;
    transaction.commit().await?;
    Ok(changed)
}
