//! A subject that a committee chose among those tied for the seats of a quota.

use sea_orm::entity::prelude::*;

/// A row of `tie_choice`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tie_choice")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Code of the quota.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quota: String,
    /// The subject that keeps its seat.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Why.
    pub reason: String,
    /// Who recorded it.
    pub by_staff_id: i64,
    /// When, microseconds since the epoch.
    pub made_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
