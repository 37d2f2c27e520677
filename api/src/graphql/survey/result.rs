//! What a closed survey found.

use std::sync::Arc;

use async_graphql::Object;
use domain::id::{self, Id};
use domain::survey::{Choice, Line, Opt, Part};
use service::survey;

use super::progress::Channel;
use super::question::SurveyQuestion;
use crate::graphql::loader::loader;
use crate::graphql::scalar::Rational;

/// What a survey found about everybody.
#[derive(Debug, Clone)]
pub struct SurveyResults(Arc<survey::SurveyResults>);

impl SurveyResults {
    /// What it found about one subject, or about all together.
    pub(super) fn about(&self, subject: Option<Id<id::Subject>>) -> Vec<SurveyQuestionResult> {
        let questions = self.0.questions.iter();
        questions
            .map(|result| SurveyQuestionResult {
                question: SurveyQuestion(result.question.clone()),
                lines: (result.lines.iter())
                    .filter(|line| line.subject == subject)
                    .map(|line| SurveyAnswers {
                        line: line.clone(),
                        options: result.question.options().to_vec(),
                    })
                    .collect(),
            })
            .collect()
    }
}

loader! {
    /// Loads the results of surveys.
    pub ResultsKey(id::Survey) -> SurveyResults: list_results_of, |results| SurveyResults(Arc::new(results))
}

/// What was answered to a question.
#[derive(Debug, Clone)]
pub struct SurveyQuestionResult {
    question: SurveyQuestion,
    lines: Vec<SurveyAnswers>,
}

/// What was answered to a question.
#[Object]
impl SurveyQuestionResult {
    /// The question.
    async fn question(&self) -> SurveyQuestion {
        self.question.clone()
    }

    /// Everybody's answers, then those of each panel, then those that came in on each way. Empty where nobody was asked
    /// about the subject.
    #[graphql(complexity = "4 * child_complexity")]
    async fn lines(&self) -> Vec<SurveyAnswers> {
        self.lines.clone()
    }
}

/// A group of answers to one question.
#[derive(Debug, Clone)]
pub struct SurveyAnswers {
    line: Line<Id<id::Subject>>,
    options: Vec<Opt>,
}

/// A group of answers to one question. Counts are texts where they may exceed what a number of JSON holds.
#[Object]
impl SurveyAnswers {
    /// Code of the panel that answered; null for all.
    async fn panel(&self) -> Option<&str> {
        match &self.line.part {
            Part::Panel(code) => Some(code),
            Part::Whole | Part::Channel(_) => None,
        }
    }

    /// On what way the answers came in; null for all.
    async fn channel(&self) -> Option<Channel> {
        match self.line.part {
            Part::Channel(channel) => Some(channel.into()),
            Part::Whole | Part::Panel(_) => None,
        }
    }

    /// Whether it is withheld: fewer than ten answered, or a group of fewer would follow from it.
    async fn is_withheld(&self) -> bool {
        self.line.counts.is_none()
    }

    /// How many answered; where any number of options may be chosen, or words written, how many valid sheets there are.
    /// Null where it is withheld.
    async fn answers(&self) -> Option<String> {
        Some(self.line.counts.as_ref()?.of.to_string())
    }

    /// What was chosen, in the order of the form; empty where the answer is in words. Null where it is withheld.
    #[graphql(complexity = "4 * child_complexity")]
    async fn options(&self) -> Option<Vec<SurveyOptionCount>> {
        let counts = self.line.counts.as_ref()?;
        let options = self.options.iter().enumerate();
        Some(
            options
                .map(|(place, option)| SurveyOptionCount {
                    code: option.code.clone(),
                    choice: counts.choice(place),
                })
                .collect(),
        )
    }
}

/// How often an option was chosen.
#[derive(Debug, Clone)]
pub struct SurveyOptionCount {
    code: String,
    choice: Choice,
}

/// How often an option was chosen.
#[Object]
impl SurveyOptionCount {
    /// Code of the option.
    async fn option(&self) -> &str {
        &self.code
    }

    /// How often it was chosen.
    async fn count(&self) -> String {
        self.choice.count.to_string()
    }

    /// Its exact share, between 0 and 1; null where nobody answered.
    async fn share(&self) -> Option<Rational> {
        Some(self.choice.share()?.into())
    }

    /// The share as a percentage rounded half up to two places, such as `93.33%`; null where nobody answered.
    async fn percent(&self) -> Option<String> {
        Some(self.choice.share()?.to_percent_text(2))
    }

    /// Lower bound of the 95 % Wilson interval of the share, rounded down to ten-thousandths. It speaks of chance alone,
    /// as if those who answered had been drawn at random.
    async fn low(&self) -> Option<Rational> {
        Some(self.choice.bounds()?.0.into())
    }

    /// Upper bound of the same interval, rounded up.
    async fn high(&self) -> Option<Rational> {
        Some(self.choice.bounds()?.1.into())
    }
}
