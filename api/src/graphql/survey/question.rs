//! What a survey asks.

use async_graphql::{Enum, Object};
use domain::survey::{Asked, Opt, Question};

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum QuestionKind {
    /// By one option of a scale.
    Rated,
    /// By one of several choices.
    One,
    /// By any number of choices.
    Several,
    /// In words.
    Words,
}

/// A question.
#[derive(Debug, Clone)]
pub struct SurveyQuestion(pub Question);

/// A question (题目) of a survey.
#[Object]
impl SurveyQuestion {
    /// Its code.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What is asked, in Chinese.
    async fn text(&self) -> &str {
        &self.0.text.zh
    }

    /// What is asked, in English.
    async fn text_en(&self) -> &str {
        &self.0.text.en
    }

    /// What helps to answer it, in Chinese.
    async fn help(&self) -> Option<&str> {
        Some(&self.0.help.as_ref()?.zh)
    }

    /// What helps to answer it, in English.
    async fn help_en(&self) -> Option<&str> {
        Some(&self.0.help.as_ref()?.en)
    }

    /// Whether it must be answered.
    async fn required(&self) -> bool {
        self.0.required
    }

    /// How it is answered.
    async fn kind(&self) -> QuestionKind {
        match self.0.asked {
            Asked::Rated(_) => QuestionKind::Rated,
            Asked::One(_) => QuestionKind::One,
            Asked::Several(_) => QuestionKind::Several,
            Asked::Words { .. } => QuestionKind::Words,
        }
    }

    /// What can be chosen; empty where the answer is in words.
    #[graphql(complexity = "5 * child_complexity")]
    async fn options(&self) -> Vec<SurveyOption> {
        self.0.options().iter().cloned().map(SurveyOption).collect()
    }
}

/// An option.
#[derive(Debug, Clone)]
pub struct SurveyOption(Opt);

/// An option (等级 or choice) of a question.
#[Object]
impl SurveyOption {
    /// Its code.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What the citizen reads, in Chinese.
    async fn label(&self) -> &str {
        &self.0.label.zh
    }

    /// What the citizen reads, in English.
    async fn label_en(&self) -> &str {
        &self.0.label.en
    }
}
