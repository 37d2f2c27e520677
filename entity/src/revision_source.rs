//! A revision of another round that a revision rests on; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `revision_source`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revision_source")]
pub struct Model {
    /// The round that rests on it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Number of its revision.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// The round that it rests on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_round_id: i64,
    /// Number of the revision that was used.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_revision: i64,
}

impl ActiveModelBehavior for ActiveModel {}
