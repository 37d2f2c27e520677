//! Reported counts that no sheet can tell; a count that nobody reported is absent.

use sea_orm::entity::prelude::*;

/// A row of `survey_issue`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survey_issue")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// The panel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub panel: String,
    /// The channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// How many were invited.
    pub invited: Option<i64>,
    /// How many sheets were issued.
    pub issued: Option<i64>,
    /// How many attended the meeting.
    pub attended: Option<i64>,
    /// How many were entitled to attend.
    pub entitled: Option<i64>,
    /// How many of the invited bear each mark of the survey, as a JSON object by the mark's code; absent where nobody
    /// reported any.
    pub invited_marks: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
