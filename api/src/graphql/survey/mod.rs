//! Surveys of a round: what they ask, how far they have come, opening and closing, links and invitations.

mod ballot;
mod mutation;
mod progress;
mod question;
mod types;

pub use mutation::SurveyMutation;
pub use types::{RoundSurveys, Survey, SurveyKey, SurveyQuery};
