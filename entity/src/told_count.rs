//! How many respondents said that somebody, or nobody, told them what to answer.

use sea_orm::entity::prelude::*;

/// A row of `told_count`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "told_count")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The subject, or the number of the ballot.
    #[sea_orm(primary_key, auto_increment = false)]
    pub about: i64,
    /// `yes` or `no`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub said: String,
    /// How many.
    pub count: i64,
}

impl ActiveModelBehavior for ActiveModel {}
