//! A reported measure of a subject.

use sea_orm::entity::prelude::*;

/// A row of `measure_value`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "measure_value")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Code of the measure.
    #[sea_orm(primary_key, auto_increment = false)]
    pub measure: String,
    /// Empty for the whole round, otherwise `2026-Q1`, `2026-H1`, `2026-03` or `last_year`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: String,
    /// The exact value: `12`, `93.5` or `1/3`.
    pub value: String,
}

impl ActiveModelBehavior for ActiveModel {}
