//! How often an option was chosen on the sheets that count, kept up with every sheet.

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
    /// Index of the question, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub question: i16,
    /// Index of the option, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub option: i16,
    /// How often it was chosen.
    pub count: i64,
}

impl ActiveModelBehavior for ActiveModel {}
