//! A table of grades in rounds that were held before this program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::access::Action;
use domain::correction::InputKind;
use domain::id::Id;
use domain::inputs::Date;
use domain::number::Points;
use domain::scheme::Scheme;
use entity::{past_grade, round, subject};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::table::{Columns, Reading};
use super::{RowReport, Task};
use crate::freeze::takes;
use crate::inspection::digest;
use crate::{Fault, audit};

const COLUMNS: Columns<'_> = Columns {
    needed: &["series", "round", "closed_on", "subject"],
    optional: &["grade", "points"],
    others: false,
};

/// Rows of one statement: six values each, below what SQLite binds at once.
const ROWS: usize = 5_000;

impl Task<'_> {
    /// Returns whether the rows were stored. Grades of earlier rounds touch every open round of their series, so they
    /// need a grant without limits.
    pub(super) async fn history(&self, reading: &mut Reading<'_>) -> Result<bool, Fault> {
        let everywhere = domain::access::Scope::default();
        if !self.actor.may(Action::ChangeRound, &everywhere) {
            return Err(Fault::Denied);
        }
        let subjects: Vec<(String, i64)> = subject::Entity::find()
            .select_only()
            .column(subject::Column::Code)
            .column(subject::Column::Id)
            .into_tuple()
            .all(&self.service.database.reader())
            .await?;
        let subjects: BTreeMap<String, i64> = subjects.into_iter().collect();
        let readers = self.find_readers().await?;
        reading.check_columns(&COLUMNS);
        let (rows, series) = read_grades((&subjects, &readers), reading);
        if self.stops(reading) {
            return Ok(false);
        }
        let now = self.service.clock.now();
        let transaction = self.service.database.begin_write().await?;
        for part in Vec::from_iter(series).chunks(ROWS) {
            round::Entity::update_many()
                .col_expr(
                    round::Column::InputsChangedAt,
                    Expr::col(round::Column::InputsChangedAt).add(1_i64),
                )
                .filter(takes(&InputKind::History))
                .filter(round::Column::Series.is_in(part))
                .exec(&transaction)
                .await?;
        }
        let conflict = OnConflict::columns([
            past_grade::Column::Series,
            past_grade::Column::RoundCode,
            past_grade::Column::SubjectId,
        ])
        .update_columns([
            past_grade::Column::ClosedOn,
            past_grade::Column::Grade,
            past_grade::Column::PointsE4,
        ])
        .to_owned();
        for part in rows.chunks(ROWS) {
            past_grade::Entity::insert_many(part.to_vec())
                .on_conflict(conflict.clone())
                .exec_without_returning(&transaction)
                .await?;
        }
        audit::append(
            &transaction,
            &audit::Entry {
                at: now,
                who: &crate::frame::who(self.actor),
                action: "history.import",
                object: "history",
                after: Some(digest(&rows)),
                ..audit::Entry::default()
            },
        )
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The rounds that look at grades now. Two statements.
    async fn find_readers(&self) -> Result<Vec<Reader>, Fault> {
        let rounds = round::Entity::find()
            .filter(takes(&InputKind::History))
            .all(&self.service.database.reader())
            .await?;
        let versions: Vec<_> = (rounds.iter())
            .map(|round| Id::new(round.scheme_version_id))
            .collect();
        let schemes = (self.service)
            .find_compiled_schemes(self.actor, &versions)
            .await?;
        let with_scheme = rounds.into_iter().zip(&versions).map(|(round, version)| {
            let scheme = schemes.get(version).cloned();
            let scheme = scheme.ok_or_else(|| Fault::internal("the scheme of a round is gone"))?;
            Ok((round, scheme))
        });
        with_scheme.collect()
    }
}

/// A round that looks at grades, with its scheme.
type Reader = (round::Model, Arc<Scheme>);

fn read_grades(
    (subjects, readers): (&BTreeMap<String, i64>, &[Reader]),
    reading: &mut Reading<'_>,
) -> (Vec<past_grade::ActiveModel>, BTreeSet<String>) {
    let mut rows = Vec::with_capacity(reading.rows.len());
    let mut all = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for row in reading.rows {
        reading.used += 1;
        let [series, round, subject, closed_on] =
            ["series", "round", "subject", "closed_on"].map(|column| reading.need(row, column));
        let day: Option<Date> = reading.parse(row, "closed_on");
        let points: Option<Points> = reading.parse(row, "points");
        let (Some(series), Some(round), Some(code), Some(_), Some(day)) =
            (series, round, subject, closed_on, day)
        else {
            continue;
        };
        let fault = |column: &str, code: &str, what: String, mend: &str| RowReport {
            row: row.number,
            column: Some(column.to_owned()),
            code: code.to_owned(),
            what,
            mend: mend.to_owned(),
        };
        let Some(subject) = subjects.get(code).copied() else {
            reading.fault(fault(
                "subject",
                "UNKNOWN_SUBJECT",
                format!("there is no subject `{code}`"),
                "import the roster first, or use the code of a subject that there is",
            ));
            continue;
        };
        if !seen.insert((series, round, subject)) {
            reading.fault(fault(
                "subject",
                "ROW_TWICE",
                format!("the grade of `{code}` in `{round}` is in the table twice"),
                "keep one of the rows",
            ));
            continue;
        }
        let grade = reading.cell(row, "grade");
        let has_grade = |scheme: &Scheme| {
            let mut grades = scheme.file.grade.iter();
            grade.is_none_or(|grade| grades.any(|known| known.code == grade))
        };
        let mut readers = readers.iter().filter(|(round, _)| round.series == series);
        if let Some((round, scheme)) = readers.find(|(_, scheme)| !has_grade(scheme)) {
            let known: Vec<&str> = (scheme.file.grade.iter())
                .map(|grade| grade.code.as_str())
                .collect();
            reading.fault(fault(
                "grade",
                "UNKNOWN_NAME",
                format!(
                    "the scheme of the round `{}`, which looks at this, has no such grade",
                    round.code
                ),
                &format!("write one of {}", known.join(", ")),
            ));
            continue;
        }
        all.insert(series.to_owned());
        rows.push(past_grade::ActiveModel {
            series: Set(series.to_owned()),
            round_code: Set(round.to_owned()),
            subject_id: Set(subject),
            closed_on: Set(day.to_string()),
            grade: Set(grade.map(str::to_owned)),
            points_e4: Set(points.map(Points::e4)),
        });
    }
    (rows, all)
}
