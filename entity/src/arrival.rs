//! How many answers arrived within a quarter of an hour, on one way, from one network.

use sea_orm::entity::prelude::*;

/// A row of `arrival`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "arrival")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The way.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// Quarters of an hour since the epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub span: i64,
    /// Sixteen bits of a keyed hash of the network, -1 for sheets that staff put in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub network: i64,
    /// How many.
    pub answers: i64,
    /// How many of them were filled in too fast.
    pub fast: i64,
}

impl ActiveModelBehavior for ActiveModel {}
