//! The decision about one subject in one revision; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `decision`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decision")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Number of the revision.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Category under which it was decided.
    pub category: String,
    /// Region of the subject at that time.
    pub region_id: i64,
    /// Total in ten-thousandths; absent where undefined.
    pub total_e4: Option<i64>,
    /// The subject's own maximum in ten-thousandths; absent where undefined.
    pub maximum_e4: Option<i64>,
    /// Code of the grade; absent where it holds none.
    pub grade: Option<String>,
    /// Rank within the category; equal totals share one.
    pub rank: Option<i64>,
    /// Whether it is eligible; absent where undetermined.
    pub eligible: Option<bool>,
    /// The decision with every reason, as canonical JSON.
    pub body: String,
}

impl ActiveModelBehavior for ActiveModel {}
