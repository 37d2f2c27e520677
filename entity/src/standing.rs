//! The interim figures of a subject in an open round, rewritten after inputs change.

use sea_orm::entity::prelude::*;

/// A row of `standing`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "standing")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Category of the subject.
    pub category: String,
    /// Total so far in ten-thousandths; absent where undefined.
    pub total_e4: Option<i64>,
    /// The subject's own maximum in ten-thousandths; absent where undefined.
    pub maximum_e4: Option<i64>,
    /// Rank so far within the category.
    pub rank: Option<i64>,
    /// The figures with their reasons, as canonical JSON.
    pub body: String,
    /// When they were computed, microseconds since the epoch.
    pub computed_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
