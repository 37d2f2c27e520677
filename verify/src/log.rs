//! An exported log: every entry as it was when it was signed, none missing, none in another place.

use std::collections::BTreeSet;
use std::io::BufRead;

use serde::{Deserialize, Serialize};
use tlog_tiles::{Error, Hash, HashReader, record_hash, stored_hashes_for_record_hash, tree_hash};

use crate::finding::Finding;
use crate::kept::Kept;
use crate::note::Keys;

/// The value of `format` in the first line.
const FORMAT: &str = "mingjian-log/1";

/// More is wrong with the file as a whole than anybody reads.
const MOST_FINDINGS: usize = 20;

/// What is believed beforehand.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Public keys; where there are none, those that the file names.
    pub keys: Option<Keys>,
    /// Checkpoints that were kept elsewhere.
    pub kept: Vec<Kept>,
}

/// A log that was checked, with what other files are checked against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// Under which name it is signed.
    pub origin: String,
    /// The keys that signed.
    pub keys: Keys,
    /// How many entries.
    pub entries: u64,
    /// How many checkpoints.
    pub checkpoints: usize,
    /// What was said to be done to what, with the digest after it, in order: only what other files rest on.
    pub deeds: Vec<Deed>,
}

/// An entry on which another file rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// The digest after it, in hexadecimal.
    pub after: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    format: String,
    keys: Vec<String>,
    origin: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointLine {
    checkpoint: String,
}

#[derive(Deserialize)]
struct Entry {
    seq: String,
    action: String,
    object: String,
    #[serde(default)]
    after: Option<String>,
}

/// Checks an exported log.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file, at most twenty things.
pub fn check(mut file: impl BufRead, trust: &Trust) -> Result<Log, Vec<Finding>> {
    let mut reading = Reading::begin(&mut file, trust).map_err(|finding| vec![finding])?;
    let mut number = 1_u64;
    loop {
        number += 1;
        match read_line(&mut file) {
            Ok(None) => break,
            Ok(Some(line)) => reading.take(&line, number),
            Err(finding) => reading.findings.push(finding),
        }
        if reading.findings.len() >= MOST_FINDINGS {
            return Err(reading.findings);
        }
    }
    reading.finish(trust)
}

/// What has been read so far.
struct Reading {
    log: Log,
    tree: Tree,
    findings: Vec<Finding>,
    /// Size and hash in hexadecimal: of the checkpoints in the file, and of those that the entries tell of.
    stated: BTreeSet<(u64, String)>,
    told: BTreeSet<(u64, String)>,
    used: BTreeSet<String>,
    sealed: u64,
}

impl Reading {
    fn begin(file: &mut impl BufRead, trust: &Trust) -> Result<Self, Finding> {
        let line = read_line(file)?.unwrap_or_default();
        let head: HeadLine = read_strictly(&line).ok_or_else(|| {
            Finding::new(
                "第 1 行：这不是导出的日志",
                "line 1: this is no exported log",
            )
        })?;
        if head.format != FORMAT {
            return Err(Finding::new(
                format!("第 1 行：格式是 `{}`，本程序只认 `{FORMAT}`", head.format),
                format!(
                    "line 1: the format is `{}`, this program knows `{FORMAT}`",
                    head.format
                ),
            ));
        }
        let keys = match &trust.keys {
            Some(keys) => keys.clone(),
            None => Keys::read(head.keys.clone())?,
        };
        // What the file names as its keys must be just what has signed it, or a key could be added unnoticed.
        let named: BTreeSet<String> = head.keys.iter().cloned().collect();
        if named.len() != head.keys.len() || (named.iter().ne(head.keys.iter())) {
            return Err(Finding::new(
                "第 1 行：公钥有重复或次序不对",
                "line 1: the keys are repeated or out of order",
            ));
        }
        Ok(Self {
            log: Log {
                origin: head.origin,
                keys: Keys::read(head.keys)?,
                ..Log::default()
            },
            tree: Tree::new(keys),
            findings: Vec::new(),
            stated: BTreeSet::new(),
            told: BTreeSet::new(),
            used: BTreeSet::new(),
            sealed: 0,
        })
    }

    fn take(&mut self, line: &str, number: u64) {
        let taken = if line.starts_with(r#"{"checkpoint":"#) {
            self.take_checkpoint(line)
        } else {
            self.take_entry(line)
        };
        if let Err(finding) = taken {
            self.findings.push(Finding::new(
                format!("第 {number} 行：{}", finding.zh),
                format!("line {number}: {}", finding.en),
            ));
        }
    }

    fn take_entry(&mut self, line: &str) -> Result<(), Finding> {
        let expected = self.log.entries + 1;
        self.log.entries = expected;
        self.tree.push(record_hash(line.as_bytes()));
        let entry: Entry = serde_json::from_str(line).map_err(|error| {
            Finding::new(
                format!("第 {expected} 条日志读不出来：{error}"),
                format!("entry {expected} of the log cannot be read: {error}"),
            )
        })?;
        if entry.seq != expected.to_string() {
            return Err(Finding::new(
                format!(
                    "这里应当是第 {expected} 条日志，实为第 {} 条：有删除、插入或调换",
                    entry.seq
                ),
                format!(
                    "entry {expected} of the log belongs here, and this is entry {}: something was removed, put in or moved",
                    entry.seq
                ),
            ));
        }
        let Some(after) = entry.after else {
            return Ok(());
        };
        if entry.action == "log.checkpoint" {
            let size = entry
                .object
                .strip_prefix("log/")
                .and_then(|size| size.parse().ok());
            self.told.insert((size.unwrap_or(0), after));
            return Ok(());
        }
        if ["round.close", "round.export", "survey.seal"].contains(&entry.action.as_str()) {
            self.log.deeds.push(Deed {
                action: entry.action,
                object: entry.object,
                after,
            });
        }
        Ok(())
    }

    fn take_checkpoint(&mut self, line: &str) -> Result<(), Finding> {
        let CheckpointLine { checkpoint } = read_strictly(line)
            .ok_or_else(|| Finding::new("检查点格式不对", "the checkpoint is malformed"))?;
        let head = self.tree.keys.check(&checkpoint)?;
        if head.origin != self.log.origin {
            return Err(Finding::new(
                format!("检查点属于另一份日志 `{}`", head.origin),
                format!("the checkpoint is of another log, `{}`", head.origin),
            ));
        }
        if head.size != self.log.entries || head.size <= self.sealed {
            return Err(Finding::new(
                format!(
                    "检查点说有 {} 条日志，它前面却有 {} 条",
                    head.size, self.log.entries
                ),
                format!(
                    "the checkpoint speaks of {} entries, and {} stand before it",
                    head.size, self.log.entries
                ),
            ));
        }
        self.sealed = head.size;
        self.log.checkpoints += 1;
        self.used.insert(head.key.clone());
        self.stated.insert((head.size, hex::encode(head.root)));
        self.tree.compare(head.size, &head.root).map_err(|_| {
            Finding::new(
                format!("第 1 至 {} 条日志与签名时不同：有一条被改动", head.size),
                format!(
                    "entries 1 to {} are not what was signed: one of them was changed",
                    head.size
                ),
            )
        })
    }

    fn finish(mut self, trust: &Trust) -> Result<Log, Vec<Finding>> {
        if self.sealed != self.log.entries || self.sealed == 0 {
            let loose = self.log.entries - self.sealed;
            self.findings.push(Finding::new(
                format!("文件末尾应当是检查点，却有 {loose} 条日志没有签名"),
                format!("the file must end with a checkpoint, and {loose} entries at its end are not signed"),
            ));
        }
        if self.used.iter().ne(self.log.keys.list()) {
            self.findings.push(Finding::new(
                "第 1 行所列公钥与签名所用的不同",
                "the keys in line 1 are not those that have signed",
            ));
        }
        // The last checkpoint is told of by an entry that comes behind it.
        for (size, root) in self.told.symmetric_difference(&self.stated) {
            if *size != self.sealed {
                self.findings.push(Finding::new(
                    format!("{size} 条日志时的检查点 {root} 只见于日志或只见于文件"),
                    format!("the checkpoint of {size} entries, {root}, stands in the log alone or in the file alone"),
                ));
            }
        }
        for kept in &trust.kept {
            match kept.check(&self.tree.keys, &self.log.origin) {
                Err(finding) => self.findings.push(finding),
                Ok((size, root)) => self.compare_kept(size, &root),
            }
        }
        if self.findings.is_empty() {
            Ok(self.log)
        } else {
            Err(self.findings)
        }
    }

    fn compare_kept(&mut self, size: u64, root: &[u8; 32]) {
        if size > self.log.entries {
            self.findings.push(Finding::new(
                format!(
                    "另存的检查点有 {size} 条日志，文件只有 {} 条：末尾被删，或者退回到了从前",
                    self.log.entries
                ),
                format!(
                    "the checkpoint that was kept takes in {size} entries, and the file has {}: its end was cut off, \
                     or the log was set back",
                    self.log.entries
                ),
            ));
        } else if self.tree.compare(size, root).is_err() {
            self.findings.push(Finding::new(
                format!("另存检查点之前的 {size} 条日志后来被改动"),
                format!(
                    "the {size} entries before the checkpoint that was kept were changed since"
                ),
            ));
        }
    }
}

/// The tree over the entries so far: every hash of a complete subtree, in the order in which they come about.
struct Tree {
    stored: Vec<Hash>,
    size: u64,
    keys: Keys,
}

struct Mismatch;

impl Tree {
    fn new(keys: Keys) -> Self {
        Self {
            stored: Vec::new(),
            size: 0,
            keys,
        }
    }

    fn push(&mut self, leaf: Hash) {
        if let Ok(hashes) = stored_hashes_for_record_hash(self.size, leaf, &*self) {
            self.stored.extend(hashes);
            self.size += 1;
        }
    }

    /// Whether the tree over the first so many entries has this hash.
    fn compare(&self, size: u64, root: &[u8; 32]) -> Result<(), Mismatch> {
        if size > self.size {
            return Err(Mismatch);
        }
        match tree_hash(size, self) {
            Ok(Hash(found)) if found == *root => Ok(()),
            _ => Err(Mismatch),
        }
    }
}

impl HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let find = |index: &u64| {
            usize::try_from(*index)
                .ok()
                .and_then(|index| self.stored.get(index).copied())
                .ok_or(Error::IndexesNotInTree)
        };
        indexes.iter().map(find).collect()
    }
}

/// A line without its end; nothing at the end of the file.
fn read_line(file: &mut impl BufRead) -> Result<Option<String>, Finding> {
    let mut bytes = Vec::new();
    let read = file.read_until(b'\n', &mut bytes);
    let wrong = || {
        Finding::new(
            "有一行不完整，或者不是 UTF-8 文字",
            "a line is incomplete or no UTF-8 text",
        )
    };
    match read {
        Ok(0) => Ok(None),
        Ok(_) if bytes.pop() == Some(b'\n') => {
            String::from_utf8(bytes).map(Some).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

/// A line that says nothing beside what is read, in the one spelling of canonical JSON.
fn read_strictly<T: Serialize + for<'de> Deserialize<'de>>(line: &str) -> Option<T> {
    let value: T = serde_json::from_str(line).ok()?;
    let again = serde_json_canonicalizer::to_string(&value).ok()?;
    (again == line).then_some(value)
}
