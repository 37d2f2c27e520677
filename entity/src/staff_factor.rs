//! The second factor of an account: a secret for one-time codes, sealed.

use sea_orm::entity::prelude::*;

/// A row of `staff_factor`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_factor")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub staff_id: i64,
    /// The secret, sealed by a key that is not in the database.
    pub sealed: Vec<u8>,
    /// When it was drawn, microseconds since the epoch.
    pub begun_at: i64,
    /// When its owner proved to have it, microseconds since the epoch; until then it asks for nothing.
    pub confirmed_at: Option<i64>,
    /// The step of time of the last code that was used: it and those before it are refused.
    pub last_step: i64,
}

impl ActiveModelBehavior for ActiveModel {}
