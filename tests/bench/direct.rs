//! The baselines that write without a server between: what one connection to the database can do by itself.
//!
//! Each answer spends an invitation and stores a sheet with its words in the very tables of the service, with the same
//! settings for durability. Tallies and checks are left out: this is the floor, not another service.

use std::time::Instant;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use support::Database;
use support::cluster::DurableCluster;

const ANSWERS: [u8; 11] = [1, 3, 2, 1, 5, 4, 3, 2, 1, 1, 1];
const WORDS: &str = r#"{"10":"窗口太少"}"#;

/// Answers a second by a single writer on SQLite, so many in a commit.
pub async fn sqlite(database: &Database, group: usize) -> f64 {
    let path = database.url.trim_start_matches("sqlite://");
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("wal_autocheckpoint", "20000");
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("a connection");
    let mut tokens: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT survey_id, token_hash FROM invitation WHERE state = 'issued'")
            .fetch_all(&mut connection)
            .await
            .expect("invitations");
    shuffle(&mut tokens);
    // One string for the whole group: the driver hands over once, and then binds and steps as the C interface does.
    let mut sql = "BEGIN IMMEDIATE;".to_owned();
    for _ in 0..group {
        sql.push_str(
            "UPDATE invitation SET state = 'used' WHERE survey_id = ? AND token_hash = ? AND state = 'issued';\
             INSERT INTO sheet (survey_id, sheet_no, subject_id, panel, channel, answers, words, state, receipt_hash, body_hash) \
             VALUES (?, ?, 1, 'users', 'web', ?, ?, 'valid', ?, ?);",
        );
    }
    sql.push_str("COMMIT");
    let mut sheet_no = 0_i64;
    let start = Instant::now();
    for part in tokens.chunks_exact(group) {
        let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
        for (survey, token) in part {
            sheet_no += 1;
            // Another hash of the same width stands in for the receipt's.
            query = query
                .bind(survey)
                .bind(token)
                .bind(survey)
                .bind(sheet_no)
                .bind(&ANSWERS[..])
                .bind(WORDS)
                .bind(token)
                .bind(token);
        }
        query.execute(&mut connection).await.expect("a commit");
    }
    let seconds = start.elapsed().as_secs_f64();
    connection.close().await.expect("an end");
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let rate = sheet_no as f64 / seconds;
    rate
}

/// Answers a second by `pgbench` with one statement that spends an invitation and stores its sheet, 32 clients.
pub async fn postgresql(cluster: &DurableCluster, database: &Database, seconds: u32) -> f64 {
    let mut connection = sqlx::PgConnection::connect(&database.migrate_url)
        .await
        .expect("a connection");
    let survey: i64 = sqlx::query_scalar("SELECT id FROM survey")
        .fetch_one(&mut connection)
        .await
        .expect("a survey");
    for sql in [
        "CREATE SEQUENCE pgbench_number".to_owned(),
        format!(
            "INSERT INTO invitation (survey_id, token_hash, subject_id, panel, state) \
             SELECT {survey}, sha256(int8send(n)), 1, 'users', 'issued' FROM generate_series(1, {}) AS n",
            seconds * 40_000
        ),
        "ANALYZE".to_owned(),
    ] {
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .expect("a table to write to");
    }
    connection.close().await.expect("an end");
    let script = cluster.cluster().folder().join("spend.sql");
    let answers = hex::encode(ANSWERS);
    let sql = format!(
        "WITH drawn AS MATERIALIZED (SELECT nextval('pgbench_number') AS number), \
         spent AS (UPDATE invitation SET state = 'used' FROM drawn \
         WHERE survey_id = {survey} AND token_hash = sha256(int8send(drawn.number)) AND state = 'issued' \
         RETURNING drawn.number, subject_id, panel, token_hash) \
         INSERT INTO sheet (survey_id, sheet_no, subject_id, panel, channel, answers, words, state, receipt_hash, body_hash) \
         SELECT {survey}, number, subject_id, panel, 'web', '\\x{answers}', '{WORDS}', 'valid', token_hash, token_hash \
         FROM spent;\n"
    );
    std::fs::write(&script, sql).expect("a script");
    let output = cluster
        .command("pgbench")
        .args([
            "--no-vacuum",
            "--client=32",
            "--jobs=1",
            "--protocol=prepared",
            "--username=postgres",
        ])
        .arg(format!("--time={seconds}"))
        .arg("--host")
        .arg(cluster.cluster().folder())
        .arg("--file")
        .arg(&script)
        .arg(database.name())
        .output()
        .expect("pgbench runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Out of the order of the index, and the same each time.
fn shuffle<T>(list: &mut [T]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for place in (1..list.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap_or(0) % (place + 1);
        list.swap(place, other);
    }
}
