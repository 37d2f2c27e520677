//! A rename, merger or transfer of a subject.

use sea_orm::entity::prelude::*;

/// A row of `succession`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "succession")]
pub struct Model {
    /// Whose history is carried on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub predecessor_id: i64,
    /// The day from which, `YYYY-MM-DD`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub effective_on: String,
    /// Who carries it on: the same subject, unless it was merged.
    pub subject_id: i64,
    /// `rename`, `merger` or `transfer`.
    pub kind: String,
    /// What the predecessor was called.
    pub name: String,
    /// Whether its grades continue.
    pub grades_continue: bool,
    /// Why.
    pub reason: String,
    /// Who recorded it; absent where it was the command line.
    pub recorded_by: Option<i64>,
    /// When, microseconds since the epoch.
    pub recorded_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
