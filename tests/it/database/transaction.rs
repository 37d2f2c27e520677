//! Transactions: many writers at once, readers that cannot write, and what happens when either is cut off.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use service::audit::{self, Entry, Page};
use service::database::{DatabaseSettings, Engine, WriteTransaction};
use service::setting::{self, Setting};
use service::{Database, Fault};
use support::cluster::SUPERUSER;
use support::{World, on_both};

on_both!(
    sixty_four_transactions_that_read_and_then_write_all_succeed,
    two_programs_share_one_database,
    a_read_that_takes_too_long_is_cut_off_unless_it_may,
    a_transaction_that_is_dropped_leaves_nothing,
    writers_that_are_cut_off_leave_a_usable_database,
    lost_connections_heal_by_themselves,
    a_reader_cannot_write,
    a_read_transaction_sees_one_snapshot,
    statements_are_counted_by_all_clones,
    a_closed_database_is_unavailable,
    a_setting_replaces_its_earlier_value,
);

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

/// As a server and a worker do.
async fn two_programs_share_one_database(world: World) {
    let server = world.service.database.clone();
    let worker = Database::open(DatabaseSettings::new(&world.database.url))
        .await
        .unwrap();
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let database = if number % 2 == 0 {
                server.clone()
            } else {
                worker.clone()
            };
            tokio::spawn(async move {
                let transaction = database.begin_write().await?;
                audit::append(&transaction, &Entry::default()).await?;
                transaction.commit().await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let entries = audit::list(
        &worker.reader(),
        Page {
            after: 0,
            limit: 100,
        },
    )
    .await
    .unwrap();
    assert_eq!(entries.len(), 64);
    worker.close().await;
}

async fn a_read_that_takes_too_long_is_cut_off_unless_it_may(world: World) {
    if world.service.database.engine() == Engine::Sqlite {
        // SQLite has no clock of its own for statements.
        return;
    }
    let mut settings = DatabaseSettings::new(&world.database.url);
    settings.read_timeout = Duration::from_millis(50);
    let database = Database::open(settings).await.unwrap();
    let slow = "SELECT pg_sleep(0.2)";
    let error = database
        .reader()
        .execute_unprepared(slow)
        .await
        .unwrap_err();
    assert!(matches!(Fault::from(error), Fault::Unavailable));
    let snapshot = database.begin_long_read().await.unwrap();
    snapshot.execute_unprepared(slow).await.unwrap();
    snapshot.finish().await.unwrap();
    let transaction = database.begin_write().await.unwrap();
    transaction.execute_unprepared(slow).await.unwrap();
    transaction.rollback().await.unwrap();
    database.close().await;
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
