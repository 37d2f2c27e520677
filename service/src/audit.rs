//! The log of changes: who did what to which object, in the transaction of the change.
//!
//! Entries are numbered without gaps, and each is the leaf of an RFC 6962 tree, so that what is later cut out, changed
//! or put in between shows. Numbers are handed out one transaction at a time: on PostgreSQL an advisory lock is held
//! from the entry to the end of the transaction, therefore append last, just before the commit.
//!
//! What is in the log at some moment is sealed by a signed checkpoint ([`checkpoint`]), which is sent away; [`export`]
//! takes the log out with all of them, for a program that checks it without this one.
//!
//! Deliberately absent: answers, which are never logged one by one, and addresses and telephone numbers, which are
//! never logged at all.

pub mod checkpoint;
pub mod export;
pub mod note;

use chrono::{DateTime, SecondsFormat, Utc};
use entity::audit_event;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::Serialize;

use domain::access::{Action, Actor};
pub use domain::tree::leaf_hash;

use crate::{Fault, Service, database::WriteTransaction, page as pagination, permit::Permit};

/// Held by a transaction from its entry to its end, on PostgreSQL alone: the writers of SQLite already queue. The
/// number is arbitrary and belongs to this program alone.
const LOCK_LOG: &str = "SELECT pg_advisory_xact_lock(4947829013552002)";

/// What is to be written into the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry<'a> {
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it: the typed id of a member of staff, or a word such as `operator` for the command line.
    pub who: &'a str,
    /// The role in which it was done, in the words of the access table.
    pub role: Option<&'a str>,
    /// What was done, object first: `round.close`.
    pub action: &'a str,
    /// The typed id of what it was done to.
    pub object: &'a str,
    /// SHA-256 of the object before; absent where it did not exist.
    pub before: Option<[u8; 32]>,
    /// SHA-256 of the object after; absent where it is gone.
    pub after: Option<[u8; 32]>,
    /// The reason that was given.
    pub reason: Option<&'a str>,
    /// The other person, where two are needed: at a close-out, who proposed it.
    pub approver: Option<&'a str>,
}

/// An entry as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEntry {
    /// Position, from 1, without gaps.
    pub seq: i64,
    /// The entry as canonical JSON (RFC 8785), its number included.
    pub body: String,
    /// SHA-256 of a zero byte and the body.
    pub leaf_hash: Vec<u8>,
}

/// An entry as it is digested. Numbers of 64 bits are texts, for the numbers of canonical JSON are doubles.
#[derive(Serialize)]
struct Body<'a> {
    seq: String,
    at: String,
    who: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    action: &'a str,
    object: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approver: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// Appends an entry, with the request of the transaction, and returns its number. Costs two statements on SQLite and three on PostgreSQL, where others that
/// append wait until this transaction ends.
pub async fn append(transaction: &WriteTransaction, entry: &Entry<'_>) -> Result<i64, Fault> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        // A statement of its own: the next one has to see what was committed while this one waited.
        transaction.execute_unprepared(LOCK_LOG).await?;
    }
    let last: Option<i64> = audit_event::Entity::find()
        .select_only()
        .column(audit_event::Column::Seq)
        .order_by_desc(audit_event::Column::Seq)
        .into_tuple()
        .one(transaction)
        .await?;
    let seq = last.unwrap_or(0) + 1;
    let body = body_of(seq, entry, transaction.request())?;
    let row = audit_event::ActiveModel {
        seq: Set(seq),
        leaf_hash: Set(leaf_hash(body.as_bytes()).to_vec()),
        body: Set(body),
    };
    audit_event::Entity::insert(row)
        .exec_without_returning(transaction)
        .await?;
    Ok(seq)
}

/// The entries after a number, in order, at most `limit` of them. One statement.
pub async fn list(
    connection: &impl ConnectionTrait,
    page: Page,
) -> Result<Vec<LoggedEntry>, Fault> {
    let rows = audit_event::Entity::find()
        .filter(audit_event::Column::Seq.gt(page.after))
        .order_by_asc(audit_event::Column::Seq)
        .limit(page.limit)
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| LoggedEntry {
            seq: row.seq,
            body: row.body,
            leaf_hash: row.leaf_hash,
        })
        .collect())
}

/// Which part of the log to list.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Only entries with a higher number; 0 for all.
    pub after: i64,
    /// At most this many.
    pub limit: u64,
}

impl Service {
    /// The log after a number, in order. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_log(
        &self,
        actor: &Actor,
        page: pagination::Page<i64>,
    ) -> Result<pagination::Part<LoggedEntry>, Fault> {
        Permit::ask_everywhere(actor, Action::ReadLog)?;
        let part = Page {
            after: page.after.unwrap_or(0),
            limit: page.limit(),
        };
        Ok(page.cut(list(&self.database.reader(), part).await?))
    }
}

fn body_of(seq: i64, entry: &Entry<'_>, request_id: Option<&str>) -> Result<String, Fault> {
    let body = Body {
        seq: seq.to_string(),
        at: entry.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        who: entry.who,
        role: entry.role,
        action: entry.action,
        object: entry.object,
        before: entry.before.map(hex::encode),
        after: entry.after.map(hex::encode),
        reason: entry.reason,
        approver: entry.approver,
        request_id,
    };
    serde_json_canonicalizer::to_string(&body).map_err(Fault::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_canonical_and_leaves_out_what_is_absent() {
        let entry = Entry {
            who: "stf_1",
            action: "round.close",
            object: "rnd_2",
            after: Some([0xab; 32]),
            ..Entry::default()
        };
        let expected = format!(
            r#"{{"action":"round.close","after":"{}","at":"1970-01-01T00:00:00.000000Z","object":"rnd_2","seq":"7","who":"stf_1"}}"#,
            "ab".repeat(32)
        );
        assert_eq!(body_of(7, &entry, None).unwrap(), expected);
    }
}
