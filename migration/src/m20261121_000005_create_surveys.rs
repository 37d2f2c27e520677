//! Surveys, admission to them, answer sheets and the tallies that are kept beside the sheets.
//!
//! Every table on the hot path carries the survey first in its primary key and in each unique constraint, so that it can
//! be partitioned or sharded by survey without being rewritten. Who was invited and what was answered are kept apart:
//! `invitation` knows neither time nor order, `sheet` knows neither time nor invitation.

step!("m20261121_000005_create_surveys", STATEMENTS);

const STATEMENTS: [&str; 9] = [
    "CREATE TABLE survey (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        round_id {integer} NOT NULL REFERENCES round (id),
        code TEXT NOT NULL CHECK (length(code) > 0),
        state TEXT NOT NULL CHECK (state IN ('draft', 'open', 'closed')),
        opens_at {integer},
        closes_at {integer},
        definition TEXT NOT NULL,
        definition_digest {bytes} NOT NULL CHECK (length(definition_digest) = 32),
        UNIQUE (round_id, code),
        CHECK (closes_at > opens_at)
    ) {strict}",
    "CREATE TABLE survey_link (
        code TEXT NOT NULL PRIMARY KEY CHECK (length(code) > 0),
        survey_id {integer} NOT NULL REFERENCES survey (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        panel TEXT NOT NULL,
        channel TEXT NOT NULL
    ) {strict}",
    "CREATE INDEX survey_link_subject ON survey_link (survey_id, subject_id)",
    "CREATE TABLE invitation (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        token_hash {bytes} NOT NULL CHECK (length(token_hash) = 32),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        panel TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('issued', 'used', 'revoked')),
        PRIMARY KEY (survey_id, token_hash)
    ) {clustered_hot}",
    // Without the state: an admission changes it, and would have to move the entry.
    "CREATE INDEX invitation_subject ON invitation (survey_id, subject_id, panel)",
    "CREATE TABLE sheet (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        sheet_no {integer} NOT NULL CHECK (sheet_no > 0),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        panel TEXT NOT NULL,
        channel TEXT NOT NULL,
        answers {bytes} NOT NULL,
        words TEXT,
        state TEXT NOT NULL CHECK (state IN ('valid', 'invalid', 'replaced', 'late', 'quarantined')),
        reason TEXT,
        receipt_hash {bytes} NOT NULL CHECK (length(receipt_hash) = 32),
        body_hash {bytes} NOT NULL CHECK (length(body_hash) = 32),
        PRIMARY KEY (survey_id, sheet_no),
        UNIQUE (survey_id, receipt_hash),
        CHECK (state <> 'valid' OR reason IS NULL)
    ) {clustered}",
    // One row for all counts of a group: an answer touches one row and not one for each question, and looking at a
    // thousand subjects reads a thousand rows. `{1,0,5}` is how PostgreSQL itself writes an array.
    "CREATE TABLE tally (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        panel TEXT NOT NULL,
        channel TEXT NOT NULL,
        counts {counts} NOT NULL CHECK ({are_counts}),
        PRIMARY KEY (survey_id, subject_id, panel, channel)
    ) {clustered_hot}",
    "CREATE TABLE sheet_tally (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        panel TEXT NOT NULL,
        channel TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('valid', 'invalid', 'replaced', 'late', 'quarantined')),
        count {integer} NOT NULL CHECK (count >= 0),
        PRIMARY KEY (survey_id, subject_id, panel, channel, state)
    ) {clustered_hot}",
    // A count that nobody reported is absent, not 0: a quorum over it is then undefined.
    "CREATE TABLE survey_issue (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        panel TEXT NOT NULL,
        channel TEXT NOT NULL,
        invited {integer} CHECK (invited >= 0),
        issued {integer} CHECK (issued >= 0),
        attended {integer} CHECK (attended >= 0),
        entitled {integer} CHECK (entitled >= 0),
        PRIMARY KEY (survey_id, subject_id, panel, channel)
    ) {clustered}",
];
