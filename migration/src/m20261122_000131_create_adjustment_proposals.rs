//! What one person proposes to a committee, where the scheme asks for another one to decide.

step!("m20261122_000131_create_adjustment_proposals", STATEMENTS);

const STATEMENTS: [&str; 1] = [
    // The last proposal about a subject stands until it is decided; every one is in the log. Without a grade it is to
    // take an adjustment back.
    "CREATE TABLE adjustment_proposal (
        round_id {integer} NOT NULL,
        subject_id {integer} NOT NULL,
        grade TEXT CHECK (length(grade) > 0),
        reason TEXT NOT NULL CHECK (length(reason) > 0),
        by_staff_id {integer} NOT NULL REFERENCES staff (id),
        proposed_at {integer} NOT NULL,
        PRIMARY KEY (round_id, subject_id),
        FOREIGN KEY (round_id, subject_id) REFERENCES round_subject (round_id, subject_id)
    ) {clustered}",
];
