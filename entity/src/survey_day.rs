//! A day at whose end the sheets of a survey were counted.

use sea_orm::entity::prelude::*;

/// A row of `survey_day`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survey_day")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The day, by the clock of the round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day_on: String,
    /// When they were counted: soon after the day's end, unless no worker ran.
    pub counted_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
