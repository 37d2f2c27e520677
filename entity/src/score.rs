//! Points that an inspector gave for an item, or for a part of one.

use sea_orm::entity::prelude::*;

/// A row of `score`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "score")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Code of the item.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item: String,
    /// Code of the part; empty for the whole item.
    #[sea_orm(primary_key, auto_increment = false)]
    pub part: String,
    /// The stretch that it is for, such as `2026-Q1`; empty for the whole round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: String,
    /// The member of staff who scored.
    #[sea_orm(primary_key, auto_increment = false)]
    pub inspector_id: i64,
    /// Points in ten-thousandths.
    pub points_e4: i64,
    /// Counts the changes of this row, for compare-and-set.
    pub row_version: i64,
    /// When the points were awarded or changed, microseconds since the epoch; some schemes count the latest alone.
    pub awarded_at: i64,
    /// A remark of the inspector.
    pub note: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
