//! A table of sheets that staff put in; deliberately without a way to its sheets.

use sea_orm::entity::prelude::*;

/// A row of `sheet_batch`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sheet_batch")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// SHA-256 of the table, 32 bytes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
    /// How many sheets it held.
    pub sheets: i64,
    /// When it was put in, microseconds since the epoch.
    pub entered_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
