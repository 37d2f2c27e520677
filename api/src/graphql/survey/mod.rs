//! Surveys of a round: what they ask, how far they have come, opening and closing, links and invitations.

mod ballot;
mod contact;
mod interference;
mod mutation;
mod progress;
mod quarantine;
mod question;
mod result;
mod running;
mod types;
mod words;

pub use types::{RoundSurveys, Survey, SurveyKey, SurveyQuery};
pub use words::WordsQuery;

/// Everything about surveys that can be changed, as one part of the mutation root: each part more in that list nests the
/// root deeper, and the compiler bounds how deep.
#[derive(async_graphql::MergedObject, Default)]
pub struct SurveyMutations(
    mutation::SurveyMutation,
    contact::ContactMutation,
    quarantine::QuarantineMutation,
    words::WordsMutation,
);
