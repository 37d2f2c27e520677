//! Whose history a subject carries on: laws, and what people read of it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use domain::decide::decide;
use domain::explain::Explainer;
use domain::inputs::{Fact, Inputs};
use domain::outcome::Outcome;
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use proptest::prelude::*;

fn read(name: &str) -> String {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/scheme/good/successions");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn case() -> (Scheme, Inputs) {
    let scheme = Scheme::parse(&read("scheme.toml")).unwrap();
    (scheme, Inputs::parse(&read("inputs.json")).unwrap())
}

fn decided(scheme: &Scheme, inputs: &Inputs) -> Outcome {
    decide(scheme, &Snapshot::build(scheme, inputs).unwrap())
}

fn facts_of(subjects: &[&str], drawn: &[(usize, u8, u32)]) -> Vec<Fact> {
    let fact = |(whose, reference, day): &(usize, u8, u32)| Fact {
        subject: subjects[whose % subjects.len()].to_owned(),
        kind: "case".to_owned(),
        reference: format!("n{reference}"),
        event_on: None,
        decision_on: Some(format!("2025-03-{:02}", day + 1).parse().unwrap()),
        persons: 1,
        fields: std::collections::BTreeMap::new(),
    };
    drawn.iter().map(fact).collect()
}

proptest! {
    #[test]
    fn cases_count_once_whoever_of_the_merged_they_were_recorded_of(
        drawn in prop::collection::vec((0_usize..3, 0_u8..4, 0_u32..28), 0..12)
    ) {
        let (scheme, mut inputs) = case();
        inputs.facts = facts_of(&["a", "b", "s"], &drawn);
        let spread = decided(&scheme, &inputs);
        inputs.facts = facts_of(&["s"], &drawn);
        let own = decided(&scheme, &inputs);
        let values = |outcome: &Outcome| -> Vec<(String, String)> {
            let decision = outcome.find("s").unwrap();
            let compared = decision.rules.iter().flat_map(|rule| &rule.compared);
            compared.map(|one| (one.what.to_string(), one.left.to_string())).collect()
        };
        prop_assert_eq!(values(&spread), values(&own));
        prop_assert_eq!(&spread.find("s").unwrap().grade, &own.find("s").unwrap().grade);
    }
}

#[test]
fn the_order_of_steps_leaves_no_trace() {
    let (scheme, mut inputs) = case();
    let one = serde_json::to_string(&decided(&scheme, &inputs)).unwrap();
    inputs.successions.reverse();
    inputs.history.reverse();
    inputs.facts.reverse();
    inputs.measures.reverse();
    let other = serde_json::to_string(&decided(&scheme, &inputs)).unwrap();
    assert_eq!(one, other);
}

#[test]
fn people_read_whose_grade_and_whose_case_it_was() {
    let (scheme, inputs) = case();
    let outcome = decided(&scheme, &inputs);
    let names = inputs
        .subjects
        .iter()
        .map(|one| (one.code.as_str(), one.name.as_str()));
    let explainer = Explainer::new(&scheme, names);
    let mut text = String::new();
    for decision in &outcome.decisions {
        let words = explainer.sentence(decision);
        writeln!(text, "{}\n{}", words.zh, words.en).unwrap();
        for rule in &decision.rules {
            let words = explainer.rule_sentence(rule);
            writeln!(text, "  {}\n  {}", words.zh, words.en).unwrap();
        }
        for item in &decision.items {
            let words = explainer.item(item);
            writeln!(text, "    {}\n    {}", words.zh, words.en).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}
