//! How many sheets a survey had at the end of each day, about each subject; no sheet carries a time.

step!("m20261122_000102_count_days", STATEMENTS);

// The first says which days were counted, also those on which there was nothing, so that each is counted once.
const STATEMENTS: [&str; 2] = [
    "CREATE TABLE survey_day (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        day_on TEXT NOT NULL CHECK (length(day_on) = 10),
        counted_at {integer} NOT NULL,
        PRIMARY KEY (survey_id, day_on)
    ) {clustered}",
    "CREATE TABLE sheet_day (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        subject_id {integer} NOT NULL REFERENCES subject (id),
        day_on TEXT NOT NULL CHECK (length(day_on) = 10),
        sheets {integer} NOT NULL CHECK (sheets > 0),
        PRIMARY KEY (survey_id, subject_id, day_on),
        FOREIGN KEY (survey_id, day_on) REFERENCES survey_day (survey_id, day_on)
    ) {clustered}",
];
