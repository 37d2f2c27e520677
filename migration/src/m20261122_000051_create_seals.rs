//! Seals of closed surveys: the tree over all sheets, in pages of a thousand.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000051_create_seals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &STATEMENTS).await?;
        dialect::freeze_rows(manager, "survey_seal").await?;
        dialect::freeze_rows(manager, "seal_page").await
    }
}

const STATEMENTS: [&str; 2] = [
    // A further one only where a sheet's state was decided anew after the survey closed.
    "CREATE TABLE survey_seal (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        number {integer} NOT NULL CHECK (number > 0),
        size {integer} NOT NULL CHECK (size >= 0),
        root {bytes} NOT NULL CHECK (length(root) = 32),
        salt {bytes} NOT NULL CHECK (length(salt) = 32),
        note TEXT NOT NULL CHECK (length(note) > 0),
        verifier_key TEXT NOT NULL CHECK (length(verifier_key) > 0),
        sealed_at {integer} NOT NULL,
        PRIMARY KEY (survey_id, number)
    ) {strict}",
    // The hashes of a page are made again from its sheets when somebody asks for a proof: kept for every sheet, they
    // would take as much room as the sheets.
    "CREATE TABLE seal_page (
        survey_id {integer} NOT NULL,
        number {integer} NOT NULL,
        page_no {integer} NOT NULL CHECK (page_no >= 0),
        first_receipt_hash {bytes} NOT NULL CHECK (length(first_receipt_hash) = 32),
        root {bytes} NOT NULL CHECK (length(root) = 32),
        PRIMARY KEY (survey_id, number, page_no),
        FOREIGN KEY (survey_id, number) REFERENCES survey_seal (survey_id, number)
    ) {clustered}",
];
