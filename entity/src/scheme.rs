//! An evaluation scheme, the common name of its versions.

use sea_orm::entity::prelude::*;

/// A row of `scheme`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scheme")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Public code, unique among schemes.
    #[sea_orm(unique)]
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
}

impl ActiveModelBehavior for ActiveModel {}
