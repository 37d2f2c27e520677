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

use crate::Fault;

/// A transaction that writes. Dropped without [`WriteTransaction::commit`], it leaves nothing behind.
pub struct WriteTransaction {
    connection: DatabaseTransaction,
    statements: Arc<AtomicU64>,
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
}

impl WriteTransaction {
    pub(super) fn new(connection: DatabaseTransaction, statements: Arc<AtomicU64>) -> Self {
        Self {
            connection,
            statements,
        }
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
    pub(super) fn new(connection: DatabaseConnection, statements: Arc<AtomicU64>) -> Self {
        Self {
            connection,
            statements,
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

count_statements!(WriteTransaction, ReadTransaction, Reader);
