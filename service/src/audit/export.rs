//! Takes the log out as a file that a program without this one can check.
//!
//! A line for each entry, byte for byte as it was digested, and a line for each checkpoint behind the last entry that
//! it takes in; before them one line that says what the file is. It ends with a checkpoint: what no signature vouches
//! for is not taken out.

use std::io::Write;

use domain::access::{Action, Actor};
use entity::checkpoint;
use sea_orm::{EntityTrait, QueryOrder};
use serde::Serialize;

use super::checkpoint::{Checkpoint, ENTRIES_AT_ONCE, read};
use super::note::Signer;
use super::{Page, append, list};
use crate::permit::Permit;
use crate::{Fault, Refusal, Service};

/// The value of `format` in the first line.
const FORMAT: &str = "mingjian-log/1";

/// What was taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogExport {
    /// How many entries.
    pub entries: i64,
    /// Their last checkpoint.
    pub checkpoint: Checkpoint,
}

/// The first line.
#[derive(Serialize)]
struct Head<'a> {
    format: &'static str,
    /// Under which name the log is signed.
    origin: &'a str,
    /// The public halves of the keys that have signed.
    keys: Vec<&'a str>,
}

/// The line of a checkpoint. No entry begins like it.
#[derive(Serialize)]
struct CheckpointLine<'a> {
    checkpoint: &'a str,
}

impl Service {
    /// Writes the log up to its last checkpoint. With a signer that checkpoint is made now, and the taking out is its
    /// last entry.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `NO_CHECKPOINT`; [`Fault::Denied`]; [`Fault::Internal`] where the log was changed or
    /// `out` takes no more.
    pub async fn export_log(
        &self,
        actor: &Actor,
        signer: Option<&Signer>,
        out: &mut (impl Write + Send),
    ) -> Result<LogExport, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::ReadLog)?;
        let transaction = self.database.begin_write().await?;
        let entry = permit.entry(self.clock.now(), "log.export", "log");
        append(&transaction, &entry).await?;
        transaction.commit().await?;
        if let Some(signer) = signer {
            self.add_checkpoint(signer, |_| Vec::<()>::new()).await?;
        }
        let origin = self.find_or_draw_log_origin().await?;
        let reading = self.database.begin_long_read().await?;
        let checkpoints = checkpoint::Entity::find()
            .order_by_asc(checkpoint::Column::Size)
            .all(&reading)
            .await?;
        let Some(last) = checkpoints.last().map(read).transpose()? else {
            let message =
                "the log has no checkpoint yet: give `checkpoint.key_file`, and one is made";
            return Err(Fault::refused(Refusal::new("NO_CHECKPOINT", message)));
        };
        let mut keys: Vec<&str> = checkpoints
            .iter()
            .map(|row| row.verifier_key.as_str())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let head = Head {
            format: FORMAT,
            origin: &origin,
            keys,
        };
        write_line(out, &canonical(&head)?)?;
        let mut due = checkpoints.iter().peekable();
        let mut after = 0;
        while after < last.size {
            let page = Page {
                after,
                limit: ENTRIES_AT_ONCE,
            };
            let entries = list(&reading, page).await?;
            let part = entries.iter().filter(|entry| entry.seq <= last.size);
            for entry in part {
                write_line(out, &entry.body)?;
                after = entry.seq;
                while let Some(row) = due.next_if(|row| row.size <= after) {
                    let line = CheckpointLine {
                        checkpoint: &row.note,
                    };
                    write_line(out, &canonical(&line)?)?;
                }
            }
            if entries.is_empty() {
                return Err(Fault::internal(format!(
                    "the log ends before its checkpoint of {} entries",
                    last.size
                )));
            }
        }
        reading.finish().await?;
        Ok(LogExport {
            entries: after,
            checkpoint: last,
        })
    }
}

fn canonical(line: &impl Serialize) -> Result<String, Fault> {
    serde_json_canonicalizer::to_string(line).map_err(Fault::internal)
}

fn write_line(out: &mut impl Write, line: &str) -> Result<(), Fault> {
    writeln!(out, "{line}").map_err(Fault::internal)
}
