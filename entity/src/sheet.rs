//! An answer sheet; deliberately without time and without a way back to its invitation.

use sea_orm::entity::prelude::*;

/// Whether and why a sheet counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// `valid`
    #[sea_orm(string_value = "valid")]
    Valid,
    /// `invalid`
    #[sea_orm(string_value = "invalid")]
    Invalid,
    /// `replaced`
    #[sea_orm(string_value = "replaced")]
    Replaced,
    /// `late`
    #[sea_orm(string_value = "late")]
    Late,
    /// `quarantined`
    #[sea_orm(string_value = "quarantined")]
    Quarantined,
    /// `changed`
    #[sea_orm(string_value = "changed")]
    Changed,
}

/// A row of `sheet`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sheet")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// Its number, unique within the survey and no position in it: each server counts on from a number that it drew, so
    /// that none waits for another.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sheet_no: i64,
    /// Whom the answers are about.
    pub subject_id: i64,
    /// The panel to which the respondent belongs.
    pub panel: String,
    /// The channel by which the sheet came.
    pub channel: String,
    /// One byte per question in the order of the definition: 0 for none, otherwise the index of the option plus 1; a
    /// multiple choice is a mask of bits.
    pub answers: Vec<u8>,
    /// What was answered in words, as a JSON object by the number of the question; absent where nothing was. In the
    /// sheet's own row: a row of their own for each would cost as much as the sheet.
    pub words: Option<String>,
    /// Whether it counts.
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
