//! A special investigation that a rule or a person opened.

use sea_orm::entity::prelude::*;

/// What opened an investigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum OpenedBy {
    /// `rule`
    #[sea_orm(string_value = "rule")]
    Rule,
    /// `hand`
    #[sea_orm(string_value = "hand")]
    Hand,
}

/// What an investigation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Finding {
    /// `open`
    #[sea_orm(string_value = "open")]
    Open,
    /// `verified`
    #[sea_orm(string_value = "verified")]
    Verified,
    /// `unfounded`
    #[sea_orm(string_value = "unfounded")]
    Unfounded,
}

/// A row of `investigation`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "investigation")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The round.
    pub round_id: i64,
    /// The subject.
    pub subject_id: i64,
    /// Code of the rule to which the finding belongs; one investigation for each subject and rule.
    pub rule: String,
    /// What opened it.
    pub opened_by: OpenedBy,
    /// What it found.
    pub finding: Finding,
    /// When it was opened, microseconds since the epoch.
    pub opened_at: i64,
    /// When it was decided, microseconds since the epoch; present unless it is open.
    pub decided_at: Option<i64>,
    /// Why it was decided so.
    pub reason: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
