//! What a survey tells while it runs and of its course: warnings that it raised, and when its sheets came in.

use std::sync::Arc;

use async_graphql::{ID, Object};
use chrono::NaiveDate;
use domain::id::{self, Id};
use domain::survey::{Days, TimeLine};
use service::survey::RaisedWarning;

use crate::graphql::loader::loader;
use crate::graphql::scalar::{Date, Instant};

/// A warning that was raised.
#[derive(Debug, Clone)]
pub struct SurveyWarning(RaisedWarning);

/// A warning that a survey raised while it took answers: once about each subject.
#[Object]
impl SurveyWarning {
    /// Its code in the scheme.
    async fn code(&self) -> &str {
        &self.0.warning.code
    }

    /// What it warns of, in Chinese.
    async fn name(&self) -> &str {
        &self.0.warning.name.zh
    }

    /// What it warns of, in English.
    async fn name_en(&self) -> &str {
        &self.0.warning.name.en
    }

    /// Global id of the subject that it is about.
    async fn subject_id(&self) -> ID {
        self.0.subject.to_string().into()
    }

    /// What was found then: the share of dissatisfied answers among those that may be shown, such as `12/30 (40.00%)`, or
    /// how many sheets had come back, such as `3 < 30`.
    async fn found(&self) -> &str {
        &self.0.found
    }

    /// When it was raised.
    async fn raised_at(&self) -> Instant {
        Instant(self.0.raised_at)
    }
}

loader! {
    /// Loads the warnings of surveys.
    pub WarningsKey(id::Survey) -> Vec<SurveyWarning>: list_warnings_of, |list: Vec<_>| list.into_iter().map(SurveyWarning).collect()
}

/// When the sheets of a survey came in.
#[derive(Debug, Clone)]
pub struct SurveyTimeLine(Arc<TimeLine<Id<id::Subject>>>);

impl SurveyTimeLine {
    /// About one subject, or about all together; nothing where it is withheld.
    pub(super) fn about(&self, subject: Option<Id<id::Subject>>) -> Option<Vec<SurveyDays>> {
        let days = match subject {
            None => self.0.all.as_ref()?,
            Some(subject) => self.0.each.get(&subject)?.as_ref()?,
        };
        Some(days.iter().copied().map(SurveyDays).collect())
    }
}

loader! {
    /// Loads when the sheets of surveys came in.
    pub TimeLineKey(id::Survey) -> SurveyTimeLine: list_time_lines_of, |line| SurveyTimeLine(Arc::new(line))
}

/// Sheets that came in from one day to another.
#[derive(Debug, Clone, Copy)]
pub struct SurveyDays(Days);

/// Sheets that came in from one day to another, both included: ten or more, so that no small group shows.
#[Object]
impl SurveyDays {
    /// The first day, by the clock of the round.
    async fn from(&self) -> Date {
        day(self.0.from)
    }

    /// The last day.
    async fn to(&self) -> Date {
        day(self.0.to)
    }

    /// How many sheets came in, whatever became of them.
    async fn sheets(&self) -> String {
        self.0.sheets.to_string()
    }
}

fn day(day: NaiveDate) -> Date {
    Date(day)
}
