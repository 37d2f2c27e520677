//! Sheets that are there already, made by the database itself: a million of them would take a server minutes.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use support::Database;
use support::poll::Poll;

/// Stores so many sheets, their subjects in turn, with the tallies that belong to them.
pub async fn fill(poll: &Poll, sheets: usize) {
    if sheets == 0 {
        return;
    }
    let subjects = poll.subjects;
    let transaction = (poll.service.database.begin_write().await).expect("a transaction");
    let backend = transaction.get_database_backend();
    // Ten options of five, drawn by multiplying, and one byte for words.
    let (bytes, hash) = match backend {
        DbBackend::Sqlite => (
            "unhex(printf('%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x00', 1 + n % 5, 1 + n / 5 % 5, 1 + n / 25 % 5, 1 + n / 3 % 5, \
             1 + n / 7 % 5, 1 + n / 11 % 5, 1 + n / 13 % 5, 1 + n / 17 % 5, 1 + n / 19 % 5, 1 + n / 23 % 5))",
            "randomblob(32)",
        ),
        _ => (
            "decode(lpad(to_hex(1 + n % 5), 2, '0') || repeat('02', 9) || '00', 'hex')",
            "sha256(int8send(n))",
        ),
    };
    let sheet = format!(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {sheets}) \
         INSERT INTO sheet (survey_id, sheet_no, subject_id, panel, channel, answers, state, receipt_hash, body_hash) \
         SELECT (SELECT id FROM survey), n, 1 + n % {subjects}, 'users', 'web', {bytes}, 'valid', {hash}, {hash} FROM number"
    );
    for sql in [sheet, COUNT_SHEETS.to_owned()] {
        transaction
            .execute_unprepared(&sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    transaction.commit().await.expect("a commit");
    let counted = poll.recount().await;
    let transaction = (poll.service.database.begin_write().await).expect("a transaction");
    for (group, tally) in counted.tallies {
        let counts = tally.line_up(&poll.definition);
        let sql = format!(
            "INSERT INTO tally (survey_id, subject_id, panel, channel, counts) \
             VALUES ({}, {}, '{}', 'web', '{{{}}}')",
            poll.survey.number(),
            group.subject.number(),
            group.panel,
            counts
                .iter()
                .map(u64::to_string)
                .collect::<Vec<_>>()
                .join(",")
        );
        transaction.execute_unprepared(&sql).await.expect("a tally");
    }
    transaction.commit().await.expect("a commit");
}

const COUNT_SHEETS: &str = "INSERT INTO sheet_tally (survey_id, subject_id, panel, channel, state, count) \
    SELECT survey_id, subject_id, panel, channel, state, count(*) FROM sheet GROUP BY 1, 2, 3, 4, 5";

/// The counts by subject, panel, channel, question and option, straight from the stored bytes.
pub fn group_by(backend: DbBackend) -> String {
    // Grouping by the byte as it is costs the baseline least.
    let option = match backend {
        DbBackend::Sqlite => "substr(answers, question + 1, 1)",
        _ => "(get_byte(answers, question) - 1)::smallint",
    };
    format!(
        "WITH RECURSIVE asked (question) AS (SELECT 0 UNION ALL SELECT question + 1 FROM asked WHERE question < 9) \
         SELECT survey_id, subject_id, panel, channel, question, {option} AS option, count(*) \
         FROM sheet CROSS JOIN asked WHERE state = 'valid' GROUP BY survey_id, subject_id, panel, channel, question, option"
    )
}

/// How many sheets there are.
pub async fn count(connection: &impl ConnectionTrait) -> usize {
    let statement = Statement::from_string(
        connection.get_database_backend(),
        "SELECT count(*) AS n FROM sheet",
    );
    let row = connection
        .query_one_raw(statement)
        .await
        .expect("an answer")
        .expect("a row");
    usize::try_from(row.try_get::<i64>("", "n").expect("a number")).expect("a count")
}

/// A database with a survey about so many subjects and so many sheets.
pub async fn survey(database: &Database, subjects: usize, sheets: usize) -> Poll {
    let poll = Poll::open(database, subjects).await;
    fill(&poll, sheets).await;
    poll
}
