//! SQLite: one connection that writes, several that read.
//!
//! `synchronous = FULL` is what makes an acknowledged answer survive a power cut: with `NORMAL` the write-ahead log is
//! not flushed at a commit.

use std::time::Duration;

use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{DatabaseSettings, Pools, SetupError};

/// How long another process may hold the file before this one gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Pages in the write-ahead log before they are folded into the file (about 80 MB). The default of 1,000 folds in the
/// middle of a burst of answers, where it shows in the slowest of them.
const AUTOCHECKPOINT_PAGES: &str = "20000";

/// What the log file shrinks back to after such a burst, in bytes.
const LOG_SIZE_LIMIT: &str = "100000000";

/// Statements that each connection keeps compiled.
const STATEMENT_CACHE: usize = 256;

/// Pragmas that are read back on every new connection, with the values that will do.
const IN_FORCE: [(&str, &str, &[&str], &str); 3] = [
    ("journal_mode", "PRAGMA journal_mode", &["wal"], "wal"),
    ("synchronous", "PRAGMA synchronous", &["2", "3"], "FULL"),
    ("foreign_keys", "PRAGMA foreign_keys", &["1"], "ON"),
];

pub(super) async fn open(settings: &DatabaseSettings) -> Result<Pools, SetupError> {
    let options = options(&settings.url)?;

    // One connection by hand first: it makes the file, and what is wrong with it is told in our words.
    let mut first = SqliteConnection::connect_with(&options)
        .await
        .map_err(SetupError::unreachable)?;
    read_back(&mut first).await?;
    first.close().await.map_err(SetupError::unreachable)?;

    let write = pool(settings, 1)
        .connect_with(options.clone())
        .await
        .map_err(SetupError::unreachable)?;
    let read: SqlitePool = pool(settings, settings.read_connections.max(1))
        .connect_with(options.pragma("query_only", "ON"))
        .await
        .map_err(SetupError::unreachable)?;
    Ok(Pools::Sqlite { read, write })
}

fn options(url: &str) -> Result<SqliteConnectOptions, SetupError> {
    let path = url.strip_prefix("sqlite://").unwrap_or_default();
    // A database in memory would be a different one for each connection, and parameters could undo what is set below.
    if path.is_empty() || path.contains('?') || path.contains(":memory:") {
        return Err(SetupError::NotAFile {
            url: url.to_owned(),
        });
    }
    Ok(SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENT_CACHE)
        .pragma("wal_autocheckpoint", AUTOCHECKPOINT_PAGES)
        .pragma("journal_size_limit", LOG_SIZE_LIMIT)
        // Without it `INSERT OR REPLACE` removes a row without asking the triggers that refuse its removal.
        .pragma("recursive_triggers", "ON")
        .pragma("trusted_schema", "OFF"))
}

fn pool(settings: &DatabaseSettings, connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(settings.acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not go away between two statements as a server does.
        .test_before_acquire(false)
        // Where SQLite itself rolls back, for want of disk space, the connection is not told and could never begin
        // another transaction.
        .before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        })
        .after_connect(|connection, _| {
            Box::pin(async move {
                read_back(connection)
                    .await
                    .map_err(|error| sqlx::Error::Configuration(Box::new(error)))
            })
        })
}

async fn read_back(connection: &mut SqliteConnection) -> Result<(), SetupError> {
    for (name, pragma, sufficient, wanted) in IN_FORCE {
        let found = pragma_value(connection, pragma)
            .await
            .map_err(SetupError::unreachable)?;
        if !sufficient.contains(&found.as_str()) {
            return Err(SetupError::NotInForce {
                name,
                found,
                wanted,
            });
        }
    }
    Ok(())
}

/// The value of a pragma as text; some are numbers and some are words.
async fn pragma_value(
    connection: &mut SqliteConnection,
    pragma: &'static str,
) -> Result<String, sqlx::Error> {
    use sqlx::{Row, ValueRef};

    let row = sqlx::query(pragma).fetch_one(connection).await?;
    let value = row.try_get_raw(0)?;
    if value.type_info().to_string() == "TEXT" {
        row.try_get::<String, _>(0)
    } else {
        Ok(row.try_get::<i64, _>(0)?.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn verdict(options: SqliteConnectOptions) -> Result<(), SetupError> {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let verdict = read_back(&mut connection).await;
        connection.close().await.unwrap();
        verdict
    }

    /// Whatever SQLite was built with: what a statement over many rows may have to take back is held somewhere.
    #[tokio::test]
    async fn a_statement_over_many_megabytes_is_executed_and_taken_back() {
        let path =
            std::env::temp_dir().join(format!("mingjian-many-pages-{}.db", std::process::id()));
        let sound = options(&format!("sqlite://{}", path.display())).unwrap();
        for store in ["DEFAULT", "MEMORY"] {
            let options = sound.clone().pragma("temp_store", store);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::raw_sql(
                "DROP TABLE IF EXISTS wide; CREATE TABLE wide (id INTEGER PRIMARY KEY, kept TEXT, \
                 number INTEGER NOT NULL CHECK (number < 10000)); \
                 INSERT INTO wide WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 6000) \
                 SELECT n, hex(zeroblob(2000)), 1 FROM n;",
            )
            .execute(&mut connection)
            .await
            .unwrap();
            sqlx::query("UPDATE wide SET number = 2")
                .execute(&mut connection)
                .await
                .unwrap();
            // The last of its rows breaks it.
            sqlx::query("UPDATE wide SET number = id + 4000")
                .execute(&mut connection)
                .await
                .unwrap_err();
            let sum: i64 = sqlx::query_scalar("SELECT sum(number) FROM wide")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            assert_eq!(sum, 12_000, "{store}");
            connection.close().await.unwrap();
        }
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_would_lose_or_break_something_is_refused() {
        let path =
            std::env::temp_dir().join(format!("mingjian-read-back-{}.db", std::process::id()));
        let sound = options(&format!("sqlite://{}", path.display())).unwrap();
        verdict(sound.clone()).await.unwrap();
        let unsound = [
            (
                "synchronous",
                sound.clone().synchronous(SqliteSynchronous::Normal),
            ),
            ("foreign_keys", sound.clone().foreign_keys(false)),
            (
                "journal_mode",
                sound.clone().journal_mode(SqliteJournalMode::Delete),
            ),
        ];
        for (setting, options) in unsound {
            let refused = verdict(options).await;
            assert!(
                matches!(refused, Err(SetupError::NotInForce { name, .. }) if name == setting),
                "{setting}: {refused:?}"
            );
        }
        std::fs::remove_file(path).unwrap();
    }
}
