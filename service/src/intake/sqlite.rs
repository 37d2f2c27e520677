//! A batch on SQLite: several statements in one transaction that holds the only write lock, so that nothing changes
//! between looking and storing.
//!
//! Each statement takes its rows as one JSON text, bytes in hexadecimal, so that its own text never changes and it is
//! prepared once, however many rows there are. They are handed over in three steps, for SQLite runs on a thread of its
//! own, and waking it costs more than most of the statements.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::{Either, Executor, Row, Sqlite, SqliteConnection, SqlitePool};

use super::batch::{self, Candidate, Found, Kind, Moment, NewSheet, Outcome, Plan, Stratum, look};
use crate::Fault;
use crate::survey::line;

/// Statements of a batch, without the beginning and the end of its transaction.
pub(super) const STATEMENTS: u64 = 8;

/// The statements for one kind of sheet.
struct Statements {
    /// Begins, and looks at the candidates.
    begin: &'static str,
    /// Spends the invitations, and reads the tallies that are to be added to.
    spend: &'static str,
    /// Stores what was planned, and commits.
    store: &'static str,
}

macro_rules! statements {
    ($sheet:literal, $invitation:literal, $about:literal) => {
        Statements {
            begin: concat!(
                "BEGIN IMMEDIATE; ",
                look!(
                    "SELECT key, value ->> 0, unhex(value ->> 1), unhex(value ->> 2) FROM json_each(?)",
                    $sheet,
                    $invitation,
                    $about
                )
            ),
            // A join and not `IN` over pairs, for which SQLite walks the whole table.
            spend: concat!(
                "WITH wanted (survey_id, hash) AS (SELECT value ->> 0, unhex(value ->> 1) FROM json_each(?)) UPDATE ",
                $invitation,
                " AS invitation SET state = 'used' FROM wanted WHERE invitation.survey_id = wanted.survey_id \
                 AND invitation.token_hash = wanted.hash AND state = 'issued'; \
                 SELECT wanted.key, tally.counts FROM json_each(?) AS wanted JOIN tally \
                 ON tally.survey_id = wanted.value ->> 0 AND tally.subject_id = wanted.value ->> 1 \
                 AND tally.panel = wanted.value ->> 2 AND tally.channel = wanted.value ->> 3"
            ),
            store: concat!(
                "INSERT INTO ",
                $sheet,
                " (survey_id, sheet_no, ",
                $about,
                ", panel, channel, answers, words, state, reason, receipt_hash, body_hash, marks) \
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, unhex(value ->> 5), \
                 value ->> 6, value ->> 7, value ->> 8, unhex(value ->> 9), unhex(value ->> 10), value ->> 11 \
                 FROM json_each(?); \
                 INSERT INTO arrival (survey_id, channel, span, network, answers, fast) \
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 \
                 FROM json_each(?) WHERE true \
                 ON CONFLICT (survey_id, channel, span, network) \
                 DO UPDATE SET answers = arrival.answers + excluded.answers, fast = arrival.fast + excluded.fast; \
                 INSERT INTO told_count (survey_id, about, said, count) \
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true \
                 ON CONFLICT (survey_id, about, said) DO UPDATE SET count = told_count.count + excluded.count; \
                 INSERT INTO tally (survey_id, subject_id, panel, channel, counts) \
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true \
                 ON CONFLICT (survey_id, subject_id, panel, channel) DO UPDATE SET counts = excluded.counts; \
                 INSERT INTO sheet_tally (survey_id, subject_id, panel, channel, state, count) \
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 \
                 FROM json_each(?) WHERE true \
                 ON CONFLICT (survey_id, subject_id, panel, channel, state) \
                 DO UPDATE SET count = sheet_tally.count + excluded.count; \
                 COMMIT"
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

/// What a statement may have to take back is held in memory: otherwise it goes into a file that each statement of a batch
/// opens, fills and removes, half of all that is written. A batch has few rows; statements of others may have any number,
/// so this is undone before a connection is given back.
const IN_MEMORY: &str = "PRAGMA temp_store = MEMORY";
const AS_BEFORE: &str = "PRAGMA temp_store = DEFAULT";

/// Books candidates of one kind; what became of each, in their order. Durable when it returns. The connection is the one
/// that is kept, or one of the pool that is kept from then on.
///
/// # Errors
/// The database's. Nothing of the batch is stored then, unless it was the commit that failed.
pub(super) async fn book(
    kept: &mut Option<PoolConnection<Sqlite>>,
    pool: &SqlitePool,
    kind: Kind,
    candidates: &[Candidate],
    at: Moment,
) -> Result<Vec<Outcome>, Fault> {
    let statements = statements(kind);
    let mut open = Open(kept.take());
    let connection = match &mut open.0 {
        Some(connection) => connection,
        none => {
            let connection = none.insert(pool.acquire().await?);
            connection.execute(IN_MEMORY).await?;
            connection
        }
    };
    let found = begin(connection, statements, candidates).await?;
    let plan = batch::plan(candidates, &found, at)?;
    if plan.sheets.is_empty() {
        connection.execute("COMMIT").await?;
    } else {
        let tallies = spend(connection, statements, &plan).await?;
        store(connection, statements, &plan, &tallies).await?;
    }
    *kept = open.0.take();
    Ok(plan.outcomes)
}

/// Gives back a connection that was kept, if there is one.
pub(super) async fn give_back(kept: &mut Option<PoolConnection<Sqlite>>) {
    let mut open = Open(kept.take());
    if let Some(connection) = &mut open.0
        && connection.execute(AS_BEFORE).await.is_ok()
    {
        drop(open.0.take());
    }
}

/// A connection whose transaction may be open. It is closed when dropped, which rolls back: the pool knows nothing of
/// transactions that statements begin.
struct Open(Option<PoolConnection<Sqlite>>);

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

type Tallies = BTreeMap<usize, Vec<u64>>;

/// What stands about each candidate, in their order.
async fn begin(
    connection: &mut SqliteConnection,
    statements: &Statements,
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
    let rows = sqlx::query(statements.begin)
        .bind(json(&wanted)?)
        .fetch_all(connection)
        .await?;
    rows.iter().map(Found::read).collect()
}

/// The tallies that are there of the plan's groups, by the place of these.
async fn spend(
    connection: &mut SqliteConnection,
    statements: &Statements,
    plan: &Plan<'_>,
) -> Result<Tallies, Fault> {
    let tokens: Vec<_> = (plan.sheets.iter())
        .filter_map(|sheet| {
            let token_hash = sheet.candidate.token_hash()?;
            Some((sheet.candidate.survey_id(), hex::encode(token_hash)))
        })
        .collect();
    let keys: Vec<_> = plan.additions.keys().map(key).collect();
    let query = sqlx::query(statements.spend)
        .bind(json(&tokens)?)
        .bind(json(&keys)?);
    let mut results = connection.fetch_many(query);
    let spent = match results.try_next().await? {
        Some(Either::Left(done)) => done.rows_affected(),
        _ => 0,
    };
    if usize::try_from(spent) != Ok(tokens.len()) {
        return Err(Fault::internal(
            "an invitation changed under the only write lock",
        ));
    }
    let mut tallies = Tallies::new();
    while let Some(result) = results.try_next().await? {
        if let Either::Right(row) = result {
            let place = usize::try_from(row.try_get::<i64, _>(0)?).map_err(Fault::internal)?;
            tallies.insert(place, line::parse(row.try_get(1)?)?);
        }
    }
    Ok(tallies)
}

/// Stores a plan and commits. SQLite has no array to add to, so tallies are written as they are to be; nobody comes
/// between.
async fn store(
    connection: &mut SqliteConnection,
    statements: &Statements,
    plan: &Plan<'_>,
    kept: &Tallies,
) -> Result<(), Fault> {
    let rows: Vec<_> = plan.sheets.iter().map(row).collect();
    let arrivals: Vec<_> = (plan.arrivals.iter())
        .map(|(at, (answers, fast))| (at.survey_id, at.channel, at.span, at.network, answers, fast))
        .collect();
    let told: Vec<_> = (plan.told.iter())
        .map(|((survey_id, about, said), count)| (survey_id, about, said, count))
        .collect();
    let (mut tallies, mut sheets) = (Vec::new(), Vec::new());
    for (place, (stratum, addition)) in plan.additions.iter().enumerate() {
        let key = key(stratum);
        let line = match kept.get(&place) {
            Some(kept) => line::write(&line::add(kept, &addition.counts)?),
            None => addition.line(),
        };
        tallies.push((key.0, key.1, key.2, key.3, line));
        for (state, count) in &addition.sheets {
            sheets.push((key.0, key.1, key.2, key.3, state.word(), count));
        }
    }
    sqlx::query(statements.store)
        .bind(json(&rows)?)
        .bind(json(&arrivals)?)
        .bind(json(&told)?)
        .bind(json(&tallies)?)
        .bind(json(&sheets)?)
        .execute(connection)
        .await?;
    Ok(())
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

fn key<'a>(stratum: &Stratum<'a>) -> (i64, i64, &'a str, &'static str) {
    (
        stratum.survey_id,
        stratum.subject_id,
        stratum.panel,
        stratum.channel,
    )
}

fn json<T: serde::Serialize>(rows: &[T]) -> Result<String, sqlx::Error> {
    serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}
