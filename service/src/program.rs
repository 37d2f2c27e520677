//! Tokens of front-end programs: what is published, or rounds as they stand, read and nothing else.
//!
//! A token is told once and kept as its hash. Of its use the last day is kept, so that one that nobody uses is found and
//! revoked. Deliberately absent: anything that writes, which is for people who can be named.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::access::{Action, Actor, Grant, Role};
use domain::id::{self, Id};
use entity::service_token::{self, Reads};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};

use crate::page::{Page, Part};
use crate::permit::Permit;
use crate::text::{self, Refusals};
use crate::{Fault, Refusal, Service, audit, clock, code, fault};

/// Before the secret, so that a token is told from an access token, and found where somebody left it lying about.
pub const PREFIX: &str = "mjt_";

/// The longest life of a token, in days.
const MOST_DAYS: u32 = 366;

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceToken {
    /// Its id.
    pub id: Id<id::ServiceToken>,
    /// What it is called.
    pub name: String,
    /// Whether it reads rounds that are not published.
    pub reads_live: bool,
    /// Only within this region and those below it.
    pub region: Option<Id<id::Region>>,
    /// Only this round.
    pub round: Option<Id<id::Round>>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Whether it was revoked.
    pub is_revoked: bool,
    /// The last day (UTC) on which it was used.
    pub used_on: Option<NaiveDate>,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct ServiceTokenDraft {
    /// What it is called.
    pub name: String,
    /// Whether it reads rounds that are not published.
    pub reads_live: bool,
    /// Only within this region and those below it.
    pub region: Option<Id<id::Region>>,
    /// Only this round.
    pub round: Option<Id<id::Round>>,
    /// How many days it holds.
    pub days: u32,
}

/// A token that was made just now.
#[derive(Debug, Clone)]
pub struct MadeServiceToken {
    /// The token.
    pub token: ServiceToken,
    /// What a program sends; told this once.
    pub secret: String,
}

impl ServiceToken {
    fn of(row: service_token::Model) -> Result<Self, Fault> {
        Ok(Self {
            id: Id::new(row.id),
            name: row.name,
            reads_live: row.reads == Reads::Live,
            region: row.region_id.map(Id::new),
            round: row.round_id.map(Id::new),
            made_at: clock::instant(row.made_at)?,
            expires_at: clock::instant(row.expires_at)?,
            is_revoked: row.revoked_at.is_some(),
            used_on: row.used_on.as_deref().map(text::parse_day).transpose()?,
        })
    }

    fn digest(&self) -> [u8; 32] {
        let scope = format!("{:?} {:?}", self.region, self.round);
        text::digest_of(&[
            &self.id.to_string(),
            &self.name,
            if self.reads_live { "live" } else { "published" },
            &scope,
            &self.expires_at.to_rfc3339(),
        ])
    }
}

impl Service {
    /// The tokens in the order of their names, those that hold no longer as well. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_service_tokens(
        &self,
        actor: &Actor,
        page: Page<String>,
    ) -> Result<Part<ServiceToken>, Fault> {
        Permit::ask_everywhere(actor, Action::ReadStaff)?;
        let mut query = service_token::Entity::find()
            .order_by_asc(service_token::Column::Name)
            .limit(page.limit());
        if let Some(after) = &page.after {
            query = query.filter(service_token::Column::Name.gt(after.as_str()));
        }
        let rows = query.all(&self.database.reader()).await?;
        page.cut(rows).try_map(ServiceToken::of)
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `CODE_UNFIT`, `CODE_TAKEN`, `DAYS_OUT_OF_RANGE`, `SCOPE_WITHOUT_LIVE`, `SCOPE_UNKNOWN`.
    pub async fn add_service_token(
        &self,
        actor: &Actor,
        draft: ServiceTokenDraft,
    ) -> Result<MadeServiceToken, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeStaff)?;
        let mut refusals = Refusals::default();
        let name = refusals.code("name", &draft.name);
        if !(1..=MOST_DAYS).contains(&draft.days) {
            let message = format!("a token holds for 1 to {MOST_DAYS} days");
            refusals.add(Refusal::new("DAYS_OUT_OF_RANGE", message).at(["days"]));
        }
        if !draft.reads_live && (draft.region.is_some() || draft.round.is_some()) {
            let message =
                "what is published is open to all: only a token that reads live rounds has a scope";
            refusals.add(Refusal::new("SCOPE_WITHOUT_LIVE", message).at(["live"]));
        }
        refusals.settle()?;
        let now = self.clock.now();
        let secret: [u8; 20] = self.ids.bytes()?;
        let token = ServiceToken {
            id: Id::new(self.ids.draw()?),
            name,
            reads_live: draft.reads_live,
            region: draft.region,
            round: draft.round,
            made_at: now,
            expires_at: now + TimeDelta::days(i64::from(draft.days)),
            is_revoked: false,
            used_on: None,
        };
        let transaction = self.database.begin_write().await?;
        let row = service_token::ActiveModel {
            id: Set(token.id.number()),
            name: Set(token.name.clone()),
            secret_hash: Set(Sha256::digest(secret).to_vec()),
            reads: Set(if token.reads_live {
                Reads::Live
            } else {
                Reads::Published
            }),
            region_id: Set(token.region.map(Id::number)),
            round_id: Set(token.round.map(Id::number)),
            made_at: Set(clock::micros(token.made_at)),
            expires_at: Set(clock::micros(token.expires_at)),
            revoked_at: Set(None),
            used_on: Set(None),
        };
        service_token::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await
            .map_err(|error| {
                if fault::is_duplicate(&error) {
                    let message = format!("`{}` is taken: choose another name", token.name);
                    return Fault::refused(Refusal::new("CODE_TAKEN", message).at(["name"]));
                }
                match error.into() {
                    Fault::Conflict => {
                        let message = "there is no such region or round";
                        Fault::refused(Refusal::new("SCOPE_UNKNOWN", message))
                    }
                    other => other,
                }
            })?;
        let object = token.id.to_string();
        let entry = audit::Entry {
            after: Some(token.digest()),
            ..permit.entry(now, "service_token.add", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(MadeServiceToken {
            token,
            secret: format!("{PREFIX}{}", code::write(&secret)),
        })
    }

    /// Revokes a token at once; revoking it twice changes nothing.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn revoke_service_token(
        &self,
        actor: &Actor,
        id: Id<id::ServiceToken>,
    ) -> Result<ServiceToken, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeStaff)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let done = service_token::Entity::update_many()
            .col_expr(
                service_token::Column::RevokedAt,
                Expr::value(clock::micros(now)),
            )
            .filter(service_token::Column::Id.eq(id.number()))
            .filter(service_token::Column::RevokedAt.is_null())
            .exec(&transaction)
            .await?;
        let row = service_token::Entity::find_by_id(id.number())
            .one(&transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        let token = ServiceToken::of(row)?;
        if done.rows_affected > 0 {
            let object = id.to_string();
            let entry = audit::Entry {
                before: Some(token.digest()),
                ..permit.entry(now, "service_token.revoke", &object)
            };
            audit::append(&transaction, &entry).await?;
        }
        transaction.commit().await?;
        Ok(token)
    }

    /// The program that sends a token; `None` where it holds no longer. One statement, and one more on the first use of
    /// a day.
    pub async fn find_program(&self, token: &str) -> Result<Option<Actor>, Fault> {
        let secret = token.strip_prefix(PREFIX).and_then(code::read::<20>);
        let Some(hash) = secret.map(|bytes| Sha256::digest(bytes).to_vec()) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let row = service_token::Entity::find()
            .filter(service_token::Column::SecretHash.eq(hash))
            .filter(service_token::Column::RevokedAt.is_null())
            .filter(service_token::Column::ExpiresAt.gt(clock::micros(now)))
            .one(&self.database.reader())
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let today = now.date_naive().to_string();
        if row.used_on.as_ref() != Some(&today) {
            let transaction = self.database.begin_write().await?;
            service_token::Entity::update_many()
                .col_expr(service_token::Column::UsedOn, Expr::value(today))
                .filter(service_token::Column::Id.eq(row.id))
                .exec(&transaction)
                .await?;
            transaction.commit().await?;
        }
        let token = ServiceToken::of(row)?;
        let live = token.reads_live.then_some(Grant {
            role: Role::Program,
            region: token.region,
            category: None,
            round: token.round,
            subject: None,
        });
        Ok(Some(Actor::Program {
            id: token.id,
            name: token.name,
            grants: live.into_iter().collect(),
        }))
    }
}
