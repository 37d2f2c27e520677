//! Tokens of front-end programs.

step!("m20261122_000082_create_service_tokens", STATEMENTS);

const STATEMENTS: [&str; 1] = [
    // What is published is open to all: only a token that reads live rounds has a scope to speak of.
    "CREATE TABLE service_token (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
        secret_hash {bytes} NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
        reads TEXT NOT NULL CHECK (reads IN ('published', 'live')),
        region_id {integer} REFERENCES region (id),
        round_id {integer} REFERENCES round (id),
        made_at {integer} NOT NULL,
        expires_at {integer} NOT NULL,
        revoked_at {integer},
        used_on TEXT,
        CHECK (expires_at > made_at),
        CHECK (reads = 'live' OR (region_id IS NULL AND round_id IS NULL))
    ) {strict}",
];
