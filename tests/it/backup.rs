//! Copies of the database: made while it is in use, looked through, put back, and the same as before.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use domain::access::Actor;
use service::audit::note::Signer;
use service::database::backup::{BackupFault, Kept, back_up, inspect, restore};
use service::staff::StaffDraft;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use support::poll::{Poll, connect};
use support::{Backend, Database, World, on_both, project};

use crate::contact::linking::{Dump, dump};

on_both!(
    a_copy_made_while_people_answer_is_whole_and_the_same_when_it_is_put_back,
    a_copy_that_does_not_hold_together_is_refused,
);

async fn add_staff(world: &World, login: &str) {
    let draft = StaffDraft {
        login: login.to_owned(),
        name: "Leader 01 (fictional)".to_owned(),
        email: None,
        password_hash: Some("a hash".to_owned()),
        grants: Vec::new(),
    };
    let added = world.service.add_staff(&Actor::Operator, draft).await;
    added.unwrap();
}

/// Some of everything, and the checkpoint that seals it.
async fn fill(world: &World) -> Kept {
    for login in ["leader01", "leader02"] {
        add_staff(world, login).await;
    }
    let signer = Signer::generate().unwrap();
    let nobody = |_: &service::audit::checkpoint::Checkpoint| Vec::<()>::new();
    let made = world.service.add_checkpoint(&signer, nobody).await;
    Kept::parse(&made.unwrap().unwrap().to_short()).unwrap()
}

/// A world on another database.
async fn on(database: Database, world: &World) -> World {
    let service = connect(&database).await;
    World {
        database: Arc::new(database),
        clock: world.clock.clone(),
        service,
    }
}

fn script(name: &str, arguments: &[&str]) -> Output {
    let program = project::root().join("deploy").join(name);
    // The tools of the very server.
    let tools = support::cluster::programs().unwrap().display().to_string();
    Command::new(program)
        .args(arguments)
        .env("PATH", format!("{tools}:/usr/bin:/bin"))
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Copies and puts back by what the README says; the restored database, ready to be worked with.
async fn there_and_back(world: &World, folder: &Path, kept: Kept) -> Database {
    let copy = folder.join("copy");
    match world.backend() {
        Backend::Sqlite => {
            let made = back_up(&world.database.url, &copy).await.unwrap();
            assert!(made.log_size >= kept.size && made.missing.is_empty());
            let again = back_up(&world.database.url, &copy).await;
            assert!(matches!(again, Err(BackupFault::Present(_))));
            let url = format!("sqlite://{}", folder.join("restored.db").display());
            let restored = restore(&copy, &url, Some(kept)).await.unwrap();
            assert_eq!(restored, made);
            let again = restore(&copy, &url, None).await;
            assert!(matches!(again, Err(BackupFault::Present(_))));
            Database::at(url)
        }
        Backend::Postgresql => {
            let file = copy.to_str().unwrap();
            let from = &world.database.migrate_url;
            let made = script("backup", &[from, file]);
            assert!(made.status.success(), "{}", said(&made));
            let again = script("backup", &[from, file]);
            assert!(!again.status.success() && said(&again).contains("there already"));
            let restored = Database::empty().await;
            let done = script("restore", &[file, &restored.migrate_url]);
            assert!(done.status.success(), "{}", said(&done));
            let again = script("restore", &[file, &restored.migrate_url]);
            assert!(!again.status.success() && said(&again).contains("not empty"));
            restored
        }
    }
}

async fn a_copy_made_while_people_answer_is_whole_and_the_same_when_it_is_put_back(world: World) {
    let poll = Poll::open(&world.database, 2).await;
    let kept = fill(&world).await;
    let invitations = poll.invite(40).await;
    let forms = poll.fill_in(&invitations).await;
    let mut server = world.server().await;
    let address = server.address;
    let answering = tokio::spawn(async move {
        let mut client = support::client::Client::connect(address).await.unwrap();
        for form in forms {
            let answer = client.send(&form.request(address)).await.unwrap();
            assert_eq!(answer.status, 200);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let early = folder.path().join("early");
    std::fs::create_dir(&early).unwrap();
    let early = there_and_back(&world, &early, kept).await;
    answering.await.unwrap();
    server.kill().await;

    // What was copied under way opens, and its log goes on from the checkpoint.
    let early = on(early, &world).await;
    early.service.database.migrate().await.unwrap();
    add_staff(&early, "leader03").await;

    // Of what stands still every row comes back.
    let before = dump(&world).await;
    let later = there_and_back(&world, folder.path(), kept).await;
    let later = on(later, &world).await;
    assert_eq!(
        later.service.database.migrate().await.unwrap(),
        Vec::<String>::new()
    );
    let after = dump(&later).await;
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    for (table, rows) in &before {
        assert_eq!(rows.len(), after[table].len(), "{table}");
        let sorted = |dump: &Dump| {
            let mut rows: Vec<String> = dump[table].iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            rows
        };
        assert_eq!(sorted(&before), sorted(&after), "{table}");
    }
    // And whoever runs it can still not change the log.
    let transaction = later.service.database.begin_write().await.unwrap();
    let changed = sea_orm::ConnectionTrait::execute_unprepared(
        &transaction,
        "UPDATE audit_event SET body = '' WHERE seq = 1",
    );
    assert!(changed.await.is_err());
    drop(transaction);
    for world in [early, later] {
        world.service.database.close().await;
        Arc::into_inner(world.database).unwrap().remove().await;
    }
    poll.service.database.close().await;
}

/// Changes a copy behind everybody's back.
async fn spoil(copy: &Path, name: &str, statements: &str) -> PathBuf {
    let spoilt = copy.with_file_name(name);
    std::fs::copy(copy, &spoilt).unwrap();
    let url = format!("sqlite://{}", spoilt.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    spoilt
}

async fn a_copy_that_does_not_hold_together_is_refused(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let kept = fill(&world).await;
    if world.backend() == Backend::Postgresql {
        let refused = back_up(&world.database.url, &copy).await;
        assert!(matches!(refused, Err(BackupFault::NotSqlite)));
        std::fs::write(&copy, "no archive").unwrap();
        let empty = Database::empty().await;
        let refused = script("restore", &[copy.to_str().unwrap(), &empty.migrate_url]);
        assert!(!refused.status.success());
        empty.remove().await;
        return;
    }
    back_up(&world.database.url, &copy).await.unwrap();
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&copy).unwrap().permissions());
    assert_eq!(mode & 0o077, 0);
    let fails = async |spoilt: &Path, kept: Option<Kept>| {
        let url = format!("sqlite://{}", folder.path().join("new.db").display());
        let fault = restore(spoilt, &url, kept).await.unwrap_err();
        assert!(!folder.path().join("new.db").exists());
        assert!(!folder.path().join("new.db.part").exists());
        fault.to_string()
    };
    // Whoever has the file has no guards before them.
    let triggers = triggers_of(&copy).await;
    assert!(!triggers.is_empty());
    let off: Vec<String> = triggers
        .iter()
        .map(|name| format!("DROP TRIGGER {name};"))
        .collect();
    let off = off.concat();
    let changed = spoil(
        &copy,
        "changed",
        &format!("{off} UPDATE audit_event SET body = body || ' ' WHERE seq = 1"),
    )
    .await;
    assert!(fails(&changed, None).await.contains("entry 1 of the log"));
    let cut = spoil(
        &copy,
        "cut",
        &format!("{off} DELETE FROM audit_event WHERE seq = 2"),
    )
    .await;
    assert!(fails(&cut, None).await.contains("of the log"));
    let newer =
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000000_later', 0)";
    let newer = spoil(&copy, "newer", newer).await;
    assert!(fails(&newer, None).await.contains("m29991231_000000_later"));
    let dangling = "PRAGMA foreign_keys = OFF; INSERT INTO staff_recovery (staff_id, code_hash) VALUES (9, zeroblob(32))";
    let dangling = spoil(&copy, "dangling", dangling).await;
    assert!(
        fails(&dangling, None)
            .await
            .contains("`staff_recovery` refers to nothing")
    );
    // An older copy of the same log, and another log.
    let longer = Kept {
        size: kept.size + 10,
        ..kept
    };
    assert!(fails(&copy, Some(longer)).await.contains("were sealed"));
    let other = Kept {
        root: [7; 32],
        ..kept
    };
    assert!(
        fails(&copy, Some(other))
            .await
            .contains("not the one of the checkpoint")
    );
    let mut bytes = std::fs::read(&copy).unwrap();
    let end = bytes.len() / 2;
    bytes.truncate(end);
    let torn = folder.path().join("torn");
    std::fs::write(&torn, bytes).unwrap();
    fails(&torn, None).await;
    assert_eq!(
        inspect(&copy, Some(kept)).await.unwrap().missing,
        Vec::<String>::new()
    );
    assert!(Kept::parse("12").is_none() && Kept::parse("x 00").is_none());
}

async fn triggers_of(copy: &Path) -> Vec<String> {
    let url = format!("sqlite://{}", copy.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let names = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    names
}
