//! A page of a seal: 1,024 sheets, or fewer on the last one.

use sea_orm::entity::prelude::*;

/// A row of `seal_page`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seal_page")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// Number of the seal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// Number of the page, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub page_no: i64,
    /// The digest of its first receipt, 32 bytes.
    pub first_receipt_hash: Vec<u8>,
    /// The hash of the tree over its sheets, 32 bytes.
    pub root: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
