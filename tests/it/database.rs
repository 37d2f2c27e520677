//! What the database itself guarantees, whatever a program does: it is opened only as it must be, and
//! has the tables that it should. Below: transactions, constraints, the log and the outbox.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Statement};
use service::Database;
use service::database::{DatabaseSettings, Engine, SetupError};
use support::cluster::{Cluster, SUPERUSER};
use support::{World, on_both};

mod constraints;
mod log;
mod outbox;
mod transaction;

on_both!(
    every_table_can_be_read_through_its_entity,
    migrations_apply_once,
    two_that_migrate_at_once_do_not_get_in_each_others_way,
    durability_is_in_force_on_the_connections_that_write,
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
        &reader, adjustment, adjustment_proposal, arrival, audit_event, ballot, ballot_invitation, ballot_line, ballot_link, ballot_sheet,
        carried_confirmation, checklist_result, checkpoint, close_proposal, composition, contact, contact_list,
        decision, duty_list, fact, investigation, invitation, kept_sheets, measure_value, network_key, nil_report, outbox, past_grade,
        proposed_grade, publication, region, relation, reopen_proposal, reopening, reopening_input, revision,
        revision_source, round, round_relation, round_subject, scheme, scheme_version, score, seal_page, service_token, session,
        setting, sheet, sheet_batch, sheet_day, sheet_tally, shown_tally, staff, staff_factor, staff_identity, staff_link, staff_recovery, staff_role, standing, subject, succession, survey,
        survey_day, survey_issue, survey_link, survey_seal, survey_warning, tally, text_decision, tie_choice, told_count, version_proposal, waiver,
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
