//! A list of contacts that was drawn at random says from how many and with which seed, so that anybody who has the table
//! can draw it again.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000062_record_samples"
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

const STATEMENTS: [&str; 2] = [
    "ALTER TABLE contact_list ADD COLUMN seed TEXT CHECK (length(seed) > 0)",
    "ALTER TABLE contact_list ADD COLUMN drawn_from {integer} CHECK (drawn_from > 0)",
];
