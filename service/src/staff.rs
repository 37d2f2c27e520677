//! Accounts of staff and their roles.
//!
//! A password arrives here as its hash; passwords themselves are never seen. An account without one was invited and
//! waits for its owner to choose it by a one-time link ([`link`]). Deliberately absent: removing an account, for the
//! log refers to it. It is disabled instead.

pub mod factor;
pub mod identity;
pub mod link;

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Actor, CombinedRoles, Grant, Role, find_conflict};
use domain::id::{self, Id};
use entity::{session, staff, staff_link, staff_role};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use self::identity::{Identity, Marks, list_marks, marks_of};
use crate::database::WriteTransaction;
use crate::frame::staff_of;
use crate::page::{Page, Part};
use crate::permit::Permit;
use crate::text::{self, Refusals};
use crate::{Fault, Refusal, Service, audit, fault};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Its id.
    pub id: Id<id::Staff>,
    /// The name to log in with.
    pub login: String,
    /// The name to show.
    pub name: String,
    /// Where mail to this person goes.
    pub email: Option<String>,
    /// Whether it may be used.
    pub is_active: bool,
    /// Whether logging in asks for a second factor.
    pub has_factor: bool,
    /// Whether it may be used by a password.
    pub has_password: bool,
    /// Who its owner is at the provider of identities, if it may be used by that.
    pub identity: Option<Identity>,
    /// Counts the changes, for compare-and-set.
    pub row_version: i64,
    /// Its roles, each within a scope.
    pub grants: Vec<Grant>,
}

/// An account to be added.
#[derive(Debug, Clone)]
pub struct StaffDraft {
    /// The name to log in with; letters count as small ones.
    pub login: String,
    /// The name to show.
    pub name: String,
    /// Where mail to this person goes.
    pub email: Option<String>,
    /// Hash of the password, in PHC form. Without one the person is invited by mail to choose it.
    pub password_hash: Option<String>,
    /// Its roles.
    pub grants: Vec<Grant>,
}

/// A change of an account; what is absent stays as it is.
#[derive(Debug, Clone)]
pub struct StaffChange {
    /// Which.
    pub id: Id<id::Staff>,
    /// [`Staff::row_version`] of what was read before.
    pub row_version: i64,
    /// The name to show.
    pub name: Option<String>,
    /// Where mail to this person goes; ends the links that were mailed to the earlier one.
    pub email: Option<String>,
    /// Whether it may be used.
    pub is_active: Option<bool>,
    /// Hash of a new password; ends every session of the account.
    pub password_hash: Option<String>,
    /// All its roles, in place of the earlier ones.
    pub grants: Option<Vec<Grant>>,
}

/// Longest mail address, in bytes (RFC 5321).
const EMAIL: usize = 254;

impl Staff {
    fn of(row: staff::Model, grants: Vec<Grant>, marks: Marks) -> Self {
        let has_password = !row.password_hash.is_empty();
        Self {
            id: Id::new(row.id),
            login: row.login,
            name: row.name,
            email: row.email,
            is_active: row.state == staff::State::Active,
            has_factor: marks.has_factor,
            has_password,
            identity: marks.identity,
            row_version: row.row_version,
            grants,
        }
    }

    /// Whether its invitation is still to be taken up.
    pub fn is_invited(&self) -> bool {
        !self.has_password && self.identity.is_none()
    }

    fn digest(&self) -> [u8; 32] {
        let state = if self.is_active { "active" } else { "disabled" };
        let grants: Vec<String> = self
            .grants
            .iter()
            .map(|grant| format!("{grant:?}"))
            .collect();
        text::digest_of(&[
            &self.id.to_string(),
            &self.login,
            &self.name,
            self.email.as_deref().unwrap_or_default(),
            state,
            &grants.join(";"),
        ])
    }
}

impl Service {
    /// Accounts in the order of their log-in names. Three statements.
    pub async fn list_staff(
        &self,
        actor: &Actor,
        page: Page<String>,
    ) -> Result<Part<Staff>, Fault> {
        Permit::ask_everywhere(actor, Action::ReadStaff)?;
        let reader = self.database.reader();
        let mut query = staff::Entity::find()
            .order_by_asc(staff::Column::Login)
            .limit(page.limit());
        if let Some(after) = &page.after {
            query = query.filter(staff::Column::Login.gt(after.as_str()));
        }
        let part = page.cut(query.all(&reader).await?);
        let ids: Vec<i64> = part.rows.iter().map(|row| row.id).collect();
        let mut grants = grants_of(&reader, ids.clone()).await?;
        let mut marks = list_marks(&reader, &ids).await?;
        part.try_map(|row| {
            let grants = grants.remove(&row.id).unwrap_or_default();
            let marks = marks.remove(&row.id).unwrap_or_default();
            Ok(Staff::of(row, grants, marks))
        })
    }

    /// The accounts of these ids, those that exist; everybody may read their own. Three statements.
    pub async fn find_staff(
        &self,
        actor: &Actor,
        ids: &[Id<id::Staff>],
    ) -> Result<BTreeMap<Id<id::Staff>, Staff>, Fault> {
        let own = staff_of(actor);
        if ids.iter().any(|id| Some(*id) != own) {
            Permit::ask_everywhere(actor, Action::ReadStaff)?;
        }
        let reader = self.database.reader();
        let rows = staff::Entity::find()
            .filter(staff::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .all(&reader)
            .await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let mut grants = grants_of(&reader, ids.clone()).await?;
        let mut marks = list_marks(&reader, &ids).await?;
        let found = rows.into_iter().map(|row| {
            let grants = grants.remove(&row.id).unwrap_or_default();
            let marks = marks.remove(&row.id).unwrap_or_default();
            (Id::new(row.id), Staff::of(row, grants, marks))
        });
        Ok(found.collect())
    }

    /// Whether the actor may add and change accounts; for callers that hash a password first.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub fn ask_staff_change(&self, actor: &Actor) -> Result<(), Fault> {
        Permit::ask_everywhere(actor, Action::ChangeStaff).map(|_| ())
    }

    /// Adds an account. Without a password its owner is invited by mail, in the same transaction.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LOGIN_TAKEN`, `EMAIL_TAKEN`, `EMAIL_UNFIT`, `EMAIL_MISSING`, `CODE_UNFIT`, `NAME_UNFIT`,
    /// `ROLES_INCOMPATIBLE`, `ROLE_NOT_FOR_PEOPLE`, `SUBJECT_UNFIT`, `SCOPE_UNFIT`, `SCOPE_UNKNOWN`.
    pub async fn add_staff(&self, actor: &Actor, draft: StaffDraft) -> Result<Staff, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeStaff)?;
        let mut refusals = Refusals::default();
        let login = refusals.code("login", &draft.login.to_ascii_lowercase());
        let name = refusals.name("name", &draft.name);
        let email = draft
            .email
            .as_deref()
            .map(|email| read_email(&mut refusals, email));
        let is_invited = draft.password_hash.is_none();
        if is_invited && email.is_none() {
            let message = "an invitation goes out by mail: give an address";
            refusals.add(Refusal::new("EMAIL_MISSING", message).at(["email"]));
        }
        refuse_unfit(&mut refusals, &draft.grants, self.combined_roles.as_ref());
        refusals.settle()?;
        let added = Staff {
            id: Id::new(self.ids.draw()?),
            login,
            name,
            email,
            is_active: true,
            has_factor: false,
            has_password: !is_invited,
            identity: None,
            row_version: 1,
            grants: draft.grants,
        };
        let transaction = self.database.begin_write().await?;
        self.insert_staff(&transaction, &added, draft.password_hash)
            .await?;
        if is_invited {
            self.request_invitation(&transaction, added.id).await?;
        }
        let object = added.id.to_string();
        let action = if is_invited {
            "staff.invite"
        } else {
            "staff.add"
        };
        let entry = audit::Entry {
            after: Some(added.digest()),
            ..permit.entry(self.clock.now(), action, &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// Puts a new account with its roles into the database.
    async fn insert_staff(
        &self,
        transaction: &WriteTransaction,
        added: &Staff,
        password_hash: Option<String>,
    ) -> Result<(), Fault> {
        refuse_taken_email(transaction, added.id, added.email.as_deref()).await?;
        let row = staff::ActiveModel {
            id: Set(added.id.number()),
            login: Set(added.login.clone()),
            name: Set(added.name.clone()),
            password_hash: Set(password_hash.unwrap_or_default()),
            state: Set(staff::State::Active),
            row_version: Set(added.row_version),
            failed_logins: Set(0),
            locked_until_at: Set(None),
            email: Set(added.email.clone()),
        };
        staff::Entity::insert(row)
            .exec_without_returning(transaction)
            .await
            .map_err(|error| {
                if fault::is_duplicate(&error) {
                    let message = format!("`{}` is taken: choose another log-in name", added.login);
                    return Fault::refused(Refusal::new("LOGIN_TAKEN", message).at(["login"]));
                }
                error.into()
            })?;
        self.put_grants(transaction, added.id, &added.grants).await
    }

    /// Changes an account, unless somebody else did so since it was read. Nobody changes their own roles or state.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `NAME_UNFIT`, `EMAIL_UNFIT`, `EMAIL_TAKEN`, `OWN_ACCOUNT`, `ROLES_INCOMPATIBLE`,
    /// `ROLE_NOT_FOR_PEOPLE`, `SUBJECT_UNFIT`, `SCOPE_UNFIT`, `SCOPE_UNKNOWN`; [`Fault::Conflict`], [`Fault::NotFound`].
    pub async fn change_staff(&self, actor: &Actor, change: StaffChange) -> Result<Staff, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeStaff)?;
        let mut refusals = Refusals::default();
        let is_own = matches!(actor, Actor::Staff { id, .. } if *id == change.id);
        if is_own && (change.grants.is_some() || change.is_active.is_some()) {
            let message =
                "nobody changes their own roles or state: ask another security administrator";
            refusals.add(Refusal::new("OWN_ACCOUNT", message).at(["id"]));
        }
        let name = change
            .name
            .as_deref()
            .map(|name| refusals.name("name", name));
        let email = change
            .email
            .as_deref()
            .map(|email| read_email(&mut refusals, email));
        if let Some(grants) = &change.grants {
            refuse_unfit(&mut refusals, grants, self.combined_roles.as_ref());
        }
        refusals.settle()?;

        let transaction = self.database.begin_write().await?;
        let row = staff::Entity::find_by_id(change.id.number())
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let row = row.ok_or(Fault::NotFound)?;
        if row.row_version != change.row_version {
            return Err(Fault::Conflict);
        }
        let grants = grants_of(&transaction, [row.id])
            .await?
            .remove(&row.id)
            .unwrap_or_default();
        let marks = marks_of(&transaction, row.id).await?;
        let before = Staff::of(row, grants, marks);
        refuse_taken_email(&transaction, before.id, email.as_deref()).await?;
        let after = Staff {
            id: before.id,
            login: before.login.clone(),
            name: name.unwrap_or_else(|| before.name.clone()),
            email: email.or_else(|| before.email.clone()),
            is_active: change.is_active.unwrap_or(before.is_active),
            has_factor: before.has_factor,
            has_password: before.has_password || change.password_hash.is_some(),
            identity: before.identity.clone(),
            row_version: before.row_version.saturating_add(1),
            grants: change
                .grants
                .clone()
                .unwrap_or_else(|| before.grants.clone()),
        };
        let state = if after.is_active {
            staff::State::Active
        } else {
            staff::State::Disabled
        };
        let mut update = staff::Entity::update_many()
            .col_expr(staff::Column::Name, Expr::value(after.name.clone()))
            .col_expr(staff::Column::Email, Expr::value(after.email.clone()))
            .col_expr(staff::Column::State, Expr::value(state))
            .col_expr(
                staff::Column::RowVersion,
                Expr::col(staff::Column::RowVersion).add(1),
            )
            .filter(staff::Column::Id.eq(after.id.number()));
        if let Some(hash) = &change.password_hash {
            update = update
                .col_expr(staff::Column::PasswordHash, Expr::value(hash.clone()))
                .col_expr(staff::Column::FailedLogins, Expr::value(0))
                .col_expr(staff::Column::LockedUntilAt, Expr::value(None::<i64>));
        }
        update.exec(&transaction).await?;
        if change.grants.is_some() {
            staff_role::Entity::delete_many()
                .filter(staff_role::Column::StaffId.eq(after.id.number()))
                .exec(&transaction)
                .await?;
            self.put_grants(&transaction, after.id, &after.grants)
                .await?;
        }
        if change.password_hash.is_some() || !after.is_active {
            end_sessions(&transaction, after.id).await?;
        }
        if change.password_hash.is_some() || !after.is_active || after.email != before.email {
            remove_links(&transaction, after.id).await?;
        }
        let object = after.id.to_string();
        let action = if change.password_hash.is_some() {
            "staff.change_password"
        } else {
            "staff.change"
        };
        let entry = audit::Entry {
            before: Some(before.digest()),
            after: Some(after.digest()),
            ..permit.entry(self.clock.now(), action, &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(after)
    }

    async fn put_grants(
        &self,
        transaction: &WriteTransaction,
        staff: Id<id::Staff>,
        grants: &[Grant],
    ) -> Result<(), Fault> {
        if grants.is_empty() {
            return Ok(());
        }
        let rows = grants.iter().map(|grant| {
            Ok(staff_role::ActiveModel {
                id: Set(self.ids.draw()?),
                staff_id: Set(staff.number()),
                role: Set(grant.role.word().to_owned()),
                region_id: Set(grant.region.map(Id::number)),
                category: Set(grant.category.clone()),
                round_id: Set(grant.round.map(Id::number)),
                subject_id: Set(grant.subject.map(Id::number)),
            })
        });
        let rows: Vec<staff_role::ActiveModel> = rows.collect::<Result<_, Fault>>()?;
        staff_role::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await
            .map_err(|error| {
                let fault = error.into();
                if matches!(fault, Fault::Conflict) {
                    let message =
                        "a role is given twice, or within a region, round or subject that does not exist";
                    return Fault::refused(Refusal::new("SCOPE_UNKNOWN", message).at(["roles"]));
                }
                fault
            })?;
        Ok(())
    }
}

/// Ends every session of an account at once.
async fn end_sessions(transaction: &WriteTransaction, id: Id<id::Staff>) -> Result<(), Fault> {
    session::Entity::update_many()
        .col_expr(session::Column::State, Expr::value(session::State::Revoked))
        .filter(session::Column::StaffId.eq(id.number()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Takes back every link that an account was sent.
async fn remove_links(transaction: &WriteTransaction, id: Id<id::Staff>) -> Result<(), Fault> {
    staff_link::Entity::delete_many()
        .filter(staff_link::Column::StaffId.eq(id.number()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// An address as it is kept: in small letters, for two that differ in nothing else are one mailbox everywhere.
fn read_email(refusals: &mut Refusals, text: &str) -> String {
    let email = text.trim().to_ascii_lowercase();
    let fits = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\"".contains(c);
    let parts: Vec<&str> = email.split('@').collect();
    let has_parts = matches!(parts.as_slice(), [name, place] if !name.is_empty() && place.contains('.') && !place.starts_with('.') && !place.ends_with('.'));
    if !has_parts || email.len() > EMAIL || !email.chars().all(fits) {
        let message = "write a mail address like `leader01@example.com`";
        refusals.add(Refusal::new("EMAIL_UNFIT", message).at(["email"]));
    }
    email
}

/// Two accounts with one address could each be taken over from the other's mailbox. The unique index decides between
/// two at the same time.
async fn refuse_taken_email(
    transaction: &WriteTransaction,
    of: Id<id::Staff>,
    email: Option<&str>,
) -> Result<(), Fault> {
    let Some(email) = email else {
        return Ok(());
    };
    let taken = staff::Entity::find()
        .filter(staff::Column::Email.eq(email))
        .filter(staff::Column::Id.ne(of.number()))
        .one(transaction)
        .await?;
    if taken.is_some() {
        let message = "another account has this address: give another";
        return Err(Fault::refused(
            Refusal::new("EMAIL_TAKEN", message).at(["email"]),
        ));
    }
    Ok(())
}

fn refuse_unfit(refusals: &mut Refusals, grants: &[Grant], permitted: Option<&CombinedRoles>) {
    let roles: BTreeSet<Role> = grants.iter().map(|grant| grant.role).collect();
    if roles.contains(&Role::Program) {
        let message = "no person is a program: make a service token for it";
        refusals.add(Refusal::new("ROLE_NOT_FOR_PEOPLE", message).at(["roles"]));
    }
    let of_a_unit = |grant: &Grant| grant.role == Role::UnitReporter;
    if grants
        .iter()
        .any(|grant| of_a_unit(grant) != grant.subject.is_some())
    {
        let message = "whoever speaks for a unit names the unit, and no other role does";
        refusals.add(Refusal::new("SUBJECT_UNFIT", message).at(["roles"]));
    }
    if grants
        .iter()
        .any(|grant| of_a_unit(grant) && (grant.region.is_some() || grant.category.is_some()))
    {
        let message = "a unit lies in its region and category already: leave them out";
        refusals.add(Refusal::new("SCOPE_UNFIT", message).at(["roles"]));
    }
    if let Some((one, other)) = find_conflict(&roles, permitted.map(|one| one.roles)) {
        let message = format!(
            "no person is both `{}` and `{}`: choose one",
            one.word(),
            other.word()
        );
        refusals.add(Refusal::new("ROLES_INCOMPATIBLE", message).at(["roles"]));
    }
}

/// The grants of several accounts, in one statement.
async fn grants_of(
    connection: &impl ConnectionTrait,
    staff: impl IntoIterator<Item = i64>,
) -> Result<BTreeMap<i64, Vec<Grant>>, Fault> {
    let rows = staff_role::Entity::find()
        .filter(staff_role::Column::StaffId.is_in(staff))
        .order_by_asc(staff_role::Column::Role)
        .order_by_asc(staff_role::Column::Id)
        .all(connection)
        .await?;
    let mut grants: BTreeMap<i64, Vec<Grant>> = BTreeMap::new();
    for row in rows {
        let staff = row.staff_id;
        grants.entry(staff).or_default().extend(grant_of(row));
    }
    Ok(grants)
}

/// What a row grants: nothing if its word is none that the access table knows.
pub(crate) fn grant_of(row: staff_role::Model) -> Option<Grant> {
    Some(Grant {
        role: Role::find(&row.role)?,
        region: row.region_id.map(Id::new),
        category: row.category,
        round: row.round_id.map(Id::new),
        subject: row.subject_id.map(Id::new),
    })
}
