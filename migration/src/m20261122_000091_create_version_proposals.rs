//! Proposals to move an open round to another version of its scheme.

step!("m20261122_000091_create_version_proposals", STATEMENTS);

const STATEMENTS: [&str; 1] = [
    // The last proposal stands; what was proposed before, and every move, is in the log.
    "CREATE TABLE version_proposal (
        round_id {integer} NOT NULL PRIMARY KEY REFERENCES round (id),
        scheme_version_id {integer} NOT NULL REFERENCES scheme_version (id),
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        by_staff_id {integer} REFERENCES staff (id),
        proposed_at {integer} NOT NULL
    ) {strict}",
];
