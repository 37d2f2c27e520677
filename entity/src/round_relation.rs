//! The relations that a round looks at, frozen when it opens.

use sea_orm::entity::prelude::*;

use super::relation::Kind;

/// A row of `round_relation`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "round_relation")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// The way in which the two are bound.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: Kind,
    /// The subject that heads, works in, leads, …
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_subject_id: i64,
    /// The subject that is headed, worked in, led, …
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_subject_id: i64,
    /// First day, `YYYY-MM-DD`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_on: String,
    /// Last day, `YYYY-MM-DD`; absent while it lasts.
    pub to_on: Option<String>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "round_id", to = "id")]
    pub round: BelongsTo<super::round::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
