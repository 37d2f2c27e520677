//! Form keys, invitation tokens and receipts.
//!
//! A form carries a key that was drawn for it. The receipt is derived from the key, so an answer that is sent twice
//! gets the same receipt, and nobody who lacks the form can make one. Only hashes of tokens and receipts are stored.

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use domain::id::{Id, Survey};
use sha2::{Digest, Sha256};

use super::Admitted;
use crate::setting::{self, Setting};
use crate::{Fault, Service, code};

/// The setting that holds the secret from which form keys and receipts are derived. All servers of one database share
/// it, for a retry may reach another one.
const SECRET_SETTING: &str = "intake_secret";

/// What is authenticated: a form key is no receipt.
const FORM: &[u8] = b"form";
const RECEIPT: &[u8] = b"receipt";
const CHANGE: &[u8] = b"change";

/// The key of all that is derived here.
pub(crate) struct Secret(hmac::Key);

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(***)")
    }
}

/// Reads the secret, after making one where there is none.
pub(crate) async fn find_or_make_secret(service: &Service) -> Result<Secret, Fault> {
    let fresh: [u8; 32] = service.ids.bytes()?;
    let transaction = service.database.begin_write().await?;
    let kept = Setting {
        name: SECRET_SETTING,
        value: &hex::encode(fresh),
    };
    let stored = setting::keep(&transaction, kept).await?;
    transaction.commit().await?;
    let bytes = hex::decode(stored).map_err(|_| {
        Fault::internal("the setting `intake_secret` is not hexadecimal; restore it from a backup")
    })?;
    Ok(Secret(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
}

impl Secret {
    pub(crate) fn derive<const N: usize>(&self, purpose: &[u8], parts: &[&[u8]]) -> [u8; N] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose);
        for part in parts {
            context.update(part);
        }
        let tag = context.sign();
        let mut derived = [0; N];
        for (byte, of_tag) in derived.iter_mut().zip(tag.as_ref()) {
            *byte = *of_tag;
        }
        derived
    }
}

/// The key of one form: random, with the time at which the form was drawn, bound to what admits its respondent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormKey {
    /// 16 random bytes and 5 bytes of seconds since the epoch.
    drawn: [u8; 21],
    seal: [u8; 8],
}

impl FormKey {
    pub(super) fn make(
        service: &Service,
        secret: &Secret,
        admitted: &Admitted,
    ) -> Result<Self, Fault> {
        let random: [u8; 16] = service.ids.bytes()?;
        let seconds = service.clock.now().timestamp().max(0).to_be_bytes();
        let mut drawn = [0; 21];
        for (byte, of_part) in drawn
            .iter_mut()
            .zip(random.iter().chain(seconds.iter().skip(3)))
        {
            *byte = *of_part;
        }
        Ok(Self {
            drawn,
            seal: secret.derive(FORM, &[&admitted.context(), &drawn]),
        })
    }

    /// Reads a key as it came back with a form; nothing if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 29] = code::read(text)?;
        let (drawn, seal) = bytes.split_at_checked(21)?;
        Some(Self {
            drawn: drawn.try_into().ok()?,
            seal: seal.try_into().ok()?,
        })
    }

    /// The receipt for answers sent with this key; nothing if the key was not made here or for another admission.
    pub(super) fn receipt(&self, secret: &Secret, admitted: &Admitted) -> Option<Receipt> {
        let context = admitted.context();
        let seal: [u8; 8] = secret.derive(FORM, &[&context, &self.drawn]);
        // In constant time, or a seal could be found out byte by byte.
        bool::from(subtle::ConstantTimeEq::ct_eq(&seal[..], &self.seal[..]))
            .then(|| Receipt(secret.derive(RECEIPT, &[&context, &self.drawn])))
    }

    /// Whole seconds since the form was drawn; 0 if a clock runs behind.
    pub(super) fn seconds_until(&self, now: DateTime<Utc>) -> u64 {
        let drawn = self
            .drawn
            .iter()
            .skip(16)
            .fold(0_i64, |seconds, byte| (seconds << 8) | i64::from(*byte));
        u64::try_from(now.timestamp().saturating_sub(drawn)).unwrap_or(0)
    }
}

impl std::fmt::Display for FormKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes: Vec<u8> = self.drawn.iter().chain(&self.seal).copied().collect();
        out.write_str(&code::write(&bytes))
    }
}

/// A one-time admission to a survey, as it stands in a link. It names its survey, so that answers can be read before
/// the database is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InvitationToken([u8; 21]);

// Whoever holds a token can answer: it must not reach a log.
impl std::fmt::Debug for InvitationToken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "InvitationToken({}, ***)", self.survey())
    }
}

impl InvitationToken {
    pub(crate) fn make(service: &Service, survey: Id<Survey>) -> Result<Self, Fault> {
        let secret: [u8; 13] = service.ids.bytes()?;
        let mut bytes = [0; 21];
        for (byte, of_part) in bytes
            .iter_mut()
            .zip(survey.number().to_be_bytes().iter().chain(&secret))
        {
            *byte = *of_part;
        }
        Ok(Self(bytes))
    }

    /// The token of somebody on a list: the same each time, so that it need not be kept.
    pub(crate) fn derive(survey: Id<Survey>, secret: &[u8], contact: i64) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&key, &contact.to_be_bytes());
        let mut bytes = [0; 21];
        let parts = survey.number().to_be_bytes();
        for (byte, of_part) in bytes.iter_mut().zip(parts.iter().chain(tag.as_ref())) {
            *byte = *of_part;
        }
        Self(bytes)
    }

    /// Reads a token as it stands in a link; nothing if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        code::read(text).map(Self)
    }

    /// The text for the link; whoever has it may answer once.
    pub fn expose(&self) -> String {
        code::write(&self.0)
    }

    /// The survey that it admits to.
    pub fn survey(&self) -> Id<Survey> {
        Id::new(
            self.0
                .iter()
                .take(8)
                .fold(0_i64, |number, byte| (number << 8) | i64::from(*byte)),
        )
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

/// What a respondent is given to ask later whether the answers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt([u8; 16]);

impl Receipt {
    /// Reads a receipt as a person typed it.
    ///
    /// # Errors
    /// [`NotAReceipt`], which tells a slip of the finger from a receipt that is not known.
    pub fn parse(text: &str) -> Result<Self, NotAReceipt> {
        // 28 characters hold 140 bits: 16 bytes and 12 bits that depend on them.
        let padded: [u8; 18] = code::read(&format!("{text}0")).ok_or(NotAReceipt)?;
        let (bytes, check) = padded.split_at_checked(16).ok_or(NotAReceipt)?;
        let receipt = Self(bytes.try_into().map_err(|_| NotAReceipt)?);
        if check == receipt.check() {
            Ok(receipt)
        } else {
            Err(NotAReceipt)
        }
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// Twelve bits, followed by four zeros.
    fn check(&self) -> [u8; 2] {
        let digest = Sha256::new()
            .chain_update(RECEIPT)
            .chain_update(self.0)
            .finalize();
        let mut bytes = digest.iter().copied();
        [bytes.next().unwrap_or(0), bytes.next().unwrap_or(0) & 0xf0]
    }
}

impl std::fmt::Display for Receipt {
    /// Seven groups of four characters.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes: Vec<u8> = self.0.iter().copied().chain(self.check()).collect();
        for (place, digit) in code::write(&bytes).chars().take(28).enumerate() {
            if place > 0 && place % 4 == 0 {
                out.write_str("-")?;
            }
            write!(out, "{digit}")?;
        }
        Ok(())
    }
}

/// The edit secret that comes with a receipt: who has both may send other answers in place of those of the receipt.
///
/// Apart from the receipt, which people show to others, and derived from it, so that it is stored nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChangeCode([u8; 10]);

// Whoever holds it can change an answer: it must not reach a log.
impl std::fmt::Debug for ChangeCode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ChangeCode(***)")
    }
}

impl ChangeCode {
    pub(super) fn of(secret: &Secret, receipt: &Receipt) -> Self {
        Self(secret.derive(CHANGE, &[&receipt.0]))
    }

    /// Reads a code as a person typed it; nothing if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        code::read(text).map(Self)
    }

    /// The text for whoever has just answered, four groups of four characters.
    pub fn expose(&self) -> String {
        code::in_groups(&code::write(&self.0), "-")
    }

    /// Whether it came with this receipt.
    pub(super) fn fits(&self, secret: &Secret, receipt: &Receipt) -> bool {
        // In constant time, or a code could be found out byte by byte.
        let right = Self::of(secret, receipt);
        bool::from(subtle::ConstantTimeEq::ct_eq(&right.0[..], &self.0[..]))
    }
}

/// The text is no receipt: a character is missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAReceipt;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_survives_being_typed_and_a_slip_is_noticed() {
        let receipt = Receipt([7; 16]);
        let text = receipt.to_string();
        assert_eq!(text.len(), 34);
        assert_eq!(Receipt::parse(&text), Ok(receipt));
        assert_eq!(
            Receipt::parse(&format!(" {} ", text.replace('-', " ").to_lowercase())),
            Ok(receipt)
        );
        assert_eq!(
            Receipt::parse(&text.replacen(char::from(text.as_bytes()[0]), "Z", 1)),
            Err(NotAReceipt)
        );
        for wrong in ["", "0", "满意", text.split_at(33).0, &format!("{text}0")] {
            assert_eq!(Receipt::parse(wrong), Err(NotAReceipt), "{wrong}");
        }
    }
}
