//! Something that happened and that rules may look at.

use sea_orm::entity::prelude::*;

/// How far a fact is established.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// `reported`
    #[sea_orm(string_value = "reported")]
    Reported,
    /// `confirmed`
    #[sea_orm(string_value = "confirmed")]
    Confirmed,
    /// `withdrawn`
    #[sea_orm(string_value = "withdrawn")]
    Withdrawn,
}

/// A row of `fact`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fact")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Whom it concerns.
    pub subject_id: i64,
    /// Kind of fact in the words of the schemes.
    pub kind: String,
    /// Day of the event, `YYYY-MM-DD`; this day or the next is present.
    pub event_on: Option<String>,
    /// Day of the decision about it, `YYYY-MM-DD`.
    pub decision_on: Option<String>,
    /// Further fields as canonical JSON.
    pub fields: String,
    /// How many persons are involved.
    pub persons: i64,
    /// Reference of the file, unique among the facts of one kind and subject; a repeated import finds the same row by
    /// it.
    pub reference: String,
    /// How far it is established.
    pub status: Status,
    /// When it was recorded, microseconds since the epoch.
    pub recorded_at: i64,
    /// The member of staff who recorded it; absent after an import from the command line.
    pub recorded_by: Option<i64>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "subject_id", to = "id")]
    pub subject: BelongsTo<super::subject::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
