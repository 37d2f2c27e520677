//! The log of changes.

use async_graphql::{Context, Object};
use service::audit::LoggedEntry;

use super::asker::{Asker, service};
use super::connection::{Connection, Window, page_cost};
use super::error::GraphqlFault;

/// An entry of the log.
#[derive(Debug, Clone)]
pub struct LogEntry(LoggedEntry);

impl From<LoggedEntry> for LogEntry {
    fn from(entry: LoggedEntry) -> Self {
        Self(entry)
    }
}

/// An entry of the log: who did what to which object. Entries are never changed or removed.
#[Object]
impl LogEntry {
    /// Position, from 1, without gaps.
    async fn seq(&self) -> String {
        self.0.seq.to_string()
    }

    /// The entry as canonical JSON (RFC 8785): `at`, `who`, `role`, `action`, `object`, digests `before` and `after`.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// SHA-256 of a zero byte and the body, in hexadecimal: the leaf of the log's tree (RFC 6962).
    async fn leaf_hash(&self) -> String {
        hex::encode(&self.0.leaf_hash)
    }
}

/// The part of the query root about the log.
#[derive(Debug, Default)]
pub struct LogQuery;

#[Object]
impl LogQuery {
    /// The log, from the beginning. For auditors and security administrators.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn log(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<LogEntry>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let part = service(context)?
            .list_log(actor, window.page("log")?)
            .await?;
        Ok(Connection::new("log", &window, part, |entry| entry.seq))
    }
}
