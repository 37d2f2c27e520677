//! One respondent's answers: what was entered, what is wrong with it, and what it means.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::text::clean;
use super::{Asked, Definition, Opt, Question, sheet};

/// What was entered: for the code of each question the values that came in, in their order.
///
/// An option is entered by its code. Blank values are the same as none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entries(BTreeMap<String, Vec<String>>);

impl Entries {
    /// Adds a value for a question.
    pub fn add(&mut self, question: impl Into<String>, value: impl Into<String>) {
        self.0
            .entry(question.into())
            .or_default()
            .push(value.into());
    }

    /// The values entered for a question.
    pub fn get(&self, question: &str) -> &[String] {
        self.0.get(question).map_or(&[], Vec::as_slice)
    }

    /// Whether this value was entered for this question.
    pub fn holds(&self, question: &str, value: &str) -> bool {
        self.get(question).iter().any(|entered| entered == value)
    }

    /// Whether nothing was entered at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<Q: Into<String>, V: Into<String>> FromIterator<(Q, V)> for Entries {
    fn from_iter<I: IntoIterator<Item = (Q, V)>>(pairs: I) -> Self {
        let mut entries = Self::default();
        for (question, value) in pairs {
            entries.add(question, value);
        }
        entries
    }
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// None was given.
    Silent,
    /// One option, by its place in the question.
    One(u8),
    /// Options by their places in the question, as bits; at least one.
    Several(u64),
    /// Words, clean and not blank.
    Words(String),
}

/// A respondent's answers: one for each question of the definition that they were read by, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers(pub(super) Vec<Answer>);

impl Answers {
    /// The answers in the order of the questions.
    pub fn iter(&self) -> impl Iterator<Item = &Answer> {
        self.0.iter()
    }

    /// Whether no question was answered.
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(|answer| *answer == Answer::Silent)
    }

    /// The free answers with the numbers of their questions.
    pub fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        self.0
            .iter()
            .enumerate()
            .filter_map(|(number, answer)| match answer {
                Answer::Words(words) => Some((number, words.as_str())),
                Answer::Silent | Answer::One(_) | Answer::Several(_) => None,
            })
    }

    /// SHA-256 over the answers and the words: equal exactly if the same was answered.
    pub fn digest(&self, definition: &Definition) -> [u8; 32] {
        let mut hash = Sha256::new();
        self.add_to(&mut hash, definition);
        hash.finalize().into()
    }

    pub(super) fn add_to(&self, hash: &mut Sha256, definition: &Definition) {
        hash.update(sheet::encode(definition, self));
        for (number, words) in self.words() {
            for length in [number, words.len()] {
                hash.update(u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
            }
            hash.update(words.as_bytes());
        }
    }
}

/// Something that is wrong with a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerFault {
    /// The code of the question, as it was entered.
    pub question: String,
    /// What is wrong.
    pub code: FaultCode,
}

/// What is wrong with the answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// The survey has no such question.
    UnknownQuestion,
    /// The question has no such option.
    UnknownOption,
    /// Several options where one is asked for.
    TooMany,
    /// No answer to a question that needs one.
    Missing,
    /// More characters than the question allows.
    TooLong {
        /// What it allows.
        longest: u32,
        /// How many there are.
        found: usize,
    },
    /// Characters that cannot be shown, such as NUL.
    ControlCharacter,
}

impl FaultCode {
    /// The word for programs, `SCREAMING_CASE`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::UnknownQuestion => "UNKNOWN_QUESTION",
            Self::UnknownOption => "UNKNOWN_OPTION",
            Self::TooMany => "TOO_MANY",
            Self::Missing => "MISSING",
            Self::TooLong { .. } => "TOO_LONG",
            Self::ControlCharacter => "CONTROL_CHARACTER",
        }
    }
}

/// Reads a sheet as a citizen's form sends it: complete, or sent back.
///
/// # Errors
/// Every fault there is, one for each question at most, in the order of the questions; unknown questions last.
pub fn validate(definition: &Definition, entries: &Entries) -> Result<Answers, Vec<AnswerFault>> {
    read(definition, entries, true)
}

/// Reads a sheet that may be incomplete, as one on paper: whether a required answer is missing is then a question of
/// its validity.
///
/// # Errors
/// As [`validate`], but never [`FaultCode::Missing`].
pub fn parse(definition: &Definition, entries: &Entries) -> Result<Answers, Vec<AnswerFault>> {
    read(definition, entries, false)
}

fn read(
    definition: &Definition,
    entries: &Entries,
    complete: bool,
) -> Result<Answers, Vec<AnswerFault>> {
    let mut faults = Vec::new();
    let mut answers = Vec::with_capacity(definition.questions.len());
    for question in &definition.questions {
        // Without JavaScript it can be filled in by those of whom it is not asked; that is passed over.
        if !question.is_shown(&answers) {
            answers.push(Answer::Silent);
            continue;
        }
        let answer = read_one(question, entries.get(&question.code));
        let answer = match answer {
            Ok(Answer::Silent) if complete && question.required => Err(FaultCode::Missing),
            other => other,
        };
        match answer {
            Ok(answer) => answers.push(answer),
            Err(code) => {
                answers.push(Answer::Silent);
                faults.push(AnswerFault {
                    question: question.code.clone(),
                    code,
                });
            }
        }
    }
    for question in entries.0.keys() {
        if definition.question(question).is_none() {
            faults.push(AnswerFault {
                question: question.clone(),
                code: FaultCode::UnknownQuestion,
            });
        }
    }
    if faults.is_empty() {
        Ok(Answers(answers))
    } else {
        Err(faults)
    }
}

fn read_one(question: &Question, values: &[String]) -> Result<Answer, FaultCode> {
    let mut given = values
        .iter()
        .map(String::as_str)
        .filter(|value| !value.trim().is_empty())
        .peekable();
    if given.peek().is_none() {
        return Ok(Answer::Silent);
    }
    match &question.asked {
        Asked::Rated(options) | Asked::One(options) => match (given.next(), given.next()) {
            (Some(code), None) => place(options, code).map(Answer::One),
            _ => Err(FaultCode::TooMany),
        },
        Asked::Several(options) => {
            let mut bits = 0_u64;
            for code in given {
                bits |= 1_u64
                    .checked_shl(u32::from(place(options, code)?))
                    .ok_or(FaultCode::UnknownOption)?;
            }
            Ok(Answer::Several(bits))
        }
        Asked::Words { longest } => match (given.next(), given.next()) {
            (Some(words), None) => read_words(words, *longest),
            _ => Err(FaultCode::TooMany),
        },
    }
}

fn read_words(entered: &str, longest: u32) -> Result<Answer, FaultCode> {
    let words = clean(entered).ok_or(FaultCode::ControlCharacter)?;
    let found = words.chars().count();
    if usize::try_from(longest).is_ok_and(|longest| found > longest) {
        return Err(FaultCode::TooLong { longest, found });
    }
    Ok(if words.is_empty() {
        Answer::Silent
    } else {
        Answer::Words(words)
    })
}

fn place(options: &[Opt], code: &str) -> Result<u8, FaultCode> {
    let place = options
        .iter()
        .position(|option| option.code == code)
        .ok_or(FaultCode::UnknownOption)?;
    u8::try_from(place).map_err(|_| FaultCode::UnknownOption)
}
