//! A survey of a round, with its frozen definition.

use sea_orm::entity::prelude::*;

/// Whether a survey takes answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// `draft`
    #[sea_orm(string_value = "draft")]
    Draft,
    /// `open`
    #[sea_orm(string_value = "open")]
    Open,
    /// `closed`
    #[sea_orm(string_value = "closed")]
    Closed,
}

/// A row of `survey`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survey")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The round.
    pub round_id: i64,
    /// Code of the survey in the scheme, unique within the round.
    pub code: String,
    /// Whether it takes answers.
    pub state: State,
    /// First instant at which answers are taken, microseconds since the epoch.
    pub opens_at: Option<i64>,
    /// First instant at which none are taken any more, microseconds since the epoch.
    pub closes_at: Option<i64>,
    /// When it was closed by hand, microseconds since the epoch.
    pub closed_at: Option<i64>,
    /// The questions and rules as canonical JSON.
    pub definition: String,
    /// SHA-256 of the definition, 32 bytes.
    pub definition_digest: Vec<u8>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "round_id", to = "id")]
    pub round: BelongsTo<super::round::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
