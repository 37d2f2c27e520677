//! A sheet carries which marks its respondent has, of those whose least share its survey demands; links, invitations and
//! contacts say which these are.
//!
//! A number of bits and no list, so that the intake writes a column of fixed width as it does for the panel, and tallies
//! by mark lie in the row of counts that an answer touches anyway. No sheet becomes easier to trace to its invitation:
//! both hold the panel already, and a mark is held by many.

step!("m20261122_000090_carry_marks", STATEMENTS);

const STATEMENTS: [&str; 7] = [
    "ALTER TABLE survey_link ADD COLUMN marks {integer} NOT NULL DEFAULT 0 CHECK (marks BETWEEN 0 AND 4294967295)",
    "ALTER TABLE ballot_link ADD COLUMN marks {integer} NOT NULL DEFAULT 0 CHECK (marks BETWEEN 0 AND 4294967295)",
    "ALTER TABLE invitation ADD COLUMN marks {integer} NOT NULL DEFAULT 0 CHECK (marks BETWEEN 0 AND 4294967295)",
    "ALTER TABLE ballot_invitation ADD COLUMN marks {integer} NOT NULL DEFAULT 0
        CHECK (marks BETWEEN 0 AND 4294967295)",
    "ALTER TABLE contact ADD COLUMN marks {integer} NOT NULL DEFAULT 0 CHECK (marks BETWEEN 0 AND 4294967295)",
    "ALTER TABLE sheet ADD COLUMN marks {integer} NOT NULL DEFAULT 0 CHECK (marks BETWEEN 0 AND 4294967295)",
    "ALTER TABLE ballot_sheet ADD COLUMN marks {integer} NOT NULL DEFAULT 0 CHECK (marks BETWEEN 0 AND 4294967295)",
];
