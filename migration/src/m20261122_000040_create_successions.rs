//! Renames, mergers and transfers: whose history a subject carries on.

step!("m20261122_000040_create_successions", STATEMENTS);

const STATEMENTS: [&str; 3] = [
    "CREATE TABLE succession (
        predecessor_id {integer} NOT NULL REFERENCES subject (id),
        effective_on TEXT NOT NULL CHECK (effective_on LIKE '____-__-__'),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        kind TEXT NOT NULL CHECK (kind IN ('rename', 'merger', 'transfer')),
        name TEXT NOT NULL CHECK (length(name) > 0),
        grades_continue {boolean} NOT NULL,
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        recorded_by {integer} REFERENCES staff (id),
        recorded_at {integer} NOT NULL,
        PRIMARY KEY (predecessor_id, effective_on),
        CHECK ((kind = 'merger') = (predecessor_id <> subject_id))
    ) {clustered}",
    // Nobody is merged into two.
    "CREATE UNIQUE INDEX succession_once ON succession (predecessor_id) WHERE kind = 'merger'",
    "CREATE INDEX succession_subject ON succession (subject_id)",
];
