//! A closed round that was opened again for a correction; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `reopening`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reopening")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Number of the revision that is corrected.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// Why.
    pub reason: String,
    /// Who proposed, where the scheme asks for two people.
    pub proposer_staff_id: Option<i64>,
    /// Who reopened; absent where it was the command line.
    pub by_staff_id: Option<i64>,
    /// When, microseconds since the epoch.
    pub reopened_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
