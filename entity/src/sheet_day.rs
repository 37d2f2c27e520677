//! How many sheets a survey had about a subject at the end of a day.

use sea_orm::entity::prelude::*;

/// A row of `sheet_day`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sheet_day")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// The day, by the clock of the round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day_on: String,
    /// All sheets up to its end, whatever became of them.
    pub sheets: i64,
}

impl ActiveModelBehavior for ActiveModel {}
