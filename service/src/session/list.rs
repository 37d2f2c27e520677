//! Sessions that are open: listing them, and ending them at once.
//!
//! Of a session is known when it began and when it was last refreshed, told to the full hour. Deliberately absent:
//! addresses and devices, which are kept nowhere.

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::id::{Id, Session, Staff};
use entity::session;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::revoke_where;
use crate::frame::staff_of;
use crate::page::{Page, Part};
use crate::permit::Permit;
use crate::{Fault, Service, audit, clock};

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// A session that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// Its id.
    pub id: Id<Session>,
    /// When it was opened, cut to the hour.
    pub opened_at: DateTime<Utc>,
    /// When it was last refreshed, cut to the hour.
    pub used_at: DateTime<Utc>,
    /// When it ends if it is not refreshed.
    pub expires_at: DateTime<Utc>,
}

impl Service {
    /// The open sessions of an account, or of the actor's own. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_sessions(
        &self,
        actor: &Actor,
        whose: Option<Id<Staff>>,
        page: Page<i64>,
    ) -> Result<Part<OpenSession>, Fault> {
        let owner = match (staff_of(actor), whose) {
            (Some(own), None) => own,
            (Some(own), Some(whose)) if own == whose => own,
            (_, Some(whose)) => {
                Permit::ask_everywhere(actor, Action::ReadStaff)?;
                whose
            }
            (None, None) => return Err(Fault::Denied),
        };
        let rows = session::Entity::find()
            .filter(session::Column::StaffId.eq(owner.number()))
            .filter(session::Column::State.eq(session::State::Live))
            .filter(session::Column::ExpiresAt.gt(clock::micros(self.clock.now())))
            .filter(session::Column::Family.gt(page.after.unwrap_or(0)))
            .order_by_asc(session::Column::Family)
            .limit(page.limit())
            .all(&self.database.reader())
            .await?;
        page.cut(rows).try_map(|row| {
            Ok(OpenSession {
                id: Id::new(row.family),
                opened_at: hour_of(row.began_at)?,
                used_at: hour_of(row.issued_at)?,
                expires_at: clock::instant(row.expires_at)?,
            })
        })
    }

    /// Ends a session at once, one's own or anybody's; returns how many that were, none for one that had ended.
    ///
    /// # Errors
    /// [`Fault::Denied`], also for one that is not there, unless the actor may end every session.
    pub async fn end_session(&self, actor: &Actor, id: Id<Session>) -> Result<u64, Fault> {
        let row = session::Entity::find()
            .filter(session::Column::Family.eq(id.number()))
            .one(&self.database.reader())
            .await?;
        let ending = Ending {
            owner: row.map(|row| Id::new(row.staff_id)),
            which: session::Column::Family.eq(id.number()),
            action: "session.end",
            object: id.to_string(),
        };
        self.end_where(actor, ending).await
    }

    /// Ends every session of an account at once, one's own or anybody's; returns how many that were.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn end_sessions(&self, actor: &Actor, whose: Id<Staff>) -> Result<u64, Fault> {
        let ending = Ending {
            owner: Some(whose),
            which: session::Column::StaffId.eq(whose.number()),
            action: "session.end_all",
            object: whose.to_string(),
        };
        self.end_where(actor, ending).await
    }

    async fn end_where(&self, actor: &Actor, ending: Ending) -> Result<u64, Fault> {
        let permit = match staff_of(actor) {
            Some(own) if ending.owner == Some(own) => None,
            _ => Some(Permit::ask_everywhere(actor, Action::ChangeStaff)?),
        };
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let open = session::Column::State
            .eq(session::State::Live)
            .and(session::Column::ExpiresAt.gt(clock::micros(now)));
        let ended = revoke_where(&transaction, ending.which.clone().and(open)).await?;
        if ended > 0 {
            // What was refreshed away is ended too: used once more it must not look like a token that was lost.
            revoke_where(&transaction, ending.which).await?;
            let who = staff_of(actor).map_or_else(String::new, |own| own.to_string());
            let entry = match &permit {
                Some(permit) => permit.entry(now, ending.action, &ending.object),
                None => audit::Entry {
                    at: now,
                    who: &who,
                    action: ending.action,
                    object: &ending.object,
                    ..audit::Entry::default()
                },
            };
            audit::append(&transaction, &entry).await?;
        }
        transaction.commit().await?;
        Ok(ended)
    }
}

/// Which sessions are to end.
struct Ending {
    owner: Option<Id<Staff>>,
    which: Expr,
    action: &'static str,
    object: String,
}

fn hour_of(micros: i64) -> Result<DateTime<Utc>, Fault> {
    clock::instant(micros.div_euclid(HOUR).saturating_mul(HOUR))
}
