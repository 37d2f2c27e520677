//! Work for later: a row that is written in the transaction that makes the work necessary, and claimed by a worker.
//!
//! A claim is a lease. A worker that dies lets it run out and another one takes over, so a job may run twice: jobs are
//! idempotent. A worker that outlives its lease is told so and may not report on the job any more.
//!
//! What a job needed goes with it when it is done or given up: addresses and what people typed are kept no longer than
//! the work takes.
//!
//! Deliberately absent: what the jobs do. That is known where mail and files are.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::outbox;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait,
    QueryFilter, Statement, sea_query::Expr,
};
use serde::Serialize;

use crate::{Database, Fault, IdSource, clock::micros, database::WriteTransaction};

/// The first wait after a failure; it doubles with each further one.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(10);

/// The longest wait after a failure.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// After this many claims a failure is final: with the waits above, after about a day.
const MOST_ATTEMPTS: i64 = 30;

/// Of a longer account of a failure, the first characters are kept.
const FAULT_LENGTH: usize = 500;

/// Jobs in one statement, below the number of values that SQLite binds.
const ROWS: usize = 4_000;
/// The body of a job that is done or given up.
const EMPTY: &str = "null";

/// Work to add.
#[derive(Debug, Clone, Copy)]
pub struct NewJob<'a, B> {
    /// What is to be done, such as `mail`.
    pub kind: &'a str,
    /// What it needs; kept as canonical JSON, so 64-bit numbers have to be texts.
    pub body: &'a B,
    /// Not before this instant.
    pub due_at: DateTime<Utc>,
}

/// Work that a worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// What it needs, as JSON.
    pub body: String,
    /// The number of this claim, from 1.
    pub attempt: i64,
}

/// What a worker asks for.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// The present instant.
    pub now: DateTime<Utc>,
    /// How long the worker keeps what it gets.
    pub lease: Duration,
    /// At most this many jobs.
    pub limit: u32,
}

/// What becomes of a job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is due again at this instant.
    RetryAt(DateTime<Utc>),
    /// It failed too often and is left alone.
    GivenUp,
    /// The lease had run out; the job belongs to another worker.
    NotOurs,
}

/// Adds work and returns its id. It becomes visible with the commit of the transaction, or never.
pub async fn add<B: Serialize>(
    transaction: &WriteTransaction,
    ids: &IdSource,
    new: NewJob<'_, B>,
) -> Result<i64, Fault> {
    let id = ids.draw()?;
    outbox::Entity::insert(row_of(id, &new)?)
        .exec_without_returning(transaction)
        .await?;
    Ok(id)
}

/// Adds much work. A statement for some thousand jobs.
pub async fn add_all<'a, B: Serialize + 'a>(
    transaction: &WriteTransaction,
    ids: &IdSource,
    new: impl IntoIterator<Item = NewJob<'a, B>>,
) -> Result<(), Fault> {
    let rows = new
        .into_iter()
        .map(|new| row_of(ids.draw()?, &new))
        .collect::<Result<Vec<_>, Fault>>()?;
    for part in rows.chunks(ROWS) {
        outbox::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

fn row_of<B: Serialize>(id: i64, new: &NewJob<'_, B>) -> Result<outbox::ActiveModel, Fault> {
    Ok(outbox::ActiveModel {
        id: Set(id),
        kind: Set(new.kind.to_owned()),
        body: Set(serde_json_canonicalizer::to_string(new.body).map_err(Fault::internal)?),
        due_at: Set(micros(new.due_at)),
        attempts: Set(0),
        claimed_until_at: Set(None),
        done_at: Set(None),
        fault: Set(None),
    })
}

/// Claims work that is due, longest due first. No two workers get the same job while a lease lasts.
pub async fn claim(database: &Database, claim: Claim) -> Result<Vec<Job>, Fault> {
    let transaction = database.begin_write().await?;
    let backend = transaction.get_database_backend();
    // On PostgreSQL the array makes the choice run once: as a join it might be run again and lock more rows.
    let (any, lock, end) = match backend {
        DbBackend::Postgres => ("= ANY (ARRAY", "FOR UPDATE SKIP LOCKED", ")"),
        _ => ("IN", "", ""),
    };
    let sql = format!(
        "UPDATE outbox SET attempts = attempts + 1, claimed_until_at = $1
         WHERE id {any} (
             SELECT id FROM outbox
             WHERE done_at IS NULL AND due_at <= $2 AND (claimed_until_at IS NULL OR claimed_until_at <= $2)
             ORDER BY due_at, id LIMIT $3 {lock}
         ){end}
         RETURNING id, kind, body, attempts, due_at"
    );
    let values = [
        micros(claim.now + claim.lease).into(),
        micros(claim.now).into(),
        i64::from(claim.limit).into(),
    ];
    let rows = transaction
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, kind, body, attempt, due_at) = row
            .try_get_many::<(i64, String, String, i64, i64)>(
                "",
                &["id", "kind", "body", "attempts", "due_at"].map(str::to_owned),
            )?;
        claimed.push((
            due_at,
            Job {
                id,
                kind,
                body,
                attempt,
            },
        ));
    }
    transaction.commit().await?;
    claimed.sort_by_key(|(due_at, job)| (*due_at, job.id));
    Ok(claimed.into_iter().map(|(_, job)| job).collect())
}

/// Marks a job as done. False if the lease had run out and another worker has claimed it since.
pub async fn finish(database: &Database, job: &Job, now: DateTime<Utc>) -> Result<bool, Fault> {
    let changes = [
        (outbox::Column::DoneAt, Expr::value(micros(now))),
        (outbox::Column::Body, Expr::value(EMPTY)),
        (outbox::Column::Fault, Expr::value(None::<String>)),
    ];
    report(database, job, changes).await
}

/// Puts a failed job back for a later attempt, or gives it up.
pub async fn fail(database: &Database, job: &Job, failure: Failure<'_>) -> Result<Fate, Fault> {
    let fault: String = failure.fault.chars().take(FAULT_LENGTH).collect();
    let mut changes = vec![
        (outbox::Column::ClaimedUntilAt, Expr::value(None::<i64>)),
        (outbox::Column::Fault, Expr::value(fault)),
    ];
    let fate = if job.attempt >= MOST_ATTEMPTS {
        changes.push((outbox::Column::DoneAt, Expr::value(micros(failure.now))));
        changes.push((outbox::Column::Body, Expr::value(EMPTY)));
        Fate::GivenUp
    } else {
        let due_at = failure.now + wait_after(job.attempt);
        changes.push((outbox::Column::DueAt, Expr::value(micros(due_at))));
        Fate::RetryAt(due_at)
    };
    let ours = report(database, job, changes).await?;
    Ok(if ours { fate } else { Fate::NotOurs })
}

/// How a job failed.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// The present instant.
    pub now: DateTime<Utc>,
    /// What went wrong, for the operator; never with an address in it.
    pub fault: &'a str,
}

/// Removes jobs that were done or given up at this instant or before, and returns how many. One statement.
pub async fn remove_done(database: &Database, until: DateTime<Utc>) -> Result<u64, Fault> {
    let transaction = database.begin_write().await?;
    let done = outbox::Entity::delete_many()
        .filter(outbox::Column::DoneAt.lte(micros(until)))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(done.rows_affected)
}

/// How many jobs are neither done nor given up.
pub async fn count_waiting(connection: &impl ConnectionTrait) -> Result<u64, Fault> {
    Ok(outbox::Entity::find()
        .filter(outbox::Column::DoneAt.is_null())
        .count(connection)
        .await?)
}

/// Changes a job that is still ours by the number of the claim.
async fn report(
    database: &Database,
    job: &Job,
    changes: impl IntoIterator<Item = (outbox::Column, Expr)>,
) -> Result<bool, Fault> {
    let transaction = database.begin_write().await?;
    let mut update = outbox::Entity::update_many();
    for (column, value) in changes {
        update = update.col_expr(column, value);
    }
    let result = update
        .filter(outbox::Column::Id.eq(job.id))
        .filter(outbox::Column::Attempts.eq(job.attempt))
        .filter(outbox::Column::DoneAt.is_null())
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(result.rows_affected == 1)
}

/// How long to wait after this many attempts.
fn wait_after(attempts: i64) -> TimeDelta {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    FIRST_WAIT
        .checked_mul(1 << doublings)
        .map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let waits: Vec<i64> = [1, 2, 3, 9, 10, 30]
            .map(|n| wait_after(n).num_seconds())
            .into();
        assert_eq!(waits, [10, 20, 40, 2_560, 3_600, 3_600]);
    }
}
