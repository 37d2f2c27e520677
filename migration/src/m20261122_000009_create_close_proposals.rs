//! Proposals to close a round, for schemes that ask for two people.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000009_create_close_proposals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &STATEMENTS).await
    }
}

// The last proposal stands; what was proposed before is in the log.
const STATEMENTS: [&str; 1] = ["CREATE TABLE close_proposal (
        round_id {integer} NOT NULL PRIMARY KEY REFERENCES round (id),
        inputs_digest {bytes} NOT NULL CHECK (length(inputs_digest) = 32),
        by_staff_id {integer} REFERENCES staff (id),
        proposed_at {integer} NOT NULL
    ) {strict}"];
