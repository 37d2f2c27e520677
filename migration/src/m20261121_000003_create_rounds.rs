//! Rounds, and the roster and relations that are frozen when a round opens.

step!("m20261121_000003_create_rounds", STATEMENTS);

const STATEMENTS: [&str; 7] = [
    "CREATE TABLE round (
        id {integer} NOT NULL PRIMARY KEY CHECK (id > 0),
        code TEXT NOT NULL UNIQUE CHECK (length(code) > 0),
        series TEXT NOT NULL CHECK (length(series) > 0),
        name TEXT NOT NULL,
        name_en TEXT NOT NULL,
        scheme_version_id {integer} NOT NULL REFERENCES scheme_version (id),
        period_from_on TEXT NOT NULL CHECK (period_from_on LIKE '____-__-__'),
        period_to_on TEXT NOT NULL CHECK (period_to_on LIKE '____-__-__'),
        time_zone TEXT NOT NULL CHECK (length(time_zone) > 0),
        state TEXT NOT NULL CHECK (state IN ('draft', 'open', 'closed')),
        publicity TEXT NOT NULL CHECK (publicity IN ('internal', 'published')),
        opened_at {integer},
        closed_at {integer},
        row_version {integer} NOT NULL CHECK (row_version > 0),
        inputs_changed_at {integer} NOT NULL,
        CHECK (period_to_on >= period_from_on),
        CHECK ((state = 'draft') = (opened_at IS NULL)),
        CHECK ((state = 'closed') = (closed_at IS NOT NULL))
    ) {strict}",
    "CREATE INDEX round_series ON round (series, period_to_on)",
    "CREATE TABLE round_subject (
        round_id {integer} NOT NULL REFERENCES round (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        category TEXT NOT NULL CHECK (length(category) > 0),
        region_id {integer} NOT NULL REFERENCES region (id),
        name TEXT NOT NULL,
        name_en TEXT NOT NULL,
        joined_on TEXT CHECK (joined_on LIKE '____-__-__'),
        left_on TEXT CHECK (left_on LIKE '____-__-__'),
        PRIMARY KEY (round_id, subject_id),
        CHECK (left_on >= joined_on)
    ) {clustered}",
    "CREATE INDEX round_subject_group ON round_subject (round_id, category, region_id)",
    "CREATE INDEX round_subject_history ON round_subject (subject_id)",
    // Related subjects need not be evaluated in the round themselves: the head of a unit has no sheet of scores.
    "CREATE TABLE round_relation (
        round_id {integer} NOT NULL REFERENCES round (id),
        kind TEXT NOT NULL CHECK (kind IN ('heads', 'member_of', 'works_in', 'belongs_to', 'leads', 'part_of')),
        from_subject_id {integer} NOT NULL REFERENCES subject (id),
        to_subject_id {integer} NOT NULL REFERENCES subject (id),
        from_on TEXT NOT NULL CHECK (from_on LIKE '____-__-__'),
        to_on TEXT CHECK (to_on LIKE '____-__-__'),
        PRIMARY KEY (round_id, kind, from_subject_id, to_subject_id, from_on),
        CHECK (from_subject_id <> to_subject_id),
        CHECK (to_on >= from_on)
    ) {clustered}",
    "CREATE INDEX round_relation_to ON round_relation (to_subject_id)",
];
