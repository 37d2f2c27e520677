//! A warning that a survey raised about a subject while it took answers.

use sea_orm::entity::prelude::*;

/// A row of `survey_warning`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survey_warning")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// Whom it is about.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// The warning, by its code in the survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// What was found, such as `12/30 (40.00%)`.
    pub found: String,
    /// When.
    pub raised_at: i64,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "survey_id", to = "id")]
    pub survey: BelongsTo<super::survey::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
