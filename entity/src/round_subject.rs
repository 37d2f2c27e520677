//! The roster of a round, frozen when it opens.

use sea_orm::entity::prelude::*;

/// A row of `round_subject`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "round_subject")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: i64,
    /// Category at the time of opening.
    pub category: String,
    /// Region at the time of opening.
    pub region_id: i64,
    /// Name in Chinese at the time of opening.
    pub name: String,
    /// Name in English at the time of opening.
    pub name_en: String,
    /// Day of joining, `YYYY-MM-DD`; absent when on the roster from the start.
    pub joined_on: Option<String>,
    /// Day of leaving, `YYYY-MM-DD`; absent when on the roster to the end.
    pub left_on: Option<String>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "round_id", to = "id")]
    pub round: BelongsTo<super::round::Entity>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "subject_id", to = "id")]
    pub subject: BelongsTo<super::subject::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
