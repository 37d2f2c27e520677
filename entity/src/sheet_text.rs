//! What a respondent wrote in words.

use sea_orm::entity::prelude::*;

/// A row of `sheet_text`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sheet_text")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The sheet.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sheet_no: i64,
    /// Index of the question, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub question: i16,
    /// The words.
    pub text: String,
}

impl ActiveModelBehavior for ActiveModel {}
