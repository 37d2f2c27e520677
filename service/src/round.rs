//! Rounds (考评轮次): set up as drafts, opened with a frozen roster, published once they are closed.
//!
//! Closing a round is deliberately absent: that is a use-case of its own. Who may not read a round does not learn that
//! it exists.

mod duty;
mod member;
mod open;
mod roster;
mod version;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::access::{Action, Actor, Grant, Scope, may};
use domain::id::{self, Id};
use entity::{round, round_subject};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::database::WriteTransaction;
use crate::page::{Page, Part};
use crate::permit::{Permit, ask_somewhere};
use crate::text::{self, Refusals, code_taken};
use crate::{Fault, Refusal, Service, audit, clock};

pub(crate) use duty::list_approved;
pub use duty::{DutyList, DutyListAt, DutyListChange, DutyListKey, RecordedDutyList};
pub use member::RosterStep;
pub use open::RoundOpening;
pub(crate) use open::freeze_relations_anew;
pub(crate) use roster::place;
pub use roster::{RosterFilter, RoundSubject};
pub use version::{LostScores, MovedRound, VersionMove, VersionProposal};

/// How far a round has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundState {
    /// It is being set up.
    Draft,
    /// Answers and scores come in.
    Open,
    /// It was decided.
    Closed,
}

/// Who may read the results of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publicity {
    /// Staff alone.
    Internal,
    /// Everybody.
    Published,
}

/// A round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// Its id.
    pub id: Id<id::Round>,
    /// What was set up.
    pub content: RoundDraft,
    /// How far it has come.
    pub state: RoundState,
    /// Who may read its results.
    pub publicity: Publicity,
    /// When it was opened.
    pub opened_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Counts the changes, for compare-and-set.
    pub row_version: i64,
}

/// What a round is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundDraft {
    /// Code, unique among rounds.
    pub code: String,
    /// The series of rounds that it continues.
    pub series: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// The version that decides.
    pub scheme_version: Id<id::SchemeVersion>,
    /// First day of the period.
    pub period_from: NaiveDate,
    /// Last day of the period.
    pub period_to: NaiveDate,
    /// IANA name of the zone of its days, such as `Asia/Shanghai`.
    pub time_zone: String,
}

/// A round as somebody read it, for compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundAt {
    /// Which.
    pub id: Id<id::Round>,
    /// [`Round::row_version`] of what was read.
    pub row_version: i64,
}

impl Round {
    fn digest(&self) -> [u8; 32] {
        let RoundDraft {
            code,
            series,
            name,
            name_en,
            scheme_version,
            period_from,
            period_to,
            time_zone,
        } = &self.content;
        text::digest_of(&[
            &self.id.to_string(),
            code,
            series,
            name,
            name_en,
            &scheme_version.to_string(),
            &period_from.to_string(),
            &period_to.to_string(),
            time_zone,
            &format!("{:?} {:?}", self.state, self.publicity),
        ])
    }

    fn of(row: round::Model) -> Result<Self, Fault> {
        Ok(Self {
            id: Id::new(row.id),
            content: RoundDraft {
                code: row.code,
                series: row.series,
                name: row.name,
                name_en: row.name_en,
                scheme_version: Id::new(row.scheme_version_id),
                period_from: text::parse_day(&row.period_from_on)?,
                period_to: text::parse_day(&row.period_to_on)?,
                time_zone: row.time_zone,
            },
            state: match row.state {
                round::State::Draft => RoundState::Draft,
                round::State::Open => RoundState::Open,
                round::State::Closed => RoundState::Closed,
            },
            publicity: match row.publicity {
                round::Publicity::Internal => Publicity::Internal,
                round::Publicity::Published => Publicity::Published,
            },
            opened_at: row.opened_at.map(clock::instant).transpose()?,
            closed_at: row.closed_at.map(clock::instant).transpose()?,
            row_version: row.row_version,
        })
    }
}

/// The condition under which an actor may read a round: it is published, some grant reaches into it, or it is closed and
/// decided about a subject of their own. Which of its subjects they may read is another question.
pub(crate) fn readable(actor: &Actor) -> Condition {
    let id = || Expr::col((round::Entity, round::Column::Id));
    let published =
        Expr::col((round::Entity, round::Column::Publicity)).eq(round::Publicity::Published);
    let any = Condition::any().add(published);
    match actor {
        Actor::Anonymous => any,
        Actor::Operator => Condition::all(),
        Actor::Staff { grants, .. } | Actor::Program { grants, .. } => grants
            .iter()
            .filter(|grant| may(Some(grant.role), Action::ReadRound))
            .map(|grant| match grant.round {
                Some(round) => id().eq(round.number()),
                None => Expr::cust("1 = 1"),
            })
            .fold(any, Condition::add)
            .add_option(has_own_result(grants)),
    }
}

/// That a round is closed and some subject of these grants took part in it; nothing if no grant is of a subject.
fn has_own_result(grants: &[Grant]) -> Option<Condition> {
    let own = |grant: &&Grant| may(Some(grant.role), Action::ReadOwnResult);
    let took_part = grants.iter().filter(own).filter_map(|grant| {
        let mut rounds = Query::select();
        rounds
            .column(round_subject::Column::RoundId)
            .from(round_subject::Entity)
            .and_where(Expr::col(round_subject::Column::SubjectId).eq(grant.subject?.number()));
        if let Some(round) = grant.round {
            rounds.and_where(Expr::col(round_subject::Column::RoundId).eq(round.number()));
        }
        Some(Expr::col((round::Entity, round::Column::Id)).in_subquery(rounds))
    });
    let took_part: Vec<_> = took_part.collect();
    if took_part.is_empty() {
        return None;
    }
    let closed = Expr::col((round::Entity, round::Column::State)).eq(round::State::Closed);
    let any = took_part.into_iter().fold(Condition::any(), Condition::add);
    Some(Condition::all().add(closed).add(any))
}

impl Service {
    /// Rounds that the actor may read, in the order of their codes. One statement.
    pub async fn list_rounds(
        &self,
        actor: &Actor,
        page: Page<String>,
    ) -> Result<Part<Round>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let mut query = round::Entity::find()
            .filter(readable(actor))
            .order_by_asc(round::Column::Code)
            .limit(page.limit());
        if let Some(after) = &page.after {
            query = query.filter(round::Column::Code.gt(after.as_str()));
        }
        page.cut(query.all(&self.database.reader()).await?)
            .try_map(Round::of)
    }

    /// The rounds of these ids, those that exist and that the actor may read. One statement.
    pub async fn find_rounds(
        &self,
        actor: &Actor,
        ids: &[Id<id::Round>],
    ) -> Result<BTreeMap<Id<id::Round>, Round>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows = round::Entity::find()
            .filter(round::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .filter(readable(actor))
            .all(&self.database.reader())
            .await?;
        let read = rows
            .into_iter()
            .map(|row| Round::of(row).map(|round| (round.id, round)));
        read.collect()
    }

    /// Adds a round as a draft.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `CODE_TAKEN`, `CODE_UNFIT`, `NAME_UNFIT`, `ENDS_BEFORE_IT_BEGINS`, `TIME_ZONE_UNKNOWN`,
    /// `SCHEME_VERSION_UNKNOWN`.
    pub async fn add_round(&self, actor: &Actor, draft: RoundDraft) -> Result<Round, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ChangeRound)?;
        let content = check(draft)?;
        let now = self.clock.now();
        let added = Round {
            id: Id::new(self.ids.draw()?),
            content,
            state: RoundState::Draft,
            publicity: Publicity::Internal,
            opened_at: None,
            closed_at: None,
            row_version: 1,
        };
        let transaction = self.database.begin_write().await?;
        let row = round::ActiveModel {
            id: Set(added.id.number()),
            code: Set(added.content.code.clone()),
            series: Set(added.content.series.clone()),
            name: Set(added.content.name.clone()),
            name_en: Set(added.content.name_en.clone()),
            scheme_version_id: Set(added.content.scheme_version.number()),
            period_from_on: Set(added.content.period_from.to_string()),
            period_to_on: Set(added.content.period_to.to_string()),
            time_zone: Set(added.content.time_zone.clone()),
            state: Set(round::State::Draft),
            publicity: Set(round::Publicity::Internal),
            opened_at: Set(None),
            closed_at: Set(None),
            row_version: Set(1),
            inputs_changed_at: Set(clock::micros(now)),
            correcting: Set(None),
        };
        round::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await
            .map_err(|error| refuse_unknown(code_taken(error, &added.content.code)))?;
        let object = added.id.to_string();
        let entry = audit::Entry {
            after: Some(added.digest()),
            ..permit.entry(now, "round.add", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// Changes a draft, unless somebody else did so since it was read.
    ///
    /// # Errors
    /// Those of [`Service::add_round`], `ROUND_NOT_DRAFT`; [`Fault::Conflict`], [`Fault::NotFound`].
    pub async fn change_round(
        &self,
        actor: &Actor,
        at: RoundAt,
        draft: RoundDraft,
    ) -> Result<Round, Fault> {
        let permit = ask_for(actor, Action::ChangeRound, at.id)?;
        let transaction = self.database.begin_write().await?;
        let before = get_at(&transaction, at).await?;
        require_state(&before, RoundState::Draft)?;
        let now = self.clock.now();
        let after = Round {
            content: check(draft)?,
            row_version: before.row_version.saturating_add(1),
            ..before.clone()
        };
        round::Entity::update_many()
            .col_expr(round::Column::Code, Expr::value(after.content.code.clone()))
            .col_expr(
                round::Column::Series,
                Expr::value(after.content.series.clone()),
            )
            .col_expr(round::Column::Name, Expr::value(after.content.name.clone()))
            .col_expr(
                round::Column::NameEn,
                Expr::value(after.content.name_en.clone()),
            )
            .col_expr(
                round::Column::SchemeVersionId,
                Expr::value(after.content.scheme_version.number()),
            )
            .col_expr(
                round::Column::PeriodFromOn,
                Expr::value(after.content.period_from.to_string()),
            )
            .col_expr(
                round::Column::PeriodToOn,
                Expr::value(after.content.period_to.to_string()),
            )
            .col_expr(
                round::Column::TimeZone,
                Expr::value(after.content.time_zone.clone()),
            )
            .col_expr(round::Column::RowVersion, Expr::value(after.row_version))
            .col_expr(
                round::Column::InputsChangedAt,
                Expr::value(clock::micros(now)),
            )
            .filter(round::Column::Id.eq(after.id.number()))
            .exec(&transaction)
            .await
            .map_err(|error| refuse_unknown(code_taken(error, &after.content.code)))?;
        let object = after.id.to_string();
        let entry = audit::Entry {
            before: Some(before.digest()),
            after: Some(after.digest()),
            ..permit.entry(now, "round.change", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(after)
    }
}

/// Asks whether the actor may do something to a whole round: a grant within one region or category will not do.
pub(crate) fn ask_for(
    actor: &Actor,
    action: Action,
    round: Id<id::Round>,
) -> Result<Permit, Fault> {
    Permit::ask(
        actor,
        action,
        &Scope {
            round: Some(round),
            ..Scope::default()
        },
    )
}

/// The round, locked until the end of the transaction, if it still is as it was read.
async fn get_at(transaction: &WriteTransaction, at: RoundAt) -> Result<Round, Fault> {
    let row = round::Entity::find_by_id(at.id.number())
        .lock_exclusive()
        .one(transaction)
        .await?;
    let round = Round::of(row.ok_or(Fault::NotFound)?)?;
    if round.row_version == at.row_version {
        Ok(round)
    } else {
        Err(Fault::Conflict)
    }
}

fn require_state(round: &Round, wanted: RoundState) -> Result<(), Fault> {
    if round.state == wanted {
        return Ok(());
    }
    let (code, message) = match wanted {
        RoundState::Draft => (
            "ROUND_NOT_DRAFT",
            "the round was opened already, so it cannot be changed any more",
        ),
        RoundState::Open => ("ROUND_NOT_OPEN", "the round is not open"),
        RoundState::Closed => (
            "ROUND_NOT_CLOSED",
            "the round is not closed yet: close it first",
        ),
    };
    Err(Fault::refused(Refusal::new(code, message).at(["id"])))
}

fn check(draft: RoundDraft) -> Result<RoundDraft, Fault> {
    let mut refusals = Refusals::default();
    let checked = RoundDraft {
        code: refusals.code("code", &draft.code),
        series: refusals.code("series", &draft.series),
        name: refusals.name("name", &draft.name),
        name_en: refusals.name("nameEn", &draft.name_en),
        ..draft
    };
    if checked.period_to < checked.period_from {
        let message = "the last day of the period is before the first: give a later one";
        refusals.add(Refusal::new("ENDS_BEFORE_IT_BEGINS", message).at(["periodTo"]));
    }
    if checked.time_zone.parse::<chrono_tz::Tz>().is_err() {
        let message = "there is no such time zone: give an IANA name such as `Asia/Shanghai`";
        refusals.add(Refusal::new("TIME_ZONE_UNKNOWN", message).at(["timeZone"]));
    }
    refusals.settle()?;
    Ok(checked)
}

/// The only thing that the row of a round refers to is its version.
fn refuse_unknown(fault: Fault) -> Fault {
    match fault {
        Fault::Conflict => {
            let message = "there is no such version of a scheme: add it first";
            Fault::refused(Refusal::new("SCHEME_VERSION_UNKNOWN", message).at(["schemeVersionId"]))
        }
        other => other,
    }
}
