//! The Ouhai table says what its document says, and a round under it comes to what was worked out by other means.

use std::collections::BTreeMap;

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::number::Points;
use domain::outcome::{Outcome, Truth3};
use domain::scheme::Scheme;
use domain::scheme::file::{Item, SectionKind};
use domain::snapshot::Snapshot;
use serde::Deserialize;

const TABLE: &str = include_str!("../../schemes/ouhai/organ.toml");
const INPUTS: &str = include_str!("../../schemes/ouhai/sample-inputs.json");
const DECISIONS: &str = include_str!("../../schemes/ouhai/sample-decisions.json");

/// The points of the leaves below each second-level indicator, as the document prints them.
const LEAVES: [(&str, &[i64]); 26] = [
    ("A1", &[1, 1, 1, 1]),
    ("A2", &[2, 2]),
    ("A3", &[1, 2, 1]),
    ("A4", &[1, 1, 1, 1]),
    ("A5", &[1, 1]),
    ("A6", &[1, 1]),
    ("B1", &[2, 1, 1]),
    ("B2", &[2, 2]),
    ("B3", &[2, 1, 1]),
    ("B4", &[1, 1, 1]),
    ("C1", &[1, 1]),
    ("C2", &[2]),
    ("C3", &[1, 1]),
    ("C4", &[2]),
    ("C5", &[1, 1]),
    ("D1", &[1, 1, 1]),
    ("D2", &[1, 2]),
    ("D3", &[1, 1, 1, 1]),
    ("E1", &[4, 2, 2, 2]),
    ("F1", &[3, 3, 2, 2]),
    ("F2", &[1, 1, 1, 1]),
    ("F3", &[2, 2]),
    ("F4", &[4]),
    ("F5", &[2, 2]),
    ("F6", &[2, 2]),
    ("F7", &[2, 2, 1]),
];

fn scheme() -> Scheme {
    Scheme::parse(TABLE).unwrap()
}

fn whole(points: i64) -> Points {
    Points::from_whole(points).unwrap()
}

fn below<'a>(scheme: &'a Scheme, parent: &'a str) -> impl Iterator<Item = &'a Item> {
    scheme
        .file
        .item
        .iter()
        .filter(move |item| item.parent == parent)
}

#[test]
fn every_leaf_has_the_points_of_the_document() {
    let scheme = scheme();
    let mut count = 0;
    for (indicator, points) in LEAVES {
        let expected: Vec<(String, Option<Points>)> = (1_usize..)
            .zip(points)
            .map(|(place, points)| (format!("{indicator}.{place}"), Some(whole(*points))))
            .collect();
        let found: Vec<(String, Option<Points>)> = below(&scheme, indicator)
            .map(|item| (item.code.clone(), item.max))
            .collect();
        assert_eq!(found, expected, "{indicator}");
        count += found.len();
    }
    assert_eq!(count, 67);
    let maxima: BTreeMap<&str, Option<Points>> = scheme
        .file
        .section
        .iter()
        .map(|section| (section.code.as_str(), section.max))
        .collect();
    assert_eq!(maxima["common"], Some(whole(65)));
    assert_eq!(maxima["specific"], Some(whole(35)));
}

#[test]
fn the_negative_list_takes_1_2_4_and_20_for_each_case_and_3_once() {
    let scheme = scheme();
    let negative = scheme
        .file
        .section
        .iter()
        .find(|section| section.kind == SectionKind::Deduction)
        .unwrap();
    let found: Vec<(Points, bool, bool)> = below(&scheme, &negative.code)
        .map(|item| {
            let cases = item.per_case.as_ref().unwrap();
            (cases.points, cases.once, cases.label.is_some())
        })
        .collect();
    let each = |points| (whole(points), false, false);
    assert_eq!(
        found,
        [
            each(-1),
            each(-2),
            each(-4),
            each(-20),
            (whole(-3), true, true)
        ]
    );
}

#[test]
fn what_the_document_counts_is_not_left_to_inspectors() {
    let scheme = scheme();
    for code in ["A1.1", "A3.3", "A4.2", "D3.2", "D3.3", "D3.4", "F7.1"] {
        let item = scheme.file.item.iter().find(|item| item.code == code);
        assert!(item.unwrap().measured.is_some(), "{code}");
    }
    let find = |code: &str| scheme.file.item.iter().find(|item| item.code == code);
    assert!(find("B3.3").unwrap().gate.is_some());
    assert!(find("E1.3").unwrap().surveyed.is_some());
    assert_eq!(find("E1.4").unwrap().part.len(), 3);
}

#[test]
fn a_rule_that_the_document_does_not_have_is_named_as_an_assumption() {
    let scheme = scheme();
    for rule in &scheme.file.rule {
        let path = format!("rule/{}", rule.code);
        let named = scheme
            .file
            .assumption
            .iter()
            .any(|assumption| assumption.setting == path);
        assert!(named, "{path}");
    }
}

/// `sample-decisions.json`: what the sample round comes to, worked out without the engine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    round: String,
    decisions: Vec<ExpectedDecision>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedDecision {
    subject: String,
    /// What the subject is there to show.
    case: String,
    total: Option<Points>,
    grade: Option<String>,
    rank: Option<u32>,
    disqualified: bool,
    eligible: Option<bool>,
    labels: Vec<String>,
    /// Rules that fired, in the order of the scheme.
    fired: Vec<String>,
    /// Points of the items of interest.
    items: BTreeMap<String, Points>,
}

fn sample_outcome() -> Outcome {
    let scheme = scheme();
    let snapshot = Snapshot::build(&scheme, &Inputs::parse(INPUTS).unwrap()).unwrap();
    decide(&scheme, &snapshot)
}

/// What the engine says of the same things.
fn found(outcome: &Outcome, expected: &ExpectedDecision) -> ExpectedDecision {
    let decision = outcome.find(&expected.subject).unwrap();
    ExpectedDecision {
        subject: decision.subject.to_string(),
        case: expected.case.clone(),
        total: decision.total,
        grade: decision.grade.as_deref().map(str::to_owned),
        rank: decision.rank,
        disqualified: decision.disqualified,
        eligible: decision.eligible,
        labels: decision.labels.iter().map(ToString::to_string).collect(),
        fired: decision
            .rules
            .iter()
            .filter(|rule| rule.fired == Truth3::True)
            .map(|rule| rule.rule.to_string())
            .collect(),
        items: decision
            .items
            .iter()
            .filter(|item| expected.items.contains_key(item.item.as_ref()))
            .filter_map(|item| Some((item.item.to_string(), item.points?)))
            .collect(),
    }
}

#[test]
fn the_sample_round_comes_to_what_was_worked_out_without_the_engine() {
    let expected: Expected = serde_json::from_str(DECISIONS).unwrap();
    let outcome = sample_outcome();
    assert_eq!(outcome.round.as_ref(), expected.round);
    assert_eq!(outcome.decisions.len(), expected.decisions.len());
    for decision in &expected.decisions {
        assert_eq!(found(&outcome, decision), *decision);
    }
}

#[test]
fn nothing_keeps_the_sample_round_from_being_closed() {
    let blocking: Vec<String> = sample_outcome()
        .blocking()
        .map(|gap| format!("{gap:?}"))
        .collect();
    assert_eq!(blocking, Vec::<String>::new());
}
