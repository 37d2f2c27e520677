//! What statements are executed on: a writing transaction, a reading one, or a reader without one. Each counts its
//! statements.
//!
//! They implement the mapper's connection trait for the stores of this crate; nothing of the mapper can be got out of
//! them from above.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement,
};

use crate::{Fault, fault::is_lost_connection};

/// A transaction that writes. Dropped without [`WriteTransaction::commit`], it leaves nothing behind.
pub struct WriteTransaction {
    connection: DatabaseTransaction,
    statements: Arc<AtomicU64>,
    request: Option<Arc<str>>,
}

/// A transaction that sees one snapshot of everything and cannot write.
pub struct ReadTransaction {
    connection: DatabaseTransaction,
    statements: Arc<AtomicU64>,
}

/// Reads statement by statement, outside a transaction.
pub struct Reader {
    connection: DatabaseConnection,
    statements: Arc<AtomicU64>,
    tries: u32,
}

impl WriteTransaction {
    pub(super) fn new(
        connection: DatabaseTransaction,
        statements: Arc<AtomicU64>,
        request: Option<Arc<str>>,
    ) -> Self {
        Self {
            connection,
            statements,
            request,
        }
    }

    /// The request in which it was begun, if it was in one.
    pub(crate) fn request(&self) -> Option<&str> {
        self.request.as_deref()
    }

    /// Makes everything durable. An error means that the outcome is unknown: the connection may have been lost after
    /// the database had committed.
    pub async fn commit(self) -> Result<(), Fault> {
        Ok(self.connection.commit().await?)
    }

    /// Undoes everything at once, rather than when the connection is used next.
    pub async fn rollback(self) -> Result<(), Fault> {
        Ok(self.connection.rollback().await?)
    }
}

impl ReadTransaction {
    pub(super) fn new(connection: DatabaseTransaction, statements: Arc<AtomicU64>) -> Self {
        Self {
            connection,
            statements,
        }
    }

    /// Lets go of the snapshot at once, rather than when the connection is used next.
    pub async fn finish(self) -> Result<(), Fault> {
        Ok(self.connection.commit().await?)
    }
}

impl Reader {
    /// A reader that puts up with as many lost connections as there are.
    pub(super) fn new(
        connection: DatabaseConnection,
        statements: Arc<AtomicU64>,
        connections: u32,
    ) -> Self {
        Self {
            connection,
            statements,
            tries: connections,
        }
    }
}

macro_rules! count_statements {
    ($($name:ident),+) => {$(
        #[async_trait::async_trait]
        impl ConnectionTrait for $name {
            fn get_database_backend(&self) -> DbBackend {
                self.connection.get_database_backend()
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                self.statements.fetch_add(1, Ordering::SeqCst);
                self.connection.execute_raw(statement).await
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                self.statements.fetch_add(1, Ordering::SeqCst);
                self.connection.execute_unprepared(sql).await
            }

            async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
                self.statements.fetch_add(1, Ordering::SeqCst);
                self.connection.query_one_raw(statement).await
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                self.statements.fetch_add(1, Ordering::SeqCst);
                self.connection.query_all_raw(statement).await
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(stringify!($name))
            }
        }
    )+};
}

count_statements!(WriteTransaction, ReadTransaction);

// Like the others, but a statement that met a lost connection is executed again on another one. A reader only reads, on
// connections that refuse to write, so nothing can happen twice.
macro_rules! execute_again {
    ($reader:expr, $method:ident($argument:expr)) => {{
        let mut tries = $reader.tries;
        loop {
            $reader.statements.fetch_add(1, Ordering::SeqCst);
            match $reader.connection.$method($argument).await {
                Err(error) if tries > 0 && is_lost_connection(&error) => tries -= 1,
                result => return result,
            }
        }
    }};
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        execute_again!(self, execute_raw(statement.clone()))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        execute_again!(self, execute_unprepared(sql))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        execute_again!(self, query_one_raw(statement.clone()))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        execute_again!(self, query_all_raw(statement.clone()))
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Reader")
    }
}
