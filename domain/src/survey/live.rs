//! What may be seen of a survey while it takes answers: figures that move by at least [`FEW`] answers at a time and
//! stay as many behind, so that whoever looks twice, or looks before and after the end, learns nothing of a smaller
//! group.
//!
//! This is kept for each group of sheets that is counted by itself, of one subject, panel and channel. A sum of groups
//! then moves by nothing or by [`FEW`] and more as well, and so does what is left when sums are taken off each other.

use super::tally::MARKED;
use super::{Asked, Definition, RATED, SheetState, Tally};
use crate::outcome::FEW;
use crate::scheme::file::{AnswerClass, Denominator};

/// What is shown of a group of sheets, and what will be shown next.
///
/// The next is a picture of the group, shown once [`FEW`] further answers have come: until then the end of the survey
/// would tell what was answered since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    /// What everybody who may see figures sees.
    pub shown: Tally,
    /// What they will see next.
    pub next: Tally,
}

impl Live {
    /// Of a group of which everything up to now was shown already.
    pub fn from_shown(tally: Tally) -> Self {
        Self {
            next: tally.clone(),
            shown: tally,
        }
    }

    /// Moves on if enough has come in by now; returns whether it did.
    ///
    /// The sheets move together. The answers to a question move with them if enough of them are new, and else stay:
    /// few may have answered it. Where rates are of all valid sheets, no question may stay behind these, so all wait
    /// for it.
    pub fn advance(&mut self, definition: &Definition, kept: &Tally) -> bool {
        let valid = |tally: &Tally| tally.sheets(SheetState::Valid);
        if !is_enough(valid(kept), valid(&self.next)) {
            return false;
        }
        let mut moved = Self {
            shown: of_sheets(&self.next),
            next: of_sheets(kept),
        };
        for number in (0_u16..).take(definition.questions.len()) {
            let answered = |tally: &Tally| count_answers(definition, number, tally);
            let (before, now) = (answered(&self.next), answered(kept));
            let ready = is_enough(now, before);
            let waits = definition.denominator == Denominator::Valid && now > 0;
            if !ready && waits && is_rated(definition, number) {
                return false;
            }
            let (shown, next) = if ready {
                (&self.next, kept)
            } else {
                (&self.shown, &self.next)
            };
            copy_question(number, shown, &mut moved.shown);
            copy_question(number, next, &mut moved.next);
            // Sheets were set aside in the meantime.
            let rates = |tally: &Tally| tally.count(RATED.0, RATED.1);
            let fits = |tally: &Tally| {
                largest(definition, number, tally) <= valid(tally)
                    && (!is_rated(definition, number)
                        || count_answers(definition, number, tally) <= rates(tally))
            };
            if !fits(&moved.shown) || !fits(&moved.next) {
                return false;
            }
        }
        *self = moved;
        true
    }
}

const fn is_enough(now: u64, before: u64) -> bool {
    now.abs_diff(before) >= FEW
}

/// What a tally says about sheets and the marks on them, without the answers to questions.
fn of_sheets(tally: &Tally) -> Tally {
    Tally {
        sheets: tally.sheets.clone(),
        answers: (tally.answers.range((MARKED, 0)..=(RATED.0, u16::MAX)))
            .map(|(place, count)| (*place, *count))
            .collect(),
    }
}

fn copy_question(number: u16, from: &Tally, to: &mut Tally) {
    let of_question = from.answers.range((number, 0)..=(number, u16::MAX));
    to.answers
        .extend(of_question.map(|(place, count)| (*place, *count)));
}

fn is_rated(definition: &Definition, number: u16) -> bool {
    let question = definition.questions.get(usize::from(number));
    question.is_some_and(|question| matches!(question.asked, Asked::Rated(_)))
}

/// How many sheets answered a question, at least: of several choices it is known of none how many sheets took some of
/// them. Of a rated question those that enter a rate.
fn count_answers(definition: &Definition, number: u16, tally: &Tally) -> u64 {
    let Some(question) = definition.questions.get(usize::from(number)) else {
        return 0;
    };
    match &question.asked {
        Asked::Rated(options) => (0_u16..)
            .zip(options)
            .filter(|(_, option)| option.class != Some(AnswerClass::NoOpinion))
            .map(|(place, _)| tally.count(number, place))
            .fold(0, u64::saturating_add),
        Asked::One(options) => (0_u16..)
            .zip(options)
            .map(|(place, _)| tally.count(number, place))
            .fold(0, u64::saturating_add),
        Asked::Several(options) => (0_u16..)
            .zip(options)
            .map(|(place, _)| tally.count(number, place))
            .max()
            .unwrap_or(0),
        Asked::Words { .. } => tally.count(number, 0),
    }
}

/// How many sheets there must be for the answers to a question.
fn largest(definition: &Definition, number: u16, tally: &Tally) -> u64 {
    let of_question = tally.answers.range((number, 0)..=(number, u16::MAX));
    let counts = of_question.map(|(_, count)| *count);
    let several = (definition.questions.get(usize::from(number)))
        .is_some_and(|question| matches!(question.asked, Asked::Several(_)));
    if several {
        counts.max().unwrap_or(0)
    } else {
        counts.fold(0, u64::saturating_add)
    }
}
