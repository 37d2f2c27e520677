//! What the networks of a survey's respondents are hashed with; destroyed when the survey closes.

use sea_orm::entity::prelude::*;

/// A row of `network_key`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "network_key")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// 32 random bytes.
    pub key: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
