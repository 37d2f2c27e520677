//! What was decided about an answer in words: that nobody reads it, or that it is read as it was written.

use sea_orm::entity::prelude::*;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Decision {
    /// `hide`
    #[sea_orm(string_value = "hide")]
    Hide,
    /// `release`
    #[sea_orm(string_value = "release")]
    Release,
}

/// A row of `text_decision`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "text_decision")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The name of the text, 16 bytes, from which its sheet cannot be found without the secret of the service.
    #[sea_orm(primary_key, auto_increment = false)]
    pub text_id: Vec<u8>,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// When. By whom is in the log.
    pub decided_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
