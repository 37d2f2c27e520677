//! A receipt and the proof for it: the answers were in the list that was sealed when the survey closed, and whether
//! they were counted. What was answered is in neither.
//!
//! A proof is a file as c2sp.org/tlog-proof has it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tlog_tiles::{Hash, check_record, node_hash, record_hash};

use crate::finding::Finding;
use crate::note::Keys;

/// The first line of a proof.
const FORMAT: &str = "c2sp.org/tlog-proof@v1";

/// Crockford's digits.
const DIGITS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What a proof shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Which list, and of which survey.
    pub origin: String,
    /// The place in it, from 1.
    pub place: u64,
    /// How many sheets the list has.
    pub size: u64,
    /// Whether the sheet was counted.
    pub is_counted: bool,
}

/// Checks that the answers of a receipt were sealed.
///
/// # Errors
/// What is wrong with code or proof.
pub fn check(proof: &str, code: &str, keys: &Keys) -> Result<Proven, Finding> {
    let tag: [u8; 32] = Sha256::digest(read_code(code)?).into();
    let malformed = || Finding::new("证明文件格式不对", "the proof is malformed");
    let (above, note) = proof.split_once("\n\n").ok_or_else(malformed)?;
    let mut lines = above.split('\n');
    if lines.next() != Some(FORMAT) {
        return Err(malformed());
    }
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| malformed());
    let extra = lines.next().and_then(|line| line.strip_prefix("extra "));
    let extra = decode(extra.ok_or_else(malformed)?)?;
    let index = lines.next().and_then(|line| line.strip_prefix("index "));
    let index = index.ok_or_else(malformed)?;
    let place: u64 = index.parse().map_err(|_| malformed())?;
    let mut path = Vec::new();
    for line in lines {
        path.push(Hash(decode(line)?.try_into().map_err(|_| malformed())?));
    }
    let head = keys.check(note)?;
    if extra.len() != 65 || !head.origin.contains("/survey/") || index != place.to_string() {
        return Err(malformed());
    }
    if extra[..32] != tag {
        return Err(Finding::new(
            "这份证明属于另一个回执码",
            "the proof is for another receipt",
        ));
    }
    let leaf = record_hash(&extra);
    check_record(&path, head.size, Hash(head.root), place, leaf).map_err(|_| {
        Finding::new(
            "证明不成立：这份答卷不在封存清单里",
            "the proof does not hold: the sheet is not in the list that was sealed",
        )
    })?;
    Ok(Proven {
        origin: head.origin,
        place: place + 1,
        size: head.size,
        is_counted: extra[32] == 1,
    })
}

/// The leaf of a sheet: the digest of its receipt, whether it is counted, and what commits to its content.
pub(crate) fn leaf(tag: &[u8; 32], is_counted: bool, commitment: &[u8; 32]) -> Hash {
    record_hash(&[&tag[..], &[u8::from(is_counted)], &commitment[..]].concat())
}

/// The hash of the tree over these leaves; nothing over none, which no proof needs.
pub(crate) fn root_of(leaves: &[Hash]) -> Option<Hash> {
    match leaves {
        [] => Some(tlog_tiles::EMPTY_HASH),
        [leaf] => Some(*leaf),
        _ => {
            let left = 1 << (leaves.len() - 1).ilog2();
            let (left, right) = leaves.split_at(left);
            Some(node_hash(root_of(left)?, root_of(right)?))
        }
    }
}

/// The sixteen bytes of a receipt as a person typed it.
fn read_code(text: &str) -> Result<[u8; 16], Finding> {
    let wrong = || {
        Finding::new(
            "回执码有误：应有 28 个字母和数字",
            "there is a slip in the receipt code: it has 28 letters and digits",
        )
    };
    let mut bits = Vec::new();
    for letter in text
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
    {
        let letter = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let digit = DIGITS.find(letter).ok_or_else(wrong)?;
        bits.extend((0..5).rev().map(|bit| (digit >> bit) & 1 == 1));
    }
    if bits.len() != 140 {
        return Err(wrong());
    }
    let mut bytes: Vec<u8> = bits
        .chunks(8)
        .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit)))
        .collect();
    // The last half byte and the one before it are a check of the sixteen.
    let (low, high) = (bytes.pop(), bytes.pop());
    let code: [u8; 16] = bytes.try_into().map_err(|_| wrong())?;
    let digest = Sha256::new()
        .chain_update(b"receipt")
        .chain_update(code)
        .finalize();
    if high == Some(digest[0]) && low == Some(digest[1] >> 4) {
        Ok(code)
    } else {
        Err(wrong())
    }
}
