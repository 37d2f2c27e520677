//! Surveys of a round: what they ask, how far they have come, opening and closing, links and invitations.

mod ballot;
mod contact;
mod interference;
mod mutation;
mod progress;
mod quarantine;
mod question;
mod result;
mod types;

pub use contact::ContactMutation;
pub use mutation::SurveyMutation;
pub use quarantine::QuarantineMutation;
pub use types::{RoundSurveys, Survey, SurveyKey, SurveyQuery};
