//! Who somebody is at a provider of identities.

step!("m20261122_000120_create_staff_identities", STATEMENTS);

const STATEMENTS: [&str; 1] = [
    // A subject means something only together with its issuer. Of two accounts at most one has it.
    "CREATE TABLE staff_identity (
        staff_id {integer} NOT NULL PRIMARY KEY REFERENCES staff (id),
        issuer TEXT NOT NULL CHECK (length(issuer) > 0),
        subject TEXT NOT NULL CHECK (length(subject) > 0),
        bound_at {integer} NOT NULL,
        UNIQUE (issuer, subject)
    ) {strict}",
];
