//! The log of changes and its checkpoints.

use async_graphql::{Context, Object};
use service::audit::LoggedEntry;
use service::audit::checkpoint;

use super::asker::{Asker, service};
use super::connection::{Connection, Window, page_cost};
use super::error::GraphqlFault;
use super::scalar::Instant;

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

/// A signed checkpoint of the log.
#[derive(Debug, Clone)]
pub struct Checkpoint(checkpoint::Checkpoint);

impl From<checkpoint::Checkpoint> for Checkpoint {
    fn from(made: checkpoint::Checkpoint) -> Self {
        Self(made)
    }
}

/// A signed checkpoint of the log: how many entries there were, and the hash of the tree over them. Whoever keeps one
/// elsewhere can find out later whether the log up to there was changed.
#[Object]
impl Checkpoint {
    /// How many entries it takes in, from the first.
    async fn size(&self) -> String {
        self.0.size.to_string()
    }

    /// The hash of the tree over them (RFC 6962), in hexadecimal.
    async fn root_hash(&self) -> String {
        hex::encode(self.0.root)
    }

    /// The signed note, as c2sp.org/tlog-checkpoint has it: text that can be kept as it is.
    async fn note(&self) -> &str {
        &self.0.note
    }

    /// The public half of the key that signed, as c2sp.org/signed-note writes it.
    async fn verifier_key(&self) -> &str {
        &self.0.verifier_key
    }

    /// Size and hash on one line that can be written down by hand.
    async fn short(&self) -> String {
        self.0.to_short()
    }

    /// When it was made.
    async fn made_at(&self) -> Instant {
        self.0.made_at.into()
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
    /// The checkpoints of the log, oldest first. For auditors and security administrators.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn checkpoints(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<Checkpoint>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let part = service(context)?
            .list_checkpoints(actor, window.page("checkpoint")?)
            .await?;
        Ok(Connection::new("checkpoint", &window, part, |made| {
            made.size
        }))
    }
}
