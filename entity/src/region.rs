//! A region of the tree in which subjects lie.

use sea_orm::entity::prelude::*;

/// A row of `region`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "region")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The region above; absent at a root.
    pub parent_id: Option<i64>,
    /// Public code, unique among regions.
    #[sea_orm(unique)]
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
}

impl ActiveModelBehavior for ActiveModel {}
