//! Signs of interference with a survey.

use std::sync::Arc;

use async_graphql::{ID, Object};
use chrono::DateTime;
use domain::survey::{Alike, Arrived, Burst, Jump, SPAN_SECONDS, Shared, Told};
use service::survey::{AnsweredAbout, Interference};

use super::progress::Channel;
use crate::graphql::scalar::{Date, Instant, Rational};

/// Signs of interference with a survey.
#[derive(Debug, Clone)]
pub struct SurveyInterference(Arc<Interference>);

impl From<Interference> for SurveyInterference {
    fn from(found: Interference) -> Self {
        Self(Arc::new(found))
    }
}

/// Signs that answers to a survey may not have been given freely. They come from counts alone, and none says that
/// anything is wrong: a meeting fills in its sheets within minutes, and an office has one network. Nothing is listed that
/// fewer than ten answers make. Until the survey is closed, only quarters of an hour and days that are over are counted,
/// and no count moves by fewer than ten. Counts are texts where they may exceed what a number of JSON holds.
#[Object]
impl SurveyInterference {
    /// How many answers came in on each way.
    #[graphql(complexity = "3 * child_complexity")]
    async fn channels(&self) -> Vec<SurveyArrivals> {
        (self.0.signs.channels.iter())
            .map(|one| SurveyArrivals(*one))
            .collect()
    }

    /// Quarters of an hour that brought a fifth of the answers of their way, or ten times the mean, the greatest first.
    #[graphql(complexity = "20 * child_complexity")]
    async fn bursts(&self) -> Vec<SurveyBurst> {
        (self.0.signs.bursts.iter())
            .map(|one| SurveyBurst(*one))
            .collect()
    }

    /// Networks that sent ten answers or more, the greatest first. Which ones they are nobody can tell.
    #[graphql(complexity = "20 * child_complexity")]
    async fn networks(&self) -> Vec<SurveyNetwork> {
        (self.0.signs.networks.iter())
            .map(|one| SurveyNetwork(*one))
            .collect()
    }

    /// Days on which the share of a way differs by half of all or more from the day before.
    #[graphql(complexity = "20 * child_complexity")]
    async fn jumps(&self) -> Vec<SurveyJump> {
        (self.0.signs.jumps.iter())
            .map(|one| SurveyJump(one.clone()))
            .collect()
    }

    /// Groups of whole sheets with the very same answers, the largest first; null until the survey is closed, and none
    /// where it asks fewer than three questions.
    #[graphql(complexity = "20 * child_complexity")]
    async fn alike(&self) -> Option<Vec<SurveyAlike>> {
        let alike = self.0.alike.as_ref()?;
        Some(alike.iter().map(|one| SurveyAlike(*one)).collect())
    }
}

/// The answers of one way.
#[derive(Debug, Clone, Copy)]
pub struct SurveyArrivals(Arrived);

/// The answers that came in on one way.
#[Object]
impl SurveyArrivals {
    /// The way.
    async fn channel(&self) -> Channel {
        self.0.channel.into()
    }

    /// How many.
    async fn answers(&self) -> String {
        self.0.answers.to_string()
    }

    /// How many of them were filled in too fast; null where these, or the others, are fewer than ten, and until the survey
    /// is closed.
    async fn too_fast(&self) -> Option<String> {
        Some(self.0.fast?.to_string())
    }
}

/// A quarter of an hour that brought many answers.
#[derive(Debug, Clone, Copy)]
pub struct SurveyBurst(Burst);

/// A quarter of an hour that brought many answers.
#[Object]
impl SurveyBurst {
    /// The way.
    async fn channel(&self) -> Channel {
        self.0.channel.into()
    }

    /// When it began.
    async fn begins_at(&self) -> Option<Instant> {
        let seconds = self.0.span.saturating_mul(SPAN_SECONDS);
        DateTime::from_timestamp(seconds, 0).map(Instant)
    }

    /// How many.
    async fn answers(&self) -> String {
        self.0.answers.to_string()
    }
}

/// A network that sent many answers.
#[derive(Debug, Clone, Copy)]
pub struct SurveyNetwork(Shared);

/// A network that sent many answers. Others may stand behind the same number, and one behind several.
#[Object]
impl SurveyNetwork {
    /// The way.
    async fn channel(&self) -> Channel {
        self.0.channel.into()
    }

    /// How many.
    async fn answers(&self) -> String {
        self.0.answers.to_string()
    }

    /// In how many quarters of an hour.
    async fn quarters(&self) -> String {
        self.0.spans.to_string()
    }
}

/// A day on which answers changed their way.
#[derive(Debug, Clone)]
pub struct SurveyJump(Jump);

/// A day on which answers changed their way.
#[Object]
impl SurveyJump {
    /// The way.
    async fn channel(&self) -> Channel {
        self.0.channel.into()
    }

    /// The day before that had ten answers or more.
    async fn from(&self) -> Date {
        Date(self.0.from.0)
    }

    /// The day.
    async fn to(&self) -> Date {
        Date(self.0.to.0)
    }

    /// The way's share of the answers on the day before.
    async fn before(&self) -> Rational {
        Rational(self.0.before.clone())
    }

    /// Its share on the day.
    async fn after(&self) -> Rational {
        Rational(self.0.after.clone())
    }
}

/// Whole sheets that are alike.
#[derive(Debug, Clone, Copy)]
pub struct SurveyAlike(Alike<AnsweredAbout>);

/// Whole sheets with the very same answers.
#[Object]
impl SurveyAlike {
    /// Global id of the subject that they are about; null where they are ballots.
    async fn subject_id(&self) -> Option<ID> {
        subject_id(self.0.subject)
    }

    /// The number of the ballot; null where sheets are about one subject.
    async fn ballot(&self) -> Option<String> {
        ballot(self.0.subject)
    }

    /// How many there are.
    async fn sheets(&self) -> String {
        self.0.sheets.to_string()
    }

    /// Of how many valid ones.
    async fn of(&self) -> String {
        self.0.of.to_string()
    }
}

/// What respondents said of being told what to answer.
#[derive(Debug, Clone, Copy)]
pub struct SurveyPressure(Told<AnsweredAbout>);

impl From<Told<AnsweredAbout>> for SurveyPressure {
    fn from(told: Told<AnsweredAbout>) -> Self {
        Self(told)
    }
}

/// How many respondents said that somebody told them what to answer, or answered for them.
#[Object]
impl SurveyPressure {
    /// Global id of the subject that their answers are about; null for all together, and on ballots.
    async fn subject_id(&self) -> Option<ID> {
        subject_id(self.0.about?)
    }

    /// The number of their ballot; null for all together, and where sheets are about one subject.
    async fn ballot(&self) -> Option<String> {
        ballot(self.0.about?)
    }

    /// Those who said that somebody did; null where fewer than ten said anything, or it could be worked out what they
    /// said.
    async fn told(&self) -> Option<String> {
        Some(self.0.said?.0.to_string())
    }

    /// Those who said that nobody did; null where the others are.
    async fn not_told(&self) -> Option<String> {
        Some(self.0.said?.1.to_string())
    }
}

fn subject_id(about: AnsweredAbout) -> Option<ID> {
    match about {
        AnsweredAbout::Subject(subject) => Some(subject.to_string().into()),
        AnsweredAbout::Ballot(_) => None,
    }
}

fn ballot(about: AnsweredAbout) -> Option<String> {
    match about {
        AnsweredAbout::Subject(_) => None,
        AnsweredAbout::Ballot(number) => Some(number.to_string()),
    }
}
