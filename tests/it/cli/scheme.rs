//! What helps those who write schemes: check, compare, try.

use std::path::Path;

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::outcome::ENGINE;
use domain::package::{FORMAT, Package};
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use serde_json::Value;
use support::project;

use super::{mingjian, text};

const TABLE: &str = "schemes/ouhai/organ.toml";

fn table() -> String {
    project::read(&project::root().join(TABLE))
}

/// The table with the best grade from 96 points, in a folder with the table as it is.
fn folder_with_a_higher_band() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let changed = table()
        .replacen("version = \"1\"", "version = \"2\"", 1)
        .replacen("from = 90\n", "from = 96\n", 1);
    std::fs::write(folder.path().join("old.toml"), table()).unwrap();
    std::fs::write(folder.path().join("new.toml"), changed).unwrap();
    folder
}

fn check(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments: Vec<&str> = ["scheme", "check"]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    let output = mingjian(&arguments, folder);
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn what_is_doubtful_is_told_and_refused_only_on_demand() {
    let (code, _, said) = check(project::root(), &[TABLE]);
    assert_eq!(code, Some(0));
    assert!(said.contains(": warning: item/N2: `discipline`"), "{said}");
    let (code, printed, _) = check(project::root(), &[TABLE, "--deny-warnings"]);
    assert_eq!((code, printed.as_str()), (Some(1), ""));
}

#[test]
fn a_check_speaks_chinese_and_gives_programs_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let never = table().replacen(
        "back = { period = true } }, at_least = 1 }\neffect = \"disqualify\"",
        "back = { period = true } }, less_than = 0 }\neffect = \"disqualify\"",
        1,
    );
    std::fs::write(folder.path().join("never.toml"), never).unwrap();
    let (code, _, said) = check(folder.path(), &["never.toml", "--language", "zh"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("永远不会触发"), "{said}");
    let (code, printed, _) = check(folder.path(), &["never.toml", "--json"]);
    assert_eq!(code, Some(1));
    let list: Value = serde_json::from_str(&printed).unwrap();
    let fault = &list[0]["faults"][0];
    assert_eq!(fault["code"], "rule_never_fires");
    assert_eq!(fault["path"], "rule/leader_veto/when");
    assert!(fault["line"].as_u64().unwrap() > 1000);
    assert_eq!(list[0]["totals"][0]["most"], "100");
}

#[test]
fn two_versions_are_compared_in_words_and_scripts_learn_whether_they_differ() {
    let folder = folder_with_a_higher_band();
    let same = mingjian(&["scheme", "diff", "old.toml", "old.toml"], folder.path());
    assert_eq!(same.status.code(), Some(0));
    assert!(text(&same.stdout).contains("no difference"));

    let differs = mingjian(
        &["scheme", "diff", "old.toml", "new.toml", "--language", "zh"],
        folder.path(),
    );
    assert_eq!(differs.status.code(), Some(1));
    assert_eq!(text(&differs.stderr), "");
    let said = text(&differs.stdout);
    assert!(
        said.contains("等次 excellent“优秀”：分数线 90 → 96"),
        "{said}"
    );
    assert!(said.contains("共 1 处不同"), "{said}");

    // A scheme that comes with the program goes by its code.
    let own = mingjian(
        &["scheme", "diff", "ouhai-organ", "old.toml"],
        folder.path(),
    );
    assert_eq!(own.status.code(), Some(0), "{}", text(&own.stderr));

    let json = mingjian(
        &["scheme", "diff", "old.toml", "new.toml", "--json"],
        folder.path(),
    );
    let list: Value = serde_json::from_str(&text(&json.stdout)).unwrap();
    assert_eq!(list["changes"][0]["code"], "excellent");
    assert_eq!(list["changes"][0]["new"], "96");
    assert_eq!(list["lost_scores"].as_array().unwrap().len(), 0);
}

#[test]
fn a_version_is_tried_on_a_closed_round_and_says_that_it_is_a_trial() {
    let folder = folder_with_a_higher_band();
    let scheme = Scheme::parse(&table()).unwrap();
    let sample = project::read(&project::root().join("schemes/ouhai/organ.sample.json"));
    let inputs = Inputs::parse(&sample).unwrap();
    let package = Package {
        format: FORMAT.to_owned(),
        engine: ENGINE.to_owned(),
        revision: 1,
        scheme: table(),
        outcome: decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap()),
        inputs,
        combined_roles: None,
        public_of: None,
        sheets: None,
    };
    let path = folder.path().join("package.json");
    std::fs::write(path, package.to_canonical().unwrap()).unwrap();

    let tried = mingjian(
        &["scheme", "try", "new.toml", "--on", "package.json"],
        folder.path(),
    );
    assert!(tried.status.success(), "{}", text(&tried.stderr));
    let said = text(&tried.stdout);
    assert!(
        said.starts_with("this is a trial, not a decision"),
        "{said}"
    );
    assert!(said.contains("Excellent: 8 → 6"), "{said}");
    assert!(said.contains("2 of 12 subjects"), "{said}");

    let tried = mingjian(
        &[
            "scheme",
            "try",
            "new.toml",
            "--on",
            "package.json",
            "--json",
        ],
        folder.path(),
    );
    let trial: Value = serde_json::from_str(&text(&tried.stdout)).unwrap();
    assert_eq!(trial["trial"], true);
    assert_eq!(trial["changed"].as_array().unwrap().len(), 2);
}

#[test]
fn editors_find_the_form_of_scheme_files() {
    let root = project::root();
    let taplo: toml::Table = toml::from_str(&project::read(&root.join(".taplo.toml"))).unwrap();
    let rule = &taplo["rule"][0];
    let schema = rule["schema"]["path"].as_str().unwrap();
    assert!(root.join(schema).is_file(), "{schema}");
    assert_eq!(rule["include"][0].as_str(), Some("schemes/*/*.toml"));
    // What a file elsewhere says at its head.
    let said = project::read(&root.join("schemes/README.md"));
    assert!(
        said.contains("#:schema "),
        "schemes/README.md says how an editor uses the schema"
    );
}
