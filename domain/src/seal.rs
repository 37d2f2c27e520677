//! Sealing the sheets of a closed survey: what each one puts into the tree over all of them.
//!
//! A leaf holds the digest of the sheet's receipt, whether the sheet is counted, and a commitment to all the rest. Who
//! has a receipt finds the leaf by it and learns nothing more: the commitment cannot be tried out against the few
//! answers that there are, for it is salted. Who has the auditor's package has salt and sheets, and makes every leaf
//! again. Leaves stand in the order of receipts, which are random, so that the order tells nothing of time or
//! invitations.
//!
//! Deliberately absent: words. They are in no package, and decide nothing.

use sha2::{Digest, Sha256};

use crate::canonical;
use crate::number::NumberError;
use crate::scheme::file::Channel;
use crate::survey::{Definition, SheetState};
use crate::tree::Hash;

/// The digest of a receipt, the mark of those that are counted, the commitment.
pub const LEAF_BYTES: usize = 65;

/// What a sheet puts into the tree; its hash is the leaf.
pub type Leaf = [u8; LEAF_BYTES];

/// What every commitment begins with, so that it is none to anything else.
const SHEET: &[u8] = b"mingjian-sheet/1\n";
const LINE: &[u8] = b"mingjian-line/1\n";

/// What is committed to.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The code of the subject that the sheet is about; of a ballot the [`line_mark`]s of its lines, parted by spaces.
    pub subjects: &'a str,
    /// The panel.
    pub panel: &'a str,
    /// The channel.
    pub channel: Channel,
    /// What became of it. A late sheet is not sealed.
    pub state: SheetState,
    /// The answers as they are stored.
    pub answers: &'a [u8],
}

/// What stands for a subject on a sealed ballot. Whoever left the round is not named in a package, and the lines of the
/// others must still be bound to their places.
pub fn line_mark(salt: &Hash, code: &str) -> String {
    let mark = Sha256::new()
        .chain_update(LINE)
        .chain_update(salt)
        .chain_update(code);
    hex::encode(mark.finalize())
}

/// The leaf of a sheet, by the salt of its survey and the digest of its receipt.
pub fn leaf(salt: &Hash, receipt: &Hash, content: &Content<'_>) -> Leaf {
    let text = format!(
        "{}\n{}\n{}\n{}\n{}\n",
        content.panel,
        content.channel.word(),
        content.state.word(),
        content.subjects,
        hex::encode(content.answers)
    );
    let commitment: Hash = Sha256::new()
        .chain_update(SHEET)
        .chain_update(salt)
        .chain_update(receipt)
        .chain_update(text)
        .finalize()
        .into();
    let is_counted = content.state == SheetState::Valid;
    let parts = receipt.iter().copied().chain([u8::from(is_counted)]);
    let mut leaf = [0; LEAF_BYTES];
    for (place, byte) in leaf.iter_mut().zip(parts.chain(commitment)) {
        *place = byte;
    }
    leaf
}

/// What is signed beside the tree: which questions were asked, and with which salt. Both as digests, a line for each.
///
/// # Errors
/// [`NumberError::Overflow`] if a number of the definition lies beyond what JSON numbers hold exactly.
pub fn signed_lines(definition: &Definition, salt: &Hash) -> Result<String, NumberError> {
    let definition = Sha256::digest(canonical::to_vec(definition)?);
    let salt = Sha256::digest(salt);
    Ok(format!(
        "definition {}\nsalt {}\n",
        hex::encode(definition),
        hex::encode(salt)
    ))
}
