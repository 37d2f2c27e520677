//! An open link to a survey, about one subject.

use sea_orm::entity::prelude::*;

/// A row of `survey_link`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survey_link")]
pub struct Model {
    /// The code in the link, unique among all surveys.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// The survey.
    pub survey_id: i64,
    /// Whom the answers are about.
    pub subject_id: i64,
    /// The panel to which those who answer belong.
    pub panel: String,
    /// The channel by which they answer.
    pub channel: String,
    /// The marks of those who answer whose share the survey demands among sheets: a bit for each, the first of them lowest.
    pub marks: i64,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "survey_id", to = "id")]
    pub survey: BelongsTo<super::survey::Entity>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "subject_id", to = "id")]
    pub subject: BelongsTo<super::subject::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
