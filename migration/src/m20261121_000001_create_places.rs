//! Where subjects are and how they belong together: regions in a tree, subjects, dated relations.

step!("m20261121_000001_create_places", STATEMENTS);

const STATEMENTS: [&str; 7] = [
    "CREATE TABLE region (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        parent_id {integer} REFERENCES region (id) CHECK (parent_id <> id),
        code TEXT NOT NULL UNIQUE CHECK (length(code) > 0),
        name TEXT NOT NULL,
        name_en TEXT NOT NULL
    ) {strict}",
    "CREATE INDEX region_parent ON region (parent_id)",
    "CREATE TABLE subject (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        code TEXT NOT NULL UNIQUE CHECK (length(code) > 0),
        kind TEXT NOT NULL CHECK (kind IN ('unit', 'team', 'person', 'family')),
        category TEXT NOT NULL CHECK (length(category) > 0),
        region_id {integer} NOT NULL REFERENCES region (id),
        name TEXT NOT NULL,
        name_en TEXT NOT NULL
    ) {strict}",
    "CREATE INDEX subject_region ON subject (region_id, category)",
    "CREATE TABLE relation (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        kind TEXT NOT NULL CHECK (kind IN ('heads', 'member_of', 'works_in', 'belongs_to', 'leads', 'part_of')),
        from_subject_id {integer} NOT NULL REFERENCES subject (id),
        to_subject_id {integer} NOT NULL REFERENCES subject (id),
        from_on TEXT NOT NULL CHECK (from_on LIKE '____-__-__'),
        to_on TEXT CHECK (to_on LIKE '____-__-__'),
        UNIQUE (kind, from_subject_id, to_subject_id, from_on),
        CHECK (from_subject_id <> to_subject_id),
        CHECK (to_on >= from_on)
    ) {strict}",
    "CREATE INDEX relation_from ON relation (from_subject_id)",
    "CREATE INDEX relation_to ON relation (to_subject_id)",
];
