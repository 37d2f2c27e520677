//! Tables of sheets that staff put in, so that none is put in twice.
//!
//! Sheets do not say which table they came from: a table of one row would otherwise tell whose they are.

step!("m20261122_000061_create_sheet_batches", STATEMENTS);

const STATEMENTS: [&str; 1] = ["CREATE TABLE sheet_batch (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        digest {bytes} NOT NULL CHECK (length(digest) = 32),
        sheets {integer} NOT NULL CHECK (sheets > 0),
        entered_at {integer} NOT NULL,
        PRIMARY KEY (survey_id, digest)
    ) {clustered}"];
