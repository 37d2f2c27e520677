//! Walks the cases in `tests/corpus`: bad schemes and bad inputs with the faults beside them, good ones with what has to
//! come of them. A new case is a new file; nothing here names one.
//!
//! `UPDATE=1` writes what was found in place of what was expected. Read the difference against the meaning before it
//! is kept.

use std::fs;
use std::path::{Path, PathBuf};

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use serde_json::{Map, Value, json};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus")
}

fn listed(folder: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(corpus().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no case in {folder}");
    paths
}

fn update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// A folder of cases: which of its files are the cases, and how what is said of one is called.
struct Beside<'a> {
    folder: &'a str,
    case: &'a str,
    said: &'a str,
}

/// Compares what is said about each case of a folder with the file beside it.
fn hold_to_what_is_beside(cases: &Beside<'_>, say: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for path in listed(cases.folder) {
        if path
            .extension()
            .is_none_or(|extension| extension != cases.case)
        {
            continue;
        }
        let found = say(&fs::read_to_string(&path).unwrap());
        let beside = path.with_extension(cases.said);
        if update() {
            fs::write(&beside, &found).unwrap();
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if found != expected {
            wrong.push(format!(
                "{}\n expected:\n{expected} found:\n{found}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_bad_input_is_refused_with_all_its_faults_and_their_rows() {
    let scheme = fs::read_to_string(corpus().join("inputs/scheme.toml")).unwrap();
    let scheme = Scheme::parse(&scheme).unwrap_or_else(|faults| panic!("{faults:?}"));
    let cases = Beside {
        folder: "inputs",
        case: "json",
        said: "faults",
    };
    hold_to_what_is_beside(&cases, |text| {
        let inputs = Inputs::parse(text).unwrap();
        match Snapshot::build(&scheme, &inputs) {
            Ok(_) => "nothing is wrong\n".to_owned(),
            Err(faults) => faults.iter().fold(String::new(), |list, f| {
                list + &format!(
                    "{} [{}]\n  {}\n  {}\n",
                    f.path, f.code, f.message_zh, f.message
                )
            }),
        }
    });
}

#[test]
fn every_bad_scheme_is_refused_with_all_its_faults_and_their_places() {
    let cases = Beside {
        folder: "scheme/bad",
        case: "toml",
        said: "faults",
    };
    hold_to_what_is_beside(&cases, |text| {
        let faults = Scheme::review(text).faults;
        assert!(!faults.is_empty(), "nothing is wrong: {text}");
        faults.iter().fold(String::new(), |list, f| {
            list + &format!("{}:{}: {}: {}\n", f.line, f.column, f.code, f.path)
        })
    });
}

#[test]
fn every_doubtful_scheme_is_taken_with_all_its_warnings_and_their_places() {
    let cases = Beside {
        folder: "scheme/doubtful",
        case: "toml",
        said: "warnings",
    };
    hold_to_what_is_beside(&cases, |text| {
        let review = Scheme::review(text);
        assert!(review.faults.is_empty(), "{:?}", review.faults);
        review.warnings.iter().fold(String::new(), |list, w| {
            list + &format!("{}:{}: {}: {}\n", w.line, w.column, w.code, w.path)
        })
    });
}

/// What came of a case: rows that were refused, or decisions by subject, gaps and quotas.
fn run(folder: &Path) -> Value {
    let scheme = fs::read_to_string(folder.join("scheme.toml")).unwrap();
    let scheme = match Scheme::parse(&scheme) {
        Ok(scheme) => scheme,
        Err(faults) => return json!({ "scheme_faults": faults }),
    };
    let inputs = fs::read_to_string(folder.join("inputs.json")).unwrap();
    let inputs = match Inputs::parse(&inputs) {
        Ok(inputs) => inputs,
        Err(why) => return json!({ "unreadable": why }),
    };
    let snapshot = match Snapshot::build(&scheme, &inputs) {
        Ok(snapshot) => snapshot,
        Err(faults) => {
            let rows: Vec<String> = faults
                .iter()
                .map(|fault| format!("{}: {}", fault.path, fault.code))
                .collect();
            return json!({ "row_faults": rows });
        }
    };
    let mut outcome = serde_json::to_value(decide(&scheme, &snapshot)).unwrap();
    let mut by_subject = Map::new();
    for decision in outcome["decisions"].as_array().unwrap() {
        let mut decision = decision.clone();
        for (list, name) in [
            ("items", "item"),
            ("nodes", "node"),
            ("rules", "rule"),
            ("figures", "what"),
            ("label_ranks", "label"),
        ] {
            let rows = decision[list].as_array().into_iter().flatten();
            let named = rows.map(|row| (row[name].as_str().unwrap().to_owned(), row.clone()));
            decision[list] = Value::Object(named.collect());
        }
        let code = decision["subject"].as_str().unwrap().to_owned();
        by_subject.insert(code, decision);
    }
    outcome["decisions"] = Value::Object(by_subject);
    outcome
}

/// What is expected has to be there; keys that it does not name are free, lists are whole.
fn differences(path: &str, expected: &Value, found: &Value, wrong: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let here = format!("{path}/{key}");
                differences(&here, value, found.get(key).unwrap_or(&Value::Null), wrong);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
                differences(&format!("{path}/{place}"), expected, found, wrong);
            }
        }
        _ if expected == found => {}
        _ => wrong.push(format!("{path}: expected {expected}, found {found}")),
    }
}

/// The part of what was found that the expectation names.
fn excerpt(expected: &Value, found: &Value) -> Value {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .map(|(key, value)| {
                let found = found.get(key).unwrap_or(&Value::Null);
                (key.clone(), excerpt(value, found))
            })
            .collect::<Map<String, Value>>()
            .into(),
        _ => found.clone(),
    }
}

#[test]
fn every_good_scheme_gives_what_was_worked_out() {
    let mut wrong = Vec::new();
    for folder in listed("scheme/good") {
        let beside = folder.join("expected.json");
        let expected: Value = serde_json::from_str(&fs::read_to_string(&beside).unwrap()).unwrap();
        let found = run(&folder);
        if update() {
            let kept = excerpt(&expected, &found);
            fs::write(
                &beside,
                format!("{}\n", serde_json::to_string_pretty(&kept).unwrap()),
            )
            .unwrap();
            continue;
        }
        let mut here = Vec::new();
        differences("", &expected, &found, &mut here);
        if !here.is_empty() {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            wrong.push(format!("{name}\n  {}", here.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_good_case_is_fit_for_the_published_schema() {
    let schema = serde_json::to_value(Inputs::json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for folder in listed("scheme/good") {
        let inputs = fs::read_to_string(folder.join("inputs.json")).unwrap();
        let inputs: Value = serde_json::from_str(&inputs).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&inputs)
            .map(|e| e.to_string())
            .collect();
        assert!(faults.is_empty(), "{}: {faults:?}", folder.display());
    }
}
