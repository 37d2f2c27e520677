//! What is shown of a survey while it takes answers, and what will be shown next.
//!
//! Both lie in one row, which moves when enough sheets have come since it last did: readers see the row and never the
//! tally that the intake keeps.

step!("m20261122_000100_create_shown_tallies", STATEMENTS);

// Counts are texts on both databases: nobody adds them up there. The number of valid sheets stands beside them, so that
// one statement finds what may move.
const STATEMENTS: [&str; 1] = ["CREATE TABLE shown_tally (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        panel TEXT NOT NULL,
        channel TEXT NOT NULL,
        shown_sheets TEXT NOT NULL CHECK (length(shown_sheets) > 1),
        shown_counts TEXT NOT NULL CHECK (length(shown_counts) > 2),
        next_sheets TEXT NOT NULL CHECK (length(next_sheets) > 1),
        next_counts TEXT NOT NULL CHECK (length(next_counts) > 2),
        next_valid {integer} NOT NULL CHECK (next_valid >= 0),
        steps {integer} NOT NULL CHECK (steps > 0),
        PRIMARY KEY (survey_id, subject_id, panel, channel)
    ) {clustered}"];
