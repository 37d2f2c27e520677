//! One version of a scheme; the database refuses to change or remove it.

use sea_orm::entity::prelude::*;

/// A row of `scheme_version`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scheme_version")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The scheme.
    pub scheme_id: i64,
    /// The version as the file states it, unique within the scheme.
    pub version: String,
    /// The scheme file, word for word.
    pub source: String,
    /// SHA-256 of the compiled scheme, 32 bytes.
    pub digest: Vec<u8>,
    /// When it was added, microseconds since the epoch.
    pub added_at: i64,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "scheme_id", to = "id")]
    pub scheme: BelongsTo<super::scheme::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
