//! Somebody who is evaluated: a unit, a leading team, a person or a family.

use sea_orm::entity::prelude::*;

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// `unit`
    #[sea_orm(string_value = "unit")]
    Unit,
    /// `team`
    #[sea_orm(string_value = "team")]
    Team,
    /// `person`
    #[sea_orm(string_value = "person")]
    Person,
    /// `family`
    #[sea_orm(string_value = "family")]
    Family,
}

/// A row of `subject`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subject")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Public code, unique among subjects.
    #[sea_orm(unique)]
    pub code: String,
    /// What the subject is.
    pub kind: Kind,
    /// Category in the words of the schemes, such as `village`.
    pub category: String,
    /// Where the subject lies.
    pub region_id: i64,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "region_id", to = "id")]
    pub region: BelongsTo<super::region::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
