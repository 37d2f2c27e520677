//! Reopenings of closed rounds: what may change, who proposed, and what was carried over and confirmed.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000070_create_reopenings"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &STATEMENTS).await?;
        for table in [
            "reopening",
            "reopening_input",
            "carried_confirmation",
            "kept_sheets",
        ] {
            dialect::freeze_rows(manager, table).await?;
        }
        Ok(())
    }
}

const STATEMENTS: [&str; 6] = [
    // The revision that is being corrected stands on the round's own row: whoever waited for that row sees at once
    // whether the correction is over.
    "ALTER TABLE round ADD COLUMN correcting {integer} CHECK (correcting IS NULL OR correcting > 0 AND state = 'closed')",
    // One for each revision: of two people who reopen at once one is refused.
    "CREATE TABLE reopening (
        round_id {integer} NOT NULL,
        revision {integer} NOT NULL,
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        proposer_staff_id {integer} REFERENCES staff (id),
        by_staff_id {integer} REFERENCES staff (id),
        reopened_at {integer} NOT NULL,
        PRIMARY KEY (round_id, revision),
        FOREIGN KEY (round_id, revision) REFERENCES revision (round_id, number)
    ) {clustered}",
    // More may be named while the correction is under way, so each says when.
    "CREATE TABLE reopening_input (
        round_id {integer} NOT NULL,
        revision {integer} NOT NULL,
        input TEXT NOT NULL CHECK (length(input) > 0),
        named_at {integer} NOT NULL,
        PRIMARY KEY (round_id, revision, input),
        FOREIGN KEY (round_id, revision) REFERENCES reopening (round_id, revision)
    ) {clustered}",
    // The last proposal stands; what was proposed before is in the log.
    "CREATE TABLE reopen_proposal (
        round_id {integer} NOT NULL PRIMARY KEY REFERENCES round (id),
        revision {integer} NOT NULL,
        inputs TEXT NOT NULL CHECK (length(inputs) > 0),
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        by_staff_id {integer} REFERENCES staff (id),
        proposed_at {integer} NOT NULL,
        FOREIGN KEY (round_id, revision) REFERENCES revision (round_id, number)
    ) {strict}",
    "CREATE TABLE carried_confirmation (
        round_id {integer} NOT NULL,
        revision {integer} NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('waiver', 'finding', 'adjustment', 'tie_choice')),
        subject_id {integer} NOT NULL,
        place TEXT NOT NULL,
        by_staff_id {integer} REFERENCES staff (id),
        confirmed_at {integer} NOT NULL,
        PRIMARY KEY (round_id, revision, kind, subject_id, place),
        FOREIGN KEY (round_id, revision) REFERENCES reopening (round_id, revision),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {clustered}",
    // The sheets of a survey as they were before a correction let more of them in: what an auditor takes out of the
    // revision that was corrected.
    "CREATE TABLE kept_sheets (
        round_id {integer} NOT NULL,
        revision {integer} NOT NULL,
        survey_id {integer} NOT NULL REFERENCES survey (id),
        body TEXT NOT NULL CHECK (length(body) > 0),
        PRIMARY KEY (round_id, revision, survey_id),
        FOREIGN KEY (round_id, revision) REFERENCES reopening (round_id, revision)
    ) {strict}",
];
