//! A recovery code in place of a lost second factor; a code that was used is gone.

use sea_orm::entity::prelude::*;

/// A row of `staff_recovery`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_recovery")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub staff_id: i64,
    /// SHA-256 of the code, 32 bytes; the code itself is stored nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
