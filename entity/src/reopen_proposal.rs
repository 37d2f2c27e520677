//! A proposal to reopen a round, where the scheme asks for two people.

use sea_orm::entity::prelude::*;

/// A row of `reopen_proposal`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reopen_proposal")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Number of the revision that is to be corrected.
    pub revision: i64,
    /// The kinds of inputs, in their order, with a space between.
    pub inputs: String,
    /// Why.
    pub reason: String,
    /// Who proposed; absent where it was the command line.
    pub by_staff_id: Option<i64>,
    /// When, microseconds since the epoch.
    pub proposed_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
