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

/// How far a survey has come. Equal counts are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SurveyProgress(Vec<PanelProgress>);

impl From<Vec<PanelProgress>> for SurveyProgress {
    fn from(panels: Vec<PanelProgress>) -> Self {
        Self(panels)
    }
}

impl SurveyProgress {
    fn count(&self, state: SheetState) -> u64 {
        self.0
            .iter()
            .filter_map(|panel| panel.sheets.get(&state))
            .sum()
    }
}

/// How far a survey has come at the moment of asking: interim until the survey is closed. Counts are texts where they
/// may exceed what a number of JSON holds.
#[Object]
impl SurveyProgress {
    /// Sheets that count.
    async fn valid(&self) -> String {
        self.count(SheetState::Valid).to_string()
    }

    /// Sheets that came in but do not count, for whatever reason.
    async fn not_counted(&self) -> String {
        let states = SheetState::ALL
            .into_iter()
            .filter(|state| *state != SheetState::Valid);
        states
            .map(|state| self.count(state))
            .sum::<u64>()
            .to_string()
    }

    /// Sheets or invitations that were issued; null where nobody counted.
    async fn issued(&self) -> Option<String> {
        let counts: Vec<u64> = self.0.iter().filter_map(|panel| panel.issued).collect();
        (!counts.is_empty()).then(|| counts.iter().sum::<u64>().to_string())
    }

    /// The same by panel and channel, where anything was issued or came in.
    #[graphql(complexity = "10 * child_complexity")]
    async fn panels(&self) -> Vec<SurveyPanelProgress> {
        self.0.iter().cloned().map(SurveyPanelProgress).collect()
    }
}

/// How far one panel has come on one way.
#[derive(Debug, Clone)]
pub struct SurveyPanelProgress(PanelProgress);

impl SurveyPanelProgress {
    fn count(&self, state: SheetState) -> String {
        self.0.sheets.get(&state).copied().unwrap_or(0).to_string()
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

    /// Sheets that count.
    async fn valid(&self) -> String {
        self.count(SheetState::Valid)
    }

    /// Sheets against which a rule of validity speaks.
    async fn invalid(&self) -> String {
        self.count(SheetState::Invalid)
    }

    /// Sheets in whose place another of the same person counts.
    async fn replaced(&self) -> String {
        self.count(SheetState::Replaced)
    }

    /// What respondents have changed: sheets in whose place they have put another.
    async fn changed(&self) -> String {
        self.count(SheetState::Changed)
    }

    /// Sheets that were entered after the survey closed.
    async fn late(&self) -> String {
        self.count(SheetState::Late)
    }

    /// Sheets that are held back until somebody decides about them.
    async fn quarantined(&self) -> String {
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
            .map(|(id, panels)| (ProgressKey(id), SurveyProgress(panels)))
            .collect())
    }
}
