//! A proposal to close a round, where the scheme asks for two people.

use sea_orm::entity::prelude::*;

/// A row of `close_proposal`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "close_proposal")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// SHA-256 of the inputs as whoever proposed saw them, 32 bytes.
    pub inputs_digest: Vec<u8>,
    /// Who proposed; absent where it was the command line.
    pub by_staff_id: Option<i64>,
    /// When, in microseconds.
    pub proposed_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
