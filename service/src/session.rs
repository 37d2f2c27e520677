//! Sessions of staff: who is asking, logging in, refreshing, logging out.
//!
//! A session is a family of refresh tokens of which at most one is live; its public id is that of the family, so an
//! access token outlives the rotation of the refresh token beside it. Deliberately absent: passwords are compared and
//! access tokens signed above, in `api`.

pub mod list;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::access::{Actor, Grant, Role};
use domain::id::{Id, Session, Staff};
use entity::{session, staff};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult,
    QuerySelect, Statement,
};
use sha2::{Digest, Sha256};

use crate::database::WriteTransaction;
use crate::staff::factor::{Proof, factor_refused, use_factor};
use crate::{Fault, Refusal, Service, audit, clock, code};

/// Failures in a row after which an account is locked.
const FAILURES: i64 = 10;

/// For how long. Long enough to make guessing hopeless, short enough that locking others out is no great joke.
const LOCKED: Duration = Duration::from_mins(15);

/// What a password is compared with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Whose.
    pub staff: Id<Staff>,
    /// Hash of the password, in PHC form; none until an invitation was taken up.
    pub password_hash: Option<String>,
}

/// Who is asking, and how lately they proved it.
#[derive(Debug, Clone)]
pub struct Present {
    /// Who, with the roles of this moment.
    pub actor: Actor,
    /// Whether the account has a second factor.
    pub has_factor: bool,
    /// When it was last shown in this session.
    pub factor_at: Option<DateTime<Utc>>,
}

/// A session with its next refresh token, told once.
#[derive(Debug, Clone)]
pub struct OpenedSession {
    /// The session; it keeps this id when it is refreshed.
    pub id: Id<Session>,
    /// Whose.
    pub staff: Id<Staff>,
    /// What refreshes it next. Stored nowhere but as a hash.
    pub refresh_token: String,
    /// When it ends if it is not refreshed.
    pub expires_at: DateTime<Utc>,
}

impl Service {
    /// What to compare a password with; `None` for an unknown name. One statement.
    pub async fn find_credentials(&self, login: &str) -> Result<Option<Credentials>, Fault> {
        let row = staff::Entity::find()
            .filter(staff::Column::Login.eq(login.trim().to_ascii_lowercase()))
            .one(&self.database.reader())
            .await?;
        Ok(row.map(|row| Credentials {
            staff: Id::new(row.id),
            password_hash: Some(row.password_hash).filter(|hash| !hash.is_empty()),
        }))
    }

    /// Opens a session for somebody whose password was right, and who shows the second factor if the account has one.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LOGIN_REFUSED` if the account is disabled or locked, or has got another password since;
    /// with `SECOND_FACTOR_NEEDED` or `SECOND_FACTOR_REFUSED`.
    pub async fn open_session(
        &self,
        verified: &Credentials,
        proof: Option<&Proof>,
        lifetime: Duration,
    ) -> Result<OpenedSession, Fault> {
        let transaction = self.database.begin_write().await?;
        let row = staff::Entity::find_by_id(verified.staff.number())
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let row = row.ok_or_else(login_refused)?;
        if verified.password_hash.as_ref() != Some(&row.password_hash) {
            return Err(login_refused());
        }
        self.begin_session(transaction, row, proof, lifetime).await
    }

    /// Opens a session for the owner of an account, whose row is locked and who was recognised.
    pub(crate) async fn begin_session(
        &self,
        transaction: WriteTransaction,
        row: staff::Model,
        proof: Option<&Proof>,
        lifetime: Duration,
    ) -> Result<OpenedSession, Fault> {
        let now = self.clock.now();
        let is_locked = row
            .locked_until_at
            .is_some_and(|until| until > clock::micros(now));
        if row.state != staff::State::Active || is_locked {
            return Err(login_refused());
        }
        if !use_factor(&transaction, Id::new(row.id), proof).await? {
            return Err(match proof {
                None => factor_needed(),
                Some(_) => factor_refused(),
            });
        }
        staff::Entity::update_many()
            .col_expr(staff::Column::FailedLogins, Expr::value(0))
            .col_expr(staff::Column::LockedUntilAt, Expr::value(None::<i64>))
            .filter(staff::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        let family = self.ids.draw()?;
        let opened = self
            .add_refresh_token(
                &transaction,
                Family {
                    id: family,
                    staff: row.id,
                    began_at: clock::micros(now),
                    factor_at: proof.map(|_| clock::micros(now)),
                },
                lifetime,
            )
            .await?;
        log(
            &transaction,
            Event {
                at: now,
                who: opened.staff,
                action: "session.open",
                session: opened.id,
            },
        )
        .await?;
        transaction.commit().await?;
        Ok(opened)
    }

    /// Counts a wrong password and locks the account after ten in a row. For an unknown name it executes the same
    /// statements, so that the time it takes tells nothing.
    pub async fn count_failed_login(&self, staff: Option<Id<Staff>>) -> Result<(), Fault> {
        let now = self.clock.now();
        let now_micros = clock::micros(now);
        let until =
            now_micros.saturating_add(i64::try_from(LOCKED.as_micros()).unwrap_or(i64::MAX));
        let transaction = self.database.begin_write().await?;
        let failures = || Expr::col(staff::Column::FailedLogins).add(1);
        staff::Entity::update_many()
            .col_expr(staff::Column::FailedLogins, failures())
            .col_expr(
                staff::Column::LockedUntilAt,
                Expr::case(failures().gte(FAILURES), Expr::value(until))
                    .finally(Expr::col(staff::Column::LockedUntilAt))
                    .into(),
            )
            // Ids are positive, so this one names nobody.
            .filter(staff::Column::Id.eq(staff.map_or(0, Id::number)))
            .filter(
                staff::Column::LockedUntilAt
                    .is_null()
                    .or(staff::Column::LockedUntilAt.lte(now_micros)),
            )
            .exec(&transaction)
            .await?;
        // Names that nobody has are not logged: now and then one is a password in the wrong field.
        let object = staff.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        let entry = audit::Entry {
            at: now,
            who: "anonymous",
            action: "session.refuse",
            object: &object,
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await
    }

    /// Gives the next refresh token for one that was not used before. A token that was used already ends the whole
    /// session, for somebody has a copy; unless its successor was never used, for then it was lost on the way.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REFRESH_REFUSED`.
    pub async fn refresh_session(
        &self,
        token: &str,
        lifetime: Duration,
    ) -> Result<OpenedSession, Fault> {
        let refused = || {
            let message = "the refresh token does not hold any more: log in again";
            Fault::refused(Refusal::new("REFRESH_REFUSED", message).at(["refreshToken"]))
        };
        let hash = code::read::<32>(token)
            .map(|bytes| Sha256::digest(bytes).to_vec())
            .ok_or_else(refused)?;
        let now = self.clock.now();
        let now_micros = clock::micros(now);
        let transaction = self.database.begin_write().await?;
        let row = session::Entity::find()
            .filter(session::Column::RefreshHash.eq(hash))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or_else(refused)?;
        let owner = staff::Entity::find_by_id(row.staff_id)
            .one(&transaction)
            .await?;
        if row.expires_at <= now_micros
            || owner.is_none_or(|owner| owner.state != staff::State::Active)
        {
            return Err(refused());
        }
        let spent = session::Entity::update_many()
            .col_expr(session::Column::State, Expr::value(session::State::Rotated))
            .col_expr(session::Column::UsedAt, Expr::value(now_micros))
            .filter(session::Column::Id.eq(row.id));
        let is_fresh = row.state == session::State::Live;
        let lost_successor = match (row.state, row.used_at) {
            // A live token was never used; it is this one's successor if it was issued when this one was spent.
            (session::State::Rotated, Some(used_at)) => {
                revoke_where(
                    &transaction,
                    session::Column::Family
                        .eq(row.family)
                        .and(session::Column::State.eq(session::State::Live))
                        .and(session::Column::IssuedAt.eq(used_at)),
                )
                .await?
                    > 0
            }
            _ => false,
        };
        let id = Id::new(row.family);
        let who = Id::new(row.staff_id);
        if !is_fresh && !lost_successor {
            revoke_where(&transaction, session::Column::Family.eq(row.family)).await?;
            log(
                &transaction,
                Event {
                    at: now,
                    who,
                    action: "session.revoke",
                    session: id,
                },
            )
            .await?;
            transaction.commit().await?;
            return Err(refused());
        }
        spent.exec(&transaction).await?;
        let family = Family {
            id: row.family,
            staff: row.staff_id,
            began_at: row.began_at,
            factor_at: row.factor_at,
        };
        let opened = self
            .add_refresh_token(&transaction, family, lifetime)
            .await?;
        transaction.commit().await?;
        Ok(opened)
    }

    /// Ends a session of the actor; ending it twice changes nothing.
    ///
    /// # Errors
    /// [`Fault::Denied`] if it is somebody else's.
    pub async fn close_session(&self, actor: &Actor, session: Id<Session>) -> Result<(), Fault> {
        let Actor::Staff { id: who, .. } = actor else {
            return Err(Fault::Denied);
        };
        let transaction = self.database.begin_write().await?;
        let own = session::Column::Family
            .eq(session.number())
            .and(session::Column::StaffId.eq(who.number()))
            .and(session::Column::State.ne(session::State::Revoked));
        if revoke_where(&transaction, own).await? > 0 {
            let event = Event {
                at: self.clock.now(),
                who: *who,
                action: "session.close",
                session,
            };
            log(&transaction, event).await?;
        }
        transaction.commit().await
    }

    /// Removes refresh tokens that have expired, and returns how many those were. Nobody notices: an expired one and
    /// one that was never given are answered alike. One statement.
    pub async fn purge_sessions(&self) -> Result<u64, Fault> {
        let transaction = self.database.begin_write().await?;
        let done = session::Entity::delete_many()
            .filter(session::Column::ExpiresAt.lte(clock::micros(self.clock.now())))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected)
    }

    async fn add_refresh_token(
        &self,
        transaction: &WriteTransaction,
        family: Family,
        lifetime: Duration,
    ) -> Result<OpenedSession, Fault> {
        let now = self.clock.now();
        let secret: [u8; 32] = self.ids.bytes()?;
        let expires_at = now + lifetime;
        let row = session::ActiveModel {
            id: Set(self.ids.draw()?),
            staff_id: Set(family.staff),
            family: Set(family.id),
            refresh_hash: Set(Sha256::digest(secret).to_vec()),
            state: Set(session::State::Live),
            began_at: Set(family.began_at),
            issued_at: Set(clock::micros(now)),
            expires_at: Set(clock::micros(expires_at)),
            used_at: Set(None),
            factor_at: Set(family.factor_at),
        };
        session::Entity::insert(row)
            .exec_without_returning(transaction)
            .await?;
        Ok(OpenedSession {
            id: Id::new(family.id),
            staff: Id::new(family.staff),
            refresh_token: code::write(&secret),
            expires_at,
        })
    }

    /// Notes that the second factor was shown once more, within a session of the actor.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SECOND_FACTOR_REFUSED`, also where the account has none.
    pub async fn show_factor(
        &self,
        actor: &Actor,
        session: Id<Session>,
        proof: &Proof,
    ) -> Result<(), Fault> {
        let Actor::Staff { id: who, .. } = actor else {
            return Err(Fault::Denied);
        };
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        if !use_factor(&transaction, *who, Some(proof)).await? {
            return Err(factor_refused());
        }
        session::Entity::update_many()
            .col_expr(session::Column::FactorAt, Expr::value(clock::micros(now)))
            .filter(session::Column::Family.eq(session.number()))
            .filter(session::Column::StaffId.eq(who.number()))
            .exec(&transaction)
            .await?;
        let event = Event {
            at: now,
            who: *who,
            action: "session.show_second_factor",
            session,
        };
        log(&transaction, event).await?;
        transaction.commit().await
    }

    /// Who a session belongs to; see [`Service::find_present`].
    pub async fn find_actor(
        &self,
        session: Id<Session>,
        ask_second_factor: &BTreeSet<Role>,
    ) -> Result<Option<Actor>, Fault> {
        let present = self.find_present(session, ask_second_factor).await?;
        Ok(present.map(|present| present.actor))
    }

    /// Who a session belongs to, with the roles of this moment; `None` if it has ended, was revoked, or the account is
    /// disabled. Roles that ask for a second factor grant nothing to an account without one. One statement.
    pub async fn find_present(
        &self,
        session: Id<Session>,
        ask_second_factor: &BTreeSet<Role>,
    ) -> Result<Option<Present>, Fault> {
        const SQL: &str =
            "SELECT staff.id AS staff_id, staff.login, session.factor_at, staff_role.role, staff_role.region_id,
                staff_role.category, staff_role.round_id, staff_role.subject_id,
                (SELECT count(*) FROM staff_factor
                    WHERE staff_factor.staff_id = staff.id AND staff_factor.confirmed_at IS NOT NULL) AS factors
            FROM session
            JOIN staff ON staff.id = session.staff_id
            LEFT JOIN staff_role ON staff_role.staff_id = staff.id
            WHERE session.family = $1 AND session.state = 'live' AND session.expires_at > $2
                AND staff.state = 'active'
            ORDER BY staff_role.id";
        let reader = self.database.reader();
        let now = clock::micros(self.clock.now());
        let values = [session.number().into(), now.into()];
        let statement = Statement::from_sql_and_values(reader.get_database_backend(), SQL, values);
        present_of(&reader.query_all_raw(statement).await?, ask_second_factor)
    }
}

/// A chain of refresh tokens.
#[derive(Debug, Clone, Copy)]
struct Family {
    id: i64,
    staff: i64,
    began_at: i64,
    factor_at: Option<i64>,
}

struct Event {
    at: DateTime<Utc>,
    who: Id<Staff>,
    action: &'static str,
    session: Id<Session>,
}

async fn log(transaction: &WriteTransaction, event: Event) -> Result<(), Fault> {
    let (who, object) = (event.who.to_string(), event.session.to_string());
    let entry = audit::Entry {
        at: event.at,
        who: &who,
        action: event.action,
        object: &object,
        ..audit::Entry::default()
    };
    audit::append(transaction, &entry).await?;
    Ok(())
}

async fn revoke_where(transaction: &WriteTransaction, condition: Expr) -> Result<u64, Fault> {
    let done = session::Entity::update_many()
        .col_expr(session::Column::State, Expr::value(session::State::Revoked))
        .filter(condition)
        .exec(transaction)
        .await?;
    Ok(done.rows_affected)
}

/// One answer for every reason: which of them it was would tell whether the account exists.
pub fn login_refused() -> Fault {
    let message = "the log-in name or the password is wrong, or the account is locked for a while: try again later";
    Fault::refused(Refusal::new("LOGIN_REFUSED", message))
}

/// The password was right: this says so, or nobody would know that a code is wanted.
fn factor_needed() -> Fault {
    let message = "give a code of your authenticator app as well, or a recovery code";
    Fault::refused(Refusal::new("SECOND_FACTOR_NEEDED", message).at(["code"]))
}

fn present_of(
    rows: &[QueryResult],
    ask_second_factor: &BTreeSet<Role>,
) -> Result<Option<Present>, Fault> {
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let has_factor = first.try_get::<i64>("", "factors")? > 0;
    let grants = rows.iter().map(grant_of).filter_map(Result::transpose);
    let grants = grants.filter(|grant| {
        let asks = |grant: &Grant| ask_second_factor.contains(&grant.role);
        has_factor || !grant.as_ref().is_ok_and(asks)
    });
    let actor = Actor::Staff {
        id: Id::new(first.try_get("", "staff_id")?),
        login: first.try_get("", "login")?,
        grants: grants.collect::<Result<_, Fault>>()?,
    };
    let factor_at: Option<i64> = first.try_get("", "factor_at")?;
    Ok(Some(Present {
        actor,
        has_factor,
        factor_at: factor_at.map(clock::instant).transpose()?,
    }))
}

/// `None` for an account without roles, and for a word that the access table does not know: it grants nothing.
fn grant_of(row: &QueryResult) -> Result<Option<Grant>, Fault> {
    let word: Option<String> = row.try_get("", "role")?;
    let Some(role) = word.as_deref().and_then(Role::find) else {
        return Ok(None);
    };
    Ok(Some(Grant {
        role,
        region: row.try_get::<Option<i64>>("", "region_id")?.map(Id::new),
        category: row.try_get("", "category")?,
        round: row.try_get::<Option<i64>>("", "round_id")?.map(Id::new),
        subject: row.try_get::<Option<i64>>("", "subject_id")?.map(Id::new),
    }))
}
