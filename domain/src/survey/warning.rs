//! What a survey warns of while it runs.

use super::{Asked, Definition, Tally};
use crate::number::Ratio;
use crate::scheme::file::{AnswerClass, SurveyWarning};

/// Why a warning is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningGround {
    /// More are dissatisfied than the survey lets pass.
    Dissatisfied {
        /// Answers that are dissatisfied.
        dissatisfied: u64,
        /// Answers that are rated.
        rated: u64,
    },
    /// Fewer sheets have come back than were hoped for.
    Few {
        /// How many came back.
        returned: u64,
        /// How many were hoped for.
        wanted: u32,
    },
}

/// The ground of a warning about a subject, by what may be shown of it and the sheets that came back; nothing where there
/// is none. Whether the end is near is for whoever has a clock.
pub fn find_ground(
    definition: &Definition,
    warning: &SurveyWarning,
    (shown, returned): (&Tally, u64),
) -> Option<WarningGround> {
    if let Some(most) = &warning.dissatisfied_above {
        let (dissatisfied, rated) = count(definition, shown);
        let share = Ratio::of_counts(dissatisfied, rated)?;
        return (share > *most).then_some(WarningGround::Dissatisfied {
            dissatisfied,
            rated,
        });
    }
    let wanted = warning.fewer_than?;
    (returned < u64::from(wanted)).then_some(WarningGround::Few { returned, wanted })
}

/// Dissatisfied and all rated answers, over all questions.
fn count(definition: &Definition, tally: &Tally) -> (u64, u64) {
    let (mut dissatisfied, mut rated) = (0_u64, 0_u64);
    for (number, question) in (0_u16..).zip(&definition.questions) {
        let Asked::Rated(options) = &question.asked else {
            continue;
        };
        for (place, option) in (0_u16..).zip(options) {
            let count = tally.count(number, place);
            match option.class {
                Some(AnswerClass::Dissatisfied) => {
                    dissatisfied = dissatisfied.saturating_add(count);
                    rated = rated.saturating_add(count);
                }
                Some(AnswerClass::Satisfied | AnswerClass::Neutral) => {
                    rated = rated.saturating_add(count);
                }
                Some(AnswerClass::NoOpinion) | None => {}
            }
        }
    }
    (dissatisfied, rated)
}
