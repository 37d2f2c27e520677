//! Whether a sheet counts: the scheme's validity rules, each countable and named.
//!
//! A rule whose datum is lacking does not apply. Rules about batches are deliberately absent: they look at more than
//! one sheet.

use super::answer::{Answer, Answers};
use super::{Definition, Question};
use crate::scheme::file::AnswerClass;

/// Whether a sheet counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Valid,
    /// It is kept and counted apart.
    Invalid(Invalidity),
}

/// Why a sheet does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invalidity {
    /// A required answer is missing.
    RequiredMissing,
    /// More `no_opinion` than the survey allows.
    TooManyNoOpinion,
    /// The same answer throughout.
    StraightLine,
    /// Filled in faster than a person can.
    TooFast,
}

impl Invalidity {
    /// Every reason.
    pub const ALL: [Self; 4] = [
        Self::RequiredMissing,
        Self::TooManyNoOpinion,
        Self::StraightLine,
        Self::TooFast,
    ];

    /// The word that is stored and exported.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RequiredMissing => "required_missing",
            Self::TooManyNoOpinion => "too_many_no_opinion",
            Self::StraightLine => "straight_line",
            Self::TooFast => "too_fast",
        }
    }
}

/// Judges a sheet by its survey's validity rules; the first that speaks against it, in the order of [`Invalidity`].
///
/// `seconds` is the time that it took to fill in, for channels that know it.
pub fn judge(definition: &Definition, answers: &Answers, seconds: Option<u64>) -> Verdict {
    judge_lines(definition, &std::iter::once(answers), seconds)
}

/// Judges all these lines as one sheet.
pub(super) fn judge_lines<'a>(
    definition: &'a Definition,
    lines: &(impl Iterator<Item = &'a Answers> + Clone),
    seconds: Option<u64>,
) -> Verdict {
    let pairs = || {
        let lines = lines.clone();
        lines.flat_map(|answers| definition.questions.iter().zip(answers.iter()))
    };
    let is_missing = |answers: &Answers| {
        let mut pairs = definition.questions.iter().zip(answers.iter());
        pairs.any(|(question, answer)| {
            question.required && *answer == Answer::Silent && question.is_shown(&answers.0)
        })
    };
    if lines.clone().any(is_missing) {
        return Verdict::Invalid(Invalidity::RequiredMissing);
    }
    let rules = &definition.validity;
    let no_opinion = pairs()
        .filter(|(question, answer)| class(question, answer) == Some(AnswerClass::NoOpinion))
        .count();
    if exceeds(no_opinion, rules.most_no_opinion) {
        return Verdict::Invalid(Invalidity::TooManyNoOpinion);
    }
    if let Some(line) = &rules.straight_line {
        let mut rated = pairs().filter_map(|(question, answer)| rated_code(question, answer));
        let mut length = 0_usize;
        let first = rated.next();
        let same = first.is_some_and(|first| {
            length = 1;
            line.options.iter().any(|option| option == first)
                && rated.all(|code| {
                    length = length.saturating_add(1);
                    code == first
                })
        });
        if same && usize::try_from(line.least).is_ok_and(|least| length >= least) {
            return Verdict::Invalid(Invalidity::StraightLine);
        }
    }
    match (seconds, rules.least_seconds) {
        (Some(seconds), Some(least)) if seconds < u64::from(least) => {
            Verdict::Invalid(Invalidity::TooFast)
        }
        _ => Verdict::Valid,
    }
}

fn exceeds(found: usize, most: Option<u32>) -> bool {
    most.and_then(|most| usize::try_from(most).ok())
        .is_some_and(|most| found > most)
}

fn class(question: &Question, answer: &Answer) -> Option<AnswerClass> {
    match answer {
        Answer::One(place) => question.options().get(usize::from(*place))?.class,
        Answer::Silent | Answer::Several(_) | Answer::Words(_) => None,
    }
}

/// The option's code where the answer is rated: neither silence nor `no_opinion` makes or breaks a line.
fn rated_code<'a>(question: &'a Question, answer: &Answer) -> Option<&'a str> {
    match (class(question, answer)?, answer) {
        (
            AnswerClass::Satisfied | AnswerClass::Neutral | AnswerClass::Dissatisfied,
            Answer::One(place),
        ) => question
            .options()
            .get(usize::from(*place))
            .map(|option| option.code.as_str()),
        _ => None,
    }
}
