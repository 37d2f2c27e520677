//! An account of somebody who works with the rounds.

use sea_orm::entity::prelude::*;

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// `active`
    #[sea_orm(string_value = "active")]
    Active,
    /// `disabled`
    #[sea_orm(string_value = "disabled")]
    Disabled,
}

/// A row of `staff`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The name to log in with.
    #[sea_orm(unique)]
    pub login: String,
    /// The name to show.
    pub name: String,
    /// Hash of the password with its parameters (PHC string); empty until an invitation was taken up.
    pub password_hash: String,
    /// Whether it may be used.
    pub state: State,
    /// Counts the changes of this row, for compare-and-set.
    pub row_version: i64,
    /// Failures since the last success.
    pub failed_logins: i64,
    /// No log-in before this instant, microseconds since the epoch.
    pub locked_until_at: Option<i64>,
    /// Where mail to this person goes, in small letters.
    #[sea_orm(unique)]
    pub email: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
