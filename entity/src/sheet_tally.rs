//! How many sheets there are of each state, kept up with every sheet.

use sea_orm::entity::prelude::*;

use super::sheet::State;

/// A row of `sheet_tally`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sheet_tally")]
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
    /// The state.
    #[sea_orm(primary_key, auto_increment = false)]
    pub state: State,
    /// How many sheets are in it.
    pub count: i64,
}

impl ActiveModelBehavior for ActiveModel {}
