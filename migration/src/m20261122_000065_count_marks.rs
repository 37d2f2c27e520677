//! Of those who were invited it is counted how many bear a mark of the survey, of which a least share may be demanded.
//! Counts beside the others: no invitation and no sheet carries a mark.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000065_count_marks"
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

const STATEMENTS: [&str; 1] =
    ["ALTER TABLE survey_issue ADD COLUMN invited_marks TEXT CHECK (length(invited_marks) > 2)"];
