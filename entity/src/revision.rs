//! A close-out of a round; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `revision`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revision")]
pub struct Model {
    /// The round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round_id: i64,
    /// Number of the revision, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// The revision that it corrects; absent on the first. Unique, so that two close-outs at once cannot both stand.
    pub parent: Option<i64>,
    /// The version that decided.
    pub scheme_version_id: i64,
    /// The version of the program that decided.
    pub engine_version: String,
    /// Everything that was looked at, as canonical JSON.
    pub inputs: String,
    /// SHA-256 of the inputs, 32 bytes.
    pub inputs_digest: Vec<u8>,
    /// Everything that came of it, as canonical JSON.
    pub outcome: String,
    /// SHA-256 of the outcome, 32 bytes.
    pub outcome_digest: Vec<u8>,
    /// When, microseconds since the epoch.
    pub closed_at: i64,
    /// Who closed; absent when closed from the command line.
    pub closed_by: Option<i64>,
    /// Why it was closed again; present from the second revision on.
    pub reason: Option<String>,
    /// The roles that one person might hold together when it was closed, and why, as JSON; absent where none might.
    pub combined_roles: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
