//! Warnings that open surveys have raised, each once for a subject.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000103_create_survey_warnings"
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

const STATEMENTS: [&str; 1] = ["CREATE TABLE survey_warning (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        code TEXT NOT NULL CHECK (length(code) > 0),
        found TEXT NOT NULL,
        raised_at {integer} NOT NULL,
        PRIMARY KEY (survey_id, subject_id, code)
    ) {clustered}"];
