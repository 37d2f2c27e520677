//! A confirmation that nothing of a kind happened.

use sea_orm::entity::prelude::*;

/// A row of `nil_report`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "nil_report")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Kind of fact.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
}

impl ActiveModelBehavior for ActiveModel {}
