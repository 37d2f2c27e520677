//! A round of evaluation under one version of a scheme.

use sea_orm::entity::prelude::*;

/// How far a round has come.
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

/// Who may read the results of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Publicity {
    /// `internal`
    #[sea_orm(string_value = "internal")]
    Internal,
    /// `published`
    #[sea_orm(string_value = "published")]
    Published,
}

/// A row of `round`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "round")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Public code, unique among rounds.
    #[sea_orm(unique)]
    pub code: String,
    /// The series to which the round belongs; grades of earlier rounds are looked up by it.
    pub series: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// The version that decides.
    pub scheme_version_id: i64,
    /// First day of the period, `YYYY-MM-DD`.
    pub period_from_on: String,
    /// Last day of the period, `YYYY-MM-DD`.
    pub period_to_on: String,
    /// IANA name, such as `Asia/Shanghai`; every date and deadline of the round is local to it.
    pub time_zone: String,
    /// How far the round has come.
    pub state: State,
    /// Who may read its results.
    pub publicity: Publicity,
    /// When it was opened, microseconds since the epoch; present unless it is a draft.
    pub opened_at: Option<i64>,
    /// When it was closed, microseconds since the epoch; present only while it is closed.
    pub closed_at: Option<i64>,
    /// Counts the changes of this row, for compare-and-set.
    pub row_version: i64,
    /// When anything that a result depends on last changed, microseconds since the epoch.
    pub inputs_changed_at: i64,
    /// Number of the revision that is being corrected; present only while a closed round is reopened.
    pub correcting: Option<i64>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "scheme_version_id", to = "id")]
    pub scheme_version: BelongsTo<super::scheme_version::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
