//! Schemes and their versions; a version is the source file, word for word.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000002_create_schemes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &STATEMENTS).await?;
        dialect::freeze_rows(manager, "scheme_version").await
    }
}

// A version is frozen: what a closed round was decided by must stay readable as it was.
const STATEMENTS: [&str; 2] = [
    "CREATE TABLE scheme (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        code TEXT NOT NULL UNIQUE CHECK (length(code) > 0),
        name TEXT NOT NULL,
        name_en TEXT NOT NULL
    ) {strict}",
    "CREATE TABLE scheme_version (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        scheme_id {integer} NOT NULL REFERENCES scheme (id),
        version TEXT NOT NULL CHECK (length(version) > 0),
        source TEXT NOT NULL,
        digest {bytes} NOT NULL CHECK (length(digest) = 32),
        added_at {integer} NOT NULL,
        UNIQUE (scheme_id, version)
    ) {strict}",
];
