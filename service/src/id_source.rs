//! Ids and secrets, from a source that is passed in so that a test can repeat them.
//!
//! An id carries neither time nor order: whoever sees two of them learns nothing about when or in which order they were
//! made, so they may appear in links.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::Fault;

/// The step of the SplitMix64 sequence.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Draws random ids and secrets.
pub struct IdSource {
    origin: Origin,
}

enum Origin {
    System,
    Seeded(AtomicU64),
}

impl IdSource {
    /// The random source of the machine, fit for secrets.
    pub fn system() -> Self {
        Self {
            origin: Origin::System,
        }
    }

    /// A source that always gives the same sequence. Its values can be guessed: for tests alone.
    pub fn seeded(seed: u64) -> Self {
        Self {
            origin: Origin::Seeded(AtomicU64::new(seed)),
        }
    }

    /// A random positive id of 63 bits. Fails only if the machine has no randomness to give.
    pub fn draw(&self) -> Result<i64, Fault> {
        let bits = u64::from_be_bytes(self.bytes()?) >> 1;
        Ok(i64::try_from(bits).unwrap_or(i64::MAX).max(1))
    }

    /// Random bytes for tokens, codes and salts. Fails only if the machine has no randomness to give.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine for randomness"
    )]
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        match &self.origin {
            Origin::System => {
                aws_lc_rs::rand::fill(&mut bytes)
                    .map_err(|_| Fault::internal("the machine gives no random bytes"))?;
            }
            Origin::Seeded(state) => {
                for chunk in bytes.chunks_mut(8) {
                    let word =
                        split_mix(state.fetch_add(GAMMA, Ordering::SeqCst).wrapping_add(GAMMA));
                    for (byte, random) in chunk.iter_mut().zip(word.to_be_bytes()) {
                        *byte = random;
                    }
                }
            }
        }
        Ok(bytes)
    }
}

impl fmt::Debug for IdSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.origin {
            Origin::System => "IdSource(system)",
            Origin::Seeded(_) => "IdSource(seeded)",
        })
    }
}

/// The output function of SplitMix64.
fn split_mix(state: u64) -> u64 {
    let word = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let (one, same, other) = (
            IdSource::seeded(7),
            IdSource::seeded(7),
            IdSource::seeded(8),
        );
        let sequence =
            |source: &IdSource| -> Vec<i64> { (0..10).map(|_| source.draw().unwrap()).collect() };
        let first = sequence(&one);
        assert_eq!(first, sequence(&same));
        assert_ne!(first, sequence(&other));
        assert_ne!(first, sequence(&one), "a sequence goes on");
    }

    #[test]
    fn ids_are_positive_and_different() {
        for source in [IdSource::system(), IdSource::seeded(1)] {
            let ids: BTreeSet<i64> = (0..1_000).map(|_| source.draw().unwrap()).collect();
            assert_eq!(ids.len(), 1_000);
            assert!(ids.iter().all(|id| *id > 0));
        }
    }
}
