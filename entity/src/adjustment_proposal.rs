//! A grade that one person proposes, for another to decide.

use sea_orm::entity::prelude::*;

/// A row of `adjustment_proposal`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "adjustment_proposal")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Code of the grade; absent where an adjustment is to be taken back.
    pub grade: Option<String>,
    /// Why.
    pub reason: String,
    /// Who proposed.
    pub by_staff_id: i64,
    /// When, microseconds since the epoch.
    pub proposed_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
