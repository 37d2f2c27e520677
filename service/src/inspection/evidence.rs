//! Tasks done, measures, nil reports and proposed grades: one row for each subject and thing, the last word stands.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Actor};
use domain::id::{Id, Round, Subject};
use domain::inputs::{self, Inputs};
use domain::number::Ratio;
use entity::{checklist_result, measure_value, nil_report, proposed_grade};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::check::{Named, find_faults, outside, refuse, settle};
use super::{Change, Done, Request, digest, refuse_too_many};
use crate::closeout::load::WHOLE_ROUND;
use crate::frame::{Frame, Whom};
use crate::{Fault, Service};

/// Rows of one statement: seven values each at most, below what SQLite binds at once.
const ROWS: usize = 4_000;

/// Tasks of a list that are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checklist {
    /// Whom they are about.
    pub subject: Id<Subject>,
    /// The item.
    pub item: String,
    /// The part of it, where it has parts.
    pub part: Option<String>,
    /// How many are done.
    pub done: u32,
    /// Of how many.
    pub tasks: u32,
}

/// A value of a measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// The measure.
    pub measure: String,
    /// `round`, `last_year`, or a stretch: `2026`, `2026-H1`, `2026-Q1`, `2026-01`.
    pub period: String,
    /// The value.
    pub value: Ratio,
}

/// A confirmation that there was no fact of a kind (零报告).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NilReport {
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// The kind of fact.
    pub kind: String,
}

/// A grade that was recorded as proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedGrade {
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// The grade.
    pub grade: String,
}

/// Puts a row in, in place of an earlier one, or takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put<T> {
    /// This stands from now on.
    Put(T),
    /// What stands for the same subject and thing is taken back; its other fields are not looked at.
    TakeBack(T),
}

/// A change of tasks done.
pub type ChecklistChange = Put<Checklist>;
/// A change of a measure.
pub type MeasureChange = Put<Measure>;
/// A change of a nil report.
pub type NilReportChange = Put<NilReport>;
/// A change of a proposed grade.
pub type ProposedGradeChange = Put<ProposedGrade>;

/// What was reported about one subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Tasks done, by item.
    pub checklists: Vec<Checklist>,
    /// Measures, by measure and period.
    pub measures: Vec<Measure>,
    /// Nil reports, by kind.
    pub nil_reports: Vec<NilReport>,
    /// The proposed grade.
    pub proposed: Option<ProposedGrade>,
}

/// A row that is about a subject.
trait Row: Clone {
    /// What a list of them is called in the input of a request.
    const LIST: &'static str;
    fn subject(&self) -> Id<Subject>;
    /// Adds the row to the inputs that are checked.
    fn add_to(&self, inputs: &mut Inputs, subject: &str);
}

impl Row for Checklist {
    const LIST: &'static str = "checklists";

    fn subject(&self) -> Id<Subject> {
        self.subject
    }

    fn add_to(&self, inputs: &mut Inputs, subject: &str) {
        inputs.checklists.push(inputs::ChecklistResult {
            subject: subject.to_owned(),
            item: self.item.clone(),
            part: self.part.clone(),
            done: self.done,
            tasks: self.tasks,
        });
    }
}

impl Row for Measure {
    const LIST: &'static str = "measures";

    fn subject(&self) -> Id<Subject> {
        self.subject
    }

    fn add_to(&self, inputs: &mut Inputs, subject: &str) {
        inputs.measures.push(inputs::MeasureValue {
            subject: subject.to_owned(),
            measure: self.measure.clone(),
            period: self.period.clone(),
            value: self.value.clone(),
        });
    }
}

impl Row for NilReport {
    const LIST: &'static str = "nilReports";

    fn subject(&self) -> Id<Subject> {
        self.subject
    }

    fn add_to(&self, inputs: &mut Inputs, subject: &str) {
        inputs.nil_reports.push(inputs::NilReport {
            subject: subject.to_owned(),
            kind: self.kind.clone(),
        });
    }
}

impl Row for ProposedGrade {
    const LIST: &'static str = "proposedGrades";

    fn subject(&self) -> Id<Subject> {
        self.subject
    }

    fn add_to(&self, inputs: &mut Inputs, subject: &str) {
        inputs.proposed.push(inputs::ProposedGrade {
            subject: subject.to_owned(),
            grade: self.grade.clone(),
        });
    }
}

/// Rows that passed the check.
struct Checked<T> {
    put: Vec<T>,
    taken_back: Vec<T>,
}

fn check<T: Row>(frame: &Frame, changes: Vec<Put<T>>) -> Result<Checked<T>, Fault> {
    let mut refusals = Vec::new();
    let mut checked = Checked {
        put: Vec::new(),
        taken_back: Vec::new(),
    };
    let (mut rows, mut codes) = (Vec::new(), Vec::new());
    for (row, change) in changes.into_iter().enumerate() {
        let (Put::Put(one) | Put::TakeBack(one)) = &change;
        let Some(code) = frame.code(one.subject().number()) else {
            let named = Named {
                list: T::LIST,
                rows: &[],
            };
            refusals.push(outside(named, row));
            continue;
        };
        match change {
            Put::Put(one) => {
                rows.push(row);
                codes.push(code);
                checked.put.push(one);
            }
            Put::TakeBack(one) => checked.taken_back.push(one),
        }
    }
    let faults = find_faults(frame, |inputs| {
        for (one, code) in checked.put.iter().zip(codes) {
            one.add_to(inputs, code);
        }
    })?;
    let named = Named {
        list: T::LIST,
        rows: &rows,
    };
    refusals.extend(refuse(faults, named));
    settle(refusals)?;
    Ok(checked)
}

fn subjects_of<T: Row>(changes: &[Put<T>]) -> BTreeSet<i64> {
    changes
        .iter()
        .map(|change| {
            let (Put::Put(one) | Put::TakeBack(one)) = change;
            one.subject().number()
        })
        .collect()
}

impl Service {
    /// Records or takes back tasks done, all or nothing, at most [`super::MOST_ROWS`].
    ///
    /// # Errors
    /// [`Fault::Refused`] with a path `checklists/<row>/<field>`, or with `ROUND_NOT_OPEN`, `TOO_MANY_ROWS`;
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn change_checklists(
        &self,
        actor: &Actor,
        round: Id<Round>,
        changes: Vec<ChecklistChange>,
    ) -> Result<(), Fault> {
        refuse_too_many(changes.len(), Checklist::LIST)?;
        let request = Request {
            actor,
            action: Action::AwardScore,
            round,
            subjects: subjects_of(&changes),
        };
        let change = Change::begin(self, &request).await?;
        let digest = digest(&changes);
        let checked = check(&change.frame, changes)?;
        if !checked.taken_back.is_empty() {
            let keys = checked.taken_back.iter().map(|one| {
                let part = one.part.clone().unwrap_or_default();
                (one.subject.number(), one.item.clone(), part)
            });
            let columns = Expr::tuple([
                Expr::col(checklist_result::Column::SubjectId),
                Expr::col(checklist_result::Column::Item),
                Expr::col(checklist_result::Column::Part),
            ]);
            checklist_result::Entity::delete_many()
                .filter(checklist_result::Column::RoundId.eq(round.number()))
                .filter(columns.in_tuples(keys))
                .exec(&change.transaction)
                .await?;
        }
        store_checklists(&change, &checked.put).await?;
        let done = Done {
            action: "round.change_checklists",
            digest,
            reason: None,
        };
        change.finish(&request, done).await
    }

    /// Reports or takes back values of measures, all or nothing, at most [`super::MOST_ROWS`].
    ///
    /// # Errors
    /// As [`Service::change_checklists`], with paths `measures/<row>/<field>`.
    pub async fn change_measures(
        &self,
        actor: &Actor,
        round: Id<Round>,
        changes: Vec<MeasureChange>,
    ) -> Result<(), Fault> {
        refuse_too_many(changes.len(), Measure::LIST)?;
        let request = Request {
            actor,
            action: Action::ReportEvidence,
            round,
            subjects: subjects_of(&changes),
        };
        let change = Change::begin(self, &request).await?;
        let digest = digest(&changes);
        let checked = check(&change.frame, changes)?;
        if !checked.taken_back.is_empty() {
            let keys = checked.taken_back.iter().map(|one| {
                let period = stored_period(&one.period);
                (one.subject.number(), one.measure.clone(), period)
            });
            let columns = Expr::tuple([
                Expr::col(measure_value::Column::SubjectId),
                Expr::col(measure_value::Column::Measure),
                Expr::col(measure_value::Column::Period),
            ]);
            measure_value::Entity::delete_many()
                .filter(measure_value::Column::RoundId.eq(round.number()))
                .filter(columns.in_tuples(keys))
                .exec(&change.transaction)
                .await?;
        }
        store_measures(&change, &checked.put).await?;
        let done = Done {
            action: "round.change_measures",
            digest,
            reason: None,
        };
        change.finish(&request, done).await
    }

    /// Confirms that there was no fact of a kind, or takes that back, all or nothing, at most [`super::MOST_ROWS`].
    ///
    /// # Errors
    /// As [`Service::change_checklists`], with paths `nilReports/<row>/<field>`.
    pub async fn change_nil_reports(
        &self,
        actor: &Actor,
        round: Id<Round>,
        changes: Vec<NilReportChange>,
    ) -> Result<(), Fault> {
        refuse_too_many(changes.len(), NilReport::LIST)?;
        let request = Request {
            actor,
            action: Action::ReportEvidence,
            round,
            subjects: subjects_of(&changes),
        };
        let change = Change::begin(self, &request).await?;
        let digest = digest(&changes);
        let checked = check(&change.frame, changes)?;
        if !checked.taken_back.is_empty() {
            let keys = checked
                .taken_back
                .iter()
                .map(|one| (one.subject.number(), one.kind.clone()));
            let columns = Expr::tuple([
                Expr::col(nil_report::Column::SubjectId),
                Expr::col(nil_report::Column::Kind),
            ]);
            nil_report::Entity::delete_many()
                .filter(nil_report::Column::RoundId.eq(round.number()))
                .filter(columns.in_tuples(keys))
                .exec(&change.transaction)
                .await?;
        }
        let rows: Vec<nil_report::ActiveModel> = checked
            .put
            .iter()
            .map(|one| nil_report::ActiveModel {
                round_id: Set(round.number()),
                subject_id: Set(one.subject.number()),
                kind: Set(one.kind.clone()),
            })
            .collect();
        if !rows.is_empty() {
            nil_report::Entity::insert_many(rows)
                .on_conflict_do_nothing_on([
                    nil_report::Column::RoundId,
                    nil_report::Column::SubjectId,
                    nil_report::Column::Kind,
                ])
                .exec_without_returning(&change.transaction)
                .await?;
        }
        let done = Done {
            action: "round.change_nil_reports",
            digest,
            reason: None,
        };
        change.finish(&request, done).await
    }

    /// Records grades as proposed, or takes them back, all or nothing, at most [`super::MOST_ROWS`].
    ///
    /// # Errors
    /// As [`Service::change_checklists`], with paths `proposedGrades/<row>/<field>`.
    pub async fn change_proposed_grades(
        &self,
        actor: &Actor,
        round: Id<Round>,
        changes: Vec<ProposedGradeChange>,
    ) -> Result<(), Fault> {
        refuse_too_many(changes.len(), ProposedGrade::LIST)?;
        let request = Request {
            actor,
            action: Action::ReportEvidence,
            round,
            subjects: subjects_of(&changes),
        };
        let change = Change::begin(self, &request).await?;
        let digest = digest(&changes);
        let checked = check(&change.frame, changes)?;
        proposed_grade::Entity::delete_many()
            .filter(proposed_grade::Column::RoundId.eq(round.number()))
            .filter(proposed_grade::Column::SubjectId.is_in(request.subjects.iter().copied()))
            .exec(&change.transaction)
            .await?;
        let rows: Vec<proposed_grade::ActiveModel> = checked
            .put
            .iter()
            .map(|one| proposed_grade::ActiveModel {
                round_id: Set(round.number()),
                subject_id: Set(one.subject.number()),
                grade: Set(one.grade.clone()),
            })
            .collect();
        if !rows.is_empty() {
            proposed_grade::Entity::insert_many(rows)
                .exec_without_returning(&change.transaction)
                .await?;
        }
        let done = Done {
            action: "round.change_proposed_grades",
            digest,
            reason: None,
        };
        change.finish(&request, done).await
    }

    /// What was reported about these subjects beside points and facts. A fixed number of statements.
    ///
    /// # Errors
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn list_evidence(
        &self,
        actor: &Actor,
        round: Id<Round>,
        subjects: &[Id<Subject>],
    ) -> Result<BTreeMap<Id<Subject>, Evidence>, Fault> {
        let ids: BTreeSet<i64> = subjects.iter().map(|id| id.number()).collect();
        if !actor.may_somewhere(Action::ReadEvidence) {
            return Err(Fault::Denied);
        }
        let reading = self.database.begin_read().await?;
        let frame = Frame::load(&reading, round, Whom::These(&ids)).await?;
        frame.allow(actor, Action::ReadEvidence, ids.iter().copied())?;
        let mut all: BTreeMap<Id<Subject>, Evidence> = BTreeMap::new();
        let rows = checklist_result::Entity::find()
            .filter(checklist_result::Column::RoundId.eq(round.number()))
            .filter(checklist_result::Column::SubjectId.is_in(ids.iter().copied()))
            .all(&reading)
            .await?;
        for row in rows {
            let subject = Id::new(row.subject_id);
            all.entry(subject).or_default().checklists.push(Checklist {
                subject,
                item: row.item,
                part: Some(row.part).filter(|part| !part.is_empty()),
                done: u32::try_from(row.done).map_err(Fault::internal)?,
                tasks: u32::try_from(row.tasks).map_err(Fault::internal)?,
            });
        }
        let rows = measure_value::Entity::find()
            .filter(measure_value::Column::RoundId.eq(round.number()))
            .filter(measure_value::Column::SubjectId.is_in(ids.iter().copied()))
            .all(&reading)
            .await?;
        for row in rows {
            let subject = Id::new(row.subject_id);
            all.entry(subject).or_default().measures.push(Measure {
                subject,
                measure: row.measure,
                period: shown_period(row.period),
                value: row.value.parse().map_err(Fault::internal)?,
            });
        }
        let rows = nil_report::Entity::find()
            .filter(nil_report::Column::RoundId.eq(round.number()))
            .filter(nil_report::Column::SubjectId.is_in(ids.iter().copied()))
            .all(&reading)
            .await?;
        for row in rows {
            let subject = Id::new(row.subject_id);
            all.entry(subject).or_default().nil_reports.push(NilReport {
                subject,
                kind: row.kind,
            });
        }
        let rows = proposed_grade::Entity::find()
            .filter(proposed_grade::Column::RoundId.eq(round.number()))
            .filter(proposed_grade::Column::SubjectId.is_in(ids.iter().copied()))
            .all(&reading)
            .await?;
        for row in rows {
            let subject = Id::new(row.subject_id);
            all.entry(subject).or_default().proposed = Some(ProposedGrade {
                subject,
                grade: row.grade,
            });
        }
        reading.finish().await?;
        Ok(all)
    }
}

/// Stores tasks done, in place of what stood.
pub(super) async fn store_checklists(change: &Change, rows: &[Checklist]) -> Result<(), Fault> {
    let rows: Vec<checklist_result::ActiveModel> = rows
        .iter()
        .map(|one| checklist_result::ActiveModel {
            round_id: Set(change.frame.round.id),
            subject_id: Set(one.subject.number()),
            item: Set(one.item.clone()),
            part: Set(one.part.clone().unwrap_or_default()),
            done: Set(i64::from(one.done)),
            tasks: Set(i64::from(one.tasks)),
        })
        .collect();
    let conflict = OnConflict::columns([
        checklist_result::Column::RoundId,
        checklist_result::Column::SubjectId,
        checklist_result::Column::Item,
        checklist_result::Column::Part,
    ])
    .update_columns([
        checklist_result::Column::Done,
        checklist_result::Column::Tasks,
    ])
    .to_owned();
    for part in rows.chunks(ROWS) {
        checklist_result::Entity::insert_many(part.to_vec())
            .on_conflict(conflict.clone())
            .exec_without_returning(&change.transaction)
            .await?;
    }
    Ok(())
}

/// Stores values of measures, in place of what stood.
pub(super) async fn store_measures(change: &Change, rows: &[Measure]) -> Result<(), Fault> {
    let rows: Vec<measure_value::ActiveModel> = rows
        .iter()
        .map(|one| measure_value::ActiveModel {
            round_id: Set(change.frame.round.id),
            subject_id: Set(one.subject.number()),
            measure: Set(one.measure.clone()),
            period: Set(stored_period(&one.period)),
            value: Set(one.value.to_string()),
        })
        .collect();
    let conflict = OnConflict::columns([
        measure_value::Column::RoundId,
        measure_value::Column::SubjectId,
        measure_value::Column::Measure,
        measure_value::Column::Period,
    ])
    .update_column(measure_value::Column::Value)
    .to_owned();
    for part in rows.chunks(ROWS) {
        measure_value::Entity::insert_many(part.to_vec())
            .on_conflict(conflict.clone())
            .exec_without_returning(&change.transaction)
            .await?;
    }
    Ok(())
}

/// The column is empty where a measure has one value for the whole round.
fn stored_period(period: &str) -> String {
    if period == WHOLE_ROUND {
        String::new()
    } else {
        period.to_owned()
    }
}

fn shown_period(period: String) -> String {
    if period.is_empty() {
        WHOLE_ROUND.to_owned()
    } else {
        period
    }
}
