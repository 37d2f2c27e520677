//! A proposal to move an open round to another version of its scheme.

use sea_orm::entity::prelude::*;

/// A row of `version_proposal`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "version_proposal")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The version that it is to move to.
    pub scheme_version_id: i64,
    /// Why.
    pub reason: String,
    /// Who proposed; absent where it was the command line.
    pub by_staff_id: Option<i64>,
    /// When, microseconds since the epoch.
    pub proposed_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
