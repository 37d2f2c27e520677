//! Ballots, on which one person rates several subjects: who stands on them, admission to them, and their sheets.
//!
//! As with sheets about one subject, admission and answers know nothing of each other: `ballot_invitation` has neither
//! time nor order, `ballot_sheet` neither time nor invitation. Tallies are kept where those of other sheets are, for a
//! line counts about its subject as a sheet does. So are counts of what was issued: a ballot that is handed out is one
//! about each subject on it.

step!("m20261122_000030_create_ballots", STATEMENTS);

const STATEMENTS: [&str; 7] = [
    "CREATE TABLE ballot (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        ballot_no {integer} NOT NULL CHECK (ballot_no > 0),
        region_id {integer} REFERENCES region (id),
        PRIMARY KEY (survey_id, ballot_no),
        UNIQUE (survey_id, region_id)
    ) {strict}",
    // On two ballots of one survey a subject would be counted as returned against what was issued of both.
    "CREATE TABLE ballot_line (
        survey_id {integer} NOT NULL,
        ballot_no {integer} NOT NULL,
        line_no {integer} NOT NULL CHECK (line_no > 0),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        PRIMARY KEY (survey_id, ballot_no, line_no),
        UNIQUE (survey_id, subject_id),
        FOREIGN KEY (survey_id, ballot_no) REFERENCES ballot (survey_id, ballot_no)
    ) {clustered}",
    "CREATE TABLE ballot_link (
        code TEXT NOT NULL PRIMARY KEY CHECK (length(code) > 0),
        survey_id {integer} NOT NULL,
        ballot_no {integer} NOT NULL,
        panel TEXT NOT NULL,
        channel TEXT NOT NULL,
        FOREIGN KEY (survey_id, ballot_no) REFERENCES ballot (survey_id, ballot_no)
    ) {strict}",
    "CREATE INDEX ballot_link_ballot ON ballot_link (survey_id, ballot_no)",
    "CREATE TABLE ballot_invitation (
        survey_id {integer} NOT NULL,
        token_hash {bytes} NOT NULL CHECK (length(token_hash) = 32),
        ballot_no {integer} NOT NULL,
        panel TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('issued', 'used', 'revoked')),
        PRIMARY KEY (survey_id, token_hash),
        FOREIGN KEY (survey_id, ballot_no) REFERENCES ballot (survey_id, ballot_no)
    ) {clustered_hot}",
    // Without the state: an admission changes it, and would have to move the entry.
    "CREATE INDEX ballot_invitation_ballot ON ballot_invitation (survey_id, ballot_no, panel)",
    "CREATE TABLE ballot_sheet (
        survey_id {integer} NOT NULL,
        sheet_no {integer} NOT NULL CHECK (sheet_no > 0),
        ballot_no {integer} NOT NULL,
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
        CHECK (state <> 'valid' OR reason IS NULL),
        FOREIGN KEY (survey_id, ballot_no) REFERENCES ballot (survey_id, ballot_no)
    ) {clustered}",
];
