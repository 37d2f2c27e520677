//! Points that inspectors award.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::correction::InputKind;
use domain::id::{Id, Round, Staff, Subject};
use domain::inputs;
use domain::number::Points;
use entity::score;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::check::{Named, find_faults, outside, refuse, settle};
use super::{Change, Done, Request, digest, refuse_too_many};
use crate::database::WriteTransaction;
use crate::frame::{Frame, Whom, staff_of};
use crate::freeze::Touch;
use crate::permit::ask_somewhere;
use crate::standing::{Source, find_source_of};
use crate::{Fault, Refusal, Service, clock};

/// Rows of one statement: ten values each, below what SQLite binds at once.
pub(super) const ROWS: usize = 3_000;

/// Points that an inspector awarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// Whom they are about.
    pub subject: Id<Subject>,
    /// The item.
    pub item: String,
    /// The part of it, where it has parts.
    pub part: Option<String>,
    /// The stretch that they are for, such as `2026-Q1`, where points are awarded for each by itself.
    pub period: Option<String>,
    /// Who awarded them.
    pub inspector: Id<Staff>,
    /// How many.
    pub points: Points,
    /// Counts the changes, for compare-and-set.
    pub row_version: i64,
    /// When they were awarded or last changed.
    pub awarded_at: DateTime<Utc>,
    /// A remark.
    pub note: Option<String>,
    /// Whether they are those of the revision that stands, or may still change.
    pub source: Source,
}

/// Points to be awarded, changed or taken back by the inspector who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreChange {
    /// Whom they are about.
    pub subject: Id<Subject>,
    /// The item.
    pub item: String,
    /// The part of it, where it has parts.
    pub part: Option<String>,
    /// The stretch that they are for, such as `2026-Q1`, where points are awarded for each by itself.
    pub period: Option<String>,
    /// How many; none takes an earlier award back.
    pub points: Option<Points>,
    /// A remark.
    pub note: Option<String>,
    /// The [`Score::row_version`] that was read before; absent for a first award.
    pub row_version: Option<i64>,
}

/// What one inspector's score is found by, within a round.
type Key = (i64, String, String, String);

impl ScoreChange {
    fn key(&self) -> Key {
        (
            self.subject.number(),
            self.item.clone(),
            self.part.clone().unwrap_or_default(),
            self.period.clone().unwrap_or_default(),
        )
    }
}

impl Service {
    /// Awards, changes and takes back points of the inspector who asks, all or nothing, at most [`super::MOST_ROWS`].
    /// Returns what then stands, without those taken back.
    ///
    /// # Errors
    /// [`Fault::Refused`] with a path `scores/<row>/<field>`: `UNKNOWN_NAME`, `ABOVE_MAXIMUM`, `OFF_STEP`,
    /// `UNKNOWN_PERIOD`, `NOT_APPLICABLE`, `WAY_NOT_POSSIBLE`, `ROW_TWICE`, `SUBJECT_OUTSIDE_ROUND`, `CHANGED_MEANWHILE`; with
    /// `ROUND_NOT_OPEN`, `INSPECTOR_NEEDED`, `TOO_MANY_ROWS`. [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn change_scores(
        &self,
        actor: &Actor,
        round: Id<Round>,
        changes: Vec<ScoreChange>,
    ) -> Result<Vec<Score>, Fault> {
        // Before anything else is said of the request.
        ask_somewhere(actor, Action::AwardScore)?;
        refuse_too_many(changes.len(), "scores")?;
        let inspector = staff_of(actor).ok_or_else(|| {
            Fault::refused(Refusal::new(
                "INSPECTOR_NEEDED",
                "points are awarded by a person; log in as an inspector",
            ))
        })?;
        let request = Request {
            actor,
            action: Action::AwardScore,
            round,
            touch: Touch::Change(&[InputKind::Scores]),
            subjects: changes.iter().map(|one| one.subject.number()).collect(),
        };
        let change = Change::begin(self, &request).await?;
        let held = list_held(&change, inspector, &request.subjects).await?;
        let (awards, taken_back) = check(&change.frame, inspector, &changes, &held)?;
        let removed: Vec<Key> = taken_back.into_iter().map(ScoreChange::key).collect();
        remove(&change.transaction, &change.frame, inspector, removed).await?;
        store(&change, &awards).await?;
        let scores = awards
            .iter()
            .map(|award| {
                Ok(Score {
                    subject: Id::new(award.subject),
                    item: award.item.clone(),
                    part: Some(award.part.clone()).filter(|part| !part.is_empty()),
                    period: Some(award.period.clone()).filter(|period| !period.is_empty()),
                    inspector,
                    points: award.points,
                    row_version: held.get(&award.key()).copied().unwrap_or(0) + 1,
                    awarded_at: change.now,
                    note: award.note.clone(),
                    source: Source::Live {
                        as_of: Some(change.now),
                    },
                })
            })
            .collect::<Result<_, Fault>>()?;
        let done = Done {
            action: "round.change_scores",
            digest: digest(&changes),
            reason: None,
            approver: None,
        };
        change.finish(&request, done).await?;
        Ok(scores)
    }

    /// The scores of these subjects, by subject, then item, part, stretch and inspector. A fixed number of statements.
    ///
    /// # Errors
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn list_scores(
        &self,
        actor: &Actor,
        round: Id<Round>,
        subjects: &[Id<Subject>],
    ) -> Result<BTreeMap<Id<Subject>, Vec<Score>>, Fault> {
        let ids: BTreeSet<i64> = subjects.iter().map(|id| id.number()).collect();
        let as_of = self.clock.now();
        let reading = self.database.begin_read().await?;
        let frame = Frame::load(&reading, round, Whom::These(&ids)).await?;
        if !actor.may_somewhere(Action::ReadEvidence) {
            return Err(Fault::Denied);
        }
        frame.allow(actor, Action::ReadEvidence, ids.iter().copied())?;
        let rows = score::Entity::find()
            .filter(score::Column::RoundId.eq(round.number()))
            .filter(score::Column::SubjectId.is_in(ids))
            .all(&reading)
            .await?;
        let source = find_source_of(&reading, &frame, (&InputKind::Scores, as_of)).await?;
        reading.finish().await?;
        let mut scores: BTreeMap<Id<Subject>, Vec<Score>> = BTreeMap::new();
        for row in rows {
            scores
                .entry(Id::new(row.subject_id))
                .or_default()
                .push(read(row, source)?);
        }
        for list in scores.values_mut() {
            list.sort_by(|a, b| {
                (&a.item, &a.part, &a.period, a.inspector).cmp(&(
                    &b.item,
                    &b.part,
                    &b.period,
                    b.inspector,
                ))
            });
        }
        Ok(scores)
    }
}

fn read(row: score::Model, source: Source) -> Result<Score, Fault> {
    Ok(Score {
        subject: Id::new(row.subject_id),
        item: row.item,
        part: Some(row.part).filter(|part| !part.is_empty()),
        period: Some(row.period).filter(|period| !period.is_empty()),
        inspector: Id::new(row.inspector_id),
        points: Points::from_e4(row.points_e4),
        row_version: row.row_version,
        awarded_at: clock::instant(row.awarded_at)?,
        note: row.note,
        source,
    })
}

/// Versions of what the inspector has already awarded to these subjects.
async fn list_held(
    change: &Change,
    inspector: Id<Staff>,
    subjects: &BTreeSet<i64>,
) -> Result<BTreeMap<Key, i64>, Fault> {
    let rows = score::Entity::find()
        .filter(score::Column::RoundId.eq(change.frame.round.id))
        .filter(score::Column::SubjectId.is_in(subjects.iter().copied()))
        .filter(score::Column::InspectorId.eq(inspector.number()))
        .all(&change.transaction)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let key = (row.subject_id, row.item, row.part, row.period);
            (key, row.row_version)
        })
        .collect())
}

/// Points to be stored.
#[derive(Debug, Clone)]
pub(super) struct Award {
    pub subject: i64,
    pub item: String,
    pub part: String,
    /// Empty for the whole round.
    pub period: String,
    pub inspector: i64,
    pub points: Points,
    pub note: Option<String>,
}

impl Award {
    fn key(&self) -> Key {
        (
            self.subject,
            self.item.clone(),
            self.part.clone(),
            self.period.clone(),
        )
    }

    /// As the check of the close-out reads it.
    pub(super) fn to_input(&self, subject: &str) -> inputs::Score {
        inputs::Score {
            subject: subject.to_owned(),
            item: self.item.clone(),
            part: Some(self.part.clone()).filter(|part| !part.is_empty()),
            period: Some(self.period.clone()).filter(|period| !period.is_empty()),
            inspector: self.inspector.to_string(),
            points: self.points,
            order: 0,
            note: self.note.clone(),
        }
    }
}

/// Splits changes into what is stored and what is taken back; refuses all that cannot be.
fn check<'a>(
    frame: &Frame,
    inspector: Id<Staff>,
    changes: &'a [ScoreChange],
    held: &BTreeMap<Key, i64>,
) -> Result<(Vec<Award>, Vec<&'a ScoreChange>), Fault> {
    let mut refusals = Vec::new();
    let (mut awards, mut rows, mut inputs, mut taken_back) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (row, change) in changes.iter().enumerate() {
        let named = Named {
            list: "scores",
            rows: &[],
        };
        let Some(subject) = frame.code(change.subject.number()) else {
            refusals.push(outside(named, row));
            continue;
        };
        if held.get(&change.key()).copied() != change.row_version {
            refusals.push(
                Refusal::new(
                    "CHANGED_MEANWHILE",
                    "this score was changed since it was read; read it again and decide anew",
                )
                .at(["scores", &row.to_string(), "rowVersion"]),
            );
            continue;
        }
        let Some(points) = change.points else {
            taken_back.push(change);
            continue;
        };
        let award = Award {
            subject: change.subject.number(),
            item: change.item.clone(),
            part: change.part.clone().unwrap_or_default(),
            period: change.period.clone().unwrap_or_default(),
            inspector: inspector.number(),
            points,
            note: change.note.clone(),
        };
        inputs.push(award.to_input(subject));
        awards.push(award);
        rows.push(row);
    }
    let faults = find_faults(frame, |all| all.scores = inputs)?;
    let named = Named {
        list: "scores",
        rows: &rows,
    };
    refusals.extend(refuse(faults, named));
    settle(refusals)?;
    Ok((awards, taken_back))
}

async fn remove(
    transaction: &WriteTransaction,
    frame: &Frame,
    inspector: Id<Staff>,
    keys: Vec<Key>,
) -> Result<(), Fault> {
    if keys.is_empty() {
        return Ok(());
    }
    let columns = Expr::tuple([
        Expr::col(score::Column::SubjectId),
        Expr::col(score::Column::Item),
        Expr::col(score::Column::Part),
        Expr::col(score::Column::Period),
    ]);
    score::Entity::delete_many()
        .filter(score::Column::RoundId.eq(frame.round.id))
        .filter(score::Column::InspectorId.eq(inspector.number()))
        .filter(columns.in_tuples(keys))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Stores points, in place of what the same inspector awarded before.
pub(super) async fn store(change: &Change, awards: &[Award]) -> Result<(), Fault> {
    let rows: Vec<score::ActiveModel> = awards
        .iter()
        .map(|award| score::ActiveModel {
            round_id: Set(change.frame.round.id),
            subject_id: Set(award.subject),
            item: Set(award.item.clone()),
            part: Set(award.part.clone()),
            period: Set(award.period.clone()),
            inspector_id: Set(award.inspector),
            points_e4: Set(award.points.e4()),
            row_version: Set(1),
            awarded_at: Set(clock::micros(change.now)),
            note: Set(award.note.clone()),
        })
        .collect();
    let conflict = OnConflict::columns([
        score::Column::RoundId,
        score::Column::SubjectId,
        score::Column::Item,
        score::Column::Part,
        score::Column::Period,
        score::Column::InspectorId,
    ])
    .update_columns([
        score::Column::PointsE4,
        score::Column::AwardedAt,
        score::Column::Note,
    ])
    .value(
        score::Column::RowVersion,
        Expr::col((score::Entity, score::Column::RowVersion)).add(1_i64),
    )
    .to_owned();
    for part in rows.chunks(ROWS) {
        score::Entity::insert_many(part.to_vec())
            .on_conflict(conflict.clone())
            .exec_without_returning(&change.transaction)
            .await?;
    }
    Ok(())
}
