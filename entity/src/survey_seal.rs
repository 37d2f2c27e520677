//! The seal of a closed survey; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `survey_seal`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survey_seal")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// Number of the seal, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// How many sheets it takes in: all but late ones.
    pub size: i64,
    /// The hash of the tree over them, 32 bytes.
    pub root: Vec<u8>,
    /// What salts the commitments, 32 bytes; told to auditors alone.
    pub salt: Vec<u8>,
    /// The signed note (C2SP).
    pub note: String,
    /// The public half of the key that signed, as C2SP writes it.
    pub verifier_key: String,
    /// When, microseconds since the epoch.
    pub sealed_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
