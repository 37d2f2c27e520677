//! A sheet of a ballot; deliberately without time and without a way back to its invitation.

use sea_orm::entity::prelude::*;

use super::sheet::State;

/// A row of `ballot_sheet`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ballot_sheet")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// Its number, unique within the survey and no position in it, as that of other sheets.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sheet_no: i64,
    /// The ballot.
    pub ballot_no: i64,
    /// The panel to which the respondent belongs.
    pub panel: String,
    /// The channel by which the sheet came.
    pub channel: String,
    /// The lines one behind the other, each as the answers of a sheet about one subject; all zero where it is blank.
    pub answers: Vec<u8>,
    /// What was answered in words, as a JSON object by line and number of the question, both from 0; absent where
    /// nothing was.
    pub words: Option<String>,
    /// Whether it counts, all of it.
    pub state: State,
    /// The code of the reason for which it does not count; absent on a valid sheet.
    pub reason: Option<String>,
    /// SHA-256 of the receipt code, 32 bytes, unique within the survey.
    pub receipt_hash: Vec<u8>,
    /// SHA-256 of the answers as sent, 32 bytes; tells a repeated submission from a different one.
    pub body_hash: Vec<u8>,
    /// The marks of the respondent whose share the survey demands among sheets: a bit for each, the first of them lowest.
    pub marks: i64,
}

impl ActiveModelBehavior for ActiveModel {}
