//! Second factors: a secret for one-time codes, and recovery codes for when it is lost.
//!
//! The secret arrives sealed and is never opened here; `api` holds the key, opens it and tells which step of time a code
//! belongs to (RFC 6238). Here it is decided that no step is used twice, whatever two servers do at once.

use domain::access::{Action, Actor};
use domain::id::{self, Id, Session};
use entity::{session, staff_factor, staff_recovery};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use sha2::{Digest, Sha256};

use crate::database::WriteTransaction;
use crate::frame::staff_of;
use crate::permit::Permit;
use crate::{Fault, Refusal, Service, audit, clock, code};

/// Recovery codes that are handed out at once.
const RECOVERY_CODES: usize = 10;

/// A second factor as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// Whether its owner proved to have it; only then is it asked for.
    pub is_confirmed: bool,
}

/// What somebody shows beside the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A code that belongs to this step of time.
    Step(i64),
    /// A recovery code as it was typed.
    Recovery(String),
}

/// One answer for a wrong code, one that was used and one that is too old.
pub fn factor_refused() -> Fault {
    let message = "the code is wrong or was used already: wait for the next one";
    Fault::refused(Refusal::new("SECOND_FACTOR_REFUSED", message).at(["code"]))
}

fn recovery_hash(typed: &str) -> Option<Vec<u8>> {
    code::read::<10>(typed).map(|bytes| Sha256::digest(bytes).to_vec())
}

/// Who asks about their own account.
fn own(actor: &Actor) -> Result<Id<id::Staff>, Fault> {
    staff_of(actor).ok_or(Fault::Denied)
}

impl Service {
    /// The second factor of an account, confirmed or only begun. One statement.
    pub async fn find_factor(&self, staff: Id<id::Staff>) -> Result<Option<Factor>, Fault> {
        let row = staff_factor::Entity::find_by_id(staff.number())
            .one(&self.database.reader())
            .await?;
        Ok(row.map(|row| Factor {
            sealed: row.sealed,
            is_confirmed: row.confirmed_at.is_some(),
        }))
    }

    /// Keeps a fresh sealed secret of the actor's own account, which asks for nothing until it is confirmed. One that
    /// was only begun is replaced.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SECOND_FACTOR_PRESENT`; [`Fault::Denied`] for nobody's account.
    pub async fn begin_factor(&self, actor: &Actor, sealed: Vec<u8>) -> Result<(), Fault> {
        let owner = own(actor)?;
        let transaction = self.database.begin_write().await?;
        let row = staff_factor::ActiveModel {
            staff_id: Set(owner.number()),
            sealed: Set(sealed),
            begun_at: Set(clock::micros(self.clock.now())),
            confirmed_at: Set(None),
            last_step: Set(0),
        };
        let done = staff_factor::Entity::insert(row)
            .on_conflict(
                OnConflict::column(staff_factor::Column::StaffId)
                    .update_columns([
                        staff_factor::Column::Sealed,
                        staff_factor::Column::BegunAt,
                        staff_factor::Column::LastStep,
                    ])
                    .action_and_where(
                        Expr::col((staff_factor::Entity, staff_factor::Column::ConfirmedAt))
                            .is_null(),
                    )
                    .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await?;
        if done == 0 {
            let message = "there is a second factor already: remove it first";
            return Err(Fault::refused(Refusal::new(
                "SECOND_FACTOR_PRESENT",
                message,
            )));
        }
        transaction.commit().await
    }

    /// Confirms the second factor of the actor's own account by a code of this step, ends all other sessions of the
    /// account, and returns recovery codes, told this once.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SECOND_FACTOR_REFUSED`, also where none was begun; [`Fault::Denied`].
    pub async fn confirm_factor(
        &self,
        actor: &Actor,
        current: Id<Session>,
        step: i64,
    ) -> Result<Vec<String>, Fault> {
        let owner = own(actor)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let done = staff_factor::Entity::update_many()
            .col_expr(
                staff_factor::Column::ConfirmedAt,
                Expr::value(clock::micros(now)),
            )
            .col_expr(staff_factor::Column::LastStep, Expr::value(step))
            .filter(staff_factor::Column::StaffId.eq(owner.number()))
            .filter(staff_factor::Column::ConfirmedAt.is_null())
            .exec(&transaction)
            .await?;
        if done.rows_affected != 1 {
            return Err(factor_refused());
        }
        staff_recovery::Entity::delete_many()
            .filter(staff_recovery::Column::StaffId.eq(owner.number()))
            .exec(&transaction)
            .await?;
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        let mut rows = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let secret: [u8; 10] = self.ids.bytes()?;
            codes.push(code::in_groups(&code::write(&secret), "-"));
            rows.push(staff_recovery::ActiveModel {
                staff_id: Set(owner.number()),
                code_hash: Set(Sha256::digest(secret).to_vec()),
            });
        }
        staff_recovery::Entity::insert_many(rows)
            .exec_without_returning(&transaction)
            .await?;
        // Whoever logged in before did so without it.
        session::Entity::update_many()
            .col_expr(session::Column::State, Expr::value(session::State::Revoked))
            .filter(session::Column::StaffId.eq(owner.number()))
            .filter(session::Column::Family.ne(current.number()))
            .exec(&transaction)
            .await?;
        session::Entity::update_many()
            .col_expr(session::Column::FactorAt, Expr::value(clock::micros(now)))
            .filter(session::Column::Family.eq(current.number()))
            .exec(&transaction)
            .await?;
        let who = owner.to_string();
        let entry = audit::Entry {
            at: now,
            who: &who,
            action: "staff.add_second_factor",
            object: &who,
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(codes)
    }

    /// Removes the second factor of the actor's own account, shown once more.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SECOND_FACTOR_REFUSED`; [`Fault::Denied`].
    pub async fn remove_own_factor(&self, actor: &Actor, proof: &Proof) -> Result<(), Fault> {
        let owner = own(actor)?;
        let transaction = self.database.begin_write().await?;
        let fits = use_factor(&transaction, owner, Some(proof)).await?;
        if !fits || !delete_factor(&transaction, owner).await? {
            return Err(factor_refused());
        }
        let who = owner.to_string();
        let entry = audit::Entry {
            at: self.clock.now(),
            who: &who,
            action: "staff.remove_second_factor",
            object: &who,
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await
    }

    /// Removes the second factor of somebody who lost it and the recovery codes, and ends the account's sessions.
    /// Removing none changes nothing.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn remove_factor(&self, actor: &Actor, id: Id<id::Staff>) -> Result<(), Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeStaff)?;
        let transaction = self.database.begin_write().await?;
        if delete_factor(&transaction, id).await? {
            super::end_sessions(&transaction, id).await?;
            let object = id.to_string();
            let entry = permit.entry(self.clock.now(), "staff.remove_second_factor", &object);
            audit::append(&transaction, &entry).await?;
        }
        transaction.commit().await
    }
}

async fn delete_factor(
    transaction: &WriteTransaction,
    owner: Id<id::Staff>,
) -> Result<bool, Fault> {
    staff_recovery::Entity::delete_many()
        .filter(staff_recovery::Column::StaffId.eq(owner.number()))
        .exec(transaction)
        .await?;
    let done = staff_factor::Entity::delete_many()
        .filter(staff_factor::Column::StaffId.eq(owner.number()))
        .exec(transaction)
        .await?;
    Ok(done.rows_affected > 0)
}

/// Whether what is shown fits the second factor of an account, and uses it up; true for an account without one.
pub(crate) async fn use_factor(
    transaction: &WriteTransaction,
    owner: Id<id::Staff>,
    proof: Option<&Proof>,
) -> Result<bool, Fault> {
    let asked = staff_factor::Entity::find_by_id(owner.number())
        .filter(staff_factor::Column::ConfirmedAt.is_not_null())
        .lock_exclusive()
        .one(transaction)
        .await?;
    if asked.is_none() {
        return Ok(true);
    }
    let used = match proof {
        None => 0,
        Some(Proof::Step(step)) => {
            let done = staff_factor::Entity::update_many()
                .col_expr(staff_factor::Column::LastStep, Expr::value(*step))
                .filter(staff_factor::Column::StaffId.eq(owner.number()))
                .filter(staff_factor::Column::LastStep.lt(*step))
                .exec(transaction)
                .await?;
            done.rows_affected
        }
        Some(Proof::Recovery(typed)) => {
            let Some(hash) = recovery_hash(typed) else {
                return Ok(false);
            };
            let done = staff_recovery::Entity::delete_by_id((owner.number(), hash))
                .exec(transaction)
                .await?;
            done.rows_affected
        }
    };
    Ok(used == 1)
}
