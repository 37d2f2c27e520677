//! What is put in by hand or by import: scores, checklists, measures, proposed grades, facts, nil reports.
//!
//! A row about a round refers to the roster of that round, so a score for a subject outside it cannot exist.

step!("m20261121_000006_create_scores", STATEMENTS);

const STATEMENTS: [&str; 7] = [
    "CREATE TABLE score (
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        item TEXT NOT NULL CHECK (length(item) > 0),
        part TEXT NOT NULL,
        inspector_id {integer} NOT NULL REFERENCES staff (id),
        points_e4 {integer} NOT NULL,
        row_version {integer} NOT NULL CHECK (row_version > 0),
        awarded_at {integer} NOT NULL,
        note TEXT,
        PRIMARY KEY (round_id, subject_id, item, part, inspector_id),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {clustered}",
    "CREATE TABLE checklist_result (
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        item TEXT NOT NULL CHECK (length(item) > 0),
        part TEXT NOT NULL,
        done {integer} NOT NULL CHECK (done >= 0),
        tasks {integer} NOT NULL CHECK (tasks >= 0),
        PRIMARY KEY (round_id, subject_id, item, part),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id),
        CHECK (done <= tasks)
    ) {clustered}",
    "CREATE TABLE measure_value (
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        measure TEXT NOT NULL CHECK (length(measure) > 0),
        period TEXT NOT NULL,
        value TEXT NOT NULL CHECK (length(value) > 0),
        PRIMARY KEY (round_id, subject_id, measure, period),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {clustered}",
    "CREATE TABLE proposed_grade (
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        grade TEXT NOT NULL CHECK (length(grade) > 0),
        PRIMARY KEY (round_id, subject_id),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {clustered}",
    // Facts outlive rounds, hence they refer to the subject alone.
    "CREATE TABLE fact (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        kind TEXT NOT NULL CHECK (length(kind) > 0),
        event_on TEXT CHECK (event_on LIKE '____-__-__'),
        decision_on TEXT CHECK (decision_on LIKE '____-__-__'),
        fields TEXT NOT NULL,
        persons {integer} NOT NULL CHECK (persons >= 0),
        reference TEXT NOT NULL CHECK (length(reference) > 0),
        status TEXT NOT NULL CHECK (status IN ('reported', 'confirmed', 'withdrawn')),
        recorded_at {integer} NOT NULL,
        recorded_by {integer} REFERENCES staff (id),
        UNIQUE (kind, subject_id, reference),
        CHECK (event_on IS NOT NULL OR decision_on IS NOT NULL)
    ) {strict}",
    "CREATE INDEX fact_subject ON fact (subject_id, kind)",
    "CREATE TABLE nil_report (
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        kind TEXT NOT NULL CHECK (length(kind) > 0),
        PRIMARY KEY (round_id, subject_id, kind),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {clustered}",
];
