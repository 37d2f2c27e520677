//! A role of an account, within a scope; an absent part of the scope means everywhere.

use sea_orm::entity::prelude::*;

/// A row of `staff_role`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_role")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The account.
    pub staff_id: i64,
    /// The role in the words of the access table.
    pub role: String,
    /// Only this region and those below it.
    pub region_id: Option<i64>,
    /// Only this category.
    pub category: Option<String>,
    /// Only this round.
    pub round_id: Option<i64>,
    /// Only this subject, for those who read their own unit's results.
    pub subject_id: Option<i64>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "staff_id", to = "id")]
    pub staff: BelongsTo<super::staff::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
