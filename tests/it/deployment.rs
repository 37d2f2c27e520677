//! The files that put the program into production name only settings that exist, and enough of them.

use std::collections::{BTreeMap, BTreeSet};

use api::config::{FILE_VARIABLE, Purpose, Settings, Sources};
use support::project;

/// Where settings are written down for people.
const FILES: [&str; 7] = [
    "README.md",
    "README.zh-CN.md",
    "docker-compose.yml",
    "deploy/production.env",
    "tests/src/server.rs",
    "tests/browser/support/server.js",
    "tests/compose/run",
];

#[test]
fn every_variable_that_a_file_names_is_a_setting() {
    let mut known: BTreeSet<String> = Settings::catalogue()
        .iter()
        .map(api::config::Entry::variable)
        .collect();
    assert!(known.len() > 10, "the catalogue is nearly empty: {known:?}");
    known.insert(FILE_VARIABLE.to_owned());
    let mut unknown = Vec::new();
    for file in FILES {
        let text = project::read(&project::root().join(file));
        for variable in variables(&text) {
            if !known.contains(&variable) {
                unknown.push(format!("{file}: `{variable}`"));
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "no such settings:\n{}",
        unknown.join("\n")
    );
}

#[test]
fn the_production_settings_are_complete() {
    let secrets = tempfile::tempdir().unwrap();
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";
    for name in ["auth_key", "checkpoint_key"] {
        std::fs::write(secrets.path().join(name), key).unwrap();
    }
    std::fs::write(secrets.path().join("factor_key"), "07".repeat(32)).unwrap();
    std::fs::write(
        secrets.path().join("database_url"),
        "postgres://mingjian:secret@postgres/mingjian\n",
    )
    .unwrap();

    let text = project::read(&project::root().join("deploy/production.env"));
    let folder = secrets.path().to_string_lossy().into_owned();
    let environment: BTreeMap<String, String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.replace("/run/secrets", &folder)))
        .collect();
    let sources = Sources {
        environment,
        ..Sources::default()
    };
    let settings =
        Settings::load(sources, Purpose::Production).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(
        settings.database.url.expose(),
        "postgres://mingjian:secret@postgres/mingjian"
    );
}

/// Every word that looks like one of our environment variables.
fn variables(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| {
        !(letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
    })
    .filter(|word| word.starts_with("MINGJIAN_") && *word != "MINGJIAN_")
    .map(str::to_owned)
    .collect()
}
