//! Whom a survey is sent to: lists of mail addresses, telephone numbers or names for letters, until they are erased.
//!
//! No column leads from a contact to its invitation. Which one it is follows from the list's secret and the contact's
//! number, and that secret is erased together with the contacts; from an invitation to a sheet nothing leads anyway.
//! When a survey ended is kept because the contacts of it are erased so many days later.

step!("m20261122_000060_create_contact_lists", STATEMENTS);

const STATEMENTS: [&str; 6] = [
    "ALTER TABLE survey ADD COLUMN closed_at {integer}",
    "CREATE TABLE contact_list (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        survey_id {integer} NOT NULL REFERENCES survey (id),
        way TEXT NOT NULL CHECK (way IN ('mail', 'phone', 'letter')),
        state TEXT NOT NULL CHECK (state IN ('draft', 'confirmed', 'withdrawn', 'erased')),
        contacts {integer} NOT NULL CHECK (contacts > 0),
        secret {bytes} CHECK (length(secret) = 32),
        added_at {integer} NOT NULL,
        mailed_at {integer},
        handed_out_at {integer},
        CHECK ((state IN ('draft', 'confirmed')) = (secret IS NOT NULL))
    ) {strict}",
    "CREATE INDEX contact_list_survey ON contact_list (survey_id)",
    "CREATE TABLE contact (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        list_id {integer} NOT NULL REFERENCES contact_list (id),
        survey_id {integer} NOT NULL REFERENCES survey (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        panel TEXT NOT NULL,
        name TEXT NOT NULL,
        address TEXT NOT NULL CHECK (length(address) > 0),
        delivery TEXT NOT NULL CHECK (delivery IN ('none', 'waiting', 'sent', 'failed'))
    ) {strict}",
    "CREATE INDEX contact_list_contacts ON contact (list_id, id)",
    // One person has one invitation about a subject, in whatever letters the address was written.
    "CREATE UNIQUE INDEX contact_address ON contact (survey_id, subject_id, lower(address))",
];
