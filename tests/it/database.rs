//! What the database itself guarantees, whatever a program does: transactions, constraints, the log
//! and the outbox.

use std::collections::BTreeSet;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};
use service::database::{DatabaseSettings, Engine, SetupError, WriteTransaction};
use service::setting::{self, Setting};
use service::{Database, Fault};
use support::cluster::{Cluster, SUPERUSER};
use support::{World, on_both};

mod constraints;
mod log;
mod outbox;

on_both!(
    every_table_can_be_read_through_its_entity,
    migrations_apply_once,
    two_that_migrate_at_once_do_not_get_in_each_others_way,
    durability_is_in_force_on_the_connections_that_write,
    sixty_four_transactions_that_read_and_then_write_all_succeed,
    a_transaction_that_is_dropped_leaves_nothing,
    writers_that_are_cut_off_leave_a_usable_database,
    lost_connections_heal_by_themselves,
    a_reader_cannot_write,
    a_read_transaction_sees_one_snapshot,
    statements_are_counted_by_all_clones,
    a_closed_database_is_unavailable,
    a_setting_replaces_its_earlier_value,
);

macro_rules! count_rows {
    ($reader:expr, $($table:ident),+ $(,)?) => {
        [$((stringify!($table), {
            use sea_orm::EntityTrait;
            entity::$table::Entity::find().all($reader).await.map(|rows| rows.len())
        })),+]
    };
}

async fn every_table_can_be_read_through_its_entity(world: World) {
    let reader = world.service.database.reader();
    #[rustfmt::skip]
    let counts = count_rows!(
        &reader, adjustment, audit_event, checklist_result, decision, fact, investigation, invitation,
        measure_value, nil_report, outbox, past_grade, proposed_grade, region, relation, revision, round,
        round_relation, round_subject, scheme, scheme_version, score, session, setting, sheet, sheet_tally,
        sheet_text, staff, staff_role, standing, subject, survey, survey_issue, survey_link, tally, waiver,
    );
    let mut named = BTreeSet::from(["seaql_migrations".to_owned()]);
    for (table, count) in counts {
        assert_eq!(count.map_err(|error| error.to_string()), Ok(0), "{table}");
        named.insert(table.to_owned());
    }
    assert_eq!(tables(&world).await, named, "every table has an entity");
}

async fn tables(world: &World) -> BTreeSet<String> {
    let reader = world.service.database.reader();
    let sql = match world.service.database.engine() {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        Engine::Postgres => {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'"
        }
    };
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    let rows = reader.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| row.try_get("", "name").unwrap())
        .collect()
}

async fn migrations_apply_once(world: World) {
    let database = &world.service.database;
    assert_eq!(database.migrate().await.unwrap(), Vec::<String>::new());
    assert_eq!(
        database.pending_migrations().await.unwrap(),
        Vec::<String>::new()
    );
}

async fn two_that_migrate_at_once_do_not_get_in_each_others_way(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let url = match world.service.database.engine() {
        Engine::Sqlite => format!("sqlite://{}", folder.path().join("empty.db").display()),
        Engine::Postgres => empty_postgres("TEMPLATE template0").await,
    };
    let one = Database::open(DatabaseSettings::new(&url)).await.unwrap();
    let other = Database::open(DatabaseSettings::new(&url)).await.unwrap();
    let missing = one.pending_migrations().await.unwrap();
    assert!(!missing.is_empty());

    let (by_one, by_other) = tokio::join!(one.migrate(), other.migrate());
    let applied = [by_one.unwrap(), by_other.unwrap()];
    assert!(
        applied.contains(&missing),
        "one of them applies all: {applied:?}"
    );
    assert!(
        applied.contains(&Vec::new()),
        "the other finds nothing to do: {applied:?}"
    );
    one.close().await;
    other.close().await;
}

/// The URL of a new PostgreSQL database without tables.
async fn empty_postgres(options: &str) -> String {
    use sqlx::{AssertSqlSafe, Connection, PgConnection};

    let cluster = Cluster::get();
    let name = format!("empty_{}_{}", std::process::id(), options.len());
    let mut connection = PgConnection::connect(&cluster.url(SUPERUSER, "postgres"))
        .await
        .unwrap();
    for sql in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name} {options}"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    cluster.url(SUPERUSER, &name)
}

async fn durability_is_in_force_on_the_connections_that_write(world: World) {
    let transaction = world.service.database.begin_write().await.unwrap();
    match world.service.database.engine() {
        Engine::Sqlite => {
            for (pragma, value) in [
                ("synchronous", 2),
                ("foreign_keys", 1),
                ("wal_autocheckpoint", 20_000),
            ] {
                let statement = Statement::from_string(
                    transaction.get_database_backend(),
                    format!("PRAGMA {pragma}"),
                );
                let row = transaction.query_one_raw(statement).await.unwrap().unwrap();
                assert_eq!(row.try_get::<i64>("", pragma).unwrap(), value, "{pragma}");
            }
        }
        Engine::Postgres => {
            let statement = Statement::from_string(
                transaction.get_database_backend(),
                "SHOW synchronous_commit",
            );
            let row = transaction.query_one_raw(statement).await.unwrap().unwrap();
            assert_eq!(
                row.try_get::<String>("", "synchronous_commit").unwrap(),
                "on"
            );
        }
    }
}

#[tokio::test]
async fn a_server_that_would_garble_text_is_refused() {
    let url = empty_postgres("ENCODING 'SQL_ASCII' TEMPLATE template0").await;
    let error = Database::open(DatabaseSettings::new(url))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database runs with `server_encoding` = `SQL_ASCII`, and `UTF8` is needed"
    );
}

#[tokio::test]
async fn a_url_that_names_no_database_is_refused() {
    for url in [
        "sqlite://:memory:",
        "sqlite://",
        "sqlite://mingjian.db?mode=ro",
    ] {
        let error = Database::open(DatabaseSettings::new(url))
            .await
            .unwrap_err();
        assert!(
            matches!(error, SetupError::NotAFile { .. }),
            "{url}: {error:?}"
        );
    }
    for url in ["", "mingjian.db", "mysql://host/name"] {
        let error = Database::open(DatabaseSettings::new(url))
            .await
            .unwrap_err();
        assert!(matches!(error, SetupError::UnknownUrl), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_out_of_reach_is_told_without_its_password() {
    let settings = DatabaseSettings::new("postgres://role:secret@127.0.0.1:9/name");
    assert!(!format!("{settings:?}").contains("secret"));
    let error = Database::open(settings).await.unwrap_err();
    assert!(matches!(error, SetupError::Unreachable { .. }), "{error:?}");
    assert!(!format!("{error:?}{error}").contains("secret"));
}

async fn sixty_four_transactions_that_read_and_then_write_all_succeed(world: World) {
    let database = &world.service.database;
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move {
                let name = format!("counter-{}", number % 4);
                let transaction = database.begin_write().await?;
                let earlier = setting::find(&transaction, &name)
                    .await?
                    .unwrap_or_default();
                // Long enough for a deferred transaction of another task to have read as well.
                tokio::time::sleep(Duration::from_millis(1)).await;
                put(&transaction, &name, &format!("{earlier}x")).await?;
                transaction.commit().await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    if database.engine() == Engine::Sqlite {
        // One writer at a time, so none of them overwrote what it had not read.
        for number in 0..4 {
            let value = setting::find(&database.reader(), &format!("counter-{number}"))
                .await
                .unwrap();
            assert_eq!(value, Some("x".repeat(16)));
        }
    }
}

async fn put(transaction: &WriteTransaction, name: &str, value: &str) -> Result<(), Fault> {
    setting::put(transaction, Setting { name, value }).await
}

async fn a_transaction_that_is_dropped_leaves_nothing(world: World) {
    let database = &world.service.database;
    let transaction = database.begin_write().await.unwrap();
    put(&transaction, "name", "value").await.unwrap();
    drop(transaction);
    // The next writer gets the connection, and a clean one.
    let transaction = database.begin_write().await.unwrap();
    assert_eq!(setting::find(&transaction, "name").await.unwrap(), None);
    put(&transaction, "other", "value").await.unwrap();
    transaction.commit().await.unwrap();
    let reader = database.reader();
    assert_eq!(setting::find(&reader, "name").await.unwrap(), None);
    assert_eq!(
        setting::find(&reader, "other").await.unwrap().as_deref(),
        Some("value")
    );
}

async fn writers_that_are_cut_off_leave_a_usable_database(world: World) {
    let database = &world.service.database;
    for delay in 0..120 {
        let task = tokio::spawn({
            let database = database.clone();
            async move {
                let transaction = database.begin_write().await?;
                let name = format!("cut-{delay}");
                for value in ["one", "two", "three"] {
                    put(&transaction, &name, value).await?;
                }
                transaction.commit().await
            }
        });
        tokio::time::sleep(Duration::from_micros(delay * 25)).await;
        task.abort();
        if let Ok(finished) = task.await {
            finished.unwrap();
        }
    }
    let transaction = database.begin_write().await.unwrap();
    put(&transaction, "after", "all").await.unwrap();
    transaction.commit().await.unwrap();
    let reader = database.reader();
    for delay in 0..120 {
        let value = setting::find(&reader, &format!("cut-{delay}"))
            .await
            .unwrap();
        assert!(
            matches!(value.as_deref(), None | Some("three")),
            "all or nothing: {value:?}"
        );
    }
}

async fn lost_connections_heal_by_themselves(world: World) {
    let database = &world.service.database;
    if database.engine() == Engine::Sqlite {
        // A file has no connection to lose.
        return;
    }
    for round in 0..3 {
        let held = [
            database.begin_write().await.unwrap(),
            database.begin_write().await.unwrap(),
        ];
        drop(held);
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let mut owner = superuser_of(&world).await;
        sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();

        database.ping().await.unwrap();
        let transaction = database.begin_write().await.unwrap();
        put(&transaction, "round", &round.to_string())
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        let snapshot = database.begin_read().await.unwrap();
        assert_eq!(
            setting::find(&snapshot, "round").await.unwrap(),
            Some(round.to_string())
        );
    }
}

async fn superuser_of(world: &World) -> sqlx::PgConnection {
    use sqlx::Connection;

    let url = world
        .database
        .url
        .replacen("mingjian@", &format!("{SUPERUSER}@"), 1);
    sqlx::PgConnection::connect(&url).await.unwrap()
}

#[tokio::test]
async fn a_closed_file_is_whole_without_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.db");
    let database = Database::open(DatabaseSettings::new(format!(
        "sqlite://{}",
        path.display()
    )))
    .await
    .unwrap();
    database.migrate().await.unwrap();
    database.ping().await.unwrap();
    database.close().await;
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(left, [path]);
}

async fn a_reader_cannot_write(world: World) {
    let database = &world.service.database;
    let sql = "INSERT INTO setting (name, value) VALUES ('name', 'value')";
    database.reader().execute_unprepared(sql).await.unwrap_err();
    let transaction = database.begin_read().await.unwrap();
    transaction.execute_unprepared(sql).await.unwrap_err();
    drop(transaction);
    assert_eq!(
        setting::find(&database.reader(), "name").await.unwrap(),
        None
    );
}

async fn a_read_transaction_sees_one_snapshot(world: World) {
    let database = &world.service.database;
    for snapshot in [
        database.begin_read().await.unwrap(),
        database.begin_long_read().await.unwrap(),
    ] {
        let before = setting::find(&snapshot, "name").await.unwrap();
        let transaction = database.begin_write().await.unwrap();
        put(&transaction, "name", &format!("{before:?} and more"))
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(setting::find(&snapshot, "name").await.unwrap(), before);
        assert_ne!(
            setting::find(&database.reader(), "name").await.unwrap(),
            before
        );
        snapshot.finish().await.unwrap();
    }
}

async fn statements_are_counted_by_all_clones(world: World) {
    let database = &world.service.database;
    let before = database.statement_count();
    setting::find(&database.clone().reader(), "name")
        .await
        .unwrap();
    let transaction = database.begin_write().await.unwrap();
    put(&transaction, "name", "value").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(database.statement_count() - before, 2);
}

async fn a_closed_database_is_unavailable(world: World) {
    let database = Database::open(DatabaseSettings::new(&world.database.url))
        .await
        .unwrap();
    database.close().await;
    assert!(matches!(database.ping().await, Err(Fault::Unavailable)));
    assert!(matches!(
        database.begin_write().await,
        Err(Fault::Unavailable)
    ));
}

async fn a_setting_replaces_its_earlier_value(world: World) {
    let database = &world.service.database;
    for value in ["one", "two"] {
        let transaction = database.begin_write().await.unwrap();
        put(&transaction, "name", value).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(
            setting::find(&database.reader(), "name")
                .await
                .unwrap()
                .as_deref(),
            Some(value)
        );
    }
}
