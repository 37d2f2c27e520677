//! A closed round whose results another round is composed of, in one revision.

use sea_orm::entity::prelude::*;

/// A row of `composition`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "composition")]
pub struct Model {
    /// The round that is composed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The closed round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub closed_round_id: i64,
    /// Number of its revision.
    pub revision: i64,
    /// Who named it; absent where it was the command line.
    pub named_by: Option<i64>,
    /// When, microseconds since the epoch.
    pub named_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
