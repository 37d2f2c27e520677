//! What needs no database: scheme files, evaluation, published formats.

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use serde_json::Value;
use support::project;

use super::{mingjian, text};

const TABLE: &str = "schemes/ouhai/organ.toml";
const INPUTS: &str = "schemes/ouhai/organ.sample.json";

#[test]
fn a_scheme_without_fault_is_described() {
    let output = mingjian(&["scheme", "check", TABLE], project::root());
    assert!(output.status.success());
    let said = text(&output.stdout);
    assert!(
        said.starts_with("schemes/ouhai/organ.toml: ouhai-organ 1, "),
        "{said}"
    );
}

#[test]
fn the_schemes_that_come_with_the_program_are_listed_printed_and_checked_without_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let output = mingjian(arguments, folder.path());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let listed = said(&["scheme", "list"]);
    let line = listed.lines().find(|line| line.starts_with("ouhai-organ"));
    assert_eq!(
        line,
        Some(
            "ouhai-organ\t1\touhai\t72\t100\t瓯海区清廉机关（站所）建设评价体系\tOuhai: clean organs and stations"
        )
    );
    let table = project::read(&project::root().join(TABLE));
    assert_eq!(said(&["scheme", "print", "ouhai-organ"]), table);
    let sample = project::read(&project::root().join(INPUTS));
    assert_eq!(
        said(&["scheme", "print", "ouhai-organ", "--sample"]),
        sample
    );
    let checked = said(&["scheme", "check"]);
    assert_eq!(checked.lines().count(), listed.lines().count() - 1);
    assert!(checked.contains(TABLE), "{checked}");

    let output = mingjian(&["scheme", "print", "atlantis"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("choose one of `"));
    let output = mingjian(&["scheme", "print", "ouhai-organ", "99"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("name one of `1`"));
    let table = said(&["scheme", "print", "dinghai-firm", "2"]);
    assert!(table.contains("version = \"2\""));
}

#[test]
fn every_fault_of_every_file_is_listed_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let table = project::read(&project::root().join(TABLE));
    // One fault of form and one of substance, 67 lines apart.
    let broken = table
        .replacen("decimals = 2\n", "decimals = 2\ncolour = \"red\"\n", 1)
        .replacen(
            "code = \"common\"\nkind = \"common\"",
            "code = \"common\"\nkind = \"comon\"",
            1,
        );
    std::fs::write(folder.path().join("one.toml"), broken).unwrap();
    std::fs::write(
        folder.path().join("two.toml"),
        table.replacen("max = 65", "max = 66", 1),
    )
    .unwrap();

    let output = mingjian(&["scheme", "check", "one.toml", "two.toml"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    let line_of = |word: &str| {
        said.lines()
            .find(|line| line.contains(word))
            .unwrap_or_else(|| panic!("{word}: {said}"))
            .to_owned()
    };
    assert!(
        line_of("colour").starts_with("one.toml:19:1: numbers: "),
        "{said}"
    );
    assert!(line_of("comon").starts_with("one.toml:"), "{said}");
    assert!(line_of("66").starts_with("two.toml:"), "{said}");
}

#[test]
fn evaluation_prints_the_outcome_as_canonical_json() {
    let output = mingjian(
        &["evaluate", "--scheme", TABLE, "--inputs", INPUTS],
        project::root(),
    );
    assert!(output.status.success(), "{}", text(&output.stderr));

    let scheme = Scheme::parse(&project::read(&project::root().join(TABLE))).unwrap();
    let inputs = Inputs::parse(&project::read(&project::root().join(INPUTS))).unwrap();
    let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    let expected: Value = serde_json::to_value(&outcome).unwrap();
    let printed = text(&output.stdout);
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), expected);
    assert_eq!(printed.lines().count(), 1);
}

#[test]
fn rows_that_contradict_the_scheme_are_all_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs: Value =
        serde_json::from_str(&project::read(&project::root().join(INPUTS))).unwrap();
    inputs["scores"][0]["points"] = "99".into();
    inputs["scores"][1]["item"] = "Z9".into();
    let path = folder.path().join("inputs.json");
    std::fs::write(&path, inputs.to_string()).unwrap();

    let output = mingjian(
        &[
            "evaluate",
            "--scheme",
            TABLE,
            "--inputs",
            path.to_str().unwrap(),
        ],
        project::root(),
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    assert!(said.contains("inputs.json: scores/0"), "{said}");
    assert!(said.contains("inputs.json: scores/1"), "{said}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = mingjian(&["scheme", "check", "nowhere.toml"], project::root());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("`nowhere.toml` cannot be read"));
}

#[test]
fn the_published_formats_are_those_of_the_program() {
    for (format, file) in [
        ("scheme", "schemes/scheme.schema.json"),
        ("inputs", "schemes/inputs.schema.json"),
    ] {
        let printed = text(&mingjian(&["json-schema", format], project::root()).stdout);
        assert!(
            printed == project::read(&project::root().join(file)),
            "{file} is out of date: run `mingjian json-schema {format} > {file}` and review it"
        );
    }
}

#[test]
fn the_published_formats_take_the_files_of_the_project() {
    let read = |file: &str| project::read(&project::root().join(file));
    let validator = |file: &str| {
        jsonschema::validator_for(&serde_json::from_str(&read(file)).unwrap()).unwrap()
    };
    let inputs = serde_json::from_str(&read(INPUTS)).unwrap();
    validator("schemes/inputs.schema.json")
        .validate(&inputs)
        .unwrap();
    let scheme: Value = toml::from_str(&read(TABLE)).unwrap();
    validator("schemes/scheme.schema.json")
        .validate(&scheme)
        .unwrap();
    let wrong: Value = toml::from_str(&read(TABLE).replacen("max = 65", "most = 65", 1)).unwrap();
    assert!(
        validator("schemes/scheme.schema.json")
            .validate(&wrong)
            .is_err()
    );
}
