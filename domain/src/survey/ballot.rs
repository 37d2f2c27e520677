//! A ballot (评议票): one person rates several subjects, a line for each.
//!
//! The lines of a sheet lie one behind the other, each as wide as the survey's definition says, in the order of the
//! subjects on the ballot. A line without any answer is an abstention. Which subjects stand on a ballot is deliberately
//! absent: whoever stores a sheet knows that.

use sha2::{Digest, Sha256};

use super::Definition;
use super::answer::{AnswerFault, Answers, Entries, parse, validate};
use super::sheet::{self, SheetError};
use super::tally::{SheetState, Tally, recount};
use super::validity::{Verdict, judge_lines};

/// One person's answers: a line for each subject on the ballot, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BallotAnswers(Vec<Answers>);

/// Something that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// The place of the line, from 0.
    pub line: usize,
    /// What is wrong in it.
    pub fault: AnswerFault,
}

impl BallotAnswers {
    /// The lines in the order of the ballot.
    pub fn lines(&self) -> &[Answers] {
        &self.0
    }

    /// How many lines hold an answer; the others are abstentions.
    pub fn filled(&self) -> usize {
        self.0.iter().filter(|line| !line.is_blank()).count()
    }

    /// The answers as bytes, line after line.
    pub fn encode(&self, definition: &Definition) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|line| sheet::encode(definition, line))
            .collect()
    }

    /// SHA-256 over the lines: equal exactly if the same was answered.
    pub fn digest(&self, definition: &Definition) -> [u8; 32] {
        let mut hash = Sha256::new();
        for line in &self.0 {
            // Words have no fixed length: each line says how many it has.
            let words = u64::try_from(line.words().count()).unwrap_or(u64::MAX);
            hash.update(words.to_be_bytes());
            line.add_to(&mut hash, definition);
        }
        hash.finalize().into()
    }
}

/// Reads a ballot as a citizen's form sends it: each line complete or blank, or sent back.
///
/// # Errors
/// Every fault there is, in the order of the lines.
pub fn validate_ballot(
    definition: &Definition,
    lines: &[Entries],
) -> Result<BallotAnswers, Vec<LineFault>> {
    read(lines, |entries| match parse(definition, entries) {
        Ok(answers) if answers.is_blank() => Ok(answers),
        _ => validate(definition, entries),
    })
}

/// Reads a ballot that may be incomplete, as one on paper.
///
/// # Errors
/// As [`validate_ballot`], but no required answer is missed.
pub fn parse_ballot(
    definition: &Definition,
    lines: &[Entries],
) -> Result<BallotAnswers, Vec<LineFault>> {
    read(lines, |entries| parse(definition, entries))
}

fn read(
    lines: &[Entries],
    read_line: impl Fn(&Entries) -> Result<Answers, Vec<AnswerFault>>,
) -> Result<BallotAnswers, Vec<LineFault>> {
    let mut faults = Vec::new();
    let mut read = Vec::with_capacity(lines.len());
    for (line, entries) in lines.iter().enumerate() {
        match read_line(entries) {
            Ok(answers) => read.push(answers),
            Err(found) => faults.extend(found.into_iter().map(|fault| LineFault { line, fault })),
        }
    }
    if faults.is_empty() {
        Ok(BallotAnswers(read))
    } else {
        Err(faults)
    }
}

/// The answers that the bytes of a ballot stand for, without words, as [`sheet::decode`] reads those of a sheet.
///
/// # Errors
/// [`SheetError`] if no ballot of this definition gives these bytes.
pub fn decode_ballot(definition: &Definition, bytes: &[u8]) -> Result<BallotAnswers, SheetError> {
    let lines = bytes.chunks(definition.width().max(1));
    let lines = lines.map(|line| sheet::decode(definition, line));
    Ok(BallotAnswers(lines.collect::<Result<_, _>>()?))
}

/// Judges a ballot as one sheet. Blank lines are abstentions, in which nothing is missing and no line is straight.
pub fn judge_ballot(
    definition: &Definition,
    ballot: &BallotAnswers,
    seconds: Option<u64>,
) -> Verdict {
    let filled = ballot.0.iter().filter(|line| !line.is_blank());
    judge_lines(definition, &filled, seconds)
}

/// Counts many sheets of one ballot that lie one behind the other: a tally for each of its lines.
///
/// # Errors
/// As [`recount`].
pub fn recount_ballots(
    definition: &Definition,
    lines: usize,
    state: SheetState,
    sheets: &[u8],
) -> Result<Vec<Tally>, SheetError> {
    let width = definition.width();
    let whole = width.saturating_mul(lines);
    if whole == 0 || !sheets.len().is_multiple_of(whole) {
        return Err(SheetError::Width {
            expected: whole,
            found: sheets.len(),
        });
    }
    let mut column = Vec::with_capacity(sheets.len().checked_div(lines).unwrap_or(0));
    (0..lines)
        .map(|line| {
            column.clear();
            let from = width.saturating_mul(line);
            for sheet in sheets.chunks_exact(whole) {
                column.extend(sheet.iter().skip(from).take(width));
            }
            recount(definition, state, &column)
        })
        .collect()
}
