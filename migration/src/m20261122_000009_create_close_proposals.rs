//! Proposals to close a round, for schemes that ask for two people.

step!("m20261122_000009_create_close_proposals", STATEMENTS);

// The last proposal stands; what was proposed before is in the log.
const STATEMENTS: [&str; 1] = ["CREATE TABLE close_proposal (
        round_id {integer} NOT NULL PRIMARY KEY REFERENCES round (id),
        inputs_digest {bytes} NOT NULL CHECK (length(inputs_digest) = 32),
        by_staff_id {integer} REFERENCES staff (id),
        proposed_at {integer} NOT NULL
    ) {strict}"];
