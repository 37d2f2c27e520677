//! The records of the shim, read.

use std::collections::BTreeSet;

/// What happened to the files of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A file that was there was opened under its name.
    Open { inode: u64, name: String },
    /// A new file.
    Create { inode: u64, name: String },
    /// A name is gone.
    Unlink { name: String },
    /// Bytes were written.
    Write {
        inode: u64,
        offset: usize,
        bytes: Vec<u8>,
    },
    /// A file was given a length.
    Resize { inode: u64, size: usize },
    /// The disk has what was written to a file.
    Sync { inode: u64 },
    /// The disk has the names.
    SyncFolder,
}

/// What happened, in order.
#[derive(Debug, Default)]
pub struct Trace {
    pub events: Vec<Event>,
    /// Where the record of each begins.
    starts: Vec<u64>,
    length: u64,
}

/// Before the bytes that belong to a record: its kind, an inode, an offset and how many bytes.
const HEAD: usize = 21;

impl Trace {
    /// Reads what the shim wrote.
    pub fn read(bytes: &[u8]) -> Self {
        let mut trace = Self {
            length: bytes.len() as u64,
            ..Self::default()
        };
        let mut at = 0;
        while at < bytes.len() {
            let head = &bytes[at..at + HEAD];
            let inode = u64::from_le_bytes(head[1..9].try_into().expect("eight bytes"));
            let offset = u64::from_le_bytes(head[9..17].try_into().expect("eight bytes"));
            let length = u32::from_le_bytes(head[17..21].try_into().expect("four bytes"));
            let [offset, length] =
                [offset, length.into()].map(|number| usize::try_from(number).expect("a size"));
            let rest = &bytes[at + HEAD..at + HEAD + length];
            let name = || String::from_utf8(rest.to_vec()).expect("a name");
            trace.starts.push(at as u64);
            trace.events.push(match head[0] {
                0 => Event::Open {
                    inode,
                    name: name(),
                },
                1 => Event::Create {
                    inode,
                    name: name(),
                },
                2 => Event::Unlink { name: name() },
                3 => Event::Write {
                    inode,
                    offset,
                    bytes: rest.to_vec(),
                },
                4 => Event::Resize {
                    inode,
                    size: offset,
                },
                5 => Event::Sync { inode },
                6 => Event::SyncFolder,
                other => panic!("the shim writes no record {other}"),
            });
            at += HEAD + length;
        }
        trace
    }

    /// How long the records were when the event of this place had not begun: whoever was answered while they were at
    /// most as long was answered before it.
    pub fn length_before(&self, place: usize) -> u64 {
        self.starts.get(place).copied().unwrap_or(self.length)
    }

    /// The places of what is more than the growth of a log: it begins anew, or another file or a name changes.
    pub fn turns(&self, log: &str) -> Vec<usize> {
        let mut logs = BTreeSet::new();
        let mut turns = Vec::new();
        for (place, event) in self.events.iter().enumerate() {
            let turn = match event {
                Event::Open { inode, name } | Event::Create { inode, name } => {
                    // A number may come again for another file.
                    logs.remove(inode);
                    logs.extend((name == log).then_some(*inode));
                    matches!(event, Event::Create { .. })
                }
                Event::Write { inode, offset, .. } => *offset == 0 || !logs.contains(inode),
                Event::Sync { inode } => !logs.contains(inode),
                Event::Unlink { .. } | Event::Resize { .. } | Event::SyncFolder => true,
            };
            turns.extend(turn.then_some(place));
        }
        turns
    }
}
