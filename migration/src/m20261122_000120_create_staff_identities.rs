//! Who somebody is at a provider of identities.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000120_create_staff_identities"
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

const STATEMENTS: [&str; 1] = [
    // A subject means something only together with its issuer. Of two accounts at most one has it.
    "CREATE TABLE staff_identity (
        staff_id {integer} NOT NULL PRIMARY KEY REFERENCES staff (id),
        issuer TEXT NOT NULL CHECK (length(issuer) > 0),
        subject TEXT NOT NULL CHECK (length(subject) > 0),
        bound_at {integer} NOT NULL,
        UNIQUE (issuer, subject)
    ) {strict}",
];
