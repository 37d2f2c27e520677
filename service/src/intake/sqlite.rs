//! A batch on SQLite: several statements in one transaction that holds the only write lock, so that nothing changes
//! between looking and storing.
//!
//! Each statement takes its rows as one JSON text, bytes in hexadecimal, so that its own text never changes and it is
//! prepared once, however many rows there are.

use std::collections::BTreeMap;

use sqlx::{Row, SqliteConnection};

use super::batch::{Candidate, Found, Kind, NewSheet, Plan, Stratum, look};
use crate::Fault;
use crate::survey::line;

/// Statements of a batch, without the beginning and the end of its transaction.
pub(super) const STATEMENTS: u64 = 7;

/// The statements for one kind of sheet.
struct Statements {
    look: &'static str,
    spend: &'static str,
    insert_sheets: &'static str,
}

macro_rules! statements {
    ($sheet:literal, $invitation:literal, $about:literal) => {
        Statements {
            look: look!(
                "SELECT key, value ->> 0, unhex(value ->> 1), unhex(value ->> 2) FROM json_each(?1)",
                $sheet,
                $invitation,
                $about
            ),
            // A join and not `IN` over pairs, for which SQLite walks the whole table.
            spend: concat!(
                "WITH wanted (survey_id, hash) AS (SELECT value ->> 0, unhex(value ->> 1) FROM json_each(?1)) UPDATE ",
                $invitation,
                " AS invitation SET state = 'used' FROM wanted WHERE invitation.survey_id = wanted.survey_id \
                 AND invitation.token_hash = wanted.hash AND state = 'issued'"
            ),
            insert_sheets: concat!(
                "INSERT INTO ",
                $sheet,
                " (survey_id, sheet_no, ",
                $about,
                ", panel, channel, answers, words, state, reason, receipt_hash, body_hash, marks) \
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, unhex(value ->> 5), \
                 value ->> 6, value ->> 7, value ->> 8, unhex(value ->> 9), unhex(value ->> 10), value ->> 11 \
                 FROM json_each(?1)"
            ),
        }
    };
}

const SHEETS: Statements = statements!("sheet", "invitation", "subject_id");
const BALLOTS: Statements = statements!("ballot_sheet", "ballot_invitation", "ballot_no");

const fn statements(kind: Kind) -> &'static Statements {
    match kind {
        Kind::Sheet => &SHEETS,
        Kind::Ballot => &BALLOTS,
    }
}

const FIND_TALLIES: &str = "SELECT wanted.key, tally.counts FROM json_each(?1) AS wanted JOIN tally \
     ON tally.survey_id = wanted.value ->> 0 AND tally.subject_id = wanted.value ->> 1 \
     AND tally.panel = wanted.value ->> 2 AND tally.channel = wanted.value ->> 3";

const KEEP_TALLIES: &str = "INSERT INTO tally (survey_id, subject_id, panel, channel, counts) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1) WHERE true \
     ON CONFLICT (survey_id, subject_id, panel, channel) DO UPDATE SET counts = excluded.counts";

const ADD_SHEET_TALLIES: &str = "INSERT INTO sheet_tally (survey_id, subject_id, panel, channel, state, count) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 \
     FROM json_each(?1) WHERE true \
     ON CONFLICT (survey_id, subject_id, panel, channel, state) \
     DO UPDATE SET count = sheet_tally.count + excluded.count";

const ADD_ARRIVALS: &str = "INSERT INTO arrival (survey_id, channel, span, network, answers, fast) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 \
     FROM json_each(?1) WHERE true \
     ON CONFLICT (survey_id, channel, span, network) \
     DO UPDATE SET answers = arrival.answers + excluded.answers, fast = arrival.fast + excluded.fast";

/// Only where a survey asks it.
const ADD_TOLD: &str = "INSERT INTO told_count (survey_id, about, said, count) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true \
     ON CONFLICT (survey_id, about, said) DO UPDATE SET count = told_count.count + excluded.count";

/// What stands about each candidate, all of one kind, in their order.
pub(super) async fn look(
    connection: &mut SqliteConnection,
    kind: Kind,
    candidates: &[Candidate],
) -> Result<Vec<Found>, sqlx::Error> {
    let wanted: Vec<_> = candidates
        .iter()
        .map(|candidate| {
            (
                candidate.survey_id(),
                candidate.token_hash().map(hex::encode),
                hex::encode(candidate.receipt_hash),
            )
        })
        .collect();
    let rows = sqlx::query(statements(kind).look)
        .bind(json(&wanted)?)
        .fetch_all(connection)
        .await?;
    rows.iter().map(Found::read).collect()
}

/// Stores a plan with at least one sheet. Durable once the transaction is committed.
///
/// # Errors
/// The database's, and then nothing of the batch may be committed.
pub(super) async fn store(
    connection: &mut SqliteConnection,
    kind: Kind,
    plan: &Plan<'_>,
) -> Result<(), Fault> {
    let statements = statements(kind);
    let tokens: Vec<_> = (plan.sheets.iter())
        .filter_map(|sheet| {
            let token_hash = sheet.candidate.token_hash()?;
            Some((sheet.candidate.survey_id(), hex::encode(token_hash)))
        })
        .collect();
    if execute(connection, statements.spend, &tokens).await? != tokens.len() {
        return Err(Fault::internal(
            "an invitation changed under the only write lock",
        ));
    }
    let sheets: Vec<_> = plan.sheets.iter().map(row).collect();
    execute(connection, statements.insert_sheets, &sheets).await?;
    let arrivals: Vec<_> = (plan.arrivals.iter())
        .map(|(at, (answers, fast))| (at.survey_id, at.channel, at.span, at.network, answers, fast))
        .collect();
    execute(connection, ADD_ARRIVALS, &arrivals).await?;
    let told: Vec<_> = (plan.told.iter())
        .map(|((survey_id, about, said), count)| (survey_id, about, said, count))
        .collect();
    execute(connection, ADD_TOLD, &told).await?;
    add_tallies(connection, plan).await
}

/// The columns of a sheet.
fn row<'a>(sheet: &'a NewSheet<'_>) -> impl serde::Serialize + use<'a> {
    let candidate = sheet.candidate;
    (
        candidate.survey_id(),
        sheet.sheet_no,
        sheet.about,
        sheet.panel,
        sheet.channel,
        hex::encode(&candidate.bytes),
        candidate.words.as_deref(),
        sheet.state().word(),
        sheet.reason(),
        hex::encode(candidate.receipt_hash),
        hex::encode(candidate.body_hash),
        sheet.marks.number(),
    )
}

/// Reads the tallies of the batch's groups, adds and writes them back: SQLite has no array to add to, and nobody comes
/// between.
async fn add_tallies(connection: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), Fault> {
    let keys: Vec<_> = plan.additions.keys().map(key).collect();
    let rows = sqlx::query(FIND_TALLIES)
        .bind(json(&keys)?)
        .fetch_all(&mut *connection)
        .await?;
    let mut kept: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for row in rows {
        let place = usize::try_from(row.try_get::<i64, _>(0)?).map_err(Fault::internal)?;
        kept.insert(place, line::parse(row.try_get(1)?)?);
    }
    let mut tallies = Vec::with_capacity(keys.len());
    let mut sheets = Vec::with_capacity(keys.len());
    for ((place, addition), key) in plan.additions.values().enumerate().zip(keys) {
        let line = match kept.get(&place) {
            Some(kept) => line::write(&line::add(kept, &addition.counts)?),
            None => addition.line(),
        };
        tallies.push((key.0, key.1, key.2, key.3, line));
        for (state, count) in &addition.sheets {
            sheets.push((key.0, key.1, key.2, key.3, state.word(), count));
        }
    }
    execute(connection, KEEP_TALLIES, &tallies).await?;
    execute(connection, ADD_SHEET_TALLIES, &sheets).await?;
    Ok(())
}

fn key<'a>(stratum: &Stratum<'a>) -> (i64, i64, &'a str, &'static str) {
    (
        stratum.survey_id,
        stratum.subject_id,
        stratum.panel,
        stratum.channel,
    )
}

/// Executes a statement over these rows, unless there are none; how many rows it changed.
async fn execute<T: serde::Serialize + Sync>(
    connection: &mut SqliteConnection,
    statement: &'static str,
    rows: &[T],
) -> Result<usize, Fault> {
    if rows.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query(statement)
        .bind(json(rows)?)
        .execute(connection)
        .await?;
    usize::try_from(done.rows_affected()).map_err(Fault::internal)
}

fn json<T: serde::Serialize>(rows: &[T]) -> Result<String, sqlx::Error> {
    serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}
