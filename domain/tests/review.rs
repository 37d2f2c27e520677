//! What a review of a scheme rules out never comes to pass: each scheme in `schemes/` is held to it by its own sample
//! round with rows struck out, doubled and changed at random.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

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

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/scheme")
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
            let rests = result.fired == Truth3::False && result.settled_by != Some(Settled::Waiver);
            prop_assert!(!(rests && found("rule_always_fires", &path)), "{path}");
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
fn what_a_review_rules_out_never_comes_of_a_good_case() {
    let mut seen = 0;
    for folder in fs::read_dir(corpus().join("good")).unwrap() {
        let folder = folder.unwrap().path();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let text = read("scheme.toml");
        let inputs = Inputs::parse(&read("inputs.json"));
        let (Ok(scheme), Ok(inputs)) = (Scheme::parse(&text), inputs) else {
            continue;
        };
        if let Ok(snapshot) = Snapshot::build(&scheme, &inputs) {
            let held = hold(&Scheme::review(&text), &decide(&scheme, &snapshot));
            held.unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} cases");
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

/// A scheme with so many more categories, each with a node and an item of its own.
fn of_many_categories(count: usize) -> String {
    let head = fs::read_to_string(corpus().join("bad/grade_out_of_reach.toml")).unwrap();
    let mut text = head.replacen(
        "category = [{ code = \"unit\", kind = \"unit\", name = { zh = \"单位\", en = \"unit\" } }]\n",
        "",
        1,
    );
    for place in 0..count {
        let rows = format!(
            "\n[[category]]\ncode = \"c{place}\"\nkind = \"unit\"\nname = {{ zh = \"类\", en = \"c\" }}\n\
             \n[[indicator]]\ncode = \"n{place}\"\nin = \"s\"\nname = {{ zh = \"指标\", en = \"n\" }}\nmax = 0\n\
             \n[[item]]\ncode = \"i{place}\"\nin = \"n{place}\"\nfor = [\"c{place}\"]\nname = {{ zh = \"项\", en = \"i\" }}\nmax = 0\n\
             graded = {{ step = 1, several = \"mean\" }}\n"
        );
        text.push_str(&rows);
    }
    text
}

#[test]
fn ranges_are_worked_out_as_far_as_they_cost_a_bounded_number_of_steps() {
    // A step is a part of the table in a category; one section and one item are there besides.
    let steps = |categories: usize| (2 * categories + 2) * categories;
    let bound = 200_000;
    let (last, first_beyond) = (315, 316);
    assert!(steps(last) <= bound && steps(first_beyond) > bound);
    let review = Scheme::review(&of_many_categories(last));
    assert_eq!(review.totals.len(), last);
    assert_eq!(review.faults[0].code, "grade_out_of_reach");
    let review = Scheme::review(&of_many_categories(first_beyond));
    assert!(review.totals.is_empty() && review.faults.is_empty());
}

#[test]
fn a_scheme_of_a_megabyte_takes_no_step_through_its_ranges() {
    let text = of_many_categories(2_000);
    assert!(text.len() > 500_000, "{}", text.len());
    let review = Scheme::review(&text);
    assert!(review.faults.is_empty(), "{:?}", review.faults.first());
    assert!(review.scheme.is_some() && review.totals.is_empty());
}

#[test]
fn categories_that_are_composed_of_all_of_them_cost_a_bounded_number_of_steps() {
    let circle = |categories: usize| {
        let case = corpus().join("good/composed_in_a_circle/scheme.toml");
        let text = fs::read_to_string(case).unwrap();
        let line = "    { code = \"district\",";
        let (head, tail) = text.split_once(line).unwrap();
        let rest = tail.split_once('\n').unwrap().0;
        let more: Vec<String> = (2..categories)
            .map(|place| format!("    {{ code = \"d{place}\",{rest}\n"))
            .collect();
        let more = more.concat();
        let text = format!("{head}{more}{line}{tail}");
        text.replacen("categories = [\"district\"], ", "", 1)
    };
    // A step is a category that another one is composed of.
    let (last, first_beyond) = (447, 448);
    assert!(last * last <= 200_000 && first_beyond * first_beyond > 200_000);
    let review = Scheme::review(&circle(last));
    assert_eq!((review.faults.len(), review.totals.len()), (0, last));
    let review = Scheme::review(&circle(first_beyond));
    assert!(review.scheme.is_some() && review.totals.is_empty());
}
