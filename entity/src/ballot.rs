//! A ballot of a survey: the subjects that one person rates on one sheet.

use sea_orm::entity::prelude::*;

/// A row of `ballot`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ballot")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// Its number within the survey, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ballot_no: i64,
    /// The region whose subjects stand on it; absent on the only ballot of a round.
    pub region_id: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
