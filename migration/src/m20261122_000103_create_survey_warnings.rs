//! Warnings that open surveys have raised, each once for a subject.

step!("m20261122_000103_create_survey_warnings", STATEMENTS);

const STATEMENTS: [&str; 1] = ["CREATE TABLE survey_warning (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        code TEXT NOT NULL CHECK (length(code) > 0),
        found TEXT NOT NULL,
        raised_at {integer} NOT NULL,
        PRIMARY KEY (survey_id, subject_id, code)
    ) {clustered}"];
