//! Addresses of accounts, and one-time links to set a password.

step!("m20261122_000080_create_staff_links", STATEMENTS);

const STATEMENTS: [&str; 4] = [
    "ALTER TABLE staff ADD COLUMN email TEXT CHECK (length(email) > 0)",
    "CREATE UNIQUE INDEX staff_email ON staff (email)",
    // A link that was used is gone, so that using it twice cannot be told from one that never was. Only the link to
    // the very first account belongs to nobody yet.
    "CREATE TABLE staff_link (
        token_hash {bytes} NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
        purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset', 'first')),
        staff_id {integer} REFERENCES staff (id),
        made_at {integer} NOT NULL,
        expires_at {integer} NOT NULL,
        CHECK (expires_at > made_at),
        CHECK ((purpose = 'first') = (staff_id IS NULL))
    ) {clustered}",
    "CREATE INDEX staff_link_staff ON staff_link (staff_id)",
];
