//! Makes logs and packages as the program does, by the formats alone.

use sha2::{Digest, Sha256};
use signed_note::{Note, StandardSigner};
use tlog_tiles::{EMPTY_HASH, Hash, node_hash, record_hash};

pub const ORIGIN: &str = "mingjian-log-0011223344556677";

/// Secret and public half. They sign for nothing but tests, so they need not be secret.
pub const KEYS: [(&str, &str); 2] = [
    (
        "PRIVATE+KEY+mingjian-log-0011223344556677+e7c4560e+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
        "mingjian-log-0011223344556677+e7c4560e+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
    ),
    (
        "PRIVATE+KEY+mingjian-log-0011223344556677+4042c3c2+AQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ",
        "mingjian-log-0011223344556677+4042c3c2+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY",
    ),
];

/// A signed note about a tree.
pub fn sign(key: usize, head: &str) -> String {
    let signer = StandardSigner::new(KEYS[key].0).unwrap();
    let mut note = Note::new(head.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    String::from_utf8(note.to_bytes()).unwrap()
}

pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_HASH,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
            node_hash(root_of(left), root_of(right))
        }
    }
}

pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// What an entry says.
#[derive(Debug, Clone)]
pub struct Said {
    pub action: String,
    pub object: String,
    pub after: String,
}

impl Said {
    pub fn new(action: &str, object: &str, after: String) -> Self {
        Self {
            action: action.to_owned(),
            object: object.to_owned(),
            after,
        }
    }
}

/// An exported log, and its last checkpoint.
#[derive(Debug, Clone)]
pub struct Export {
    pub file: String,
    pub last: String,
}

/// A log with a checkpoint behind every third entry and behind the last one.
pub fn export(key: usize, said: &[Said]) -> Export {
    let mut log = Growing::default();
    for (place, said) in said.iter().enumerate() {
        log.add(said);
        if place % 3 == 2 {
            log.seal(key);
        }
    }
    if log.told.is_none() {
        log.seal(key);
    }
    let head = format!(
        r#"{{"format":"mingjian-log/1","keys":["{}"],"origin":"{ORIGIN}"}}"#,
        KEYS[key].1
    );
    Export {
        file: format!("{head}\n{}", log.text),
        last: log.last,
    }
}

#[derive(Default)]
struct Growing {
    text: String,
    leaves: Vec<Hash>,
    last: String,
    told: Option<Said>,
}

impl Growing {
    fn add(&mut self, said: &Said) {
        // What was sealed before is told of first.
        if let Some(told) = self.told.take() {
            self.add(&told);
        }
        let line = format!(
            r#"{{"action":"{}","after":"{}","at":"2026-03-02T01:00:00.000000Z","object":"{}","seq":"{}","who":"stf_1"}}"#,
            said.action,
            said.after,
            said.object,
            self.leaves.len() + 1
        );
        self.leaves.push(record_hash(line.as_bytes()));
        self.text.push_str(&line);
        self.text.push('\n');
    }

    /// A checkpoint; the next entry is preceded by one that tells of it.
    fn seal(&mut self, key: usize) {
        let (size, root) = (self.leaves.len(), root_of(&self.leaves));
        self.last = sign(key, &format!("{ORIGIN}\n{size}\n{root}\n"));
        let line = serde_json::json!({ "checkpoint": self.last });
        self.text.push_str(&line.to_string());
        self.text.push('\n');
        self.told = Some(Said::new(
            "log.checkpoint",
            &format!("log/{size}"),
            hex::encode(root.0),
        ));
    }
}
