//! Which revisions of other rounds a revision rests on, so that it shows when one of those is corrected.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000072_create_revision_sources"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &STATEMENTS).await?;
        let filled = if dialect::is_sqlite(manager) {
            ON_SQLITE
        } else {
            ON_POSTGRES
        };
        dialect::run(manager, &filled).await?;
        dialect::freeze_rows(manager, "revision_source").await
    }
}

const STATEMENTS: [&str; 2] = [
    "CREATE TABLE revision_source (
        round_id {integer} NOT NULL,
        revision {integer} NOT NULL,
        source_round_id {integer} NOT NULL,
        source_revision {integer} NOT NULL,
        PRIMARY KEY (round_id, revision, source_round_id, source_revision),
        FOREIGN KEY (round_id, revision) REFERENCES revision (round_id, number),
        FOREIGN KEY (source_round_id, source_revision) REFERENCES revision (round_id, number)
    ) {clustered}",
    "CREATE INDEX revision_source_of ON revision_source (source_round_id, source_revision)",
];

// Revisions that stand already say in their inputs what they rest on.
const ON_SQLITE: [&str; 1] = [
    "INSERT INTO revision_source (round_id, revision, source_round_id, source_revision)
        SELECT DISTINCT r.round_id, r.number, source.id, json_extract(used.value, '$.revision')
        FROM (SELECT r.round_id, r.number, list.value AS lists FROM revision AS r,
                json_each(json_array(json_extract(r.inputs, '$.history'), json_extract(r.inputs, '$.closed_rounds'))) AS list
             WHERE list.value IS NOT NULL) AS r,
            json_each(r.lists) AS used
        JOIN round AS source ON source.code = json_extract(used.value, '$.round')
        WHERE json_extract(used.value, '$.revision') IS NOT NULL",
];

const ON_POSTGRES: [&str; 1] = [
    "INSERT INTO revision_source (round_id, revision, source_round_id, source_revision)
        SELECT DISTINCT r.round_id, r.number, source.id, CAST(used.value ->> 'revision' AS BIGINT)
        FROM revision AS r
        CROSS JOIN LATERAL jsonb_array_elements(
            coalesce(CAST(r.inputs AS JSONB) -> 'history', '[]') || coalesce(CAST(r.inputs AS JSONB) -> 'closed_rounds', '[]')
        ) AS used
        JOIN round AS source ON source.code = used.value ->> 'round'
        WHERE used.value ->> 'revision' IS NOT NULL",
];
