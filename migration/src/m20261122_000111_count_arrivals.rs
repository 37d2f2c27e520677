//! Signs of interference with a survey, as counts beside the sheets.
//!
//! `arrival` counts what came in within a quarter of an hour, on one way, from one network. The network is a keyed hash of
//! sixteen bits, which many share, and its key in `network_key` is destroyed when the survey closes. `told_count` counts
//! who was told what to answer. Neither leads to a sheet, and no sheet leads to them.

step!("m20261122_000111_count_arrivals", STATEMENTS);

const STATEMENTS: [&str; 3] = [
    "CREATE TABLE network_key (
        survey_id {integer} NOT NULL PRIMARY KEY REFERENCES survey (id),
        key {bytes} NOT NULL CHECK (length(key) = 32)
    ) {strict}",
    // -1 stands for sheets that staff put in, which have no network.
    "CREATE TABLE arrival (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        channel TEXT NOT NULL,
        span {integer} NOT NULL CHECK (span >= 0),
        network {integer} NOT NULL CHECK (network >= -1 AND network < 65536),
        answers {integer} NOT NULL CHECK (answers > 0),
        fast {integer} NOT NULL CHECK (fast >= 0 AND fast <= answers),
        PRIMARY KEY (survey_id, channel, span, network)
    ) {clustered_hot}",
    // A subject, or the number of a ballot.
    "CREATE TABLE told_count (
        survey_id {integer} NOT NULL REFERENCES survey (id),
        about {integer} NOT NULL,
        said TEXT NOT NULL CHECK (said IN ('yes', 'no')),
        count {integer} NOT NULL CHECK (count > 0),
        PRIMARY KEY (survey_id, about, said)
    ) {clustered_hot}",
];
