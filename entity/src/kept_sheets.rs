//! The sheets of a survey before a correction let more of them in; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `kept_sheets`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kept_sheets")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Number of the revision that is corrected.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The sheets as an auditor's package holds them, as canonical JSON.
    pub body: String,
}

impl ActiveModelBehavior for ActiveModel {}
