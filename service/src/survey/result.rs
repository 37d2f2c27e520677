//! What closed surveys found: counts for each question, with small groups withheld.
//!
//! They come from the kept tallies, so their cost does not grow with the sheets. Before its end a survey shows nobody
//! what was answered here, only how many did: two looks at figures that move tell what was answered in between.

use std::collections::BTreeMap;

use domain::access::Actor;
use domain::id::{self, Id};
use domain::scheme::file::Channel;
use domain::survey::{Definition, Line, Question, Tally, show_question};

use super::count::list_tallies_of;
use super::{RoundSurvey, SurveyState};
use crate::{Fault, Service};

/// What a closed survey found.
#[derive(Debug, Clone)]
pub struct SurveyResults {
    /// For each question, in the order of the form.
    pub questions: Vec<QuestionResult>,
}

/// What was answered to a question.
#[derive(Debug, Clone)]
pub struct QuestionResult {
    /// The question.
    pub question: Question,
    /// Of all subjects together, then of each.
    pub lines: Vec<Line<Id<id::Subject>>>,
}

impl Service {
    /// The results of these surveys, those that are closed and whose rounds the actor may read. Three statements.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_results_of(
        &self,
        actor: &Actor,
        surveys: &[Id<id::Survey>],
    ) -> Result<BTreeMap<Id<id::Survey>, SurveyResults>, Fault> {
        let mut surveys = self.find_surveys(actor, surveys).await?;
        surveys.retain(|_, survey| survey.state == SurveyState::Closed);
        let definitions: BTreeMap<i64, &Definition> = surveys
            .iter()
            .map(|(id, survey)| (id.number(), &survey.definition))
            .collect();
        let tallies = list_tallies_of(&self.database.reader(), &definitions).await?;
        let results = surveys.iter().map(|(id, survey)| {
            let of_survey = tallies.get(&id.number()).into_iter().flatten();
            let strata: Vec<Stratum<'_>> = of_survey
                .map(|(group, tally)| (group.subject, group.panel.as_str(), group.channel, tally))
                .collect();
            (*id, show(survey, &strata))
        });
        Ok(results.collect())
    }
}

type Stratum<'a> = (Id<id::Subject>, &'a str, Channel, &'a Tally);

fn show(survey: &RoundSurvey, strata: &[Stratum<'_>]) -> SurveyResults {
    let questions = survey.definition.questions.iter().enumerate();
    SurveyResults {
        questions: questions
            .map(|(place, question)| QuestionResult {
                question: question.clone(),
                lines: show_question(&survey.definition, place, strata),
            })
            .collect(),
    }
}
