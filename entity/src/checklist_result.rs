//! How many tasks of a checklist item are done.

use sea_orm::entity::prelude::*;

/// A row of `checklist_result`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checklist_result")]
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
    /// How many are done, at most `tasks`.
    pub done: i64,
    /// How many there are.
    pub tasks: i64,
    /// Numbers of those that are not done, a JSON array.
    pub undone: String,
}

impl ActiveModelBehavior for ActiveModel {}
