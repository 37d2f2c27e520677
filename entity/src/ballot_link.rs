//! An open link to a ballot.

use sea_orm::entity::prelude::*;

/// A row of `ballot_link`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ballot_link")]
pub struct Model {
    /// The code in the link, unique among all surveys.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// The survey.
    pub survey_id: i64,
    /// The ballot.
    pub ballot_no: i64,
    /// The panel to which those who answer belong.
    pub panel: String,
    /// The channel by which they answer.
    pub channel: String,
    /// The marks of those who answer whose share the survey demands among sheets: a bit for each, the first of them lowest.
    pub marks: i64,
}

impl ActiveModelBehavior for ActiveModel {}
