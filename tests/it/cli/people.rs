//! Accounts and tokens as they are kept at a terminal.

use std::process::{Command, Output};

use support::server::program;
use support::{World, on_both};

use super::text;

on_both!(
    people_are_invited_and_helped_at_the_terminal,
    tokens_of_programs_are_made_listed_and_revoked_at_the_terminal,
);

fn run(world: &World, arguments: &str) -> Output {
    Command::new(program())
        .args(arguments.split_whitespace())
        .env_clear()
        .env("MINGJIAN_DATABASE_URL", &world.database.url)
        .env("MINGJIAN_DATABASE_MIGRATE_URL", &world.database.migrate_url)
        .output()
        .unwrap()
}

/// What a command that must not fail prints.
fn done(world: &World, arguments: &str) -> String {
    let output = run(world, arguments);
    assert!(output.status.success(), "{arguments}: {output:?}");
    text(&output.stdout)
}

async fn people_are_invited_and_helped_at_the_terminal(world: World) {
    let invite =
        "staff invite leader01 --name Leader01 --email leader01@example.com --role auditor";
    assert!(done(&world, invite).contains("mails the link"));
    let again = run(&world, invite);
    assert!(!again.status.success());
    // The address is the first that is looked at.
    assert!(text(&again.stderr).contains("[EMAIL_TAKEN]"));
    let reporter =
        "staff invite leader02 --name Leader02 --email leader02@example.com --role unit_reporter";
    assert!(text(&run(&world, reporter).stderr).contains("[SUBJECT_UNFIT]"));
    let unknown = run(&world, &format!("{reporter} --subject u-999"));
    assert!(text(&unknown.stderr).contains("u-999"), "{unknown:?}");
    done(&world, "staff remove-factor leader01");
    assert!(!run(&world, "staff remove-factor nobody").status.success());
}

async fn tokens_of_programs_are_made_listed_and_revoked_at_the_terminal(world: World) {
    done(&world, "region add district --name 区 --name-en district");
    let made = done(&world, "token add site --days 90 --live --region district");
    let secret = made.lines().next().unwrap();
    assert!(secret.starts_with("mjt_"), "{made}");
    assert!(world.service.find_program(secret).await.unwrap().is_some());
    let listed = done(&world, "token list");
    assert!(listed.starts_with("site: live, ends ") && !listed.contains(secret));
    done(&world, "token revoke site");
    assert!(done(&world, "token list").contains("revoked"));
    assert_eq!(world.service.find_program(secret).await.unwrap(), None);
    assert!(!run(&world, "token revoke nothing").status.success());
    // A scope without live rounds means nothing.
    let refused = run(&world, "token add other --days 1 --region district");
    assert_eq!(refused.status.code(), Some(2));
}
