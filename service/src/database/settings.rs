//! Where the database is, and what can be wrong with that.

use std::{fmt, time::Duration};

use sea_orm::DbErr;

/// Where the database is and how many connections it may have.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// `sqlite://<path of a file>` or `postgres://…`, as the role that runs the service.
    pub url: String,
    /// On PostgreSQL, the same database as the role that owns the tables and migrates them; without it, `url` does.
    pub migrate_url: Option<String>,
    /// Most connections for reading.
    pub read_connections: u32,
    /// Most connections for writing on PostgreSQL; SQLite always has one.
    pub write_connections: u32,
    /// How long a statement that only reads may take on PostgreSQL.
    pub read_timeout: Duration,
    /// How long to wait for a free connection before the database counts as unavailable.
    pub acquire_timeout: Duration,
}

impl DatabaseSettings {
    /// The settings that fit one machine.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            migrate_url: None,
            read_connections: 8,
            write_connections: 16,
            read_timeout: Duration::from_secs(10),
            acquire_timeout: Duration::from_secs(10),
        }
    }
}

// Written by hand: an URL holds a password.
impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DatabaseSettings")
            .field("engine", &Engine::of_url(&self.url).ok())
            .field("read_connections", &self.read_connections)
            .field("write_connections", &self.write_connections)
            .field("read_timeout", &self.read_timeout)
            .field("acquire_timeout", &self.acquire_timeout)
            .finish_non_exhaustive()
    }
}

/// Which of the two databases it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file beside the program.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    pub(super) fn of_url(url: &str) -> Result<Self, SetupError> {
        match url.split_once("://") {
            Some(("sqlite", _)) => Ok(Self::Sqlite),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres),
            _ => Err(SetupError::UnknownUrl),
        }
    }
}

/// What the database said; its own type stays in this crate.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a database could not be opened or migrated. For the operator at the console: it names the cause.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Neither of the two forms. The URL itself is not repeated, for it may hold a password.
    #[error(
        "the database URL has an unknown form; write `sqlite://<file>` or `postgres://<role>:<password>@<host>/<name>`"
    )]
    UnknownUrl,
    /// A SQLite URL that names no file of its own.
    #[error(
        "the database URL `{url}` names no file; write `sqlite://<file>`, without parameters and not in memory"
    )]
    NotAFile {
        /// The URL, which holds no secret on SQLite.
        url: String,
    },
    /// No connection.
    #[error("the database cannot be reached; check that it runs and that its URL is right")]
    Unreachable(#[source] Cause),
    /// A setting on which durability or integrity rests is not in force.
    #[error("the database runs with `{name}` = `{found}`, and `{wanted}` is needed")]
    NotInForce {
        /// The setting.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// The tables could not be brought up to date; nothing was changed.
    #[error("the tables could not be migrated, nothing was changed")]
    Migration(#[source] Cause),
    /// The running role could not be given its rights.
    #[error("the role `{role}` could not be given its rights on the tables")]
    Rights {
        /// The role of `url`.
        role: String,
        /// What the database said.
        source: Cause,
    },
}

impl SetupError {
    pub(super) fn unreachable(error: sqlx::Error) -> Self {
        Self::Unreachable(error.into())
    }
}

impl From<DbErr> for SetupError {
    fn from(error: DbErr) -> Self {
        Self::Migration(error.into())
    }
}
