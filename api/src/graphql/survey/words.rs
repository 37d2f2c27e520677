//! What people wrote, for those entitled, and what is decided about a text.

use async_graphql::{Context, Enum, InputObject, Object};
use domain::id;
use service::survey::{
    NotATextId, Text, TextDecision, TextDecisionDraft, TextId, Words, WordsWanted, WordsWithheld,
};

use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;

/// Why answers in words are not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "WordsWithheld")]
pub enum SurveyWordsWithheld {
    /// The survey is not closed.
    NotClosed,
    /// Fewer than ten valid sheets are about the subject.
    Few,
    /// The survey has no question of that code that is answered in words.
    NotInWords,
}

/// What was decided about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TextDecision")]
pub enum SurveyTextDecision {
    /// Nobody reads it.
    Hide,
    /// It is read as it was written.
    Release,
    /// As the rule has it, as before any decision.
    ByRule,
}

/// Answers in words to one question about one subject, in an order of chance: without panel, channel and time.
#[derive(Debug)]
pub struct SurveyWords {
    withheld: Option<WordsWithheld>,
    window: Window,
    part: service::page::Part<Text>,
}

/// Answers in words to one question about one subject, in an order of chance: without panel, channel and time.
#[Object]
impl SurveyWords {
    /// Why nothing is shown; null where something may be.
    async fn withheld(&self) -> Option<SurveyWordsWithheld> {
        Some(self.withheld?.into())
    }

    /// The texts.
    async fn texts(&self) -> Connection<SurveyText> {
        Connection::new("survey_text", &self.window, self.part.clone(), |text| {
            text.id
        })
    }
}

/// An answer in words.
#[derive(Debug, Clone)]
pub struct SurveyText(Text);

impl From<Text> for SurveyText {
    fn from(text: Text) -> Self {
        Self(text)
    }
}

/// An answer in words.
#[Object]
impl SurveyText {
    /// Its name, by which something can be decided about it. It leads to no sheet and to no receipt.
    async fn name(&self) -> String {
        self.0.id.to_string()
    }

    /// What may be read of it. What points at a person is removed by rule and stands as `〔…〕`. Null where it is hidden.
    async fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    /// In how many places the rule removes something from it.
    async fn removed(&self) -> u32 {
        self.0.removed
    }

    /// What was decided about it; null where nothing was.
    async fn decision(&self) -> Option<SurveyTextDecision> {
        let (decision, _) = self.0.decision.as_ref()?;
        Some((*decision).into())
    }

    /// Why; null where nothing was decided.
    async fn reason(&self) -> Option<&str> {
        let (_, reason) = self.0.decision.as_ref()?;
        Some(reason)
    }
}

/// The part of the query root about what people wrote.
#[derive(Debug, Default)]
pub struct WordsQuery;

#[Object]
impl WordsQuery {
    /// What people wrote in answer to a question about a subject, once the survey is closed. For those entitled; that it
    /// was read stands in the log.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn survey_words(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The survey.")] survey_id: Key<id::Survey>,
        #[graphql(desc = "Whom the answers are about.")] subject_id: Key<id::Subject>,
        #[graphql(desc = "The question, by its code.")] question: String,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<SurveyWords, GraphqlFault> {
        let window = Window { first, after };
        let page = window.page::<TextId>("survey_text")?;
        let wanted = WordsWanted {
            survey: survey_id.0,
            subject: subject_id.0,
            question,
        };
        let actor = &Asker::of(context)?.actor;
        let words = service(context)?.read_words(actor, &wanted, page).await?;
        Ok(match words {
            Words::Shown(part) => SurveyWords {
                withheld: None,
                window,
                part,
            },
            Words::Withheld(why) => SurveyWords {
                withheld: Some(why),
                window,
                part: service::page::Part {
                    rows: Vec::new(),
                    has_more: false,
                },
            },
        })
    }
}

/// A decision about a text.
#[derive(Debug, InputObject)]
pub struct SurveyDecideTextInput {
    /// The survey.
    survey_id: Key<id::Survey>,
    /// Whom the text is about.
    subject_id: Key<id::Subject>,
    /// The question that it answers, by its code.
    question: String,
    /// The text, by its name.
    text: String,
    /// What holds.
    decision: SurveyTextDecision,
    /// Why; it stays in the log.
    reason: String,
}

payload! {
    /// What came of deciding about a text.
    SurveyDecideTextPayload {
        /// The text as it is read from now on.
        text: SurveyText
    }
}

/// The part of the mutation root about what people wrote.
#[derive(Debug, Default)]
pub struct WordsMutation;

#[Object]
impl WordsMutation {
    /// Hides an answer in words, releases it as it was written, or takes such a decision back.
    async fn survey_decide_text(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The decision.")] input: SurveyDecideTextInput,
    ) -> Result<SurveyDecideTextPayload, GraphqlFault> {
        let text: TextId = (input.text.parse())
            .map_err(|error: NotATextId| GraphqlFault::bad_input(error.to_string()))?;
        let draft = TextDecisionDraft {
            of: WordsWanted {
                survey: input.survey_id.0,
                subject: input.subject_id.0,
                question: input.question,
            },
            text,
            decision: input.decision.into(),
            reason: input.reason,
        };
        let actor = &Asker::of(context)?.actor;
        SurveyDecideTextPayload::of(service(context)?.decide_text(actor, &draft).await)
    }
}
