//! A list of contacts that was drawn at random says from how many and with which seed, so that anybody who has the table
//! can draw it again.

step!("m20261122_000062_record_samples", STATEMENTS);

const STATEMENTS: [&str; 2] = [
    "ALTER TABLE contact_list ADD COLUMN seed TEXT CHECK (length(seed) > 0)",
    "ALTER TABLE contact_list ADD COLUMN drawn_from {integer} CHECK (drawn_from > 0)",
];
