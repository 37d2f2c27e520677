//! Answers as bytes of a fixed width, so that ten million sheets can be recounted in seconds.
//!
//! A question answered by one option takes one byte: 0 for none, else the option's place plus one. Several choices
//! take one bit each, the first choice in the lowest bit of the first byte. A question answered in words takes one
//! byte, 1 where words were given; the words themselves are kept elsewhere.

use super::answer::{Answer, Answers};
use super::{Asked, Definition, Question};

/// Why bytes are not the answers of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// The bytes are of another definition.
    #[error("a sheet holds {found} bytes of answers, where its survey has {expected}")]
    Width {
        /// By the definition.
        expected: usize,
        /// Of the sheet.
        found: usize,
    },
    /// A byte that no answer gives.
    #[error("question `{0}` is answered with an option that it does not have")]
    Option(String),
}

/// The answers as bytes.
pub fn encode(definition: &Definition, answers: &Answers) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(definition.width());
    for (question, answer) in definition.questions.iter().zip(&answers.0) {
        match answer {
            Answer::Silent => bytes.resize(bytes.len() + question.width(), 0),
            Answer::One(place) => bytes.push(place.saturating_add(1)),
            Answer::Several(bits) => bytes.extend(bits.to_le_bytes().iter().take(question.width())),
            Answer::Words(_) => bytes.push(1),
        }
    }
    bytes
}

/// The answers that bytes stand for. Words come back empty: they are kept elsewhere.
///
/// # Errors
/// [`SheetError`] if no answers to this definition give these bytes.
pub fn decode(definition: &Definition, bytes: &[u8]) -> Result<Answers, SheetError> {
    let mut answers = Vec::with_capacity(definition.questions.len());
    for (question, field) in fields(definition, bytes)? {
        answers.push(
            decode_one(question, field).ok_or_else(|| SheetError::Option(question.code.clone()))?,
        );
    }
    Ok(Answers(answers))
}

/// The questions, each with its bytes.
pub(super) fn fields<'a>(
    definition: &'a Definition,
    bytes: &'a [u8],
) -> Result<impl Iterator<Item = (&'a Question, &'a [u8])>, SheetError> {
    let expected = definition.width();
    if bytes.len() != expected {
        return Err(SheetError::Width {
            expected,
            found: bytes.len(),
        });
    }
    let mut rest = bytes;
    Ok(definition.questions.iter().map(move |question| {
        let (field, after) = rest
            .split_at_checked(question.width())
            .unwrap_or((rest, &[]));
        rest = after;
        (question, field)
    }))
}

fn decode_one(question: &Question, field: &[u8]) -> Option<Answer> {
    let first = *field.first()?;
    match &question.asked {
        Asked::Words { .. } => match first {
            0 => Some(Answer::Silent),
            1 => Some(Answer::Words(String::new())),
            _ => None,
        },
        Asked::Rated(options) | Asked::One(options) => match first.checked_sub(1) {
            None => Some(Answer::Silent),
            Some(place) => (usize::from(place) < options.len()).then_some(Answer::One(place)),
        },
        Asked::Several(options) => {
            let bits = field.iter().rev().try_fold(0_u64, |bits, byte| {
                bits.checked_mul(256)?.checked_add(u64::from(*byte))
            })?;
            let beyond = u32::try_from(options.len())
                .ok()
                .and_then(|count| bits.checked_shr(count))
                .unwrap_or(0);
            match (bits, beyond) {
                (0, _) => Some(Answer::Silent),
                (bits, 0) => Some(Answer::Several(bits)),
                _ => None,
            }
        }
    }
}
