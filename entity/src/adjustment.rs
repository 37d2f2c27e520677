//! A grade set by a committee.

use sea_orm::entity::prelude::*;

/// A row of `adjustment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "adjustment")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Code of the grade.
    pub grade: String,
    /// Why.
    pub reason: String,
    /// Who recorded it.
    pub by_staff_id: i64,
    /// When, microseconds since the epoch.
    pub made_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
