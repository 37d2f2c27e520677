//! PostgreSQL: connections that only read, connections that write, and one of the owner of the tables for migrations.

use std::time::Duration;

use sqlx::{
    Connection, PgConnection, PgPool, Postgres,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{DatabaseSettings, Pools, SetupError};

/// Taken by a transaction that migrates, so that two processes started at once do not both create the tables. The
/// number is arbitrary and belongs to this program alone.
pub(super) const LOCK_MIGRATIONS: &str = "SELECT pg_advisory_xact_lock(4947829013552001)";

/// A connection that lay idle this long is tried before it is given out: the server may have been restarted. A
/// connection in steady use is not, for that would double its round trips.
const TRY_AFTER_IDLE: Duration = Duration::from_secs(1);

/// A reader that holds its snapshot idle this long is cut off: an old snapshot keeps the server from tidying up.
const IDLE_SNAPSHOT_TIMEOUT: &str = "60s";

/// Statements that each connection keeps prepared.
const STATEMENT_CACHE: usize = 256;

/// What must be in force on the server, and what it must be.
const IN_FORCE: [(&str, &str, &str); 2] = [
    ("synchronous_commit", "SHOW synchronous_commit", "on"),
    ("server_encoding", "SHOW server_encoding", "UTF8"),
];

/// What the server ought to have, or a power cut may lose or tear what was acknowledged. Only warned about: it is the
/// choice of whoever runs the server, and a test may want it off.
const ADVISED: [(&str, &str); 2] = [
    ("fsync", "SHOW fsync"),
    ("full_page_writes", "SHOW full_page_writes"),
];

pub(super) async fn open(settings: &DatabaseSettings) -> Result<Pools, SetupError> {
    let options = options(&settings.url)?;
    let write_options = options.clone().options([("synchronous_commit", "on")]);
    let read_timeout = format!("{}ms", settings.read_timeout.as_millis());
    let read_options = options.options([
        ("default_transaction_read_only", "on"),
        ("default_transaction_isolation", "repeatable read"),
        ("statement_timeout", read_timeout.as_str()),
        ("idle_in_transaction_session_timeout", IDLE_SNAPSHOT_TIMEOUT),
    ]);

    // One connection by hand first: what is wrong is told in our words and at once, not after the time for a pool.
    let mut first = PgConnection::connect_with(&write_options)
        .await
        .map_err(SetupError::unreachable)?;
    read_back(&mut first).await?;
    first.close().await.map_err(SetupError::unreachable)?;

    let write = pool(settings, settings.write_connections)
        .connect_with(write_options)
        .await
        .map_err(SetupError::unreachable)?;
    let read = pool(settings, settings.read_connections)
        .connect_with(read_options)
        .await
        .map_err(SetupError::unreachable)?;
    Ok(Pools::Postgres { read, write })
}

/// A single connection as the role that owns the tables.
pub(super) async fn open_as_owner(settings: &DatabaseSettings) -> Result<PgPool, SetupError> {
    let url = settings.migrate_url.as_ref().unwrap_or(&settings.url);
    pool(settings, 1)
        .connect_with(options(url)?)
        .await
        .map_err(SetupError::unreachable)
}

/// Gives the running role what it needs, and no right to change or remove the log, its checkpoints, seals, revisions or
/// decisions. Does nothing
/// where one role does both, for an owner cannot be kept from its own tables; the triggers still refuse.
pub(super) async fn grant_rights(
    owner: &PgPool,
    settings: &DatabaseSettings,
) -> Result<(), SetupError> {
    let Some(migrate_url) = &settings.migrate_url else {
        return Ok(());
    };
    let running = options(&settings.url)?;
    let role = running.get_username();
    if role == options(migrate_url)?.get_username() {
        return Ok(());
    }
    let quoted = format!("\"{}\"", role.replace('"', "\"\""));
    let sql = format!(
        "GRANT USAGE ON SCHEMA public TO {quoted};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted};
         REVOKE UPDATE, DELETE ON audit_event, checkpoint, survey_seal, seal_page, revision, decision, scheme_version,
             reopening, reopening_input, carried_confirmation, kept_sheets, publication, revision_source FROM {quoted};
         REVOKE INSERT, UPDATE, DELETE ON seaql_migrations FROM {quoted};"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(owner)
        .await
        .map_err(|error| SetupError::Rights {
            role: role.to_owned(),
            source: error.into(),
        })?;
    Ok(())
}

fn options(url: &str) -> Result<PgConnectOptions, SetupError> {
    let options: PgConnectOptions = url.parse().map_err(|_| SetupError::UnknownUrl)?;
    Ok(options
        .application_name("mingjian")
        .statement_cache_capacity(STATEMENT_CACHE))
}

fn pool(settings: &DatabaseSettings, connections: u32) -> PoolOptions<Postgres> {
    PgPoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(settings.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < TRY_AFTER_IDLE {
                    return Ok(true);
                }
                Ok(connection.ping().await.is_ok())
            })
        })
}

async fn read_back(connection: &mut PgConnection) -> Result<(), SetupError> {
    for (name, query, wanted) in IN_FORCE {
        let found = setting(connection, query).await?;
        if found != wanted {
            return Err(SetupError::NotInForce {
                name,
                found,
                wanted,
            });
        }
    }
    for (name, query) in ADVISED {
        if setting(connection, query).await? != "on" {
            tracing::warn!(
                "PostgreSQL runs with `{name}` off; a power cut may lose acknowledged answers"
            );
        }
    }
    Ok(())
}

async fn setting(connection: &mut PgConnection, query: &'static str) -> Result<String, SetupError> {
    sqlx::query_scalar(query)
        .fetch_one(connection)
        .await
        .map_err(SetupError::unreachable)
}
