//! One-time links to set a password: of an invitation, of a forgotten password, and of the very first account.
//!
//! Whoever asks for a link only leaves a job in the outbox. The worker draws the token when it writes the mail, so the
//! token stands in the mail and nowhere else; the database holds its hash. A reset leaves the same job whether or not
//! there is such an account: nothing is looked up while somebody waits for the answer.
//!
//! Deliberately absent: the words of the mails and the addresses that links lead to, which `api` knows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, Grant, Role};
use domain::id::{self, Id};
use entity::{staff, staff_link};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::identity::marks_of;
use super::{Staff, end_sessions, grants_of, remove_links};
use crate::database::WriteTransaction;
use crate::outbox::{self, NewJob};
use crate::permit::Permit;
use crate::text::Refusals;
use crate::{Fault, Refusal, Service, audit, clock, code};

/// The kind of a job that mails an invitation.
pub const INVITATION_JOB: &str = "staff_invitation";

/// The kind of a job that mails a link to somebody who forgot their password, if there is such an account.
pub const RESET_JOB: &str = "staff_reset";

/// Links to a new password that an account has at most at one time: whoever asks for more fills somebody's mailbox.
const MOST_RESETS: u64 = 3;

/// Of a longer name that was typed, the first characters are kept.
const TYPED: usize = 254;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To take up an invitation.
    Invitation,
    /// To choose another password.
    Reset,
    /// To make the very first account.
    First,
}

/// A link that still holds, as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLink {
    /// What it is for.
    pub purpose: Purpose,
    /// The log-in name of the account; none for the very first one, which is chosen there.
    pub login: Option<String>,
}

/// A link that was made just now. Its token is told this once.
#[derive(Debug, Clone)]
pub struct MadeLink {
    /// What it is for.
    pub purpose: Purpose,
    /// The token, for the link's address.
    pub token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// To which address it goes.
    pub email: String,
    /// The log-in name of its owner.
    pub login: String,
}

/// How long links hold.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Of an invitation, and of the link to the very first account.
    pub invitation: Duration,
    /// Of a link to a new password.
    pub reset: Duration,
}

/// The very first account, made by whoever holds the link that the first start printed.
#[derive(Debug, Clone)]
pub struct FirstAccount {
    /// The name to log in with.
    pub login: String,
    /// The name to show.
    pub name: String,
    /// Hash of the password, in PHC form.
    pub password_hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Invited {
    staff: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Forgetful {
    /// A log-in name or an address, as it was typed.
    typed: String,
}

/// What is put into the database of a new link.
struct NewLink {
    purpose: staff_link::Purpose,
    staff: Option<i64>,
    lifetime: Duration,
}

/// One answer for every reason: used, run out, taken back, never there.
pub(super) fn link_over() -> Fault {
    let message = "the link was used already or holds no longer: ask for another";
    Fault::refused(Refusal::new("LINK_OVER", message).at(["token"]))
}

pub(super) fn hash_of(token: &str) -> Option<Vec<u8>> {
    code::read::<20>(token).map(|bytes| Sha256::digest(bytes).to_vec())
}

const fn purpose_of(row: staff_link::Purpose) -> Purpose {
    match row {
        staff_link::Purpose::Invitation => Purpose::Invitation,
        staff_link::Purpose::Reset => Purpose::Reset,
        staff_link::Purpose::First => Purpose::First,
    }
}

impl Service {
    /// What a link is for, without using it up; `None` where it holds no longer. Two statements at most.
    pub async fn find_staff_link(&self, token: &str) -> Result<Option<OpenLink>, Fault> {
        let Some(hash) = hash_of(token) else {
            return Ok(None);
        };
        let reader = self.database.reader();
        let row = staff_link::Entity::find_by_id(hash)
            .filter(staff_link::Column::ExpiresAt.gt(clock::micros(self.clock.now())))
            .one(&reader)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let purpose = purpose_of(row.purpose);
        let Some(staff) = row.staff_id else {
            return Ok(Some(OpenLink {
                purpose,
                login: None,
            }));
        };
        let owner = staff::Entity::find_by_id(staff)
            .filter(staff::Column::State.eq(staff::State::Active))
            .one(&reader)
            .await?;
        Ok(owner.map(|owner| OpenLink {
            purpose,
            login: Some(owner.login),
        }))
    }

    /// Whether a link holds, for callers that hash a password first.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LINK_OVER`.
    pub async fn ask_staff_link(&self, token: &str) -> Result<OpenLink, Fault> {
        self.find_staff_link(token).await?.ok_or_else(link_over)
    }

    /// Asks for a mail with a link to a new password, for an account of this log-in name or address. Does the same
    /// where there is none: one row in the outbox, nothing looked up, nothing told.
    pub async fn request_password_reset(&self, typed: &str) -> Result<(), Fault> {
        let typed = domain::survey::clean(typed).unwrap_or_default();
        let body = Forgetful {
            typed: typed.chars().take(TYPED).collect(),
        };
        let transaction = self.database.begin_write().await?;
        let job = NewJob {
            kind: RESET_JOB,
            body: &body,
            due_at: self.clock.now(),
        };
        outbox::add(&transaction, &self.ids, job).await?;
        transaction.commit().await
    }

    /// Invites somebody again who has not yet chosen a password; the earlier links hold no longer.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `INVITATION_TAKEN_UP`, `ACCOUNT_DISABLED`, `EMAIL_MISSING`; [`Fault::NotFound`].
    pub async fn invite_staff_again(
        &self,
        actor: &Actor,
        id: Id<id::Staff>,
    ) -> Result<Staff, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeStaff)?;
        let transaction = self.database.begin_write().await?;
        let row = staff::Entity::find_by_id(id.number())
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        let grants = grants_of(&transaction, [row.id])
            .await?
            .remove(&row.id)
            .unwrap_or_default();
        let marks = marks_of(&transaction, row.id).await?;
        let invited = Staff::of(row, grants, marks);
        let mut refusals = Refusals::default();
        let mut refuse = |code, message| refusals.add(Refusal::new(code, message).at(["id"]));
        if !invited.is_invited() {
            refuse(
                "INVITATION_TAKEN_UP",
                "the invitation was taken up: the password can be reset instead",
            );
        }
        if !invited.is_active {
            refuse(
                "ACCOUNT_DISABLED",
                "the account is disabled: let it be used first",
            );
        }
        if invited.email.is_none() {
            refuse(
                "EMAIL_MISSING",
                "an invitation goes out by mail: give the account an address first",
            );
        }
        refusals.settle()?;
        remove_links(&transaction, id).await?;
        self.request_invitation(&transaction, id).await?;
        let object = id.to_string();
        let entry = permit.entry(self.clock.now(), "staff.invite_again", &object);
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(invited)
    }

    pub(super) async fn request_invitation(
        &self,
        transaction: &WriteTransaction,
        id: Id<id::Staff>,
    ) -> Result<(), Fault> {
        let job = NewJob {
            kind: INVITATION_JOB,
            body: &Invited {
                staff: id.to_string(),
            },
            due_at: self.clock.now(),
        };
        outbox::add(transaction, &self.ids, job).await?;
        Ok(())
    }

    /// Makes the link that a job of the outbox asks for; `None` where nobody is to get one: no such account, disabled,
    /// without an address, or with enough links already.
    ///
    /// # Errors
    /// [`Fault::Internal`] where the job is none of these.
    pub async fn make_wanted_link(
        &self,
        kind: &str,
        body: &str,
        lifetimes: &Lifetimes,
    ) -> Result<Option<MadeLink>, Fault> {
        let (wanted, action, new) = if kind == INVITATION_JOB {
            let invited: Invited = serde_json::from_str(body).map_err(Fault::internal)?;
            let id: Id<id::Staff> = invited.staff.parse().map_err(Fault::internal)?;
            let wanted = staff::Column::Id
                .eq(id.number())
                .and(staff::Column::PasswordHash.eq(""));
            let new = NewLink {
                purpose: staff_link::Purpose::Invitation,
                staff: None,
                lifetime: lifetimes.invitation,
            };
            (wanted, "staff.mail_invitation", new)
        } else {
            let forgetful: Forgetful = serde_json::from_str(body).map_err(Fault::internal)?;
            let typed = forgetful.typed.to_ascii_lowercase();
            // Somebody who has not taken up the invitation has nothing to reset.
            let wanted = (staff::Column::Login.eq(typed.as_str()))
                .or(staff::Column::Email.eq(typed.as_str()))
                .and(staff::Column::PasswordHash.ne(""));
            let new = NewLink {
                purpose: staff_link::Purpose::Reset,
                staff: None,
                lifetime: lifetimes.reset,
            };
            (wanted, "staff.mail_reset", new)
        };
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let owner = staff::Entity::find()
            .filter(wanted)
            .filter(staff::Column::State.eq(staff::State::Active))
            .filter(staff::Column::Email.is_not_null())
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let Some(staff::Model {
            id,
            login,
            email: Some(email),
            ..
        }) = owner
        else {
            return Ok(None);
        };
        let open = staff_link::Entity::find()
            .filter(staff_link::Column::StaffId.eq(id))
            .filter(staff_link::Column::Purpose.eq(staff_link::Purpose::Reset))
            .filter(staff_link::Column::ExpiresAt.gt(clock::micros(now)))
            .count(&transaction)
            .await?;
        if open >= MOST_RESETS {
            return Ok(None);
        }
        let purpose = purpose_of(new.purpose);
        let new = NewLink {
            staff: Some(id),
            ..new
        };
        let (token, expires_at) = self.insert_link(&transaction, new).await?;
        let object = Id::<id::Staff>::new(id).to_string();
        let entry = audit::Entry {
            at: now,
            who: "program",
            action,
            object: &object,
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(Some(MadeLink {
            purpose,
            token,
            expires_at,
            email,
            login,
        }))
    }

    /// Takes a link back whose mail did not leave: the next attempt makes another.
    pub async fn remove_staff_link(&self, token: &str) -> Result<(), Fault> {
        let Some(hash) = hash_of(token) else {
            return Ok(());
        };
        let transaction = self.database.begin_write().await?;
        staff_link::Entity::delete_by_id(hash)
            .exec(&transaction)
            .await?;
        transaction.commit().await
    }

    /// Makes a link to the very first account and returns its token; `None` as soon as there is an account. One
    /// statement then.
    pub async fn make_first_link(&self, lifetime: Duration) -> Result<Option<String>, Fault> {
        if staff::Entity::find().count(&self.database.reader()).await? > 0 {
            return Ok(None);
        }
        let transaction = self.database.begin_write().await?;
        let new = NewLink {
            purpose: staff_link::Purpose::First,
            staff: None,
            lifetime,
        };
        let (token, _) = self.insert_link(&transaction, new).await?;
        let entry = audit::Entry {
            at: self.clock.now(),
            who: "program",
            action: "staff.print_first_link",
            object: "staff",
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(Some(token))
    }

    async fn insert_link(
        &self,
        transaction: &WriteTransaction,
        new: NewLink,
    ) -> Result<(String, DateTime<Utc>), Fault> {
        let now = self.clock.now();
        let expires_at = now + new.lifetime;
        let secret: [u8; 20] = self.ids.bytes()?;
        let row = staff_link::ActiveModel {
            token_hash: Set(Sha256::digest(secret).to_vec()),
            purpose: Set(new.purpose),
            staff_id: Set(new.staff),
            made_at: Set(clock::micros(now)),
            expires_at: Set(clock::micros(expires_at)),
        };
        staff_link::Entity::insert(row)
            .exec_without_returning(transaction)
            .await?;
        Ok((code::write(&secret), expires_at))
    }

    /// Sets the password of the account that a link is for, and uses up the link and all others of the account. Ends
    /// its sessions and its lock.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LINK_OVER`.
    pub async fn set_password(&self, token: &str, password_hash: String) -> Result<(), Fault> {
        let hash = hash_of(token).ok_or_else(link_over)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let link = staff_link::Entity::find_by_id(hash.clone())
            .filter(staff_link::Column::ExpiresAt.gt(clock::micros(now)))
            .one(&transaction)
            .await?;
        let owner = link.and_then(|link| link.staff_id).ok_or_else(link_over)?;
        let done = staff::Entity::update_many()
            .col_expr(staff::Column::PasswordHash, Expr::value(password_hash))
            .col_expr(staff::Column::FailedLogins, Expr::value(0))
            .col_expr(staff::Column::LockedUntilAt, Expr::value(None::<i64>))
            .col_expr(
                staff::Column::RowVersion,
                Expr::col(staff::Column::RowVersion).add(1),
            )
            .filter(staff::Column::Id.eq(owner))
            .filter(staff::Column::State.eq(staff::State::Active))
            .exec(&transaction)
            .await?;
        // The row of the account is ours by now: of two with one link the second finds it gone.
        let used = staff_link::Entity::delete_by_id(hash)
            .exec(&transaction)
            .await?;
        if done.rows_affected != 1 || used.rows_affected != 1 {
            return Err(link_over());
        }
        let id = Id::new(owner);
        remove_links(&transaction, id).await?;
        end_sessions(&transaction, id).await?;
        let who = id.to_string();
        let entry = audit::Entry {
            at: now,
            who: &who,
            action: "staff.set_password",
            object: &who,
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await
    }

    /// Makes the very first account, a security administrator, who invites everybody else; uses up every link to it.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LINK_OVER`, `CODE_UNFIT`, `NAME_UNFIT`.
    pub async fn add_first_staff(&self, token: &str, first: FirstAccount) -> Result<Staff, Fault> {
        let hash = hash_of(token).ok_or_else(link_over)?;
        let mut refusals = Refusals::default();
        let login = refusals.code("login", &first.login.trim().to_ascii_lowercase());
        let name = refusals.name("name", &first.name);
        refusals.settle()?;
        let now = self.clock.now();
        let added = Staff {
            id: Id::new(self.ids.draw()?),
            login,
            name,
            email: None,
            is_active: true,
            has_factor: false,
            has_password: true,
            identity: None,
            row_version: 1,
            grants: vec![Grant {
                role: Role::SecurityAdministrator,
                region: None,
                category: None,
                round: None,
                subject: None,
            }],
        };
        let transaction = self.database.begin_write().await?;
        // All of them, and always in one order: of two people at once, each with a link, the second waits here and then
        // finds none.
        let links = staff_link::Entity::find()
            .filter(staff_link::Column::Purpose.eq(staff_link::Purpose::First))
            .order_by_asc(staff_link::Column::TokenHash)
            .lock_exclusive()
            .all(&transaction)
            .await?;
        let holds = links
            .iter()
            .any(|link| link.token_hash == hash && link.expires_at > clock::micros(now));
        if !holds || staff::Entity::find().count(&transaction).await? > 0 {
            return Err(link_over());
        }
        staff_link::Entity::delete_many()
            .filter(staff_link::Column::Purpose.eq(staff_link::Purpose::First))
            .exec(&transaction)
            .await?;
        self.insert_staff(&transaction, &added, Some(first.password_hash))
            .await?;
        let who = added.id.to_string();
        let entry = audit::Entry {
            at: now,
            who: &who,
            action: "staff.add_first",
            object: &who,
            after: Some(added.digest()),
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// Removes links that have run out, and returns how many those were. One statement.
    pub async fn purge_staff_links(&self) -> Result<u64, Fault> {
        let transaction = self.database.begin_write().await?;
        let done = staff_link::Entity::delete_many()
            .filter(staff_link::Column::ExpiresAt.lte(clock::micros(self.clock.now())))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected)
    }
}
