//! Accounts, their roles with a scope each, and their sessions.

step!("m20261121_000004_create_staff", STATEMENTS);

const STATEMENTS: [&str; 6] = [
    "CREATE TABLE staff (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        login TEXT NOT NULL UNIQUE CHECK (length(login) > 0),
        name TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
        row_version {integer} NOT NULL CHECK (row_version > 0),
        failed_logins {integer} NOT NULL CHECK (failed_logins >= 0),
        locked_until_at {integer}
    ) {strict}",
    // The words for roles live in the access table of the domain; a role that it does not know grants nothing.
    "CREATE TABLE staff_role (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        staff_id {integer} NOT NULL REFERENCES staff (id),
        role TEXT NOT NULL CHECK (length(role) > 0),
        region_id {integer} REFERENCES region (id),
        category TEXT CHECK (length(category) > 0),
        round_id {integer} REFERENCES round (id),
        subject_id {integer} REFERENCES subject (id)
    ) {strict}",
    // An absent scope is a value here: without coalesce one role could be granted twice over everything.
    "CREATE UNIQUE INDEX staff_role_once ON staff_role
        (staff_id, role, coalesce(region_id, 0), coalesce(category, ''), coalesce(round_id, 0), coalesce(subject_id, 0))",
    "CREATE TABLE session (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        staff_id {integer} NOT NULL REFERENCES staff (id),
        family {integer} NOT NULL,
        refresh_hash {bytes} NOT NULL UNIQUE CHECK (length(refresh_hash) = 32),
        state TEXT NOT NULL CHECK (state IN ('live', 'rotated', 'revoked')),
        issued_at {integer} NOT NULL,
        expires_at {integer} NOT NULL,
        used_at {integer},
        CHECK (expires_at > issued_at)
    ) {strict}",
    "CREATE INDEX session_family ON session (family)",
    "CREATE INDEX session_staff ON session (staff_id)",
];
