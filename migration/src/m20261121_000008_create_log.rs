//! The log of changes without gaps, work for later, and settings that are changed at run time.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000008_create_log"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &STATEMENTS).await?;
        dialect::freeze_rows(manager, "audit_event").await?;
        refuse_gaps(manager).await
    }
}

const STATEMENTS: [&str; 4] = [
    "CREATE TABLE audit_event (
        seq {integer} NOT NULL PRIMARY KEY CHECK (seq > 0),
        body TEXT NOT NULL,
        leaf_hash {bytes} NOT NULL CHECK (length(leaf_hash) = 32)
    ) {strict}",
    // Done and given up are both `done_at`; a row that was given up keeps the fault of its last attempt.
    "CREATE TABLE outbox (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        kind TEXT NOT NULL CHECK (length(kind) > 0),
        body TEXT NOT NULL,
        due_at {integer} NOT NULL,
        attempts {integer} NOT NULL CHECK (attempts >= 0),
        claimed_until_at {integer},
        done_at {integer},
        fault TEXT
    ) {strict}",
    "CREATE INDEX outbox_waiting ON outbox (due_at, id) WHERE done_at IS NULL",
    "CREATE TABLE setting (
        name TEXT NOT NULL PRIMARY KEY CHECK (length(name) > 0),
        value TEXT NOT NULL
    ) {strict}",
];

/// A number that does not follow the last one is refused, so that a row cut out of the log always shows.
async fn refuse_gaps(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if dialect::is_sqlite(manager) {
        return dialect::run(
            manager,
            &[
                "CREATE TRIGGER audit_event_refuses_gap BEFORE INSERT ON audit_event
                WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_event)
                BEGIN SELECT RAISE(ABORT, 'audit_event has no gaps'); END",
            ],
        )
        .await;
    }
    dialect::run(
        manager,
        &[
            "CREATE FUNCTION audit_event_refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_event) THEN
                        RAISE EXCEPTION 'audit_event has no gaps' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                END $$",
            "CREATE TRIGGER audit_event_refuses_gap BEFORE INSERT ON audit_event
                FOR EACH ROW EXECUTE FUNCTION audit_event_refuse_gap()",
        ],
    )
    .await
}
