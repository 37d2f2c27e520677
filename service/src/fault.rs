//! Why a use-case did not do what it was asked to.
//!
//! A [`Fault`] deliberately has no `Display`: the edge above turns it into words field by field, and `?` on it inside a
//! resolver must not compile, because the text of an internal error would reach whoever asked. Causes are written to
//! the log here, once, where they are first seen.

use std::{error::Error, fmt};

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// One reason for which an input was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code in capitals, such as `SCORE_ABOVE_MAXIMUM`; clients decide by it.
    pub code: String,
    /// Which part of the input, such as `["scores", "3", "points"]`; empty for the input as a whole.
    pub path: Vec<String>,
    /// What is wrong and what to do, for people.
    pub message: String,
}

impl Refusal {
    /// A refusal of the input as a whole.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            path: Vec::new(),
            message: message.into(),
        }
    }

    /// The same refusal, about one part of the input.
    #[must_use]
    pub fn at<P: Into<String>>(mut self, path: impl IntoIterator<Item = P>) -> Self {
        self.path = path.into_iter().map(Into::into).collect();
        self
    }
}

/// Why a use-case did not do what it was asked to.
#[derive(Debug)]
pub enum Fault {
    /// The input was understood and refused; nothing was changed.
    Refused(Vec<Refusal>),
    /// There is no such thing, or none that this actor may know of.
    NotFound,
    /// This actor may not do that.
    Denied,
    /// Somebody else changed the same thing at the same time; reading again and retrying is safe.
    Conflict,
    /// The database cannot be used just now. After a write the outcome may be unknown: only a retry that would notice
    /// its own first attempt is safe.
    Unavailable,
    /// A defect of this program or of its data.
    Internal(Cause),
}

impl Fault {
    /// A single refusal.
    pub fn refused(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }

    /// A defect, written to the log at once.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        tracing::error!(cause = %chain(cause.as_ref()), "internal fault");
        Self::Internal(Cause(cause))
    }

    /// An outage, written to the log at once; the caller learns nothing of its cause.
    pub fn unavailable(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(cause = %chain(cause), "database unavailable");
        Self::Unavailable
    }
}

/// The cause of an internal fault. It can be looked at in tests and in the log, and is not for whoever asked.
#[derive(Debug)]
pub struct Cause(Box<dyn Error + Send + Sync>);

impl Cause {
    /// The error beneath.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.0.as_ref()
    }
}

/// What the database said about a statement, in the classes that a use-case can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The same thing was written at the same time, or refers to something that has gone.
    Conflict,
    /// No connection, no disk space, no lock within the time given.
    Unavailable,
    /// Anything else.
    Defect,
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        match verdict_of(&error) {
            Verdict::Conflict => {
                tracing::info!(cause = %chain(&error), "conflicting write");
                Self::Conflict
            }
            Verdict::Unavailable => Self::unavailable(&error),
            Verdict::Defect => Self::internal(error),
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match verdict_of_sqlx(&error) {
            Verdict::Conflict => {
                tracing::info!(cause = %chain(&error), "conflicting write");
                Self::Conflict
            }
            Verdict::Unavailable => Self::unavailable(&error),
            Verdict::Defect => Self::internal(error),
        }
    }
}

/// Whether a write was refused because a unique constraint already holds such a row. Use-cases that expect this ask
/// before they turn the error into a fault, and answer with a refusal.
pub(crate) fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether the connection itself is gone, rather than the statement being wrong or the wait for a connection over.
pub(crate) fn is_lost_connection(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    match error.as_ref() {
        sqlx::Error::Io(_) => true,
        // Told by the server to its last breath: the connection was terminated or the server shuts down.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P0")),
        _ => false,
    }
}

fn verdict_of(error: &DbErr) -> Verdict {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Verdict::Unavailable,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            verdict_of_sqlx(error)
        }
        DbErr::RecordNotInserted | DbErr::RecordNotUpdated => Verdict::Conflict,
        _ => Verdict::Defect,
    }
}

fn verdict_of_sqlx(error: &sqlx::Error) -> Verdict {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Verdict::Unavailable,
        sqlx::Error::Database(error) => {
            if error.is_unique_violation() || error.is_foreign_key_violation() {
                return Verdict::Conflict;
            }
            let code = error.code().unwrap_or_default();
            if error
                .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                .is_some()
            {
                verdict_of_postgres(&code)
            } else {
                verdict_of_sqlite(&code)
            }
        }
        _ => Verdict::Defect,
    }
}

/// Classes of SQLSTATE.
fn verdict_of_postgres(code: &str) -> Verdict {
    match code {
        // Serialization failure and deadlock: the whole transaction may simply be tried again.
        "40001" | "40P01" => Verdict::Conflict,
        // Statement timeout or cancelled, and a server that has become read only.
        "57014" | "25006" => Verdict::Unavailable,
        // Connection lost (08), out of memory, disk or connections (53), shutting down or starting (57P), input or
        // output of the system failed (58).
        _ if ["08", "53", "57P", "58"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Verdict::Unavailable
        }
        _ => Verdict::Defect,
    }
}

/// Extended result codes; the low byte is the primary code.
fn verdict_of_sqlite(code: &str) -> Verdict {
    match code.parse::<u32>().map(|code| code & 0xff) {
        // BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN: the file, its disk or its lock, not the statement.
        Ok(5 | 6 | 7 | 8 | 10 | 13 | 14) => Verdict::Unavailable,
        _ => Verdict::Defect,
    }
}

/// An error with everything beneath it, on one line.
struct Chain<'a>(&'a dyn Error);

fn chain<'a>(error: &'a (dyn Error + 'a)) -> Chain<'a> {
    Chain(error)
}

impl fmt::Display for Chain<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(out, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_from_a_defect() {
        assert_eq!(verdict_of_postgres("57P01"), Verdict::Unavailable);
        assert_eq!(verdict_of_postgres("53100"), Verdict::Unavailable);
        assert_eq!(verdict_of_postgres("40P01"), Verdict::Conflict);
        assert_eq!(verdict_of_postgres("42P01"), Verdict::Defect);
        assert_eq!(verdict_of_sqlite("13"), Verdict::Unavailable);
        assert_eq!(
            verdict_of_sqlite("517"),
            Verdict::Unavailable,
            "busy snapshot"
        );
        assert_eq!(
            verdict_of_sqlite("275"),
            Verdict::Defect,
            "check constraint"
        );
    }

    #[test]
    fn an_exhausted_pool_is_an_outage() {
        assert!(matches!(
            Fault::from(sqlx::Error::PoolTimedOut),
            Fault::Unavailable
        ));
    }
}
