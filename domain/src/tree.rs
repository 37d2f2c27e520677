//! Merkle trees as RFC 6962 has them: over the log of changes, and over the answer sheets of a closed survey.
//!
//! One hash stands for a whole list. That something is in the list ([`prove_inclusion`]), and that a longer list only
//! adds to a shorter one ([`prove_consistency`]), is shown with a few dozen further hashes, however long it is.
//!
//! Deliberately absent: checking proofs. Whoever wants to check does so with a program that shares nothing with this
//! one.

use sha2::{Digest, Sha256};

/// SHA-256 of a leaf, of an inner node, or of a whole tree.
pub type Hash = [u8; 32];

/// The hash of a leaf: the zero byte keeps it from being taken for an inner node.
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(data)
        .finalize()
        .into()
}

/// The hash of an inner node.
fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// A tree that only grows, as far as it must be known to grow further: the hashes of its complete subtrees, largest
/// first, one for each bit that is set in its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// Reads what [`Frontier::to_bytes`] has written of a tree of this size; nothing if it is of another size.
    pub fn read(size: u64, bytes: &[u8]) -> Option<Self> {
        let (roots, rest) = bytes.as_chunks::<32>();
        let is_whole = rest.is_empty() && u32::try_from(roots.len()) == Ok(size.count_ones());
        is_whole.then(|| Self {
            size,
            roots: roots.to_vec(),
        })
    }

    /// The hashes one behind the other, at most 64 of 32 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.roots.concat()
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf, or, where every leaf stands for a complete subtree of one and the same size, such a subtree.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each set bit at the end is a complete subtree as large as the one that is being added.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.roots.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The hash of the whole tree.
    pub fn root(&self) -> Hash {
        self.roots
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(|| Sha256::digest([]).into())
    }
}

impl Extend<Hash> for Frontier {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        for leaf in leaves {
            self.push(leaf);
        }
    }
}

/// The hash of a tree over these leaves.
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    tree.extend(leaves.iter().copied());
    tree.root()
}

/// The hashes by which a leaf, given by its place from 0, is shown to be in the tree over these leaves, from the leaf
/// upwards (RFC 6962, 2.1.1). Nothing if there is no such leaf. Hashes every leaf once.
pub fn prove_inclusion(leaves: &[Hash], place: usize) -> Option<Vec<Hash>> {
    if place >= leaves.len() {
        return None;
    }
    let (mut part, mut place) = (leaves, place);
    let mut path = Vec::new();
    while let Some((left, right)) = halves(part) {
        let other;
        (part, other) = if place < left.len() {
            (left, right)
        } else {
            place -= left.len();
            (right, left)
        };
        path.push(root_of(other));
    }
    path.reverse();
    Some(path)
}

/// The hashes by which the tree over the first `old` of these leaves is shown to be the beginning of the tree over all
/// of them (RFC 6962, 2.1.2). Nothing if there are fewer leaves than that. Hashes every leaf once.
pub fn prove_consistency(leaves: &[Hash], old: usize) -> Option<Vec<Hash>> {
    if old > leaves.len() {
        return None;
    }
    let (mut part, mut old) = (leaves, old);
    let mut path = Vec::new();
    // Whether the old tree is still a subtree that its own root names.
    let mut is_known = true;
    while old > 0 && old < part.len() {
        let Some((left, right)) = halves(part) else {
            break;
        };
        if old <= left.len() {
            path.push(root_of(right));
            part = left;
        } else {
            path.push(root_of(left));
            old -= left.len();
            part = right;
            is_known = false;
        }
    }
    if !is_known {
        path.push(root_of(part));
    }
    path.reverse();
    Some(path)
}

/// The two subtrees of a tree: the left one has as many leaves as the greatest power of two that is less than all.
fn halves(leaves: &[Hash]) -> Option<(&[Hash], &[Hash])> {
    let last = leaves.len().checked_sub(1)?.checked_ilog2()?;
    leaves.split_at_checked(1 << last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves of the reference program of RFC 6962, and the root over the first so many of them.
    const VECTORS: [(&str, &str); 8] = [
        (
            "",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        ),
        (
            "00",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        ),
        (
            "10",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        ),
        (
            "2021",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
        (
            "3031",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        ),
        (
            "40414243",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        ),
        (
            "5051525354555657",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        ),
        (
            "606162636465666768696a6b6c6d6e6f",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];

    #[test]
    fn roots_are_those_of_the_reference_program() {
        assert_eq!(
            hex::encode(root_of(&[])),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let mut tree = Frontier::default();
        for (leaf, root) in VECTORS {
            tree.push(leaf_hash(&hex::decode(leaf).unwrap()));
            assert_eq!(hex::encode(tree.root()), root, "{} leaves", tree.size());
        }
    }

    #[test]
    fn proofs_are_those_of_the_reference_program() {
        let leaves = VECTORS.map(|(leaf, _)| leaf_hash(&hex::decode(leaf).unwrap()));
        let shown = |proof: Option<Vec<Hash>>| -> Vec<String> {
            let hashes = proof.unwrap();
            hashes.iter().map(|hash| hex::encode(&hash[..4])).collect()
        };
        assert_eq!(
            shown(prove_inclusion(&leaves, 5)),
            ["bc1a0643", "ca854ea1", "d37ee418"]
        );
        assert_eq!(shown(prove_inclusion(&leaves[..1], 0)), [""; 0]);
        assert_eq!(
            shown(prove_consistency(&leaves, 6)),
            ["0ebc5d34", "ca854ea1", "d37ee418"]
        );
        assert_eq!(shown(prove_consistency(&leaves, 8)), [""; 0]);
        assert_eq!(prove_inclusion(&leaves, 8), None);
        assert_eq!(prove_consistency(&leaves, 9), None);
    }

    #[test]
    fn a_tree_grows_on_from_what_was_kept_of_it() {
        let leaves: Vec<Hash> = (0..100_u8).map(|number| leaf_hash(&[number])).collect();
        for cut in 0..=leaves.len() {
            let (early, late) = leaves.split_at(cut);
            let mut tree = Frontier::default();
            tree.extend(early.iter().copied());
            let mut kept = Frontier::read(tree.size(), &tree.to_bytes()).unwrap();
            kept.extend(late.iter().copied());
            assert_eq!(kept.root(), root_of(&leaves));
        }
        assert_eq!(Frontier::read(3, &[0; 32]), None);
        assert_eq!(Frontier::read(1, &[0; 33]), None);
    }
}
