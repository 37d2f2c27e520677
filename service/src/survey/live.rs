//! What is shown of surveys that take answers: pictures of the kept tallies that move by ten answers or more.
//!
//! Readers see these rows and nothing newer, so it does not matter when or how often they look. There is one place that
//! moves them, and one at a time does so: two that moved them from different counts could leave a smaller step between.
//! The intake is deliberately not asked to: its batches stay as short as they are, and a worker follows within a second.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{Id, Survey};
use domain::outcome::FEW;
use domain::survey::{Definition, Live, SheetState, Tally};
use entity::{shown_tally, survey};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult,
    QueryFilter, Statement,
};

use super::count::{Group, group_of, list_tallies_of, unsigned};
use super::{channel_word, line};
use crate::database::WriteTransaction;
use crate::{Fault, Service};

/// Subjects whose rows are moved in one transaction: a writer on SQLite keeps the intake waiting.
const SUBJECTS_AT_ONCE: usize = 200;

/// Rows of ten values in one statement, below what SQLite binds at once.
const ROWS: usize = 2_000;

const LOCK: &str = "SELECT pg_advisory_xact_lock(4947829013552100)";

#[derive(FromQueryResult)]
struct Due {
    survey_id: i64,
    subject_id: i64,
}

impl Service {
    /// Moves the figures that are shown of open surveys, where ten or more sheets have come since they last moved;
    /// returns how many groups moved. Meant to be called about once a second. Two statements where nothing is due.
    ///
    /// # Errors
    /// What the database gives.
    pub async fn advance_live_figures(&self) -> Result<usize, Fault> {
        let reading = self.database.begin_read().await?;
        let open = survey::Entity::find()
            .filter(survey::Column::State.eq(survey::State::Open))
            .all(&reading)
            .await?;
        let mut definitions: BTreeMap<i64, Definition> = BTreeMap::new();
        for row in open {
            let definition: Definition =
                serde_json::from_str(&row.definition).map_err(Fault::internal)?;
            // Of a sealed one there is nothing to show, so nothing is made that could be.
            if !definition.sealed {
                definitions.insert(row.id, definition);
            }
        }
        let due = if definitions.is_empty() {
            Vec::new()
        } else {
            list_due(&reading, definitions.keys()).await?
        };
        reading.finish().await?;
        let mut by_survey: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for one in due {
            by_survey
                .entry(one.survey_id)
                .or_default()
                .insert(one.subject_id);
        }
        let mut moved = 0;
        for (survey, subjects) in by_survey {
            let subjects: Vec<i64> = subjects.into_iter().collect();
            for subjects in subjects.chunks(SUBJECTS_AT_ONCE) {
                if let Some(definition) = definitions.get(&survey) {
                    let transaction = self.database.begin_write().await?;
                    moved += advance(&transaction, (survey, definition), subjects).await?;
                    transaction.commit().await?;
                }
            }
        }
        Ok(moved)
    }
}

/// Subjects of these surveys with a group of which enough sheets are new.
async fn list_due(
    connection: &impl ConnectionTrait,
    surveys: impl Iterator<Item = &i64>,
) -> Result<Vec<Due>, Fault> {
    let list: Vec<String> = surveys.map(ToString::to_string).collect();
    let sql = format!(
        "SELECT DISTINCT kept.survey_id, kept.subject_id FROM sheet_tally AS kept
         LEFT JOIN shown_tally AS shown ON shown.survey_id = kept.survey_id AND shown.subject_id = kept.subject_id
             AND shown.panel = kept.panel AND shown.channel = kept.channel
         WHERE kept.survey_id IN ({}) AND kept.state = 'valid'
             AND abs(kept.count - coalesce(shown.next_valid, 0)) >= {FEW}",
        list.join(", ")
    );
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    Ok(Due::find_by_statement(statement).all(connection).await?)
}

/// Moves the groups of these subjects. Three statements and on PostgreSQL a lock.
async fn advance(
    transaction: &WriteTransaction,
    (survey, definition): (i64, &Definition),
    subjects: &[i64],
) -> Result<usize, Fault> {
    lock(transaction).await?;
    let kept = list_kept(transaction, (survey, definition), subjects).await?;
    let rows = shown_tally::Entity::find()
        .filter(shown_tally::Column::SurveyId.eq(survey))
        .filter(shown_tally::Column::SubjectId.is_in(subjects.iter().copied()))
        .all(transaction)
        .await?;
    let mut known: BTreeMap<Group, (Live, i64)> = BTreeMap::new();
    for row in rows {
        let live = Live {
            shown: read(definition, &row.shown_sheets, &row.shown_counts)?,
            next: read(definition, &row.next_sheets, &row.next_counts)?,
        };
        let group = group_of(row.subject_id, row.panel, &row.channel)?;
        known.insert(group, (live, row.steps));
    }
    let mut moved = Vec::new();
    for (group, tally) in kept {
        let (mut live, steps) = known.remove(&group).unwrap_or_default();
        if live.advance(definition, &tally) {
            moved.push(row_of((survey, definition), &group, &live, steps + 1)?);
        }
    }
    let count = moved.len();
    put(transaction, moved).await?;
    Ok(count)
}

/// Shows everything that a survey has: it was closed, so that everybody has seen it, and is opened again.
pub(super) async fn begin_anew(
    transaction: &WriteTransaction,
    id: Id<Survey>,
    definition: &Definition,
) -> Result<(), Fault> {
    lock(transaction).await?;
    let survey = id.number();
    let known = shown_tally::Entity::find()
        .filter(shown_tally::Column::SurveyId.eq(survey))
        .all(transaction)
        .await?;
    let steps = known.iter().map(|row| row.steps).max().unwrap_or(0);
    let definitions = BTreeMap::from([(survey, definition)]);
    let mut tallies = list_tallies_of(transaction, &definitions).await?;
    let mut rows = Vec::new();
    for (group, tally) in tallies.remove(&survey).unwrap_or_default() {
        let live = Live::from_shown(tally);
        rows.push(row_of((survey, definition), &group, &live, steps + 1)?);
    }
    put(transaction, rows).await
}

/// What is shown of these surveys, by their numbers. A survey of which nothing is shown is absent. One statement.
pub(crate) async fn list_shown_of(
    connection: &impl ConnectionTrait,
    definitions: &BTreeMap<i64, &Definition>,
) -> Result<BTreeMap<i64, BTreeMap<Group, Tally>>, Fault> {
    let rows = shown_tally::Entity::find()
        .filter(shown_tally::Column::SurveyId.is_in(definitions.keys().copied()))
        .all(connection)
        .await?;
    let mut shown: BTreeMap<i64, BTreeMap<Group, Tally>> = BTreeMap::new();
    for row in rows {
        let definition = (definitions.get(&row.survey_id))
            .ok_or_else(|| Fault::internal("the database named a survey that was not asked for"))?;
        let tally = read(definition, &row.shown_sheets, &row.shown_counts)?;
        if !tally.sheets.is_empty() {
            let group = group_of(row.subject_id, row.panel, &row.channel)?;
            let of_survey = shown.entry(row.survey_id).or_default();
            of_survey.insert(group, tally);
        }
    }
    Ok(shown)
}

/// On SQLite there is one writer anyway.
async fn lock(transaction: &WriteTransaction) -> Result<(), Fault> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(LOCK).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct KeptRow {
    subject_id: i64,
    panel: String,
    channel: String,
    state: String,
    count: i64,
    counts: Option<String>,
}

/// The kept tallies about these subjects. In one statement, for two would see two moments.
async fn list_kept(
    transaction: &WriteTransaction,
    (survey, definition): (i64, &Definition),
    subjects: &[i64],
) -> Result<BTreeMap<Group, Tally>, Fault> {
    let list: Vec<String> = subjects.iter().map(ToString::to_string).collect();
    let sql = format!(
        "SELECT s.subject_id, s.panel, s.channel, s.state, s.count, CAST(t.counts AS TEXT) AS counts
         FROM sheet_tally AS s LEFT JOIN tally AS t ON t.survey_id = s.survey_id AND t.subject_id = s.subject_id
             AND t.panel = s.panel AND t.channel = s.channel
         WHERE s.survey_id = $1 AND s.count > 0 AND s.subject_id IN ({})",
        list.join(", ")
    );
    let backend = transaction.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, [survey.into()]);
    let rows = KeptRow::find_by_statement(statement)
        .all(transaction)
        .await?;
    let mut kept: BTreeMap<Group, Tally> = BTreeMap::new();
    for row in rows {
        let group = group_of(row.subject_id, row.panel, &row.channel)?;
        let tally = kept.entry(group).or_default();
        tally
            .sheets
            .insert(parse_state(&row.state)?, unsigned(row.count)?);
        if let Some(counts) = row.counts.filter(|_| tally.answers.is_empty()) {
            tally.answers =
                Tally::read_line(definition, &line::parse(&counts)?).map_err(Fault::internal)?;
        }
    }
    Ok(kept)
}

fn row_of(
    (survey, definition): (i64, &Definition),
    group: &Group,
    live: &Live,
    steps: i64,
) -> Result<shown_tally::ActiveModel, Fault> {
    Ok(shown_tally::ActiveModel {
        survey_id: Set(survey),
        subject_id: Set(group.subject.number()),
        panel: Set(group.panel.clone()),
        channel: Set(channel_word(group.channel).to_owned()),
        shown_sheets: Set(write_sheets(&live.shown)?),
        shown_counts: Set(line::write(&live.shown.line_up(definition))),
        next_sheets: Set(write_sheets(&live.next)?),
        next_counts: Set(line::write(&live.next.line_up(definition))),
        next_valid: Set(unsigned(live.next.sheets(SheetState::Valid))?),
        steps: Set(steps),
    })
}

async fn put(
    transaction: &WriteTransaction,
    rows: Vec<shown_tally::ActiveModel>,
) -> Result<(), Fault> {
    use shown_tally::Column;
    for part in rows.chunks(ROWS) {
        let mut otherwise = OnConflict::columns([
            Column::SurveyId,
            Column::SubjectId,
            Column::Panel,
            Column::Channel,
        ]);
        otherwise.update_columns([
            Column::ShownSheets,
            Column::ShownCounts,
            Column::NextSheets,
            Column::NextCounts,
            Column::NextValid,
            Column::Steps,
        ]);
        shown_tally::Entity::insert_many(part.to_vec())
            .on_conflict(otherwise)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

fn write_sheets(tally: &Tally) -> Result<String, Fault> {
    let by_word: BTreeMap<&str, u64> = (tally.sheets.iter())
        .map(|(state, count)| (state.word(), *count))
        .collect();
    serde_json::to_string(&by_word).map_err(Fault::internal)
}

fn read(definition: &Definition, sheets: &str, counts: &str) -> Result<Tally, Fault> {
    let by_word: BTreeMap<String, u64> = serde_json::from_str(sheets).map_err(Fault::internal)?;
    let sheets = (by_word.into_iter()).map(|(word, count)| Ok((parse_state(&word)?, count)));
    Ok(Tally {
        sheets: sheets.collect::<Result<_, Fault>>()?,
        answers: Tally::read_line(definition, &line::parse(counts)?).map_err(Fault::internal)?,
    })
}

fn parse_state(word: &str) -> Result<SheetState, Fault> {
    SheetState::parse(word).ok_or_else(|| Fault::internal(format!("`{word}` is no state")))
}
