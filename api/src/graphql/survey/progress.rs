//! How far a survey has come: counts of sheets from the tallies that are kept while answers come in.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Enum, Object};
use domain::id::{self, Id};
use domain::scheme::file;
use domain::survey::SheetState;
use service::survey::PanelProgress;

use crate::graphql::error::GraphqlFault;
use crate::graphql::loader::Batch;

/// The ways in which sheets come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "file::Channel")]
pub enum Channel {
    /// The pages on the web.
    Web,
    /// Paper.
    Paper,
    /// By telephone.
    Phone,
}

/// How far a survey has come.
#[derive(Debug, Clone, Default)]
pub struct SurveyProgress {
    panels: Vec<PanelProgress>,
    is_closed: bool,
}

impl SurveyProgress {
    /// The same of a survey that is closed, or is not.
    pub(super) fn of_closed(self, is_closed: bool) -> Self {
        Self { is_closed, ..self }
    }

    /// Of sheets that fare so; nothing while the survey takes answers.
    fn count(&self, fares: impl Fn(SheetState) -> bool) -> Option<u64> {
        let panels = self.panels.iter();
        panels
            .map(|panel| count(panel, &fares))
            .sum::<Option<u64>>()
            .filter(|_| self.is_closed)
    }
}

fn count(panel: &PanelProgress, fares: impl Fn(SheetState) -> bool) -> Option<u64> {
    let sheets = panel.sheets.as_ref()?.iter();
    Some(
        sheets
            .filter(|(state, _)| fares(**state))
            .map(|(_, count)| count)
            .sum(),
    )
}

/// How far a survey has come at the moment of asking: interim until the survey is closed. Counts are texts where they
/// may exceed what a number of JSON holds. What became of the sheets is told once it is closed: before, this would tell
/// of single answers.
#[Object]
impl SurveyProgress {
    /// Sheets that came in, whatever became of them.
    async fn returned(&self) -> String {
        let counts = self.panels.iter().map(|panel| panel.returned);
        counts.sum::<u64>().to_string()
    }

    /// Sheets that count. Null while the survey takes answers.
    async fn valid(&self) -> Option<String> {
        let count = self.count(|state| state == SheetState::Valid);
        count.map(|count| count.to_string())
    }

    /// Sheets that came in but do not count, for whatever reason. Null while the survey takes answers.
    async fn not_counted(&self) -> Option<String> {
        let count = self.count(|state| state != SheetState::Valid);
        count.map(|count| count.to_string())
    }

    /// Sheets or invitations that were issued; null where nobody counted.
    async fn issued(&self) -> Option<String> {
        let counts: Vec<u64> = self
            .panels
            .iter()
            .filter_map(|panel| panel.issued)
            .collect();
        (!counts.is_empty()).then(|| counts.iter().sum::<u64>().to_string())
    }

    /// The same by panel and channel, where anything was issued or came in.
    #[graphql(complexity = "10 * child_complexity")]
    async fn panels(&self) -> Vec<SurveyPanelProgress> {
        self.panels
            .iter()
            .cloned()
            .map(SurveyPanelProgress)
            .collect()
    }
}

/// How far one panel has come on one way.
#[derive(Debug, Clone)]
pub struct SurveyPanelProgress(PanelProgress);

impl SurveyPanelProgress {
    fn count(&self, state: SheetState) -> Option<String> {
        let count = count(&self.0, |one| one == state);
        count.map(|count| count.to_string())
    }
}

/// How far one panel has come on one way.
#[Object]
impl SurveyPanelProgress {
    /// Who answers, by the panel's code.
    async fn panel(&self) -> &str {
        &self.0.panel
    }

    /// On what way.
    async fn channel(&self) -> Channel {
        self.0.channel.into()
    }

    /// Sheets or invitations that were issued; null where nobody counted.
    async fn issued(&self) -> Option<String> {
        Some(self.0.issued?.to_string())
    }

    /// Sheets that came in, whatever became of them.
    async fn returned(&self) -> String {
        self.0.returned.to_string()
    }

    /// Sheets that count. Null while the survey takes answers, as what follows.
    async fn valid(&self) -> Option<String> {
        self.count(SheetState::Valid)
    }

    /// Sheets against which a rule of validity speaks.
    async fn invalid(&self) -> Option<String> {
        self.count(SheetState::Invalid)
    }

    /// Sheets in whose place another of the same person counts.
    async fn replaced(&self) -> Option<String> {
        self.count(SheetState::Replaced)
    }

    /// What respondents have changed: sheets in whose place they have put another.
    async fn changed(&self) -> Option<String> {
        self.count(SheetState::Changed)
    }

    /// Sheets that were entered after the survey closed.
    async fn late(&self) -> Option<String> {
        self.count(SheetState::Late)
    }

    /// Sheets that are held back until somebody decides about them.
    async fn quarantined(&self) -> Option<String> {
        self.count(SheetState::Quarantined)
    }
}

/// Loads progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProgressKey(pub Id<id::Survey>);

impl Loader<ProgressKey> for Batch {
    type Value = SurveyProgress;
    type Error = GraphqlFault;

    async fn load(
        &self,
        keys: &[ProgressKey],
    ) -> Result<HashMap<ProgressKey, SurveyProgress>, GraphqlFault> {
        let ids: Vec<Id<id::Survey>> = keys.iter().map(|key| key.0).collect();
        let found = self.service.list_progress_of(&self.actor, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, panels)| {
                let is_closed = false;
                (ProgressKey(id), SurveyProgress { panels, is_closed })
            })
            .collect())
    }
}
