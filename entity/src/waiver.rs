//! A gap of a round that was waived by name, with what then holds.

use sea_orm::entity::prelude::*;

/// A row of `waiver`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "waiver")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The round.
    pub round_id: i64,
    /// The subject; absent where the gap is one of the whole round.
    pub subject_id: Option<i64>,
    /// Code of the gap; waived once for each subject.
    pub gap: String,
    /// What then holds, as canonical JSON.
    pub holds: String,
    /// Why; stays on the result.
    pub reason: String,
    /// Who waived it.
    pub by_staff_id: i64,
    /// When, microseconds since the epoch.
    pub made_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
