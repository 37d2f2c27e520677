//! Ballots: who stands on them, and what admits to them.

use async_graphql::{ID, InputObject, Object, SimpleObject};
use domain::id;
use domain::scheme::file::BallotScope;
use service::survey;

use crate::graphql::key::Key;
use crate::graphql::loader::loader;
use crate::graphql::payload::Refusal;

/// A ballot (评议票) of a survey: the subjects that one person rates on one sheet.
#[derive(Debug, Clone)]
pub struct SurveyBallot(survey::Ballot);

/// A ballot (评议票) of a survey: the subjects that one person rates on one sheet, a line for each.
#[Object]
impl SurveyBallot {
    /// Its number within the survey.
    async fn number(&self) -> i32 {
        i32::try_from(self.0.number).unwrap_or(i32::MAX)
    }

    /// Global id of the region whose subjects stand on it; null on the only ballot of a round.
    async fn region_id(&self) -> Option<ID> {
        Some(self.0.region?.to_string().into())
    }

    /// Global ids of the subjects, in the order of the lines.
    async fn subject_ids(&self) -> Vec<ID> {
        self.0
            .subjects
            .iter()
            .map(|id| id.to_string().into())
            .collect()
    }
}

loader! {
    /// Loads the ballots of a survey.
    pub BallotsKey(id::Survey) -> Vec<SurveyBallot>: list_ballots_of, |list: Vec<_>| list.into_iter().map(SurveyBallot).collect()
}

/// An open link to a ballot: whoever has it may answer.
#[derive(Debug, Clone, SimpleObject)]
pub struct SurveyBallotLink {
    /// The code; citizens open `/s/` followed by it.
    code: String,
    /// Number of the ballot.
    ballot: i32,
    /// The panel to which the link is given.
    panel: String,
    /// The marks of those to whom it is given.
    marks: Vec<String>,
}

impl From<survey::BallotLink> for SurveyBallotLink {
    fn from(link: survey::BallotLink) -> Self {
        Self {
            code: link.code,
            ballot: i32::try_from(link.ballot).unwrap_or(i32::MAX),
            panel: link.panel,
            marks: link.marks,
        }
    }
}

/// An open link to a ballot to be made.
#[derive(Debug, InputObject)]
pub struct SurveyAddBallotLinkInput {
    /// The survey, which is a ballot.
    survey_id: Key<id::Survey>,
    /// Number of the ballot.
    ballot: i32,
    /// The panel to which the link is given, by its code.
    panel: String,
    /// The marks of those to whom it is given, by their codes; of those whose share the survey demands among its sheets.
    #[graphql(default, validator(max_items = 32))]
    marks: Vec<String>,
}

impl SurveyAddBallotLinkInput {
    pub(super) fn wanted(self) -> survey::BallotFor {
        survey::BallotFor {
            survey: self.survey_id.0,
            ballot: self.ballot.into(),
            panel: self.panel,
            marks: self.marks,
        }
    }
}

/// What came of making a link to a ballot.
#[derive(Debug, SimpleObject)]
pub struct SurveyAddBallotLinkPayload {
    /// The link. Null when it was refused.
    pub link: Option<SurveyBallotLink>,
    /// Why nothing was changed. Empty when it was done.
    pub refusals: Vec<Refusal>,
}

/// Invitations to a ballot to be made.
#[derive(Debug, InputObject)]
pub struct SurveyInviteToBallotInput {
    /// The survey, which is a ballot.
    survey_id: Key<id::Survey>,
    /// Number of the ballot.
    ballot: i32,
    /// The panel to which the invited belong, by its code.
    panel: String,
    /// The marks that all of them bear, by their codes; of those whose share the survey demands among its sheets.
    #[graphql(default, validator(max_items = 32))]
    marks: Vec<String>,
    /// How many, 1 to 1,000.
    #[graphql(validator(minimum = 1, maximum = 1000))]
    count: i32,
}

impl SurveyInviteToBallotInput {
    pub(super) fn invitations(self) -> survey::NewBallotInvitations {
        survey::NewBallotInvitations {
            wanted: survey::BallotFor {
                survey: self.survey_id.0,
                ballot: self.ballot.into(),
                panel: self.panel,
                marks: self.marks,
            },
            count: usize::try_from(self.count).unwrap_or(0),
        }
    }
}

/// Who stands on one ballot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(remote = "BallotScope")]
pub enum SurveyBallotScope {
    /// Every subject of the round that the survey is about.
    Round,
    /// The subjects of one region that the survey is about.
    Region,
}
