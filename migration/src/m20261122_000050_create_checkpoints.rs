//! Signed checkpoints of the log.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000050_create_checkpoints"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &STATEMENTS).await?;
        dialect::freeze_rows(manager, "checkpoint").await
    }
}

const STATEMENTS: [&str; 1] = ["CREATE TABLE checkpoint (
        size {integer} NOT NULL PRIMARY KEY CHECK (size > 0),
        root {bytes} NOT NULL CHECK (length(root) = 32),
        note TEXT NOT NULL CHECK (length(note) > 0),
        verifier_key TEXT NOT NULL CHECK (length(verifier_key) > 0),
        frontier {bytes} NOT NULL,
        made_at {integer} NOT NULL
    ) {strict}"];
