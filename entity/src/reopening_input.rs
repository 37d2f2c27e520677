//! A kind of inputs that a reopening lets change; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `reopening_input`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reopening_input")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Number of the revision that is corrected.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// The kind, as `scores` or `survey:CODE`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub input: String,
    /// When, microseconds since the epoch.
    pub named_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
