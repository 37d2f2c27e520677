//! Sheets that are held back until somebody decides about each.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use domain::id;
use service::survey::{AnsweredAbout, HeldSheet, SheetDecision};

use super::mutation::find_after;
use super::progress::Channel;
use super::types::Survey;
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;

/// A sheet that is held back.
#[derive(Debug, Clone)]
pub struct SurveyHeldSheet(HeldSheet);

impl From<HeldSheet> for SurveyHeldSheet {
    fn from(sheet: HeldSheet) -> Self {
        Self(sheet)
    }
}

/// A sheet that is held back, for a program seems to have sent it. What it says is not shown.
#[Object]
impl SurveyHeldSheet {
    /// What it is called; it says nothing of when it came or who sent it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Global id of the subject that it is about; null where it is a ballot.
    async fn subject_id(&self) -> Option<ID> {
        match self.0.about {
            AnsweredAbout::Subject(subject) => Some(subject.to_string().into()),
            AnsweredAbout::Ballot(_) => None,
        }
    }

    /// The number of the ballot; null where it is about one subject.
    async fn ballot(&self) -> Option<String> {
        match self.0.about {
            AnsweredAbout::Subject(_) => None,
            AnsweredAbout::Ballot(number) => Some(number.to_string()),
        }
    }

    /// Code of the panel that it is from.
    async fn panel(&self) -> &str {
        &self.0.panel
    }

    /// On what way it came.
    async fn channel(&self) -> Channel {
        self.0.channel.into()
    }

    /// Why it is held back: `honeypot` where a field was filled in that no person sees.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
}

/// What is to become of sheets that are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SurveySheetDecision {
    /// They count, if no rule of validity speaks against them.
    Count,
    /// They do not count.
    SetAside,
}

/// A decision about sheets that are held back.
#[derive(Debug, InputObject)]
pub struct SurveyDecideSheetsInput {
    /// The survey.
    survey_id: Key<id::Survey>,
    /// Which sheets, by their names.
    sheets: Vec<String>,
    /// What becomes of them.
    decision: SurveySheetDecision,
    /// Why. It stays in the log.
    reason: String,
}

payload! {
    /// What came of a decision about sheets.
    SurveyDecideSheetsPayload {
        /// The survey.
        survey: Survey
    }
}

/// Decisions about sheets that are held back.
#[derive(Debug, Default)]
pub struct QuarantineMutation;

#[Object]
impl QuarantineMutation {
    /// Decides about sheets that are held back. Where the survey is closed its sheets are sealed anew.
    async fn survey_decide_sheets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The decision.")] input: SurveyDecideSheetsInput,
    ) -> Result<SurveyDecideSheetsPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let decision = SheetDecision {
            survey: input.survey_id.0,
            sheets: input.sheets,
            count: input.decision == SurveySheetDecision::Count,
            reason: input.reason,
        };
        let service = service(context)?;
        let outcome = service.decide_sheets(actor, &decision).await.map(|_| ());
        let found = find_after(service, actor, decision.survey, outcome).await;
        SurveyDecideSheetsPayload::of(found)
    }
}
