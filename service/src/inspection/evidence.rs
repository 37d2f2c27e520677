//! Tasks done, measures, nil reports and proposed grades: one row for each subject and thing, the last word stands.
//!
//! All four are put in, taken back and read in the same way; what differs is in [`row`].

mod row;

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Actor};
use domain::id::{Id, Round, Subject};
use domain::inputs;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, ValueTuple};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, Iterable,
    PrimaryKeyToColumn, QueryFilter,
};

pub(crate) use row::Row;
pub use row::{
    Checklist, ChecklistChange, Evidence, Measure, MeasureChange, NilReport, NilReportChange,
    ProposedGrade, ProposedGradeChange, Put,
};

use super::check::{Named, find_faults, outside, refuse, settle};
use super::{Change, Done, Request, digest, refuse_too_many};
use crate::frame::{Frame, Whom};
use crate::round::list_approved;
use crate::{Fault, Service};

/// Rows of one statement: seven values each at most, below what SQLite binds at once.
const ROWS: usize = 4_000;

type ColumnOf<T> = <<T as Row>::Table as EntityTrait>::Column;

/// The columns by which a row is known: the round, the subject, then what else.
fn key_of<T: Row>() -> Vec<ColumnOf<T>> {
    <T::Table as EntityTrait>::PrimaryKey::iter()
        .map(PrimaryKeyToColumn::into_column)
        .collect()
}

/// Rows that passed the check.
struct Checked<T> {
    put: Vec<T>,
    taken_back: Vec<T>,
}

fn check<T: Row>(
    frame: &Frame,
    lists: Vec<inputs::DutyList>,
    changes: Vec<Put<T>>,
) -> Result<Checked<T>, Fault> {
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
        inputs.duty_lists = lists;
        for (one, code) in checked.put.iter().zip(codes) {
            one.clone().add_to(inputs, code.to_owned());
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
        self.change_rows(actor, round, changes).await
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
        self.change_rows(actor, round, changes).await
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
        self.change_rows(actor, round, changes).await
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
        self.change_rows(actor, round, changes).await
    }

    async fn change_rows<T: Row>(
        &self,
        actor: &Actor,
        round: Id<Round>,
        changes: Vec<Put<T>>,
    ) -> Result<(), Fault> {
        refuse_too_many(changes.len(), T::LIST)?;
        let request = Request {
            actor,
            action: T::ACTION,
            round,
            subjects: subjects_of(&changes),
            touch: T::TOUCH,
        };
        let change = Change::begin(self, &request).await?;
        let digest = digest(&changes);
        let lists = if T::NEEDS_LISTS {
            let whom = Whom::These(&request.subjects);
            list_approved(&change.transaction, &change.frame, whom).await?
        } else {
            Vec::new()
        };
        let checked = check(&change.frame, lists, changes)?;
        take_back(&change, &checked.taken_back).await?;
        store_rows(&change, &checked.put).await?;
        let done = Done {
            action: T::LOGGED,
            digest,
            reason: None,
            approver: None,
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
        let mut all = BTreeMap::new();
        let whose = (round, Whom::These(&ids));
        tell(read_rows::<Checklist>(&reading, whose).await?, &mut all);
        tell(read_rows::<Measure>(&reading, whose).await?, &mut all);
        tell(read_rows::<NilReport>(&reading, whose).await?, &mut all);
        tell(read_rows::<ProposedGrade>(&reading, whose).await?, &mut all);
        reading.finish().await?;
        Ok(all)
    }
}

fn tell<T: Row>(rows: Vec<T>, all: &mut BTreeMap<Id<Subject>, Evidence>) {
    for row in rows {
        row.clone().tell(all.entry(row.subject()).or_default());
    }
}

/// The rows of a round about these subjects. One statement.
pub(crate) async fn read_rows<T: Row>(
    connection: &impl ConnectionTrait,
    (round, whom): (Id<Round>, Whom<'_>),
) -> Result<Vec<T>, Fault> {
    let mut key = key_of::<T>().into_iter();
    let mut query = T::Table::find();
    if let Some(column) = key.next() {
        query = query.filter(column.eq(round.number()));
    }
    if let (Some(column), Whom::These(ids)) = (key.next(), whom) {
        query = query.filter(column.is_in(ids.iter().copied()));
    }
    let rows = query.all(connection).await?;
    rows.into_iter().map(T::read).collect()
}

async fn take_back<T: Row>(change: &Change, rows: &[T]) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let round = change.frame.round.id;
    let places = rows.iter().map(|row| {
        let row = row.write(round);
        let values = key_of::<T>().into_iter().map(|column| row.get(column));
        ValueTuple::Many(values.filter_map(ActiveValue::into_value).collect())
    });
    let columns = key_of::<T>().into_iter().map(Expr::col);
    T::Table::delete_many()
        .filter(Expr::tuple(columns).in_tuples(places))
        .exec(&change.transaction)
        .await?;
    Ok(())
}

/// Stores rows in place of what stood.
pub(super) async fn store_rows<T: Row>(change: &Change, rows: &[T]) -> Result<(), Fault> {
    let is_key = |column| <T::Table as EntityTrait>::PrimaryKey::from_column(column).is_some();
    let mut rest: Vec<ColumnOf<T>> = <ColumnOf<T>>::iter()
        .filter(|column| !is_key(*column))
        .collect();
    if rest.is_empty() {
        // Nothing would change, but the statement has to change something.
        rest = key_of::<T>();
    }
    let conflict = OnConflict::columns(key_of::<T>())
        .update_columns(rest)
        .to_owned();
    for part in rows.chunks(ROWS) {
        let written = part.iter().map(|row| row.write(change.frame.round.id));
        T::Table::insert_many(written)
            .on_conflict(conflict.clone())
            .exec_without_returning(&change.transaction)
            .await?;
    }
    Ok(())
}
