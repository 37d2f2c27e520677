//! Signed notes that state the size and the hash of a tree, as C2SP writes them (c2sp.org/signed-note and
//! c2sp.org/tlog-checkpoint): text that people can read, print and type, with an Ed25519 signature in its last line.
//!
//! Deliberately absent: reading notes and checking signatures. What checks them shares nothing with this program.

use std::fmt::{self, Write as _};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::tree::Hash;
use sha2::{Digest, Sha256};

use crate::Fault;

/// What C2SP calls Ed25519.
const ED25519: u8 = 1;

/// What signs notes. The key lies in a file beside the program and never in the database that it vouches for.
pub struct Signer(Ed25519KeyPair);

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Signer(***)")
    }
}

/// The bytes are no Ed25519 key in PKCS#8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAKey;

impl Signer {
    /// A signer with the key in a PKCS#8 document.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn read(document: &[u8]) -> Result<Self, NotAKey> {
        Ed25519KeyPair::from_pkcs8(document)
            .map(Self)
            .map_err(|_| NotAKey)
    }

    /// A signer whose key nobody else will ever have: for demonstrations.
    pub fn generate() -> Result<Self, Fault> {
        Ed25519KeyPair::generate()
            .map(Self)
            .map_err(Fault::internal)
    }

    /// The public half under a name, as C2SP writes it: `name+id+key`.
    pub fn verifier_key(&self, name: &str) -> String {
        let id = hex::encode(self.id(name));
        format!("{name}+{id}+{}", STANDARD.encode(self.typed_key()))
    }

    /// A signed note under a name about a tree.
    pub fn sign(&self, name: &str, head: &TreeHead<'_>) -> String {
        let text = head.to_string();
        let mut signed = self.id(name).to_vec();
        signed.extend_from_slice(self.0.sign(text.as_bytes()).as_ref());
        let mut note = text;
        let _infallible = writeln!(note, "\n\u{2014} {name} {}", STANDARD.encode(signed));
        note
    }

    fn typed_key(&self) -> Vec<u8> {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.0.public_key().as_ref());
        bytes
    }

    /// The first four bytes of a digest of name and key.
    fn id(&self, name: &str) -> [u8; 4] {
        let [a, b, c, d, ..]: [u8; 32] = Sha256::new()
            .chain_update(name)
            .chain_update(b"\n")
            .chain_update(self.typed_key())
            .finalize()
            .into();
        [a, b, c, d]
    }
}

/// What a checkpoint states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead<'a> {
    /// Which list.
    pub origin: &'a str,
    /// How many leaves.
    pub size: u64,
    /// The hash of the tree over them.
    pub root: Hash,
    /// What else is signed, each line with its end.
    pub extension: &'a str,
}

impl fmt::Display for TreeHead<'_> {
    /// The text that is signed.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = STANDARD.encode(self.root);
        write!(
            out,
            "{}\n{}\n{root}\n{}",
            self.origin, self.size, self.extension
        )
    }
}

/// A proof that something is in a signed tree, as a file of its own (c2sp.org/tlog-proof): what was hashed, its place
/// from 0, the hashes beside its way to the root, and the note.
pub(crate) fn write_proof(leaf: &[u8], place: usize, path: &[Hash], note: &str) -> String {
    let mut proof = format!(
        "c2sp.org/tlog-proof@v1\nextra {}\nindex {place}\n",
        STANDARD.encode(leaf)
    );
    for hash in path {
        proof.push_str(&STANDARD.encode(hash));
        proof.push('\n');
    }
    proof.push('\n');
    proof.push_str(note);
    proof
}
