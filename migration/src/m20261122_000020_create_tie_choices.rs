//! A committee's choices among subjects that are tied for the seats of a quota.

step!("m20261122_000020_create_tie_choices", STATEMENTS);

const STATEMENTS: [&str; 1] = ["CREATE TABLE tie_choice (
        round_id {integer} NOT NULL,
        quota TEXT NOT NULL CHECK (length(quota) > 0),
        subject_id {integer} NOT NULL,
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        by_staff_id {integer} NOT NULL REFERENCES staff (id),
        made_at {integer} NOT NULL,
        PRIMARY KEY (round_id, quota, subject_id),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {clustered}"];
