//! A refresh token of an account; a chain of them is a family.

use sea_orm::entity::prelude::*;

/// Whether a refresh token may still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// `live`
    #[sea_orm(string_value = "live")]
    Live,
    /// `rotated`
    #[sea_orm(string_value = "rotated")]
    Rotated,
    /// `revoked`
    #[sea_orm(string_value = "revoked")]
    Revoked,
}

/// A row of `session`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The account.
    pub staff_id: i64,
    /// The chain: a reused token revokes all of it.
    pub family: i64,
    /// SHA-256 of the token, 32 bytes; the token itself is stored nowhere.
    #[sea_orm(unique)]
    pub refresh_hash: Vec<u8>,
    /// Whether it may still be used.
    pub state: State,
    /// When the chain began, microseconds since the epoch.
    pub began_at: i64,
    /// When it was issued, microseconds since the epoch.
    pub issued_at: i64,
    /// When it ends, microseconds since the epoch.
    pub expires_at: i64,
    /// When it was last used, microseconds since the epoch.
    pub used_at: Option<i64>,
    /// When the second factor was last shown in the chain, microseconds since the epoch.
    pub factor_at: Option<i64>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "staff_id", to = "id")]
    pub staff: BelongsTo<super::staff::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
