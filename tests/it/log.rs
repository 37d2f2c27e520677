//! The log as evidence: checkpoints of it, the file that is taken out, and a program of its own that checks both.

use std::path::Path;
use std::process::{Command, Output};

use domain::access::{Actor, Role};
use sea_orm::ConnectionTrait;
use service::audit::checkpoint::Checkpoint;
use service::audit::note::Signer;
use service::audit::{self, Entry};
use service::closeout::PackageKind;
use service::database::{DatabaseSettings, Engine};
use service::page::Page;
use service::{Database, Fault, outbox};
use support::server::{key_for_tests, program};
use support::{World, on_both, project};
use verify::kept::Kept;
use verify::log::{Log, Trust};

use crate::stand::{ROUND, Stand, refusals, staff};

on_both!(
    a_checkpoint_is_made_where_the_log_has_grown_and_mailed_once,
    two_workers_at_once_make_one_checkpoint,
    an_exported_log_holds_and_a_later_one_goes_on_from_it,
    what_was_changed_in_the_database_is_never_signed,
    a_log_that_was_set_back_shows_against_a_checkpoint_kept_elsewhere,
    a_package_is_checked_against_the_log_and_any_other_is_not_in_it,
    the_terminal_exports_and_the_other_program_checks,
    only_who_may_read_the_log_gets_its_checkpoints,
);

async fn add(world: &World, count: usize) {
    let transaction = world.service.database.begin_write().await.unwrap();
    for _ in 0..count {
        let entry = Entry {
            at: world.now(),
            who: "stf_1",
            action: "score.award",
            object: "sub_1",
            ..Entry::default()
        };
        audit::append(&transaction, &entry).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

async fn sign(world: &World, signer: &Signer) -> Option<Checkpoint> {
    let mail = |made: &Checkpoint| vec![made.to_short()];
    world.service.add_checkpoint(signer, mail).await.unwrap()
}

async fn export(world: &World, signer: Option<&Signer>) -> Vec<u8> {
    let mut file = Vec::new();
    world
        .service
        .export_log(&Actor::Operator, signer, &mut file)
        .await
        .unwrap();
    file
}

fn check(file: &[u8], kept: &[&str]) -> Result<Log, Vec<String>> {
    let kept = kept.iter().map(|text| Kept::find(text).unwrap()).collect();
    verify::log::check(file, &Trust { keys: None, kept })
        .map_err(|findings| findings.into_iter().map(|found| found.en).collect())
}

/// Runs statements as the owner of the tables, with what guards the log out of the way: as somebody who has the disk.
async fn tamper(world: &World, statements: &[&str]) {
    let owner = Database::open(DatabaseSettings::new(&world.database.migrate_url))
        .await
        .unwrap();
    let guards: &[&str] = match owner.engine() {
        Engine::Sqlite => &[
            "DROP TRIGGER audit_event_refuses_update",
            "DROP TRIGGER audit_event_refuses_delete",
            "DROP TRIGGER checkpoint_refuses_delete",
        ],
        Engine::Postgres => &[
            "ALTER TABLE audit_event DISABLE TRIGGER USER",
            "ALTER TABLE checkpoint DISABLE TRIGGER USER",
        ],
    };
    let transaction = owner.begin_write().await.unwrap();
    for sql in guards.iter().chain(statements) {
        transaction.execute_unprepared(sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    owner.close().await;
}

async fn a_checkpoint_is_made_where_the_log_has_grown_and_mailed_once(world: World) {
    let signer = Signer::generate().unwrap();
    assert_eq!(sign(&world, &signer).await, None, "nothing is logged yet");
    add(&world, 3).await;
    let first = sign(&world, &signer).await.unwrap();
    assert_eq!(first.size, 3);
    // Nothing happened since but that it was made.
    assert_eq!(sign(&world, &signer).await, None);
    let day = std::time::Duration::from_hours(24);
    let none = |_: &Checkpoint| Vec::<()>::new();
    add(&world, 1).await;
    let early = world.service.add_due_checkpoint(&signer, day, none).await;
    assert_eq!(early.unwrap(), None);
    world.clock.advance(day);
    let due = world.service.add_due_checkpoint(&signer, day, none).await;
    assert_eq!(due.unwrap().unwrap().size, 5);
    let waiting = outbox::count_waiting(&world.service.database.reader()).await;
    assert_eq!(waiting.unwrap(), 1);
}

async fn two_workers_at_once_make_one_checkpoint(world: World) {
    let signer = Signer::generate().unwrap();
    add(&world, 2_500).await;
    let (one, other) = tokio::join!(sign(&world, &signer), sign(&world, &signer));
    let made: Vec<i64> = [one, other]
        .into_iter()
        .flatten()
        .map(|made| made.size)
        .collect();
    assert_eq!(made, [2_500]);
    let log = check(&export(&world, Some(&signer)).await, &[]).unwrap();
    assert_eq!((log.entries, log.checkpoints), (2_502, 2));
}

async fn an_exported_log_holds_and_a_later_one_goes_on_from_it(world: World) {
    let refused = world
        .service
        .export_log(&Actor::Operator, None, &mut Vec::new())
        .await;
    assert_eq!(refusals(refused)[0].code, "NO_CHECKPOINT");

    let signer = Signer::generate().unwrap();
    add(&world, 7).await;
    let kept = sign(&world, &signer).await.unwrap();
    add(&world, 2).await;
    let file = export(&world, Some(&signer)).await;
    let log = check(&file, &[&kept.note, &kept.to_short()]).unwrap();
    assert_eq!(log.keys.list(), [signer.verifier_key(&log.origin)]);
    // Without the key only what is signed is taken out, and that is the same file.
    add(&world, 2).await;
    assert_eq!(export(&world, None).await, file);
    let other = Signer::generate().unwrap();
    let later = export(&world, Some(&other)).await;
    let log = check(&later, &[&kept.note]).unwrap();
    assert_eq!(log.keys.list().len(), 2, "the key was changed");
}

async fn what_was_changed_in_the_database_is_never_signed(world: World) {
    let signer = Signer::generate().unwrap();
    add(&world, 5).await;
    sign(&world, &signer).await.unwrap();
    add(&world, 5).await;
    tamper(
        &world,
        &["UPDATE audit_event SET body = replace(body, 'stf_1', 'stf_2') WHERE seq = 8"],
    )
    .await;
    let signed = world
        .service
        .add_checkpoint(&signer, |_| Vec::<()>::new())
        .await;
    assert!(matches!(signed, Err(Fault::Internal(_))), "{signed:?}");

    // Before the checkpoint it is too late to be noticed here; the file shows it.
    tamper_again(&world).await;
    let findings = check(&export(&world, None).await, &[]).unwrap_err();
    assert_eq!(
        findings,
        ["line 7: entries 1 to 5 are not what was signed: one of them was changed"]
    );
}

async fn tamper_again(world: &World) {
    let owner = Database::open(DatabaseSettings::new(&world.database.migrate_url))
        .await
        .unwrap();
    let transaction = owner.begin_write().await.unwrap();
    transaction
        .execute_unprepared(
            "UPDATE audit_event SET body = replace(body, 'stf_1', 'stf_2') WHERE seq = 2",
        )
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    owner.close().await;
}

async fn a_log_that_was_set_back_shows_against_a_checkpoint_kept_elsewhere(world: World) {
    let signer = Signer::generate().unwrap();
    add(&world, 4).await;
    sign(&world, &signer).await.unwrap();
    add(&world, 4).await;
    let kept = sign(&world, &signer).await.unwrap();
    // Back to the first checkpoint, and on from there with other entries.
    tamper(
        &world,
        &[
            "DELETE FROM audit_event WHERE seq > 5",
            "DELETE FROM checkpoint WHERE size > 4",
        ],
    )
    .await;
    let cut = export(&world, None).await;
    check(&cut, &[]).unwrap();
    let findings = check(&cut, &[&kept.note]).unwrap_err();
    assert!(findings[0].contains("cut off"), "{findings:?}");
    add(&world, 8).await;
    let forged = export(&world, Some(&signer)).await;
    check(&forged, &[]).unwrap();
    for kept in [&kept.note, &kept.to_short()] {
        let findings = check(&forged, &[kept]).unwrap_err();
        assert!(findings[0].contains("were changed since"), "{findings:?}");
    }
}

async fn a_package_is_checked_against_the_log_and_any_other_is_not_in_it(world: World) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand
        .investigate(domain::scheme::file::Finding::Unfounded)
        .await;
    let service = &stand.world.service;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let package = service
        .export_round(&stand.administrator, ROUND, PackageKind::Counts)
        .await
        .unwrap();
    let log = export(&stand.world, Some(&Signer::generate().unwrap())).await;
    let log = check(&log, &[]).unwrap();
    assert_eq!(verify::package::check(&package, &log).unwrap().round, "r1");
    let text = String::from_utf8(package).unwrap();
    let changed = text.replacen("\"rank\":1", "\"rank\":3", 1);
    assert_ne!(changed, text);
    let findings = verify::package::check(changed.as_bytes(), &log).unwrap_err();
    assert!(findings[0].en.contains("was changed"), "{findings:?}");
}

fn run(program: &Path, arguments: &[&str], settings: &[(&str, &str)], folder: &Path) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(settings.iter().copied())
        .output()
        .unwrap()
}

async fn the_terminal_exports_and_the_other_program_checks(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let checker = program().with_file_name("mingjian-verify-under-test");
    let mingjian = |arguments: &[&str], settings: &[(&str, &str)]| {
        let url = ("MINGJIAN_DATABASE_URL", world.database.url.as_str());
        let settings = [&[url], settings].concat();
        run(&program(), arguments, &settings, folder)
    };
    let said = |output: &Output| {
        String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
    };
    add(&world, 3).await;
    let without = mingjian(&["log", "checkpoint"], &[]);
    assert_eq!(without.status.code(), Some(1), "{}", said(&without));
    std::fs::write(folder.join("key.pem"), key_for_tests()).unwrap();
    let key = [("MINGJIAN_CHECKPOINT_KEY_FILE", "key.pem")];
    let printed = mingjian(&["log", "checkpoint"], &key);
    assert!(printed.status.success(), "{}", said(&printed));
    std::fs::write(folder.join("kept.txt"), &printed.stdout).unwrap();
    let short = mingjian(&["log", "checkpoint", "--short"], &[]);
    assert!(said(&short).starts_with("3 "), "{}", said(&short));
    std::fs::write(folder.join("short.txt"), &short.stdout).unwrap();
    let exported = mingjian(&["log", "export", "log.txt"], &key);
    assert!(exported.status.success(), "{}", said(&exported));

    let verify = |arguments: &[&str]| run(&checker, arguments, &[], folder);
    for kept in ["kept.txt", "short.txt"] {
        let good = verify(&["log", "log.txt", "--kept", kept, "--language", "zh"]);
        assert_eq!(good.status.code(), Some(0), "{}", said(&good));
        assert!(
            said(&good).starts_with("日志无误：5 条，2 个检查点\n"),
            "{}",
            said(&good)
        );
    }
    for file in ["README.md", "README.zh-CN.md"] {
        let readme = project::read(&project::root().join(file));
        for line in [
            "mingjian log export log.txt\n",
            "mingjian-verify log log.txt --kept kept.txt ",
        ] {
            assert!(readme.contains(line), "{file} lacks `{line}`");
        }
    }
    let text = std::fs::read_to_string(folder.join("log.txt")).unwrap();
    std::fs::write(folder.join("bad.txt"), text.replacen("stf_1", "stf_7", 1)).unwrap();
    let bad = verify(&["log", "bad.txt"]);
    assert_eq!(bad.status.code(), Some(1), "{}", said(&bad));
    assert!(said(&bad).contains("有一条被改动"), "{}", said(&bad));
    assert_eq!(verify(&["log", "no-such-file"]).status.code(), Some(3));
    assert_eq!(verify(&["log"]).status.code(), Some(2));
}

async fn only_who_may_read_the_log_gets_its_checkpoints(world: World) {
    add(&world, 1).await;
    let made = sign(&world, &Signer::generate().unwrap()).await.unwrap();
    let page = Page {
        after: None,
        first: 10,
    };
    let auditor = staff(9, "auditor", Role::Auditor);
    let listed = world.service.list_checkpoints(&auditor, page).await;
    assert_eq!(listed.unwrap().rows, [made]);
    let inspector = staff(8, "inspector", Role::Inspector);
    for actor in [Actor::Anonymous, inspector] {
        let listed = world.service.list_checkpoints(&actor, page).await;
        assert!(matches!(listed, Err(Fault::Denied)));
        let export = world
            .service
            .export_log(&actor, None, &mut Vec::new())
            .await;
        assert!(matches!(export, Err(Fault::Denied)));
    }
}
