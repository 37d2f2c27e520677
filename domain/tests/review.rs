//! What a review of a scheme rules out never comes to pass: each scheme in `schemes/` is held to it by its own sample
//! round with rows struck out, doubled and changed at random.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::number::Points;
use domain::outcome::{ItemState, Outcome, Settled, Step, Truth3};
use domain::scheme::{Review, Scheme};
use domain::snapshot::Snapshot;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

fn tables() -> Vec<PathBuf> {
    let schemes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemes");
    let inside = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let mut tables: Vec<PathBuf> = inside(&schemes)
        .into_iter()
        .filter(|path| path.is_dir())
        .flat_map(|folder| inside(&folder))
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .collect();
    tables.sort();
    assert!(!tables.is_empty());
    tables
}

/// The same round with rows struck out, doubled or set to nothing, as the draws say.
fn shaken(sample: &Value, draws: &[u8]) -> Value {
    let mut inputs = sample.clone();
    let mut draws = draws.iter().copied().cycle();
    let mut draw = || draws.next().unwrap_or(0);
    for list in ["scores", "checklists", "measures", "nil_reports"] {
        if let Some(Value::Array(rows)) = inputs.get_mut(list) {
            rows.retain(|_| draw() > 10);
        }
    }
    if let Some(Value::Array(rows)) = inputs.get_mut("scores") {
        rows.iter_mut()
            .filter(|_| draw() < 60)
            .for_each(|row| row["points"] = json!("0"));
    }
    if let Some(Value::Array(rows)) = inputs.get_mut("tallies") {
        rows.iter_mut()
            .filter(|_| draw() < 60)
            .for_each(|row| row["count"] = json!(0));
    }
    if let Some(Value::Array(rows)) = inputs.get_mut("measures") {
        rows.iter_mut()
            .filter(|_| draw() < 60)
            .for_each(|row| row["value"] = json!("0"));
    }
    if let Some(Value::Array(rows)) = inputs.get_mut("facts") {
        for (place, mut row) in rows.clone().into_iter().enumerate() {
            for copy in 0..draw() % 4 {
                row["reference"] = json!(format!("shaken-{place}-{copy}"));
                rows.push(row.clone());
            }
        }
    }
    // Waivers and what the committee decides lie outside the review.
    for list in ["waivers", "adjustments", "tie_choices"] {
        inputs[list] = json!([]);
    }
    inputs
}

fn hold(review: &Review, outcome: &Outcome) -> Result<(), TestCaseError> {
    let found = |code: &str, path: &str| {
        let mut faults = review.faults.iter();
        faults.any(|fault| fault.code == code && fault.path == path)
    };
    for decision in &outcome.decisions {
        for result in &decision.rules {
            let fired = result.fired == Truth3::True && result.settled_by != Some(Settled::Waiver);
            let path = format!("rule/{}/when", result.rule);
            prop_assert!(!(fired && found("rule_never_fires", &path)), "{path}");
        }
        let waived = decision
            .items
            .iter()
            .any(|item| item.state == ItemState::ByWaiver);
        let adjusted = decision
            .steps
            .iter()
            .any(|step| step.step == Step::Adjustment);
        if let Some(grade) = decision.grade.as_ref().filter(|_| !waived && !adjusted) {
            for path in [format!("grade/{grade}"), format!("grade/{grade}/from")] {
                prop_assert!(!found("grade_out_of_reach", &path), "{path}");
            }
        }
        let Some(total) = decision.total.filter(|_| !waived).map(Points::to_ratio) else {
            continue;
        };
        let mut ranges = review.totals.iter();
        let range = ranges.find(|range| range.category == decision.category.as_ref());
        let range = range.expect("what has a total has a range");
        prop_assert!(range.least.as_ref().is_none_or(|least| *least <= total));
        prop_assert!(range.most.as_ref().is_none_or(|most| *most >= total));
    }
    Ok(())
}

#[test]
fn what_a_review_rules_out_never_comes_of_a_built_in_scheme() {
    for table in tables() {
        let text = fs::read_to_string(&table).unwrap();
        let scheme = Scheme::parse(&text).unwrap();
        let review = Scheme::review(&text);
        let sample = fs::read_to_string(table.with_extension("sample.json")).unwrap();
        let sample: Value = serde_json::from_str(&sample).unwrap();
        let mut runner = TestRunner::new(Config {
            cases: 24,
            failure_persistence: None,
            ..Config::default()
        });
        let taken = Cell::new(0);
        runner
            .run(&proptest::collection::vec(any::<u8>(), 97), |draws| {
                let inputs = Inputs::parse(&shaken(&sample, &draws).to_string()).unwrap();
                // A row that contradicts another after shaking leaves nothing to hold to.
                let Ok(snapshot) = Snapshot::build(&scheme, &inputs) else {
                    return Ok(());
                };
                taken.set(taken.get() + 1);
                hold(&review, &decide(&scheme, &snapshot))
            })
            .unwrap_or_else(|why| panic!("{}: {why}", table.display()));
        assert!(taken.get() > 8, "{}: {taken:?} rounds", table.display());
    }
}

#[test]
fn no_built_in_scheme_has_a_fault() {
    for table in tables() {
        let review = Scheme::review(&fs::read_to_string(&table).unwrap());
        assert!(
            review.faults.is_empty(),
            "{}: {:#?}",
            table.display(),
            review.faults
        );
        assert!(!review.totals.is_empty());
    }
}

#[test]
fn a_scheme_of_a_megabyte_is_reviewed_in_seconds() {
    let head = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../tests/corpus/scheme/bad/grade_out_of_reach.toml"),
    )
    .unwrap();
    // As many categories, nodes and items as a file of this size takes, each item for its own category.
    let mut text = head;
    for place in 0..2_000 {
        let rows = format!(
            "\n[[category]]\ncode = \"c{place}\"\nkind = \"unit\"\nname = {{ zh = \"类\", en = \"c\" }}\n\
             \n[[indicator]]\ncode = \"n{place}\"\nin = \"s\"\nname = {{ zh = \"指标\", en = \"n\" }}\nmax = 0\n\
             \n[[item]]\ncode = \"i{place}\"\nin = \"n{place}\"\nfor = [\"c{place}\"]\nname = {{ zh = \"项\", en = \"i\" }}\nmax = 0\n\
             graded = {{ step = 1, several = \"mean\" }}\n"
        );
        text.push_str(&rows);
    }
    let text = text.replacen(
        "category = [{ code = \"unit\", kind = \"unit\", name = { zh = \"单位\", en = \"unit\" } }]\n",
        "",
        1,
    );
    assert!(text.len() > 500_000, "{}", text.len());
    let started = Instant::now();
    let review = Scheme::review(&text);
    assert!(
        review.faults.iter().all(|fault| fault.code != "syntax"),
        "{:?}",
        review.faults.first()
    );
    let took = started.elapsed();
    assert!(took.as_secs() < 20, "{took:?}");
}
