//! Second factors of accounts, and when a session began.

step!("m20261122_000081_create_second_factors", STATEMENTS);

const STATEMENTS: [&str; 4] = [
    // Sealed by a key that is not in the database: who reads the table cannot make codes.
    "CREATE TABLE staff_factor (
        staff_id {integer} NOT NULL PRIMARY KEY REFERENCES staff (id),
        sealed {bytes} NOT NULL CHECK (length(sealed) > 28),
        begun_at {integer} NOT NULL,
        confirmed_at {integer} CHECK (confirmed_at >= begun_at),
        last_step {integer} NOT NULL CHECK (last_step >= 0)
    ) {strict}",
    // A recovery code that was used is gone.
    "CREATE TABLE staff_recovery (
        staff_id {integer} NOT NULL REFERENCES staff (id),
        code_hash {bytes} NOT NULL CHECK (length(code_hash) = 32),
        PRIMARY KEY (staff_id, code_hash)
    ) {clustered}",
    // Of a refresh token: the whole chain began then, however often it was refreshed since.
    "ALTER TABLE session ADD COLUMN began_at {integer} NOT NULL DEFAULT 0",
    "UPDATE session SET began_at = issued_at",
];
