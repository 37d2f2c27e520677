//! Signed notes: whose they are, and what they say of a tree.

use signed_note::{Note, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash};

use crate::finding::Finding;

/// Public keys that are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(Vec<String>);

/// What a checkpoint says, once its signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which list.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The hash of the tree over them.
    pub root: [u8; 32],
    /// What else is signed, line by line.
    pub extension: Vec<String>,
    /// The key that signed.
    pub key: String,
}

impl Keys {
    /// Reads public keys as `name+id+key`.
    ///
    /// # Errors
    /// The first that is none.
    pub fn read(keys: impl IntoIterator<Item = String>) -> Result<Self, Finding> {
        let keys: Vec<String> = keys.into_iter().collect();
        for key in &keys {
            open(key)?;
        }
        Ok(Self(keys))
    }

    /// The keys.
    pub fn list(&self) -> &[String] {
        &self.0
    }

    /// Checks a note: it must carry one signature, by one of these keys.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, note: &str) -> Result<Head, Finding> {
        let malformed = || Finding::new("检查点格式不对", "the checkpoint is malformed");
        let parsed = Note::from_bytes(note.as_bytes()).map_err(|_| malformed())?;
        let text = parsed.text().to_vec();
        let signatures = note.get(text.len()..).unwrap_or_default();
        if signatures.matches('\n').count() != 2 {
            return Err(malformed());
        }
        let mut key = None;
        for candidate in &self.0 {
            let list = VerifierList::new(vec![Box::new(open(candidate)?)]);
            if parsed.verify(&list).is_ok() {
                key = Some(candidate.clone());
            }
        }
        let Some(key) = key else {
            return Err(Finding::new(
                "检查点的签名不成立，或者不是由可信公钥签的",
                "the signature of the checkpoint does not hold, or no key that is believed has made it",
            ));
        };
        let checkpoint = Checkpoint::from_bytes(&text).map_err(|_| malformed())?;
        let Hash(root) = *checkpoint.hash();
        Ok(Head {
            origin: checkpoint.origin().to_owned(),
            size: checkpoint.size(),
            root,
            extension: checkpoint.extension().lines().map(str::to_owned).collect(),
            key,
        })
    }
}

fn open(key: &str) -> Result<StandardVerifier, Finding> {
    let wrong = || {
        Finding::new(
            format!("`{key}` 不是公钥"),
            format!("`{key}` is no public key"),
        )
    };
    let verifier = StandardVerifier::new(key).map_err(|_| wrong())?;
    // In one spelling only.
    let id = format!("+{:08x}+", verifier.key_id());
    if key.contains(&id) && !key.chars().any(char::is_whitespace) {
        Ok(verifier)
    } else {
        Err(wrong())
    }
}
