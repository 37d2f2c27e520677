//! What is shown of a group of sheets while their survey takes answers, and what will be shown next.

use sea_orm::entity::prelude::*;

/// A row of `shown_tally`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shown_tally")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// The panel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub panel: String,
    /// The channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// Sheets by state as they are shown, a JSON object.
    pub shown_sheets: String,
    /// Counts as they are shown, as `tally` lines them up.
    pub shown_counts: String,
    /// Sheets by state as they will be shown.
    pub next_sheets: String,
    /// Counts as they will be shown.
    pub next_counts: String,
    /// Valid sheets among those that will be shown.
    pub next_valid: i64,
    /// How often it has moved.
    pub steps: i64,
}

impl ActiveModelBehavior for ActiveModel {}
