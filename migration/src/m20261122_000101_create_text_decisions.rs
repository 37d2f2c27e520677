//! Decisions about answers in words: who looks at them may hide one, or release it as it was written.

step!("m20261122_000101_create_text_decisions", STATEMENTS);

// The name of a text is a keyed hash: from this table alone nobody finds the sheet.
const STATEMENTS: [&str; 1] = ["CREATE TABLE text_decision (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        text_id {bytes} NOT NULL CHECK (length(text_id) = 16),
        decision TEXT NOT NULL CHECK (decision IN ('hide', 'release')),
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        decided_at {integer} NOT NULL,
        PRIMARY KEY (survey_id, text_id)
    ) {clustered}"];
