//! That something carried over to a correction was confirmed; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `carried_confirmation`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "carried_confirmation")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Number of the revision that is corrected.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// `waiver`, `finding`, `adjustment` or `tie_choice`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Which of them: the gap, the rule, the grade or the quota.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: String,
    /// Who confirmed it; absent where it was the command line.
    pub by_staff_id: Option<i64>,
    /// When, microseconds since the epoch.
    pub confirmed_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
