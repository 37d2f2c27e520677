//! One database, two kinds of access: one writer discipline and many readers.
//!
//! - A writing transaction knows from its first statement that it will write. On SQLite it begins as `IMMEDIATE` on the
//!   only connection that may write, so writers queue in memory instead of failing with "database is locked"; on
//!   PostgreSQL it runs at `READ COMMITTED`, and what must hold is held by constraints and row locks.
//! - A reading transaction sees one snapshot and cannot write: on SQLite the connection is `query_only`, on PostgreSQL
//!   it is `REPEATABLE READ READ ONLY` with a statement timeout. Writes have no timeout, for a cancelled write is an
//!   unknown outcome.
//! - Settings on which durability rests are read back from the database at start and refused if not in force.
//!
//! Deliberately absent: a connection that may do both, and a transaction that begins as a reader and turns into a
//! writer.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sqlx::{PgPool, SqlitePool};

use crate::{Fault, fault};

pub mod backup;
mod connection;
mod postgres;
mod settings;
mod sqlite;

pub use connection::{ReadTransaction, Reader, WriteTransaction};
pub use settings::{DatabaseSettings, Engine, SetupError};

/// The connections of the database, for the statements that are too hot for the mapper. Whoever uses them counts the
/// statements with [`Database::count_statements`].
#[derive(Debug, Clone)]
pub(crate) enum Pools {
    /// One writer; begin what writes with `BEGIN IMMEDIATE`.
    Sqlite { read: SqlitePool, write: SqlitePool },
    /// Read-only connections and writing ones.
    Postgres { read: PgPool, write: PgPool },
}

/// An open database. Cheap to clone; the clones share their connections.
#[derive(Clone)]
pub struct Database {
    pools: Pools,
    read: DatabaseConnection,
    write: DatabaseConnection,
    statements: Arc<AtomicU64>,
    settings: Arc<DatabaseSettings>,
    request: Option<Arc<str>>,
}

impl Database {
    /// Opens the database; a SQLite file is made if there is none. Applies no migration.
    pub async fn open(settings: DatabaseSettings) -> Result<Self, SetupError> {
        let pools = match Engine::of_url(&settings.url)? {
            Engine::Sqlite => sqlite::open(&settings).await?,
            Engine::Postgres => postgres::open(&settings).await?,
        };
        let (read, write) = match &pools {
            Pools::Sqlite { read, write } => (read.clone().into(), write.clone().into()),
            Pools::Postgres { read, write } => (read.clone().into(), write.clone().into()),
        };
        Ok(Self {
            pools,
            read,
            write,
            statements: Arc::default(),
            settings: Arc::new(settings),
            request: None,
        })
    }

    /// The same for one request, whose name the log keeps with every change made through it.
    #[must_use]
    pub fn of_request(&self, request: &str) -> Self {
        Self {
            request: Some(request.into()),
            ..self.clone()
        }
    }

    /// Which of the two databases it is.
    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres { .. } => Engine::Postgres,
        }
    }

    /// Applies every migration that is missing, all of them or none, and returns their names. Two processes that
    /// migrate at once do so one after the other.
    pub async fn migrate(&self) -> Result<Vec<String>, SetupError> {
        match self.engine() {
            Engine::Sqlite => {
                let options = TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                };
                Ok(apply_missing(self.write.begin_with_options(options).await?).await?)
            }
            Engine::Postgres => {
                let owner = postgres::open_as_owner(&self.settings).await?;
                let transaction = DatabaseConnection::from(owner.clone())
                    .begin_with_options(TransactionOptions::default())
                    .await?;
                transaction
                    .execute_unprepared(postgres::LOCK_MIGRATIONS)
                    .await?;
                let applied = apply_missing(transaction).await?;
                postgres::grant_rights(&owner, &self.settings).await?;
                owner.close().await;
                Ok(applied)
            }
        }
    }

    /// The names of the migrations that are missing, oldest first. Changes nothing.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Fault> {
        let pending = Migrator::get_pending_migrations_read_only(&self.read).await?;
        Ok(pending.iter().map(|step| step.name().to_owned()).collect())
    }

    /// Begins a transaction that will write. It is rolled back when dropped without [`WriteTransaction::commit`].
    ///
    /// On SQLite there is only one at a time: do nothing slow inside, and never begin a second one before the first has
    /// ended.
    pub async fn begin_write(&self) -> Result<WriteTransaction, Fault> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.begin(&self.write, options).await?;
        Ok(WriteTransaction::new(
            transaction,
            self.statements.clone(),
            self.request.clone(),
        ))
    }

    /// Begins a transaction that sees one snapshot of everything and cannot write. On SQLite the snapshot is taken by
    /// the first statement.
    pub async fn begin_read(&self) -> Result<ReadTransaction, Fault> {
        let transaction = self
            .begin(&self.read, TransactionOptions::default())
            .await?;
        Ok(ReadTransaction::new(transaction, self.statements.clone()))
    }

    /// The same, for the few reads that look at a whole round: their statements may take as long as they need.
    pub async fn begin_long_read(&self) -> Result<ReadTransaction, Fault> {
        let transaction = self.begin_read().await?;
        if self.engine() == Engine::Postgres {
            transaction
                .execute_unprepared("SET LOCAL statement_timeout = 0")
                .await?;
        }
        Ok(transaction)
    }

    /// Begins on a connection that works. After a restart of the server every idle connection is found broken once;
    /// nothing was executed on it, so the next one may be tried.
    async fn begin(
        &self,
        connection: &DatabaseConnection,
        options: TransactionOptions,
    ) -> Result<DatabaseTransaction, Fault> {
        let mut tries = self
            .settings
            .read_connections
            .max(self.settings.write_connections);
        loop {
            match connection.begin_with_options(options).await {
                Err(error) if tries > 0 && fault::is_lost_connection(&error) => tries -= 1,
                result => return Ok(result?),
            }
        }
    }

    /// Reads without a transaction, each statement seeing what is committed when it begins. For reads that are one
    /// statement; several that must agree belong into [`Database::begin_read`].
    pub fn reader(&self) -> Reader {
        Reader::new(
            self.read.clone(),
            self.statements.clone(),
            self.settings.read_connections,
        )
    }

    /// How many statements were executed since the database was opened, without `BEGIN` and `COMMIT`; by all clones,
    /// and without migrations.
    pub fn statement_count(&self) -> u64 {
        self.statements.load(Ordering::SeqCst)
    }

    /// Adds to [`Database::statement_count`] what was executed on [`Database::pools`] directly.
    pub(crate) fn count_statements(&self, executed: u64) {
        self.statements.fetch_add(executed, Ordering::SeqCst);
    }

    /// The connections beneath, for hot statements.
    pub(crate) fn pools(&self) -> &Pools {
        &self.pools
    }

    /// The connections of the pools that read and write, as they are just now.
    pub fn connections(&self) -> [(&'static str, Connections); 2] {
        let (read, write) = match self.pools() {
            Pools::Sqlite { read, write } => (count_open(read), count_open(write)),
            Pools::Postgres { read, write } => (count_open(read), count_open(write)),
        };
        [("read", read), ("write", write)]
    }

    /// Whether the database answers just now.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.reader().execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes all connections once their work has ended. Readers go first, so that the last SQLite connection is the
    /// writer, which then folds the write-ahead log into the file.
    pub async fn close(&self) {
        match self.pools() {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres { read, write } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Database")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// All that are open.
    pub open: usize,
    /// Those that nobody uses.
    pub idle: usize,
}

fn count_open<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> Connections {
    Connections {
        open: usize::try_from(pool.size()).unwrap_or(usize::MAX),
        idle: pool.num_idle(),
    }
}

/// Applies the missing migrations inside this transaction and commits it.
async fn apply_missing(transaction: DatabaseTransaction) -> Result<Vec<String>, DbErr> {
    let pending = Migrator::get_pending_migrations(&transaction).await?;
    let names = pending.iter().map(|step| step.name().to_owned()).collect();
    Migrator::up(&transaction, None).await?;
    transaction.commit().await?;
    Ok(names)
}
