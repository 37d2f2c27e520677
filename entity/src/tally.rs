//! How often each option was chosen on the sheets of a group that count, kept up with every sheet.

use sea_orm::entity::prelude::*;

/// A row of `tally`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tally")]
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
    /// The counts in the order in which the survey's definition lines them up, such as `{3,1,2}`; on PostgreSQL an
    /// array, which is written so. Read through this row and never written.
    #[sea_orm(select_as = "text")]
    pub counts: String,
}

impl ActiveModelBehavior for ActiveModel {}
