//! What people decide on the way to a result, and the results: revisions and decisions that never change.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000007_create_results"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, &STATEMENTS).await?;
        for table in ["revision", "decision"] {
            dialect::freeze_rows(manager, table).await?;
        }
        Ok(())
    }
}

const STATEMENTS: [&str; 11] = [
    "CREATE TABLE investigation (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        rule TEXT NOT NULL CHECK (length(rule) > 0),
        opened_by TEXT NOT NULL CHECK (opened_by IN ('rule', 'hand')),
        finding TEXT NOT NULL CHECK (finding IN ('open', 'verified', 'unfounded')),
        opened_at {integer} NOT NULL,
        decided_at {integer},
        reason TEXT,
        UNIQUE (round_id, subject_id, rule),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id),
        CHECK ((finding = 'open') = (decided_at IS NULL))
    ) {strict}",
    "CREATE TABLE waiver (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        round_id {integer} NOT NULL REFERENCES round (id),
        subject_id {integer},
        gap TEXT NOT NULL CHECK (length(gap) > 0),
        holds TEXT NOT NULL,
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        by_staff_id {integer} NOT NULL REFERENCES staff (id),
        made_at {integer} NOT NULL,
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {strict}",
    // A gap of the whole round has no subject, and may be waived once as well.
    "CREATE UNIQUE INDEX waiver_once ON waiver (round_id, coalesce(subject_id, 0), gap)",
    "CREATE TABLE adjustment (
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        grade TEXT NOT NULL CHECK (length(grade) > 0),
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        by_staff_id {integer} NOT NULL REFERENCES staff (id),
        made_at {integer} NOT NULL,
        PRIMARY KEY (round_id, subject_id),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {clustered}",
    // Earlier rounds of a series may have been held before this program: they need no row in `round`.
    "CREATE TABLE past_grade (
        series TEXT NOT NULL CHECK (length(series) > 0),
        round_code TEXT NOT NULL CHECK (length(round_code) > 0),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        closed_on TEXT NOT NULL CHECK (closed_on LIKE '____-__-__'),
        grade TEXT CHECK (length(grade) > 0),
        points_e4 {integer},
        PRIMARY KEY (series, round_code, subject_id)
    ) {clustered}",
    "CREATE INDEX past_grade_subject ON past_grade (subject_id, series, closed_on)",
    "CREATE TABLE revision (
        round_id {integer} NOT NULL REFERENCES round (id),
        number {integer} NOT NULL CHECK (number > 0),
        parent {integer},
        scheme_version_id {integer} NOT NULL REFERENCES scheme_version (id),
        engine_version TEXT NOT NULL CHECK (length(engine_version) > 0),
        inputs TEXT NOT NULL,
        inputs_digest {bytes} NOT NULL CHECK (length(inputs_digest) = 32),
        outcome TEXT NOT NULL,
        outcome_digest {bytes} NOT NULL CHECK (length(outcome_digest) = 32),
        closed_at {integer} NOT NULL,
        closed_by {integer} REFERENCES staff (id),
        reason TEXT,
        PRIMARY KEY (round_id, number),
        UNIQUE (round_id, parent),
        FOREIGN KEY (round_id, parent) REFERENCES revision (round_id, number),
        CHECK ((number = 1) = (parent IS NULL)),
        CHECK (parent < number),
        CHECK (number = 1 OR length(reason) > 0)
    ) {strict}",
    "CREATE TABLE decision (
        round_id {integer} NOT NULL,
        revision {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        category TEXT NOT NULL CHECK (length(category) > 0),
        region_id {integer} NOT NULL REFERENCES region (id),
        total_e4 {integer},
        maximum_e4 {integer},
        grade TEXT CHECK (length(grade) > 0),
        rank {integer} CHECK (rank > 0),
        eligible {boolean},
        body TEXT NOT NULL,
        PRIMARY KEY (round_id, revision, subject_id),
        FOREIGN KEY (round_id, revision) REFERENCES revision (round_id, number),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {strict}",
    "CREATE INDEX decision_ranking ON decision (round_id, revision, category, rank, subject_id)",
    "CREATE TABLE standing (
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        category TEXT NOT NULL CHECK (length(category) > 0),
        total_e4 {integer},
        maximum_e4 {integer},
        rank {integer} CHECK (rank > 0),
        body TEXT NOT NULL,
        computed_at {integer} NOT NULL,
        PRIMARY KEY (round_id, subject_id),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {strict}",
    "CREATE INDEX standing_ranking ON standing (round_id, category, rank, subject_id)",
];
