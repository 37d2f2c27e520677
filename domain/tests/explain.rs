//! What people read of the sample round, whole.

use domain::decide::decide;
use domain::explain::Explainer;
use domain::inputs::Inputs;
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use std::fmt::Write;

#[test]
fn every_unit_of_the_sample_reads_why() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemes/ouhai");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let scheme = Scheme::parse(&read("organ.toml")).unwrap();
    let inputs = Inputs::parse(&read("organ.sample.json")).unwrap();
    let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    let names = inputs
        .subjects
        .iter()
        .map(|subject| (subject.code.as_str(), subject.name.as_str()));
    let explainer = Explainer::new(&scheme, names);
    let mut text = String::new();
    for decision in &outcome.decisions {
        let sentence = explainer.sentence(decision);
        let _ = write!(
            text,
            "{}\n  {}\n  {}\n",
            decision.subject, sentence.zh, sentence.en
        );
        for result in &decision.rules {
            let words = explainer.rule_sentence(result);
            let _ = write!(text, "  - {}\n    {}\n", words.zh, words.en);
        }
        for obstacle in &decision.obstacles {
            let words = explainer.obstacle(obstacle);
            let _ = write!(text, "  ! {}\n    {}\n", words.zh, words.en);
        }
    }
    for gap in &outcome.gaps {
        let words = explainer.gap(gap);
        let _ = write!(text, "? {}\n  {}\n", words.zh, words.en);
    }
    insta::assert_snapshot!(text);
}
