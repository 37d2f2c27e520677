//! An entry of the log; the database refuses to change, remove or skip one.

use sea_orm::entity::prelude::*;

/// A row of `audit_event`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub struct Model {
    /// Position, from 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Who did what, as canonical JSON.
    pub body: String,
    /// SHA-256 of a zero byte and the body, 32 bytes: the leaf of an RFC 6962 tree.
    pub leaf_hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
