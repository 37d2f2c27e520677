//! When the sheets of a survey came in: counted once a day and never sheet by sheet.
//!
//! After midnight, by the clock of its round, a worker writes down how many sheets a survey has about each subject. No
//! sheet carries a time, and the intake has nothing more to do. Where no worker ran at midnight, what came in until one
//! did counts for the day before.

use std::collections::BTreeMap;

use chrono::{DateTime, Days as Span, NaiveDate, Utc};
use domain::access::Actor;
use domain::id::{self, Id};
use domain::survey::{ByDay, TimeLine, show_days};
use entity::{sheet, sheet_day, sheet_tally, survey_day};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, Statement,
};

use super::SurveyState;
use crate::frame::local_day;
use crate::{Fault, Service, clock};

#[derive(FromQueryResult)]
struct OpenRow {
    id: i64,
    time_zone: String,
    last: Option<String>,
}

#[derive(FromQueryResult)]
struct ZoneRow {
    id: i64,
    time_zone: String,
    closed_at: Option<i64>,
}

impl Service {
    /// Writes down how many sheets each open survey had at the end of yesterday, where that was not done; returns of how
    /// many surveys. Meant to be called about once a second. One statement where nothing is due.
    ///
    /// # Errors
    /// What the database gives.
    pub async fn count_survey_days(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let reader = self.database.reader();
        let statement = Statement::from_string(
            reader.get_database_backend(),
            "SELECT survey.id, round.time_zone,
                 (SELECT max(day_on) FROM survey_day WHERE survey_day.survey_id = survey.id) AS last
             FROM survey JOIN round ON round.id = survey.round_id WHERE survey.state = 'open'",
        );
        let rows = OpenRow::find_by_statement(statement).all(&reader).await?;
        let mut done = 0;
        for row in rows {
            let yesterday = yesterday(now, &row.time_zone)?.to_string();
            if row.last.is_none_or(|last| last < yesterday) {
                match self.count_day(row.id, &yesterday, now).await {
                    Ok(()) => done += 1,
                    // Another worker was first.
                    Err(Fault::Conflict) => {}
                    Err(fault) => return Err(fault),
                }
            }
        }
        Ok(done)
    }

    async fn count_day(&self, survey: i64, day: &str, now: DateTime<Utc>) -> Result<(), Fault> {
        let transaction = self.database.begin_write().await?;
        let row = survey_day::ActiveModel {
            survey_id: Set(survey),
            day_on: Set(day.to_owned()),
            counted_at: Set(clock::micros(now)),
        };
        survey_day::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await?;
        let statement = Statement::from_sql_and_values(
            transaction.get_database_backend(),
            "INSERT INTO sheet_day (survey_id, subject_id, day_on, sheets)
             SELECT survey_id, subject_id, $2, CAST(sum(count) AS BIGINT) FROM sheet_tally
             WHERE survey_id = $1 AND state <> 'changed' GROUP BY survey_id, subject_id HAVING sum(count) > 0",
            [survey.into(), day.into()],
        );
        transaction.execute_raw(statement).await?;
        transaction.commit().await
    }

    /// When the sheets of these surveys came in, of those that are closed and whose rounds the actor may read. Four
    /// statements.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_time_lines_of(
        &self,
        actor: &Actor,
        surveys: &[Id<id::Survey>],
    ) -> Result<BTreeMap<Id<id::Survey>, TimeLine<Id<id::Subject>>>, Fault> {
        let mut surveys = self.find_surveys(actor, surveys).await?;
        surveys.retain(|_, survey| survey.state == SurveyState::Closed);
        if surveys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<i64> = surveys.keys().map(|id| id.number()).collect();
        let reader = self.database.reader();
        let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let statement = Statement::from_string(
            reader.get_database_backend(),
            format!(
                "SELECT survey.id, round.time_zone, survey.closed_at FROM survey
                 JOIN round ON round.id = survey.round_id WHERE survey.id IN ({})",
                list.join(", ")
            ),
        );
        let zones = ZoneRow::find_by_statement(statement).all(&reader).await?;
        let counted = sheet_day::Entity::find()
            .filter(sheet_day::Column::SurveyId.is_in(ids.iter().copied()))
            .order_by_asc(sheet_day::Column::DayOn)
            .all(&reader)
            .await?;
        let kept = sheet_tally::Entity::find()
            .filter(sheet_tally::Column::SurveyId.is_in(ids))
            .filter(
                sheet_tally::Column::State.is_not_in([sheet::State::Late, sheet::State::Changed]),
            )
            .all(&reader)
            .await?;
        let ends: BTreeMap<i64, NaiveDate> = (zones.into_iter())
            .filter_map(|row| Some((row.id, local_day(row.closed_at?, &row.time_zone))))
            .map(|(id, day)| Ok((id, day?)))
            .collect::<Result<_, Fault>>()?;
        // By survey and subject, how many there were at the end of a day.
        let mut until: BTreeMap<i64, BTreeMap<i64, BTreeMap<NaiveDate, u64>>> = BTreeMap::new();
        for row in counted {
            let day: NaiveDate = row.day_on.parse().map_err(Fault::internal)?;
            let count = u64::try_from(row.sheets).map_err(Fault::internal)?;
            // A day that was counted after the end was not one of the survey.
            if ends.get(&row.survey_id).is_none_or(|end| day >= *end) {
                continue;
            }
            let of_subject = until.entry(row.survey_id).or_default();
            of_subject
                .entry(row.subject_id)
                .or_default()
                .insert(day, count);
        }
        for row in kept {
            if let Some(end) = ends.get(&row.survey_id) {
                let count = u64::try_from(row.count).map_err(Fault::internal)?;
                let of_subject = until.entry(row.survey_id).or_default();
                let by_day = of_subject.entry(row.subject_id).or_default();
                let sum = by_day.entry(*end).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        let lines = surveys.keys().map(|id| {
            let of_survey = until.remove(&id.number()).unwrap_or_default();
            let counts: ByDay<Id<id::Subject>> = (of_survey.into_iter())
                .map(|(subject, by_day)| (Id::new(subject), take_apart(by_day)))
                .collect();
            let days = counts.values().filter_map(|by_day| by_day.keys().next());
            let began = days.min().copied().unwrap_or_default();
            (*id, show_days(began, &counts))
        });
        Ok(lines.collect())
    }
}

/// From how many there were at the end of each day to how many came in.
fn take_apart(until: BTreeMap<NaiveDate, u64>) -> BTreeMap<NaiveDate, u64> {
    let mut before = 0_u64;
    until
        .into_iter()
        .map(|(day, count)| {
            let came = count.saturating_sub(before);
            before = count;
            (day, came)
        })
        .collect()
}

fn yesterday(now: DateTime<Utc>, zone: &str) -> Result<NaiveDate, Fault> {
    let today = local_day(clock::micros(now), zone)?;
    today
        .checked_sub_days(Span::new(1))
        .ok_or_else(|| Fault::internal("there is no day before this one"))
}
