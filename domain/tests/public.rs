//! What everybody may read of a round about some of whose subjects few people answered.

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::outcome::{ENGINE, Outcome, Settled};
use domain::package::{Dependent, FORMAT, Package, publish, replay};
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use serde_json::{Value, json};

/// One seat for the better grade, the rate of satisfaction breaks ties, and the best rate and the worst have labels.
const SCHEME: &str = r#"
format = "mingjian-scheme/1"
code = "case"
version = "1"
name = { zh = "例", en = "Case" }
numbers = { decimals = 2, mode = "half_up" }
grading = { by = "total", tie_breakers = [{ value = { survey = { of = "v", figure = "satisfaction_rate" } } }] }
closing = { two_people = false }
grade = [
    { code = "good", name = { zh = "好", en = "good" }, from = 60 },
    { code = "poor", name = { zh = "差", en = "poor" } },
]
category = [{ code = "unit", kind = "unit", name = { zh = "单位", en = "unit" } }]
section = [{ code = "s", kind = "common", name = { zh = "共性", en = "common" }, max = 100 }]

[[scale]]
code = "two"
option = [
    { code = "s", label = { zh = "满意", en = "satisfied" }, class = "satisfied", weight = 100 },
    { code = "d", label = { zh = "不满意", en = "dissatisfied" }, class = "dissatisfied", weight = 0 },
]

[[survey]]
code = "v"
name = { zh = "测评", en = "survey" }
denominator = "rated"
combine = "pooled"
panel = [{ code = "p", name = { zh = "群众", en = "the public" } }]
channel = [{ code = "web" }]
question = [{ code = "q", text = { zh = "满意吗", en = "satisfied?" }, scale = "two" }]

[[item]]
code = "i"
in = "s"
name = { zh = "项", en = "item" }
max = 100
graded = { step = 1, several = "mean" }

[[label]]
code = "best"
name = { zh = "满意单位", en = "unit that satisfies" }
group = "everyone"
best = 1
by = { survey = { of = "v", figure = "satisfaction_rate" } }
rank_disqualified = false

[[label]]
code = "worst"
name = { zh = "待改进单位", en = "unit to improve" }
group = "everyone"
worst = 1
by = { survey = { of = "v", figure = "satisfaction_rate" } }
rank_disqualified = false

[[rule]]
code = "low"
name = { zh = "满意率低", en = "low rate" }
clause = "1"
when = { survey = { of = "v", figure = "satisfaction_rate" }, less_than = "50%" }
effect = { cap = "poor" }
words = { zh = "满意率低于一半。", en = "Fewer than half are satisfied." }

[[quota]]
code = "one"
name = { zh = "名额", en = "one seat" }
clause = "2"
grade = "good"
group = "everyone"
seats = 1
count_disqualified = true
tie = "all_fall"
soft = false
hand_on = false
"#;

/// Units with their points, and how many are satisfied and dissatisfied.
fn package(units: &[(&str, u32, u64, u64)]) -> Package {
    let mut rows: [Vec<Value>; 4] = Default::default();
    let [subjects, scores, tallies, sheets] = &mut rows;
    for (code, points, satisfied, dissatisfied) in units {
        subjects.push(json!({ "code": code, "kind": "unit", "category": "unit", "region": "r", "name": code }));
        scores.push(json!({ "subject": code, "item": "i", "inspector": "a", "points": points }));
        for (option, count) in [("s", satisfied), ("d", dissatisfied)] {
            tallies.push(json!({ "survey": "v", "subject": code, "panel": "p", "channel": "web", "question": "q", "option": option, "count": count }));
        }
        let all = satisfied + dissatisfied;
        sheets.push(json!({ "survey": "v", "subject": code, "panel": "p", "channel": "web", "valid": all, "rated": all, "invalid": 0, "replaced": 0, "late": 0 }));
    }
    let [subjects, scores, tallies, sheets] = rows;
    let inputs = json!({
        "format": "mingjian-inputs/1",
        "round": { "code": "r", "series": "r", "name": "轮", "period_from": "2026-01-01", "period_to": "2026-12-31", "time_zone": "Asia/Shanghai" },
        "regions": [{ "code": "r", "name": "区" }],
        "subjects": subjects, "scores": scores, "tallies": tallies, "sheets": sheets,
    });
    let inputs = Inputs::parse(&inputs.to_string()).unwrap();
    let scheme = Scheme::parse(SCHEME).unwrap_or_else(|faults| panic!("{faults:?}"));
    let snapshot = Snapshot::build(&scheme, &inputs).unwrap_or_else(|faults| panic!("{faults:?}"));
    let outcome = decide(&scheme, &snapshot);
    assert_eq!(outcome.blocking().count(), 0, "{:?}", outcome.gaps);
    Package {
        format: FORMAT.to_owned(),
        engine: ENGINE.to_owned(),
        revision: 1,
        scheme: SCHEME.to_owned(),
        inputs,
        outcome,
        combined_roles: None,
        public_of: None,
        sheets: None,
    }
}

fn grade(outcome: &Outcome, subject: &str) -> String {
    let decision = outcome.find(subject).unwrap();
    decision.grade.as_deref().unwrap_or("-").to_owned()
}

#[test]
fn nothing_is_withheld_where_enough_people_answered() {
    let full = package(&[("a", 80, 10, 0), ("b", 70, 6, 4)]);
    let public = publish(full.clone()).unwrap();
    assert_eq!(public.inputs, full.inputs);
    assert_eq!(public.outcome, full.outcome);
    assert_eq!(
        public.public_of.unwrap().inputs_digest,
        full.inputs.digest().unwrap()
    );
}

#[test]
fn of_whom_few_answered_nothing_but_the_result_is_told_and_it_recomputes() {
    // `b` has the best rate of all, `c` one that caps it: nine answers each.
    let full = package(&[("a", 80, 90, 10), ("b", 70, 9, 0), ("c", 90, 1, 8)]);
    let public = publish(full.clone()).unwrap();
    let bytes = public.to_canonical().unwrap();
    let same = replay(&bytes).unwrap();
    assert_eq!((same.subjects, same.withheld), (3, 2));
    for subject in ["b", "c"] {
        let rows = serde_json::to_value(&public.inputs).unwrap();
        for list in ["tallies", "sheets", "scores"] {
            let rows = rows[list].as_array().unwrap();
            assert!(rows.iter().all(|row| row["subject"] != subject), "{list}");
        }
        let decision = public.outcome.find(subject).unwrap();
        assert!(decision.withheld && decision.figures.is_empty() && decision.obstacles.is_empty());
        assert_eq!(decision.total, full.outcome.find(subject).unwrap().total);
        let rule = &decision.rules[0];
        assert_eq!(rule.settled_by, Some(Settled::Withheld));
    }
    for (subject, expected) in [("a", "good"), ("b", "poor"), ("c", "poor")] {
        assert_eq!(grade(&full.outcome, subject), expected);
        assert_eq!(grade(&public.outcome, subject), expected);
    }
    let labels = |subject: &str| public.outcome.find(subject).unwrap().labels.join(" ");
    assert_eq!(["a", "b", "c"].map(labels), ["", "best", "worst"]);
    // Of the one that is shown, all is shown.
    let (shown, decided) = (public.outcome.find("a"), full.outcome.find("a"));
    assert_eq!(shown.unwrap().figures, decided.unwrap().figures);
    assert_eq!(shown.unwrap().items, decided.unwrap().items);
}

#[test]
fn a_changed_total_of_a_withheld_unit_is_found() {
    let full = package(&[("a", 80, 90, 10), ("b", 70, 9, 0)]);
    let mut public = publish(full).unwrap();
    public.inputs.withheld[0].total = Some("90".parse().unwrap());
    let difference = replay(&public.to_canonical().unwrap()).unwrap_err();
    assert!(difference.path.starts_with("outcome/"), "{difference}");
}

#[test]
fn a_tie_that_a_withheld_figure_breaks_is_not_published_but_named() {
    let full = package(&[("a", 80, 90, 10), ("b", 80, 9, 0)]);
    assert_eq!(grade(&full.outcome, "b"), "good");
    let refused = publish(full).unwrap_err();
    let subjects = ["a", "b"].map(str::to_owned).to_vec();
    assert_eq!(refused, Dependent { subjects });
    assert!(refused.to_string().contains("`a`, `b`"), "{refused}");
}

#[test]
fn a_row_beside_what_is_withheld_is_refused() {
    let full = package(&[("a", 80, 90, 10), ("b", 70, 9, 0)]);
    let mut inputs = publish(full.clone()).unwrap().inputs;
    inputs.tallies = full.inputs.tallies;
    inputs.withheld.push(inputs.withheld[0].clone());
    let scheme = Scheme::parse(SCHEME).unwrap();
    let faults = Snapshot::build(&scheme, &inputs).unwrap_err();
    let codes: Vec<(&str, &str)> = (faults.iter())
        .map(|fault| (fault.path.as_str(), fault.code))
        .collect();
    assert_eq!(
        codes,
        [
            ("tallies/2", "not_applicable"),
            ("tallies/3", "more_answers_than_sheets"),
            ("tallies/3", "not_applicable"),
            ("withheld/1", "row_twice"),
        ]
    );
}
