//! A one-time link to set a password; a link that was used is gone.

use sea_orm::entity::prelude::*;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Purpose {
    /// `invitation`
    #[sea_orm(string_value = "invitation")]
    Invitation,
    /// `reset`
    #[sea_orm(string_value = "reset")]
    Reset,
    /// `first`
    #[sea_orm(string_value = "first")]
    First,
}

/// A row of `staff_link`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_link")]
pub struct Model {
    /// SHA-256 of the token, 32 bytes; the token itself is stored nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// What it is for.
    pub purpose: Purpose,
    /// The account; absent for the link to the very first one.
    pub staff_id: Option<i64>,
    /// When it was made, microseconds since the epoch.
    pub made_at: i64,
    /// When it ends, microseconds since the epoch.
    pub expires_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
