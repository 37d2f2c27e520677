//! A signed checkpoint of the log; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `checkpoint`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checkpoint")]
pub struct Model {
    /// How many entries it takes in, from the first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub size: i64,
    /// The hash of the tree over them, 32 bytes.
    pub root: Vec<u8>,
    /// The signed note (C2SP), which says size and hash as well.
    pub note: String,
    /// The public half of the key that signed, as C2SP writes it.
    pub verifier_key: String,
    /// The hashes of the complete subtrees, from which the next checkpoint goes on.
    pub frontier: Vec<u8>,
    /// When, microseconds since the epoch.
    pub made_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
