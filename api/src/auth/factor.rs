//! Second factors: one-time codes by the time (RFC 6238), as every authenticator app makes them.
//!
//! A secret lies sealed in the database, by a key from a file (AES-256-GCM, bound to its account), so that neither a
//! copy of the database nor a row put under another account makes codes. Deliberately absent: that a code is used once,
//! which the database decides.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use chrono::{DateTime, Utc};
use domain::id::{Id, Staff};
use service::staff::factor::Proof;
use service::{Fault, IdSource};
use subtle::ConstantTimeEq;
use totp_rs::{Algorithm, Secret as Encoding, TOTP};

use super::token::KeyFault;
use crate::config::Secret;

/// Seconds of a step; every app has this.
const STEP: u64 = 30;

/// Digits of a code, likewise.
const DIGITS: usize = 6;

/// Bytes of a secret, as RFC 4226 asks for.
const BYTES: usize = 20;

/// Steps before and after the present one whose code is taken too: clocks of telephones differ.
const SKEW: i64 = 1;

/// Shown by apps above the code.
const ISSUER: &str = "Mingjian";

/// Seals and opens secrets, and reads codes.
pub struct Factors {
    key: LessSafeKey,
}

impl std::fmt::Debug for Factors {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Factors")
    }
}

/// A secret that was drawn just now, told this once.
#[derive(Debug)]
pub struct Enrolment {
    /// For an app without a camera, in base 32.
    pub secret: Secret,
    /// What a QR code of it says.
    pub address: Secret,
    /// As it is kept.
    pub sealed: Vec<u8>,
}

/// For whom a secret is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The account.
    pub id: Id<Staff>,
    /// Its log-in name, which apps show.
    pub login: &'a str,
}

impl Factors {
    /// By a key of 32 bytes in hexadecimal.
    ///
    /// # Errors
    /// The file holds something else.
    pub fn new(key: &Secret) -> Result<Self, KeyFault> {
        let unreadable = || KeyFault::NotHexadecimal {
            key: "auth.factor_key_file",
        };
        let bytes = hex::decode(key.expose().trim()).map_err(|_| unreadable())?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| unreadable())?;
        Ok(Self {
            key: LessSafeKey::new(key),
        })
    }

    /// Draws a secret.
    ///
    /// # Errors
    /// The machine gives no random bytes.
    pub fn draw(&self, ids: &IdSource, owner: Owner<'_>) -> Result<Enrolment, Fault> {
        let bytes: [u8; BYTES] = ids.bytes()?;
        let secret = Encoding::Raw(bytes.to_vec()).to_encoded().to_string();
        // Letters, digits, `-`, `_` and `.` alone: nothing in it needs to be escaped.
        let address = format!(
            "otpauth://totp/{ISSUER}:{}?secret={secret}&issuer={ISSUER}",
            owner.login
        );
        Ok(Enrolment {
            secret: Secret::new(secret),
            address: Secret::new(address),
            sealed: self.seal(ids, owner.id, &bytes)?,
        })
    }

    fn seal(&self, ids: &IdSource, owner: Id<Staff>, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let nonce: [u8; NONCE_LEN] = ids.bytes()?;
        let mut sealed = bytes.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                bound_to(owner),
                &mut sealed,
            )
            .map_err(|_| Fault::internal("a second factor could not be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, owner: Id<Staff>, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let broken = || {
            Fault::internal(
                "a second factor could not be opened: `auth.factor_key_file` is another key, or the row was changed",
            )
        };
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut opened = rest.to_vec();
        let secret = self
            .key
            .open_in_place(nonce, bound_to(owner), &mut opened)
            .map_err(|_| broken())?;
        Ok(secret.to_vec())
    }

    /// What somebody typed, as a proof: the step of time to which a code belongs, or else a recovery code. `None` for a
    /// code of no step near the present one.
    ///
    /// # Errors
    /// The secret cannot be opened.
    pub fn read(
        &self,
        kept: &Kept<'_>,
        typed: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Proof>, Fault> {
        let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        if code.len() != DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Some(Proof::Recovery(typed.to_owned())));
        }
        let secret = self.open(kept.owner, kept.sealed)?;
        let codes = TOTP::new(Algorithm::SHA1, DIGITS, 0, STEP, secret).map_err(Fault::internal)?;
        let step_seconds = i64::try_from(STEP).map_err(Fault::internal)?;
        let present = now.timestamp().div_euclid(step_seconds);
        let mut found = None;
        for step in present - SKEW..=present + SKEW {
            let Ok(moment) = u64::try_from(step * step_seconds) else {
                continue;
            };
            // All of them, whichever fits.
            if bool::from(codes.generate(moment).as_bytes().ct_eq(code.as_bytes())) {
                found = Some(Proof::Step(step));
            }
        }
        Ok(found)
    }
}

/// A second factor as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Whose.
    pub owner: Id<Staff>,
    /// The sealed secret.
    pub sealed: &'a [u8],
}

fn bound_to(owner: Id<Staff>) -> Aad<[u8; 8]> {
    Aad::from(owner.number().to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(byte: &str) -> Factors {
        Factors::new(&Secret::new(byte.repeat(32))).unwrap()
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of its eight digits; its secret is 20 bytes of text.
        let factors = factors("07");
        let owner = Id::new(9);
        let sealed = factors
            .seal(&IdSource::seeded(1), owner, b"12345678901234567890")
            .unwrap();
        let kept = Kept {
            owner,
            sealed: &sealed,
        };
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let read = |second, code| factors.read(&kept, code, at(second)).unwrap();
            assert_eq!(read(second, code), Some(Proof::Step(second / 30)));
            // A step of time on either side, and no more.
            assert_eq!(read(second + 30, code), Some(Proof::Step(second / 30)));
            assert_eq!(read(second + 61, code), None);
        }
    }

    #[test]
    fn a_secret_opens_by_its_own_key_for_its_own_account_alone() {
        let owner = Id::new(9);
        let drawn = factors("07")
            .draw(
                &IdSource::seeded(1),
                Owner {
                    id: owner,
                    login: "leader01",
                },
            )
            .unwrap();
        let sealed = &drawn.sealed;
        assert_eq!(factors("07").open(owner, sealed).unwrap().len(), BYTES);
        assert!(factors("08").open(owner, sealed).is_err());
        assert!(factors("07").open(Id::new(8), sealed).is_err());
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        assert!(factors("07").open(owner, &changed).is_err());
        assert!(factors("07").open(owner, &[]).is_err());
    }

    #[test]
    fn what_is_no_code_is_read_as_a_recovery_code() {
        let factors = factors("07");
        let kept = Kept {
            owner: Id::new(9),
            sealed: &[],
        };
        let read = factors.read(&kept, "ABCD-EFGH", at(0)).unwrap();
        assert_eq!(read, Some(Proof::Recovery("ABCD-EFGH".to_owned())));
    }

    #[test]
    fn a_key_is_32_bytes() {
        for wrong in ["", "07", &"07".repeat(31), &"zz".repeat(32)] {
            assert!(
                Factors::new(&Secret::new(wrong.to_owned())).is_err(),
                "{wrong}"
            );
        }
    }
}
