//! A token by which a program of a front-end team reads.

use sea_orm::entity::prelude::*;

/// What a token reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Reads {
    /// `published`
    #[sea_orm(string_value = "published")]
    Published,
    /// `live`
    #[sea_orm(string_value = "live")]
    Live,
}

/// A row of `service_token`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_token")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// What it is called among those who keep accounts.
    #[sea_orm(unique)]
    pub name: String,
    /// SHA-256 of the secret, 32 bytes; the secret itself is stored nowhere.
    #[sea_orm(unique)]
    pub secret_hash: Vec<u8>,
    /// What it reads.
    pub reads: Reads,
    /// Only this region and those below it.
    pub region_id: Option<i64>,
    /// Only this round.
    pub round_id: Option<i64>,
    /// When it was made, microseconds since the epoch.
    pub made_at: i64,
    /// When it ends, microseconds since the epoch.
    pub expires_at: i64,
    /// When it was revoked, microseconds since the epoch.
    pub revoked_at: Option<i64>,
    /// The last day (UTC) on which it was used.
    pub used_on: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
