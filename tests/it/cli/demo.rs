//! A demo run from end to end, and what must never come of it.

use std::process::Command;

use support::server::program;

use super::text;

#[test]
fn a_demo_shows_a_whole_round_and_its_database_is_refused_by_serve() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(program())
        .args(["demo", "--exit", "--listen", "127.0.0.1:0", "--folder"])
        .arg(folder.path())
        // A production address in the environment is left alone.
        .env_clear()
        .env("MINGJIAN_DATABASE_URL", "sqlite:/nowhere/production.db")
        .output()
        .unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));

    for line in [
        "20000 answers are durable",
        "organ-04, more than one third dissatisfied: 属实 verified",
        "organ-05, more than one third dissatisfied: 不实 unfounded",
        "20000 answer sheets counted again, 44 decisions the same byte for byte",
        "94.9 %, just short, B3.3 = 0\n",
        "“Found true: not excellent” makes the grade “Good”",
    ] {
        assert!(said.contains(line), "`{line}` is missing:\n{said}");
    }
    let rank = |code: &str| {
        let line = said
            .lines()
            .find(|line| line.contains(code) && line.contains("虚构"))
            .unwrap();
        line.split_whitespace()
            .take(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        rank("\tstation-05"),
        rank("\tstation-06"),
        "a tie shares its rank"
    );
    assert_eq!(rank("\torgan-07")[0], "-", "a vetoed unit has no rank");
    let passwords: Vec<&str> = said
        .lines()
        .skip_while(|line| !line.contains("accounts"))
        .filter_map(|line| {
            line.split_whitespace()
                .nth(1)
                .filter(|word| word.len() == 19)
        })
        .collect();
    assert_eq!(passwords.len(), 6, "{said}");

    let database = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "db"))
        .unwrap();
    refuse_to_serve(&database);
}

fn refuse_to_serve(database: &std::path::Path) {
    let key = database.with_extension("pem");
    std::fs::write(&key, support::server::key_for_tests()).unwrap();
    let output = Command::new(program())
        .arg("serve")
        .env_clear()
        .env("MINGJIAN_HTTP_LISTEN", "127.0.0.1:0")
        .env("MINGJIAN_HTTP_PUBLIC_URL", "http://localhost")
        .env("MINGJIAN_AUTH_KEY_FILE", &key)
        .env("MINGJIAN_CHECKPOINT_KEY_FILE", &key)
        .env("MINGJIAN_MAIL_HOST", "127.0.0.1")
        .env("MINGJIAN_MAIL_SENDER", "tests@example.com")
        .env(
            "MINGJIAN_DATABASE_URL",
            format!("sqlite:{}", database.display()),
        )
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("holds a demonstration"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_demo_is_open_to_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let output = super::mingjian(&["demo", "--exit", "--listen", "0.0.0.0:0"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("loopback"),
        "{}",
        text(&output.stderr)
    );
}
