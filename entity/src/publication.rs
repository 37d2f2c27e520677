//! A revision that everybody may read; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `publication`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "publication")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Number of the revision.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// When, microseconds since the epoch.
    pub published_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
