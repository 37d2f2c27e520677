//! How one subject belongs to another, with dates.

use sea_orm::entity::prelude::*;

/// The way in which the first subject is bound to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// `heads`
    #[sea_orm(string_value = "heads")]
    Heads,
    /// `member_of`
    #[sea_orm(string_value = "member_of")]
    MemberOf,
    /// `works_in`
    #[sea_orm(string_value = "works_in")]
    WorksIn,
    /// `belongs_to`
    #[sea_orm(string_value = "belongs_to")]
    BelongsTo,
    /// `leads`
    #[sea_orm(string_value = "leads")]
    Leads,
    /// `part_of`
    #[sea_orm(string_value = "part_of")]
    PartOf,
}

/// A row of `relation`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "relation")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The way in which they are bound.
    pub kind: Kind,
    /// The subject that heads, works in, leads, …
    pub from_subject_id: i64,
    /// The subject that is headed, worked in, led, …
    pub to_subject_id: i64,
    /// First day, `YYYY-MM-DD`.
    pub from_on: String,
    /// Last day, `YYYY-MM-DD`; absent while it lasts.
    pub to_on: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
