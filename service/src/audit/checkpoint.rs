//! Signed checkpoints: how long the log is at some moment, and the hash of all that is in it.
//!
//! A checkpoint that was sent away before somebody changed the log no longer fits it afterwards, whatever else was
//! changed along with it. Each goes on from the one before and reads only the entries since then, so that making one
//! costs nothing to speak of, and what was changed before it cannot slip in. The log itself says of every checkpoint
//! that it was made, so that none can be taken away either.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::tree::{Frontier, Hash, leaf_hash};
use entity::checkpoint;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};
use serde::Serialize;

use super::note::{Signer, TreeHead};
use super::{Entry, LoggedEntry, Page, append, list};
use crate::outbox::{self, NewJob};
use crate::setting::{self, Setting};
use crate::{Fault, Service, clock, database::WriteTransaction, page, permit::Permit};

/// The kind of a job that asks for a checkpoint now and not only when its time has come.
pub const JOB: &str = "checkpoint";

/// The setting that names the log in its checkpoints. Drawn once for each database: a checkpoint of another one is
/// thus never taken for one of this.
const ORIGIN_SETTING: &str = "log_origin";

/// What the log says when a checkpoint was made; the object is `log/` and its size.
const MADE: &str = "log.checkpoint";

/// Entries that are read in one statement.
pub(super) const ENTRIES_AT_ONCE: u64 = 1_000;

/// A checkpoint as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many entries it takes in, from the first.
    pub size: i64,
    /// The hash of the tree over them.
    pub root: Hash,
    /// The signed note.
    pub note: String,
    /// The public half of the key that signed, as C2SP writes it.
    pub verifier_key: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

impl Checkpoint {
    /// Size and hash on one line, short enough to be written down: `12 6e340b9c-ffb37a98-…`.
    pub fn to_short(&self) -> String {
        let (words, _) = self.root.as_chunks::<4>();
        let words: Vec<String> = words.iter().map(hex::encode).collect();
        format!("{} {}", self.size, words.join("-"))
    }
}

impl Service {
    /// Makes a checkpoint of the whole log, if the log has grown since the last one, and puts into the outbox the mail
    /// that `write_mail` makes of it. Any number of processes may do so at once.
    ///
    /// # Errors
    /// [`Fault::Internal`] where what stands in the log, or the last checkpoint, was changed: nothing is signed then.
    pub async fn add_checkpoint<B: Serialize>(
        &self,
        signer: &Signer,
        write_mail: impl Fn(&Checkpoint) -> Vec<B>,
    ) -> Result<Option<Checkpoint>, Fault> {
        let reading = self.database.begin_long_read().await?;
        let last = find_last_row(&reading).await?;
        let Some(tree) = grow(&reading, last.as_ref()).await? else {
            return Ok(None);
        };
        reading.finish().await?;
        let origin = self.find_or_draw_log_origin().await?;
        let root = tree.root();
        let head = TreeHead {
            origin: &origin,
            size: tree.size(),
            root,
            extension: "",
        };
        let made = Checkpoint {
            size: i64::try_from(tree.size()).map_err(Fault::internal)?,
            root,
            note: signer.sign(&origin, &head),
            verifier_key: signer.verifier_key(&origin),
            made_at: self.clock.now(),
        };
        let transaction = self.database.begin_write().await?;
        let is_ours = insert(&transaction, &made, &tree).await?;
        if is_ours {
            let entry = Entry {
                at: made.made_at,
                who: "program",
                action: MADE,
                object: &format!("log/{}", made.size),
                after: Some(made.root),
                ..Entry::default()
            };
            for message in write_mail(&made) {
                let job = NewJob {
                    kind: "mail",
                    body: &message,
                    due_at: made.made_at,
                };
                outbox::add(&transaction, &self.ids, job).await?;
            }
            append(&transaction, &entry).await?;
        }
        transaction.commit().await?;
        Ok(is_ours.then_some(made))
    }

    /// The same, unless the last checkpoint is younger than `every`. One statement then.
    ///
    /// # Errors
    /// As [`Service::add_checkpoint`].
    pub async fn add_due_checkpoint<B: Serialize>(
        &self,
        signer: &Signer,
        every: Duration,
        write_mail: impl Fn(&Checkpoint) -> Vec<B>,
    ) -> Result<Option<Checkpoint>, Fault> {
        let last = find_last_row(&self.database.reader()).await?;
        let due_at = last.map_or(i64::MIN, |last| {
            let every = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
            last.made_at.saturating_add(every)
        });
        if clock::micros(self.clock.now()) < due_at {
            return Ok(None);
        }
        self.add_checkpoint(signer, write_mail).await
    }

    /// The checkpoints of the log behind a size, in order. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_checkpoints(
        &self,
        actor: &Actor,
        page: page::Page<i64>,
    ) -> Result<page::Part<Checkpoint>, Fault> {
        Permit::ask_everywhere(actor, Action::ReadLog)?;
        let rows = checkpoint::Entity::find()
            .filter(checkpoint::Column::Size.gt(page.after.unwrap_or(0)))
            .order_by_asc(checkpoint::Column::Size)
            .limit(page.limit())
            .all(&self.database.reader())
            .await?;
        page.cut(rows).try_map(|row| read(&row))
    }

    /// The last checkpoint of the log, if there is one. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn find_last_checkpoint(&self, actor: &Actor) -> Result<Option<Checkpoint>, Fault> {
        Permit::ask_everywhere(actor, Action::ReadLog)?;
        let row = find_last_row(&self.database.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// The name under which the log, and lists that belong to this database, are signed.
    pub(crate) async fn find_or_draw_log_origin(&self) -> Result<String, Fault> {
        if let Some(origin) = setting::find(&self.database.reader(), ORIGIN_SETTING).await? {
            return Ok(origin);
        }
        let random: [u8; 8] = self.ids.bytes()?;
        let fresh = Setting {
            name: ORIGIN_SETTING,
            value: &format!("mingjian-log-{}", hex::encode(random)),
        };
        let transaction = self.database.begin_write().await?;
        let origin = setting::keep(&transaction, fresh).await?;
        transaction.commit().await?;
        Ok(origin)
    }
}

/// Asks for a checkpoint as soon as a worker comes to it, once this transaction is committed.
pub(crate) async fn request(
    service: &Service,
    transaction: &WriteTransaction,
) -> Result<(), Fault> {
    let job = NewJob {
        kind: JOB,
        body: &serde_json::Value::Null,
        due_at: service.clock.now(),
    };
    outbox::add(transaction, &service.ids, job).await?;
    Ok(())
}

pub(super) fn read(row: &checkpoint::Model) -> Result<Checkpoint, Fault> {
    Ok(Checkpoint {
        size: row.size,
        root: (row.root.as_slice().try_into()).map_err(Fault::internal)?,
        note: row.note.clone(),
        verifier_key: row.verifier_key.clone(),
        made_at: clock::instant(row.made_at)?,
    })
}

async fn find_last_row(
    connection: &impl ConnectionTrait,
) -> Result<Option<checkpoint::Model>, Fault> {
    let query = checkpoint::Entity::find().order_by_desc(checkpoint::Column::Size);
    Ok(query.one(connection).await?)
}

/// The tree over the whole log, from what the last checkpoint kept of it; nothing where the log has not grown. Reads
/// the entries since then, a thousand in a statement.
async fn grow(
    connection: &impl ConnectionTrait,
    last: Option<&checkpoint::Model>,
) -> Result<Option<Frontier>, Fault> {
    let mut tree = match last {
        None => Frontier::default(),
        Some(row) => u64::try_from(row.size)
            .ok()
            .and_then(|size| Frontier::read(size, &row.frontier))
            .filter(|tree| tree.root().as_slice() == row.root)
            .ok_or_else(|| {
                Fault::internal(format!(
                    "the checkpoint of {} entries was changed in the database; no further one is signed",
                    row.size
                ))
            })?,
    };
    let mut after = last.map_or(0, |row| row.size);
    let mut has_grown = false;
    loop {
        let page = Page {
            after,
            limit: ENTRIES_AT_ONCE,
        };
        let entries = list(connection, page).await?;
        let Some(end) = entries.last().map(|entry| entry.seq) else {
            break;
        };
        for entry in &entries {
            tree.push(leaf_of(entry)?);
            has_grown |= !says_made(&entry.body);
        }
        after = end;
    }
    if i64::try_from(tree.size()) != Ok(after) {
        return Err(Fault::internal(
            "the log has gaps; no further checkpoint is signed",
        ));
    }
    Ok(has_grown.then_some(tree))
}

/// Whether an entry says no more than that a checkpoint was made, for which no further one is needed. The keys of
/// canonical JSON are sorted, and `action` comes first.
fn says_made(body: &str) -> bool {
    let action = body.strip_prefix(r#"{"action":""#);
    action.is_some_and(|rest| {
        rest.strip_prefix(MADE)
            .is_some_and(|rest| rest.starts_with('"'))
    })
}

/// The leaf of an entry, made from its words.
fn leaf_of(entry: &LoggedEntry) -> Result<Hash, Fault> {
    let leaf = leaf_hash(entry.body.as_bytes());
    if leaf.as_slice() == entry.leaf_hash {
        Ok(leaf)
    } else {
        Err(Fault::internal(format!(
            "entry {} of the log was changed in the database; no further checkpoint is signed",
            entry.seq
        )))
    }
}

/// Stores a checkpoint; false where there is one of this size already.
async fn insert(
    transaction: &WriteTransaction,
    made: &Checkpoint,
    tree: &Frontier,
) -> Result<bool, Fault> {
    let row = checkpoint::ActiveModel {
        size: Set(made.size),
        root: Set(made.root.to_vec()),
        note: Set(made.note.clone()),
        verifier_key: Set(made.verifier_key.clone()),
        frontier: Set(tree.to_bytes()),
        made_at: Set(clock::micros(made.made_at)),
    };
    let once = OnConflict::column(checkpoint::Column::Size)
        .do_nothing()
        .to_owned();
    let stored = checkpoint::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(transaction)
        .await?;
    Ok(stored > 0)
}
