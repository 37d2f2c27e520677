//! The closed rounds that a round is composed of, each in one revision.

step!("m20261122_000010_create_compositions", STATEMENTS);

const STATEMENTS: [&str; 2] = [
    "CREATE TABLE composition (
        round_id {integer} NOT NULL REFERENCES round (id),
        closed_round_id {integer} NOT NULL,
        revision {integer} NOT NULL,
        named_by {integer} REFERENCES staff (id),
        named_at {integer} NOT NULL,
        PRIMARY KEY (round_id, closed_round_id),
        FOREIGN KEY (closed_round_id, revision) REFERENCES revision (round_id, number),
        CHECK (round_id <> closed_round_id)
    ) {clustered}",
    // A later revision of a round has to find those that rest on an earlier one.
    "CREATE INDEX composition_closed ON composition (closed_round_id, revision)",
];
