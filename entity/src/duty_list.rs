//! The tasks that a subject has of its own for an item (责任清单).

use sea_orm::entity::prelude::*;

/// A row of `duty_list`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "duty_list")]
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
    /// The tasks in their order, a JSON array of texts.
    pub tasks: String,
    /// Who recorded it; absent for the command line.
    pub recorded_by_id: Option<i64>,
    /// When, microseconds since the epoch.
    pub recorded_at: i64,
    /// Who approved it; absent for the command line, and while nobody did.
    pub approved_by_id: Option<i64>,
    /// When; absent while nobody did.
    pub approved_at: Option<i64>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "subject_id", to = "id")]
    pub subject: BelongsTo<super::subject::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
