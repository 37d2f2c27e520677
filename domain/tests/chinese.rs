//! Chinese sentences are written with Chinese signs: ，。：；（）、 and not those of another script. Walked over: every
//! sentence about every sample round and corpus case, every reason and fault, every change between two tables, the words
//! of every scheme.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::decide::decide;
use domain::explain::{Explainer, change, trial as tried};
use domain::inputs::Inputs;
use domain::outcome::{Comparison, ENGINE, Outcome};
use domain::package::{FORMAT, Package};
use domain::reason::{Reason, ReasonCode};
use domain::scheme::Scheme;
use domain::scheme::diff;
use domain::scheme::file::Words;
use domain::snapshot::Snapshot;
use domain::trial::try_on;
use serde_json::Value;

/// Every sentence that was read, and those with a sign of another script in them.
#[derive(Default)]
struct Read {
    sentences: usize,
    wrong: BTreeSet<String>,
}

impl Read {
    fn add(&mut self, words: &Words) {
        self.text(&words.zh);
    }

    fn text(&mut self, text: &str) {
        self.sentences += 1;
        if !is_punctuated(text) {
            self.wrong.insert(text.to_owned());
        }
    }
}

const fn is_chinese(one: char) -> bool {
    matches!(
        one,
        '\u{3400}'
            ..='\u{9fff}'
                | '“'
                | '”'
                | '《'
                | '》'
                | '，'
                | '。'
                | '：'
                | '；'
                | '（'
                | '）'
                | '、'
    )
}

/// Whether no sign of another script stands beside a Chinese character; what stands between backquotes is code, and a
/// message of another program is quoted as it is.
fn is_punctuated(text: &str) -> bool {
    let told = text.split('`').step_by(2);
    told.into_iter().all(|told| {
        let all: Vec<char> = told.chars().collect();
        all.iter().enumerate().all(|(place, one)| {
            let before = place.checked_sub(1).and_then(|place| all.get(place));
            let beside = [before, all.get(place + 1)];
            !",;:?!()".contains(*one) || !beside.into_iter().flatten().any(|one| is_chinese(*one))
        })
    })
}

#[test]
fn what_stands_beside_a_chinese_character_is_seen() {
    for wrong in ["总分,满分", "总分: 3", "(满分)", "“甲”:乙", "甲;`a`"] {
        assert!(!is_punctuated(wrong), "{wrong}");
    }
    assert!(is_punctuated(
        "总分 9.5（满分 10），见 `a(b, c)`；3/4（75%）"
    ));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Files below a folder whose name ends so, in order.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.to_str().unwrap().ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Everything that an outcome is told in.
fn outcome(scheme: &Scheme, inputs: &Inputs, read: &mut Read) -> Option<Outcome> {
    let snapshot = match Snapshot::build(scheme, inputs) {
        Ok(snapshot) => snapshot,
        Err(faults) => {
            for fault in &faults {
                read.text(&fault.message_zh);
            }
            return None;
        }
    };
    let outcome = decide(scheme, &snapshot);
    let names = || {
        let subjects = inputs.subjects.iter();
        subjects.map(|subject| (subject.code.as_str(), subject.name.as_str()))
    };
    for explainer in [
        Explainer::new(scheme, names()),
        Explainer::new(scheme, names()).withholding(),
    ] {
        for decision in &outcome.decisions {
            read.add(&explainer.sentence(decision));
            for step in &decision.steps {
                read.add(&explainer.step(step));
            }
            for result in &decision.rules {
                read.add(&explainer.rule_sentence(result));
                for ground in result.compared.iter().flat_map(Comparison::counted) {
                    read.add(&explainer.ground(ground));
                }
            }
            for item in &decision.items {
                read.add(&explainer.item(item));
                let parts = item.trace.iter().flat_map(|trace| &trace.parts);
                for words in parts.filter_map(|part| explainer.composed(part)) {
                    read.add(&words);
                }
            }
            for figure in &decision.figures {
                read.add(&explainer.figure(figure));
            }
            for label in &decision.label_ranks {
                read.add(&explainer.label(label));
            }
            for obstacle in &decision.obstacles {
                read.add(&explainer.obstacle(obstacle));
            }
            for consequence in &decision.consequences {
                read.add(&explainer.consequence(consequence));
            }
        }
        for gap in &outcome.gaps {
            read.add(&explainer.gap(gap));
        }
    }
    Some(outcome)
}

/// The words of a scheme.
fn words_of(value: &Value, read: &mut Read) {
    match value {
        Value::Object(keys) => {
            for (key, value) in keys {
                match value {
                    Value::String(text) if key == "zh" => read.text(text),
                    value => words_of(value, read),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| words_of(value, read)),
        _ => {}
    }
}

/// Whether words of another script that are neither code nor quoted follow each other in a text.
fn is_half_told(text: &str) -> bool {
    let told = text.split('`').step_by(2);
    told.flat_map(|told| {
        let mut quoted = told.split(['“', '”']).step_by(2);
        std::iter::from_fn(move || quoted.next())
    })
    .flat_map(|told| told.split(is_chinese))
    .any(|told| {
        let words = told.split_whitespace();
        words
            .filter(|word| word.chars().all(|one| one.is_ascii_alphabetic()))
            .count()
            > 1
    })
}

#[test]
fn what_is_wrong_with_a_table_is_told_in_chinese_alone() {
    assert!(is_half_told("取值不对（it lies below zero）"));
    assert!(!is_half_told(
        "取值不对（原话：“it lies below zero”，见 `a b`）"
    ));
    for folder in ["scheme/bad", "scheme/doubtful"] {
        for table in files(&root().join("tests/corpus").join(folder), ".toml") {
            let review = Scheme::review(&fs::read_to_string(&table).unwrap());
            let faults = review.faults.iter().map(|fault| &fault.message);
            let warnings = review.warnings.iter().map(|warning| &warning.message);
            for words in faults.chain(warnings) {
                assert!(
                    !is_half_told(&words.zh),
                    "{}: {}",
                    table.display(),
                    words.zh
                );
            }
        }
    }
}

#[test]
fn a_bound_is_shown_as_it_stands_in_the_file_and_told_in_the_reader_s_language() {
    let table = root().join("tests/corpus/scheme/bad/rules_that_never_fire.toml");
    let text = fs::read_to_string(table).unwrap();
    let told = |old: &str, new: &str, what: &str| {
        let text = text.replacen(old, new, 1);
        let faults = Scheme::review(&text).faults;
        let found = faults.iter().find(|fault| fault.code == what);
        found
            .unwrap_or_else(|| panic!("{faults:?}"))
            .message
            .clone()
    };
    let said = |bound: &str, what: &str| told("at_least = \"90%\"", bound, what);
    assert_eq!(
        said("more_than = \"150%\"", "wrong_scale").zh,
        "`150%` 永远取不到：比率在 0 至 1 之间，请写成 `90%` 这样"
    );
    assert_eq!(
        said("at_least = \"ninety\"", "wrong_value").zh,
        "`ninety` 不是数：请写 `0.9`、`90%` 或 `9/10`"
    );
    assert_eq!(
        said("at_least = true", "wrong_value").zh,
        "`true` 不是数：这里应写加引号的数，如 `\"2.5\"`、`\"90%\"`、`\"1/3\"`"
    );
    let points = |max: &str| told("max = 100\n", max, "wrong_value").zh;
    assert_eq!(
        points("max = \"ten\"\n"),
        "`ten` 不是分值：请写至多四位小数的数，如 `2.5`"
    );
    assert_eq!(points("max = \"9999999999999999\"\n"), "数值过大，无法计分");
    assert!(
        said("at_least = 1, equals = 1", "unknown_key")
            .zh
            .starts_with("没有 `equals` 这一项：可写 `all`、`any`、")
    );
}

#[test]
fn every_chinese_sentence_is_written_with_chinese_signs() {
    let mut read = Read::default();
    for code in ReasonCode::ALL {
        read.add(&Reason::with(*code, ["甲, 乙", "丙", "丁"]).words());
    }
    // Sample rounds, and the good cases of the corpus.
    let mut tables = Vec::new();
    for table in files(&root().join("schemes"), ".toml") {
        let text = fs::read_to_string(&table).unwrap();
        let sample = fs::read_to_string(table.with_extension("sample.json")).unwrap();
        let inputs = Inputs::parse(&sample).unwrap();
        let scheme = Scheme::parse(&text).unwrap();
        words_of(&serde_json::to_value(&scheme.file).unwrap(), &mut read);
        let outcome = outcome(&scheme, &inputs, &mut read).unwrap();
        let package = Package {
            format: FORMAT.to_owned(),
            engine: ENGINE.to_owned(),
            revision: 1,
            scheme: text,
            inputs,
            outcome,
            combined_roles: None,
            public_of: None,
            sheets: None,
        };
        tables.push((scheme, package));
    }
    for table in files(&root().join("tests/corpus/scheme/good"), "scheme.toml") {
        let scheme = Scheme::parse(&fs::read_to_string(&table).unwrap());
        let inputs = fs::read_to_string(table.with_file_name("inputs.json")).unwrap();
        // Some are there for what is wrong with them.
        if let (Ok(scheme), Ok(inputs)) = (scheme, Inputs::parse(&inputs)) {
            outcome(&scheme, &inputs, &mut read);
        }
    }
    // Every table against the one after it, and its round under the other.
    for pair in tables.windows(2) {
        let [(old, package), (new, _)] = pair else {
            unreachable!("a window of two")
        };
        let (before, after) = (Explainer::new(old, []), Explainer::new(new, []));
        for one in diff::diff(old, new) {
            read.add(&change::change(&before, &after, &one));
        }
        for one in diff::lost_scores(old, new) {
            read.add(&change::lost_score(&before, &one));
        }
        let Ok(trial) = try_on(new, package) else {
            continue;
        };
        for one in &trial.changed {
            read.add(&tried::changed(&before, &after, one));
            for why in &one.because {
                read.add(&tried::because(&before, &after, why));
            }
        }
        trial
            .set_aside
            .iter()
            .for_each(|one| read.add(&tried::set_aside(one)));
    }
    // Faults of tables and of inputs.
    for folder in ["scheme/bad", "scheme/doubtful"] {
        for table in files(&root().join("tests/corpus").join(folder), ".toml") {
            let review = Scheme::review(&fs::read_to_string(table).unwrap());
            let faults = review.faults.iter().map(|fault| &fault.message);
            let warnings = review.warnings.iter().map(|warning| &warning.message);
            faults.chain(warnings).for_each(|words| read.add(words));
        }
    }
    let scheme = fs::read_to_string(root().join("tests/corpus/inputs/scheme.toml")).unwrap();
    let scheme = Scheme::parse(&scheme).unwrap();
    for case in files(&root().join("tests/corpus/inputs"), ".json") {
        let Ok(inputs) = Inputs::parse(&fs::read_to_string(case).unwrap()) else {
            continue;
        };
        for fault in Snapshot::build(&scheme, &inputs)
            .err()
            .into_iter()
            .flatten()
        {
            read.text(&fault.message_zh);
        }
    }
    assert!(read.sentences > 20_000, "{}", read.sentences);
    assert!(
        read.wrong.is_empty(),
        "{} wrong:\n{:#?}",
        read.wrong.len(),
        read.wrong
    );
}

/// Texts between quotes in a program; what follows `//` is for its readers.
fn literals(program: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in program.lines() {
        let (mut inside, mut escaped, mut text, mut before) = (false, false, String::new(), ' ');
        for one in line.chars() {
            match (inside, one) {
                (false, '/') if before == '/' => break,
                (false, '"') if before != '\'' => inside = true,
                (true, '"') if !escaped => {
                    inside = false;
                    found.push(std::mem::take(&mut text));
                }
                (true, one) => text.push(one),
                _ => {}
            }
            escaped = one == '\\' && !escaped;
            before = one;
        }
        // A text over several lines goes on where this one ends.
        found.push(text);
    }
    found
}

#[test]
fn every_chinese_text_of_programs_and_pages_is_written_with_chinese_signs() {
    let mut read = Read::default();
    for folder in ["domain/src", "service/src", "api/src"] {
        let programs = files(&root().join(folder), ".rs");
        // Tables and queries of tests have signs of their own.
        let told = programs.iter().filter(|path| {
            let path = path.to_str().unwrap();
            !path.ends_with("tests.rs") && !path.contains("/tests/")
        });
        for program in told {
            let text = fs::read_to_string(program).unwrap();
            let (text, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
            let texts = literals(text);
            let chinese = |text: &&String| {
                text.chars()
                    .any(|one| one.is_alphabetic() && is_chinese(one))
            };
            texts
                .iter()
                .filter(chinese)
                .for_each(|text| read.text(text));
        }
    }
    for folder in ["api/locales/zh-CN", "api/templates"] {
        for page in files(&root().join(folder), "") {
            let text = fs::read_to_string(page).unwrap();
            text.lines().for_each(|line| read.text(line));
        }
    }
    assert!(read.sentences > 1_000, "{}", read.sentences);
    assert!(
        read.wrong.is_empty(),
        "{} wrong:\n{:#?}",
        read.wrong.len(),
        read.wrong
    );
}
