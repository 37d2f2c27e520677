//! What every file of the project keeps to.

use std::collections::BTreeSet;

use super::{assert_none, names, table};
use support::project;

/// Longer files are listed, not refused: each is asked whether it is two.
const LONG_LINES: usize = 400;

#[test]
fn every_rust_file_says_first_what_it_is_for() {
    let faults: Vec<String> = project::files_ending(project::root(), "rs")
        .iter()
        .filter(|path| !project::read(path).starts_with("//!"))
        .map(|path| project::relative(path))
        .collect();
    assert_none("no `//!` at the top", &faults);
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    // Put together from pieces, so that this file passes its own test.
    let forbidden: Vec<String> = [
        ("/wo", "rk/"),
        ("/tm", "p/tb"),
        ("/tm", "p/t/"),
        ("/tm", "p/w/"),
        ("/ro", "ot/"),
        ("/ho", "me/"),
        ("arti", "factory"),
    ]
    .iter()
    .map(|(start, end)| format!("{start}{end}"))
    .collect();
    let mut faults = Vec::new();
    for path in project::files(project::root()) {
        // Pictures, fonts and databases have no lines to read.
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            for word in forbidden.iter().filter(|word| line.contains(word.as_str())) {
                faults.push(format!(
                    "{}:{}: `{word}`",
                    project::relative(&path),
                    number + 1
                ));
            }
        }
    }
    assert_none("a path or address of one machine", &faults);
}

#[test]
fn the_table_of_folders_is_complete() {
    let listed: BTreeSet<String> = table("folder")
        .iter()
        .flat_map(|cells| names(&cells[0]))
        .collect();
    let real: BTreeSet<String> = project::files(project::root())
        .iter()
        .filter_map(|path| folder_of(&project::relative(path)))
        .collect();
    assert_eq!(
        listed, real,
        "ARCHITECTURE.md lists the folders on the left, the project has those on the right"
    );
}

/// The folder that a file counts for: the top one, below `tests` the second; none for loose files.
fn folder_of(path: &str) -> Option<String> {
    match path.split('/').collect::<Vec<_>>().as_slice() {
        [] | [_] | ["tests", _] => None,
        ["tests", inner, ..] => Some(format!("tests/{inner}")),
        [hidden, ..] if hidden.starts_with('.') => None,
        [folder, ..] => Some((*folder).to_owned()),
    }
}

#[test]
fn a_migration_is_named_after_its_time_and_what_it_does() {
    let mut faults = Vec::new();
    for path in project::files_ending(&project::root().join("migration/src"), "rs") {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // Other modules are what the migrations share.
        let Some(rest) = name.strip_prefix("m2") else {
            continue;
        };
        let parts: Vec<&str> = rest.split('_').collect();
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if parts.len() < 4 || !digits(parts[0], 7) || !digits(parts[1], 6) {
            faults.push(format!("{name}: not `m<date>_<time>_<verb>_<thing>`"));
        }
    }
    assert_none("names of migrations", &faults);
}

#[test]
fn long_files_are_listed() {
    for path in project::files_ending(project::root(), "rs") {
        let lines = project::read(&path).lines().count();
        if lines > LONG_LINES {
            println!("{}: {lines} lines, is it two?", project::relative(&path));
        }
    }
}
