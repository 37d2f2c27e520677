//! A score says which stretch of the round it is for, where points are awarded for each quarter or half-year by itself.
//!
//! An inspector then has several scores for one item, so the stretch belongs to the key. Scores that are there already
//! are for the whole round, which is an empty stretch.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000011_date_scores"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if dialect::is_sqlite(manager) {
            dialect::run(manager, &ON_SQLITE).await
        } else {
            dialect::run(manager, &ON_POSTGRES).await
        }
    }
}

/// SQLite cannot change a primary key, so the rows move.
const ON_SQLITE: [&str; 4] = [
    "CREATE TABLE score_dated (
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        item TEXT NOT NULL CHECK (length(item) > 0),
        part TEXT NOT NULL,
        period TEXT NOT NULL DEFAULT '',
        inspector_id {integer} NOT NULL REFERENCES staff (id),
        points_e4 {integer} NOT NULL,
        row_version {integer} NOT NULL CHECK (row_version > 0),
        awarded_at {integer} NOT NULL,
        note TEXT,
        PRIMARY KEY (round_id, subject_id, item, part, period, inspector_id),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {clustered}",
    "INSERT INTO score_dated
        (round_id, subject_id, item, part, inspector_id, points_e4, row_version, awarded_at, note)
     SELECT round_id, subject_id, item, part, inspector_id, points_e4, row_version, awarded_at, note FROM score",
    "DROP TABLE score",
    "ALTER TABLE score_dated RENAME TO score",
];

const ON_POSTGRES: [&str; 2] = [
    "ALTER TABLE score ADD COLUMN period TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE score
        DROP CONSTRAINT score_pkey,
        ADD PRIMARY KEY (round_id, subject_id, item, part, period, inspector_id)",
];
