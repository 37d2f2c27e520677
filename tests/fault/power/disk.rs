//! What a disk may hold after the power was cut.
//!
//! What was synced is there. Of what was written to a file and not synced since, the disk may have carried out any
//! sector at any time: a sector is as it was at the last sync or as it was after some later change, each for itself, so
//! that writes are torn and come in any order. The same goes for the length of a file, of which the part that never
//! came is zeros, or what stood there before the file was cut. Files are independent of each other.
//!
//! Names come and go in the order in which they did, as any journalling file system has it, but how far is only sure
//! after the folder was synced: the sync of a file does not keep its name.
//!
//! Not modelled: a disk that says that it has synced and has not, one that damages sectors which nobody writes to
//! (SQLite relies on neither happening), and stale bytes of other files.

use std::collections::BTreeMap;

use super::super::draw::Draw;
use super::trace::Event;

/// Files by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A folder on a disk, while somebody writes to it.
#[derive(Debug, Default)]
pub struct Disk<'a> {
    files: Vec<File<'a>>,
    /// The file of each name, as programs see it.
    names: BTreeMap<&'a str, usize>,
    /// The same as the disk surely has it, and what came to it since: a name and its new file, or none.
    kept_names: BTreeMap<&'a str, usize>,
    named: Vec<(&'a str, Option<usize>)>,
    /// The file of each number by which the system calls it.
    inodes: BTreeMap<u64, usize>,
}

#[derive(Debug, Default)]
struct File<'a> {
    /// What the disk surely has.
    kept: Vec<u8>,
    changes: Vec<Change<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Change<'a> {
    Write { offset: usize, bytes: &'a [u8] },
    Resize(usize),
}

/// A folder as it is found after a cut.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub files: Files,
    /// Whether anything is missing that programs saw before.
    pub lacks: bool,
}

impl<'a> Disk<'a> {
    /// A disk that has these files.
    pub fn with(files: &'a Files) -> Self {
        let mut disk = Self::default();
        for (name, bytes) in files {
            disk.kept_names.insert(name, disk.files.len());
            disk.files.push(File {
                kept: bytes.clone(),
                changes: Vec::new(),
            });
        }
        disk.names = disk.kept_names.clone();
        disk
    }

    /// One thing more happens.
    pub fn take(&mut self, event: &'a Event) {
        match event {
            Event::Open { inode, name } => {
                self.inodes.insert(*inode, self.names[name.as_str()]);
            }
            Event::Create { inode, name } => {
                let file = self.files.len();
                self.files.push(File::default());
                // The number may have been that of a file that is gone.
                self.inodes.insert(*inode, file);
                self.names.insert(name, file);
                self.named.push((name, Some(file)));
            }
            Event::Unlink { name } => {
                if self.names.remove(name.as_str()).is_some() {
                    self.named.push((name, None));
                }
            }
            Event::Write {
                inode,
                offset,
                bytes,
            } => self.file(*inode).changes.push(Change::Write {
                offset: *offset,
                bytes,
            }),
            Event::Resize { inode, size } => self.file(*inode).changes.push(Change::Resize(*size)),
            Event::Sync { inode } => self.file(*inode).settle(),
            Event::SyncFolder => {
                self.kept_names = self.names.clone();
                self.named.clear();
            }
        }
    }

    fn file(&mut self, inode: u64) -> &mut File<'a> {
        &mut self.files[self.inodes[&inode]]
    }

    /// The files as programs see them, which is what is there after a shut-down in order.
    pub fn settle(mut self) -> Files {
        self.files.iter_mut().for_each(File::settle);
        let taken =
            |(name, file): (&&str, &usize)| ((*name).to_owned(), self.files[*file].kept.clone());
        self.names.iter().map(taken).collect()
    }

    /// The power is cut.
    pub fn cut(mut self, draw: &mut Draw) -> Found {
        let carried = draw.place(self.named.len() + 1);
        let mut names = self.kept_names;
        for (name, file) in &self.named[..carried] {
            match file {
                Some(file) => names.insert(name, *file),
                None => names.remove(name),
            };
        }
        let mut lacks = carried < self.named.len();
        let mut files = Files::new();
        for (name, file) in names {
            let (bytes, whole) = std::mem::take(&mut self.files[file]).cut(draw);
            lacks |= !whole;
            files.insert(name.to_owned(), bytes);
        }
        Found { files, lacks }
    }
}

impl File<'_> {
    fn settle(&mut self) {
        for change in std::mem::take(&mut self.changes) {
            change.apply(&mut self.kept);
        }
    }

    /// What is found of the file, and whether that is all of it.
    fn cut(self, draw: &mut Draw) -> (Vec<u8>, bool) {
        let sector = [512, 4096][draw.place(2)];
        // Nothing and all of it are what happens most, when a disk is slow or quick.
        let share = match draw.below(4) {
            0 => 0,
            1 => 100,
            _ => draw.below(101),
        };
        let mut seen = self.kept;
        let (mut found, mut size) = (seen.clone(), seen.len());
        for change in self.changes {
            let before = seen.len();
            let touched = change.apply(&mut seen);
            if seen.len() != before && draw.below(100) < share {
                size = seen.len();
            }
            found.resize(found.len().max(seen.len()), 0);
            for place in touched.start / sector..touched.end.div_ceil(sector) {
                let end = seen.len().min((place + 1) * sector);
                if draw.below(100) < share && place * sector < end {
                    found[place * sector..end].copy_from_slice(&seen[place * sector..end]);
                }
            }
        }
        found.resize(size, 0);
        let whole = found == seen;
        (found, whole)
    }
}

impl Change<'_> {
    /// Makes the change and tells which bytes it touched: what it wrote, with the zeros before it if there was a gap.
    fn apply(self, bytes: &mut Vec<u8>) -> std::ops::Range<usize> {
        let before = bytes.len();
        match self {
            Self::Write {
                offset,
                bytes: written,
            } => {
                let end = offset + written.len();
                bytes.resize(before.max(end), 0);
                bytes[offset..end].copy_from_slice(written);
                before.min(offset)..end
            }
            Self::Resize(size) => {
                bytes.resize(size, 0);
                before.min(size)..size
            }
        }
    }
}
