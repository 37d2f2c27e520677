//! Lists of tasks that subjects have of their own (责任清单), and which tasks of a list are not done.

step!("m20261122_000132_create_duty_lists", STATEMENTS);

const STATEMENTS: [&str; 2] = [
    // Recorded while the round is set up, before there is a roster, so a row hangs on the subject itself. `tasks` is a
    // JSON array of texts. Nobody as the recorder or the approver is the command line.
    "CREATE TABLE duty_list (
        round_id {integer} NOT NULL REFERENCES round (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        item TEXT NOT NULL CHECK (length(item) > 0),
        part TEXT NOT NULL,
        tasks TEXT NOT NULL CHECK (length(tasks) > 2),
        recorded_by_id {integer} REFERENCES staff (id),
        recorded_at {integer} NOT NULL,
        approved_by_id {integer} REFERENCES staff (id),
        approved_at {integer},
        CHECK (approved_at IS NOT NULL OR approved_by_id IS NULL),
        CHECK (approved_at IS NULL OR COALESCE(approved_by_id, 0) <> COALESCE(recorded_by_id, 0)),
        PRIMARY KEY (round_id, subject_id, item, part)
    ) {clustered}",
    // A JSON array of numbers from 1.
    "ALTER TABLE checklist_result ADD COLUMN undone TEXT NOT NULL DEFAULT '[]'",
];
