//! Settings from all sources, and every fault at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use domain::access::Role;

use super::*;

fn sources(file: &str, environment: &[(&str, &str)]) -> Sources {
    let pairs = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Sources {
        file: Some((PathBuf::from("mingjian.toml"), file.to_owned())),
        environment: pairs.collect(),
        overrides: BTreeMap::new(),
    }
}

fn faults(sources: Sources, purpose: Purpose) -> Vec<String> {
    Settings::load(sources, purpose)
        .unwrap_err()
        .0
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn defaults_are_enough_for_a_tool() {
    let settings = Settings::load(Sources::default(), Purpose::Tool).unwrap();
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.http.public_url, "http://127.0.0.1:8080");
    assert_eq!(settings.database.migrate_url, settings.database.url);
    assert_eq!(settings.auth.access_lifetime, Duration::from_mins(5));
}

#[test]
fn the_file_beats_the_default_the_environment_the_file_and_the_command_line_all() {
    let file = "[http]\nlisten = \"127.0.0.1:1\"\nconnections = 5\nbody_bytes = 2048\n";
    let mut sources = sources(
        file,
        &[
            ("MINGJIAN_HTTP_LISTEN", "127.0.0.1:2"),
            ("MINGJIAN_HTTP_CONNECTIONS", "6"),
            ("PATH", "x"),
        ],
    );
    sources
        .overrides
        .insert("http.listen".to_owned(), "127.0.0.1:3".to_owned());
    let http = Settings::load(sources, Purpose::Tool).unwrap().http;
    assert_eq!(http.listen.port(), 3);
    assert_eq!(http.connections, 6);
    assert_eq!(http.body_bytes, 2048);
}

#[test]
fn an_empty_variable_is_none() {
    let settings =
        Settings::load(sources("", &[("MINGJIAN_MAIL_HOST", "")]), Purpose::Tool).unwrap();
    assert_eq!(settings.mail.host, None);
}

#[test]
fn lists_are_written_as_lists_or_with_commas() {
    let file = "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n";
    assert_eq!(
        Settings::load(sources(file, &[]), Purpose::Tool)
            .unwrap()
            .http
            .trusted_proxies
            .len(),
        2
    );
    let variable = [("MINGJIAN_HTTP_TRUSTED_PROXIES", "10.0.0.0/8, ::1")];
    assert_eq!(
        Settings::load(sources("", &variable), Purpose::Tool)
            .unwrap()
            .http
            .trusted_proxies
            .len(),
        2
    );
}

#[test]
fn all_faults_are_told_at_once_each_with_key_and_place() {
    let file = "[http]\nlisten = \"nowhere\"\nlisten_on = 1\nbody_bytes = 3.5\n[graphql]\nintrospection = \"maybe\"\n";
    let variables = [
        ("MINGJIAN_HTTP_CONNECTIONS", "0"),
        ("MINGJIAN_HTP_LISTEN", "x"),
        ("MINGJIAN_LOG_FORMAT", "xml"),
    ];
    let faults = faults(sources(file, &variables), Purpose::Tool);
    for expected in [
        "`http.body_bytes` (mingjian.toml:4:1): is neither",
        "`http.listen` (mingjian.toml:2:1): `nowhere` is no address and port",
        "`http.connections` (MINGJIAN_HTTP_CONNECTIONS): `0` is no whole number from 1 to 1000000",
        "`graphql.introspection` (mingjian.toml:6:1): `maybe` is neither `true` nor `false`",
        "`log.format` (MINGJIAN_LOG_FORMAT): `xml` is none of `text`, `json`",
        "`http.listen_on` (mingjian.toml:3:1): there is no such setting",
        "`MINGJIAN_HTP_LISTEN` (MINGJIAN_HTP_LISTEN): there is no such setting",
    ] {
        assert!(
            faults.iter().any(|fault| fault.starts_with(expected)),
            "{expected}\n{faults:#?}"
        );
    }
    assert_eq!(faults.len(), 7, "{faults:#?}");
}

#[test]
fn a_broken_file_is_told_with_its_place() {
    let faults = faults(sources("[http\nlisten = 1\n", &[]), Purpose::Tool);
    assert!(
        faults[0].starts_with("`settings file` (mingjian.toml:1:"),
        "{faults:#?}"
    );
}

#[test]
fn production_asks_for_keys_mail_and_a_public_address() {
    let faults = faults(Sources::default(), Purpose::Production);
    for key in [
        "http.public_url",
        "auth.key_file",
        "mail.host",
        "mail.sender",
    ] {
        assert!(
            faults
                .iter()
                .any(|fault| fault.starts_with(&format!("`{key}`"))),
            "{key}\n{faults:#?}"
        );
    }
}

#[test]
fn a_demo_stays_on_loopback() {
    let faults = faults(
        sources("", &[("MINGJIAN_HTTP_LISTEN", "0.0.0.0:8080")]),
        Purpose::Demo,
    );
    assert!(faults[0].contains("loopback"), "{faults:#?}");
    assert!(Settings::load(Sources::default(), Purpose::Demo).is_ok());
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    std::fs::write(&path, "postgres://app:hunter2@db/mingjian\n").unwrap();
    let file = format!("[database]\nurl_file = \"{}\"\n", path.display());
    let settings = Settings::load(sources(&file, &[]), Purpose::Tool).unwrap();
    assert_eq!(
        settings.database.url.expose(),
        "postgres://app:hunter2@db/mingjian"
    );
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn a_secret_that_is_missing_empty_or_given_twice_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let with = |path: &str| {
        faults(
            sources(&format!("[auth]\nkey_file = \"{path}\"\n"), &[]),
            Purpose::Tool,
        )
        .concat()
    };
    assert!(with(&empty.display().to_string()).contains("is empty"));
    assert!(with("/nonexistent/key").contains("cannot be read"));
    std::fs::write(&empty, "sqlite:x").unwrap();
    let twice = format!(
        "[database]\nurl = \"sqlite:y\"\nurl_file = \"{}\"\n",
        empty.display()
    );
    assert!(
        faults(sources(&twice, &[]), Purpose::Tool)
            .concat()
            .contains("is given twice")
    );
}

#[test]
fn a_database_address_of_another_kind_is_refused_without_repeating_it() {
    let faults = faults(
        sources("", &[("MINGJIAN_DATABASE_URL", "mysql://root:hunter2@x")]),
        Purpose::Tool,
    )
    .concat();
    assert!(
        faults.contains("`database.url`") && !faults.contains("hunter2"),
        "{faults}"
    );
}

#[test]
fn the_catalogue_has_every_setting_once_with_a_meaning() {
    let entries = Settings::catalogue();
    let keys: std::collections::BTreeSet<&str> = entries.iter().map(|entry| entry.key).collect();
    let variables: std::collections::BTreeSet<String> =
        entries.iter().map(Entry::variable).collect();
    assert_eq!(
        (keys.len(), variables.len()),
        (entries.len(), entries.len())
    );
    assert!(entries.iter().all(|entry| !entry.meaning.is_empty()));
    assert!(keys.contains("http.listen"));
}

#[test]
fn roles_that_one_person_may_hold_together_are_a_pair_with_a_reason() {
    let load = |roles: &str, reason: &str| {
        let given = sources(
            "",
            &[
                ("MINGJIAN_AUTH_COMBINED_ROLES", roles),
                ("MINGJIAN_AUTH_COMBINED_ROLES_REASON", reason),
            ],
        );
        Settings::load(given, Purpose::Tool).map(|settings| settings.auth.combined_roles)
    };
    let combined = load("reviewer,round_administrator", " three people ").unwrap();
    let combined = combined.unwrap();
    assert_eq!(combined.reason, "three people");
    assert_eq!(
        combined.roles.roles(),
        [Role::RoundAdministrator, Role::Reviewer]
    );
    assert!(load("", "").unwrap().is_none());
    for (roles, reason, setting) in [
        (
            "reviewer,round_administrator",
            "",
            "auth.combined_roles_reason",
        ),
        ("", "why", "auth.combined_roles"),
        ("reviewer", "why", "auth.combined_roles"),
        ("reviewer,reviewer", "why", "auth.combined_roles"),
        ("reviewer,auditor", "why", "auth.combined_roles"),
        ("reviewer,mayor", "why", "auth.combined_roles"),
    ] {
        let faults = load(roles, reason).unwrap_err().to_string();
        assert!(faults.contains(setting), "{roles}: {faults}");
    }
}
