//! A grade that was proposed, for schemes that do not read it off the total.

use sea_orm::entity::prelude::*;

/// A row of `proposed_grade`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposed_grade")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Code of the grade.
    pub grade: String,
}

impl ActiveModelBehavior for ActiveModel {}
