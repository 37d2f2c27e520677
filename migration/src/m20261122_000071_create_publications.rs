//! Which revisions of a round everybody may read: a correction is published by a step of its own.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000071_create_publications"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &STATEMENTS).await?;
        dialect::freeze_rows(manager, "publication").await
    }
}

const STATEMENTS: [&str; 2] = [
    "CREATE TABLE publication (
        round_id {integer} NOT NULL,
        revision {integer} NOT NULL,
        published_at {integer} NOT NULL,
        PRIMARY KEY (round_id, revision),
        FOREIGN KEY (round_id, revision) REFERENCES revision (round_id, number)
    ) {clustered}",
    // When exactly is in the log.
    "INSERT INTO publication (round_id, revision, published_at)
        SELECT revision.round_id, max(revision.number), max(revision.closed_at)
        FROM revision JOIN round ON round.id = revision.round_id
        WHERE round.publicity = 'published' GROUP BY revision.round_id",
];
