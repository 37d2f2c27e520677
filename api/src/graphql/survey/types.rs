//! A survey as the API shows it.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};
use domain::id::{self, Id};
use service::survey;

use super::ballot::{BallotsKey, SurveyBallot, SurveyBallotLink, SurveyBallotScope};
use super::contact::ContactList;
use super::interference::{SurveyInterference, SurveyPressure};
use super::progress::{ProgressKey, SurveyProgress};
use super::quarantine::SurveyHeldSheet;
use super::question::SurveyQuestion;
use super::result::{ResultsKey, SurveyQuestionResult};
use super::running::{SurveyDays, SurveyWarning, TimeLineKey, WarningsKey};
use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::{load, load_referred, loader};
use crate::graphql::round::{Round, RoundKey};
use crate::graphql::scalar::Instant;

/// Whether a survey takes answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "survey::SurveyState")]
pub enum SurveyState {
    /// Not yet.
    Draft,
    /// Now, if its times allow it.
    Open,
    /// Never again.
    Closed,
}

/// A survey.
#[derive(Debug, Clone)]
pub struct Survey(pub Arc<survey::RoundSurvey>);

impl From<survey::RoundSurvey> for Survey {
    fn from(survey: survey::RoundSurvey) -> Self {
        Self(Arc::new(survey))
    }
}

/// A survey (满意度测评) of a round, frozen when the round opened.
#[Object]
impl Survey {
    /// Global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Its code in the scheme.
    async fn code(&self) -> &str {
        &self.0.definition.code
    }

    /// Title in Chinese.
    async fn name(&self) -> &str {
        &self.0.definition.name.zh
    }

    /// Title in English.
    async fn name_en(&self) -> &str {
        &self.0.definition.name.en
    }

    /// Whether respondents may change their answers until it ends.
    async fn changeable(&self) -> bool {
        self.0.definition.changeable
    }

    /// Whether respondents are asked if anybody told them what to answer.
    async fn asks_whether_told(&self) -> bool {
        self.0.definition.asks_whether_told
    }

    /// Whether it takes answers.
    async fn state(&self) -> SurveyState {
        self.0.state.into()
    }

    /// The first moment at which answers are taken; null for as soon as it is open.
    async fn opens_at(&self) -> Option<Instant> {
        self.0.opens_at.map(Instant)
    }

    /// The first moment at which none are taken any more; null for when it is closed.
    async fn closes_at(&self) -> Option<Instant> {
        self.0.closes_at.map(Instant)
    }

    /// Whether nobody sees any figure of it before it closes, only how many sheets came in.
    async fn sealed(&self) -> bool {
        self.0.definition.sealed
    }

    /// The groups of people who answer, by their codes.
    async fn panels(&self) -> Vec<&str> {
        self.0
            .definition
            .panels
            .iter()
            .map(|panel| panel.code.as_str())
            .collect()
    }

    /// What it asks, in the order of the form.
    #[graphql(complexity = "10 * child_complexity")]
    async fn questions(&self) -> Vec<SurveyQuestion> {
        self.0
            .definition
            .questions
            .iter()
            .cloned()
            .map(SurveyQuestion)
            .collect()
    }

    /// The round.
    async fn round(&self, context: &Context<'_>) -> Result<Round, GraphqlFault> {
        load_referred(context, RoundKey(self.0.round)).await
    }

    /// How far it has come at this moment, over the subjects within the roles of whoever asks. For staff.
    async fn progress(
        &self,
        context: &Context<'_>,
    ) -> Option<Result<SurveyProgress, GraphqlFault>> {
        let loaded = load(context, ProgressKey(self.0.id)).await;
        let is_closed = self.0.state == survey::SurveyState::Closed;
        Some(loaded.map(|found| found.unwrap_or_default().of_closed(is_closed)))
    }

    /// What was answered, in the order of the questions: about all subjects together, or about one of them. Null until
    /// the survey is closed, so that nobody is led by it, and where no group may be shown.
    #[graphql(complexity = "4 * child_complexity")]
    async fn results(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom the answers are about; all subjects together without it.")]
        subject_id: Option<Key<id::Subject>>,
    ) -> Option<Result<Vec<SurveyQuestionResult>, GraphqlFault>> {
        let loaded = load(context, ResultsKey(self.0.id)).await.transpose()?;
        let subject = subject_id.map(|key| key.0);
        Some(loaded.map(|results| results.about(subject)))
    }

    /// When its sheets came in, by days: about all subjects together, or about one of them. Null until the survey is closed,
    /// and where it is withheld.
    #[graphql(complexity = "10 * child_complexity")]
    async fn time_line(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom the sheets are about; all subjects together without it.")]
        subject_id: Option<Key<id::Subject>>,
    ) -> Option<Result<Vec<SurveyDays>, GraphqlFault>> {
        let loaded = load(context, TimeLineKey(self.0.id)).await;
        let subject = subject_id.map(|key| key.0);
        match loaded {
            Ok(line) => line?.about(subject).map(Ok),
            Err(fault) => Some(Err(fault)),
        }
    }

    /// The warnings that it raised about subjects within the roles of whoever asks, the latest first. For staff.
    #[graphql(complexity = "10 * child_complexity")]
    async fn warnings(
        &self,
        context: &Context<'_>,
    ) -> Option<Result<Vec<SurveyWarning>, GraphqlFault>> {
        let loaded = load(context, WarningsKey(self.0.id)).await;
        Some(loaded.map(Option::unwrap_or_default))
    }

    /// Who stands on one ballot; null where a sheet is about one subject.
    async fn ballot_for(&self) -> Option<SurveyBallotScope> {
        Some(self.0.definition.ballot?.one_for.into())
    }

    /// Its ballots, in the order of their numbers; none where a sheet is about one subject. For staff.
    #[graphql(complexity = "10 * child_complexity")]
    async fn ballots(
        &self,
        context: &Context<'_>,
    ) -> Option<Result<Vec<SurveyBallot>, GraphqlFault>> {
        let loaded = load(context, BallotsKey(self.0.id)).await;
        Some(loaded.map(Option::unwrap_or_default))
    }

    /// The open links to its ballots, in the order of their codes. For those who run the whole survey.
    #[graphql(complexity = "10 * child_complexity")]
    async fn ballot_links(
        &self,
        context: &Context<'_>,
    ) -> Option<Result<Vec<SurveyBallotLink>, GraphqlFault>> {
        let links = async {
            let actor = &Asker::of(context)?.actor;
            let links = service(context)?
                .list_ballot_links(actor, self.0.id)
                .await?;
            Ok(links.into_iter().map(SurveyBallotLink::from).collect())
        };
        Some(links.await)
    }

    /// The lists of people whom it is sent to, oldest first. For those who run all of the survey.
    #[graphql(complexity = "10 * child_complexity")]
    async fn contact_lists(
        &self,
        context: &Context<'_>,
    ) -> Option<Result<Vec<ContactList>, GraphqlFault>> {
        let lists = async {
            let actor = &Asker::of(context)?.actor;
            let lists = service(context)?
                .list_contact_lists(actor, self.0.id)
                .await?;
            Ok(lists.into_iter().map(ContactList).collect())
        };
        Some(lists.await)
    }

    /// Its open links, in the order of their codes. For those who run surveys.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn links(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<SurveyLink>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let page = window.page("survey_link")?;
        let part = service(context)?
            .list_survey_links(actor, self.0.id, page)
            .await?;
        Ok(Connection::new("survey_link", &window, part, |link| {
            link.code.clone()
        }))
    }
}

/// An open link.
#[derive(Debug, Clone)]
pub struct SurveyLink(survey::OpenLink);

impl From<survey::OpenLink> for SurveyLink {
    fn from(link: survey::OpenLink) -> Self {
        Self(link)
    }
}

/// An open link: whoever has it may answer about one subject.
#[Object]
impl SurveyLink {
    /// The code; citizens open `/s/` followed by it.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Global id of the subject that the answers are about.
    async fn subject_id(&self) -> ID {
        self.0.link.subject.to_string().into()
    }

    /// The panel to which the link is given.
    async fn panel(&self) -> &str {
        &self.0.link.panel
    }

    /// The marks of those to whom it is given, by their codes.
    async fn marks(&self) -> &[String] {
        &self.0.link.marks
    }
}

/// The part of a round that holds its surveys.
#[derive(Debug, Clone, Copy)]
pub struct RoundSurveys(pub Id<id::Round>);

#[Object]
impl RoundSurveys {
    /// The surveys, in the order of their codes; none while the round is a draft.
    #[graphql(complexity = "5 * child_complexity")]
    async fn surveys(&self, context: &Context<'_>) -> Result<Vec<Survey>, GraphqlFault> {
        Ok(load(context, SurveysKey(self.0)).await?.unwrap_or_default())
    }
}

loader! {
    /// Loads surveys.
    pub SurveyKey(id::Survey) -> Survey: find_surveys, Survey::from
}

loader! {
    /// Loads the surveys of a round.
    pub SurveysKey(id::Round) -> Vec<Survey>: list_surveys_of, |list: Vec<_>| list.into_iter().map(Survey::from).collect()
}

/// The part of the query root about surveys.
#[derive(Debug, Default)]
pub struct SurveyQuery;

#[Object]
impl SurveyQuery {
    /// One survey; null if there is none of that id or its round may not be read.
    async fn survey(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which survey.")] id: Key<id::Survey>,
    ) -> Option<Result<Survey, GraphqlFault>> {
        load(context, SurveyKey(id.0)).await.transpose()
    }

    /// Signs of interference with a survey; null while it is sealed and takes answers. For those who run rounds, and those
    /// who supervise them.
    #[graphql(complexity = "20 + child_complexity")]
    async fn survey_interference(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which survey.")] id: Key<id::Survey>,
    ) -> Option<Result<SurveyInterference, GraphqlFault>> {
        let found = async {
            let actor = &Asker::of(context)?.actor;
            Ok(service(context)?.read_interference(actor, id.0).await?)
        };
        let found = found.await.transpose()?;
        Some(found.map(SurveyInterference::from))
    }

    /// Sheets that are held back, for a program seems to have sent them: a hundred at most; null while the survey is sealed
    /// and takes answers. For those who run rounds, and those who supervise them.
    #[graphql(complexity = "20 * child_complexity")]
    async fn survey_held_sheets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which survey.")] id: Key<id::Survey>,
    ) -> Option<Result<Vec<SurveyHeldSheet>, GraphqlFault>> {
        let held = async {
            let actor = &Asker::of(context)?.actor;
            Ok(service(context)?.list_held_sheets(actor, id.0).await?)
        };
        let held = held.await.transpose()?;
        Some(held.map(|held| held.into_iter().map(SurveyHeldSheet::from).collect()))
    }

    /// How many respondents said that somebody told them what to answer: of all together, then about each subject or on
    /// each ballot. Null where the survey does not ask it, and until it is closed. For those alone who supervise.
    #[graphql(complexity = "10 * child_complexity")]
    async fn survey_pressure(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which survey.")] id: Key<id::Survey>,
    ) -> Option<Result<Vec<SurveyPressure>, GraphqlFault>> {
        let told = async {
            let actor = &Asker::of(context)?.actor;
            Ok(service(context)?.read_told(actor, id.0).await?)
        };
        let told = told.await.transpose()?;
        Some(told.map(|told| told.into_iter().map(SurveyPressure::from).collect()))
    }
}
