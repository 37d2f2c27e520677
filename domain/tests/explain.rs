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

#[test]
fn of_few_answers_a_unit_reads_whether_and_not_how_much() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/corpus/scheme/good/marks"
    );
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let rule = |code: &str, sign: &str| {
        format!(
            "\n[[rule]]\ncode = \"{code}\"\nname = {{ zh = \"规则\", en = \"rule\" }}\nclause = \"1\"\n\
             when = {{ survey = {{ of = \"v\", figure = \"satisfaction_rate\" }}, {sign} = \"1/2\" }}\n\
             effect = {{ cap = \"poor\" }}\nwords = {{ zh = \"触发\", en = \"fires\" }}\nundetermined = \"not_fired\"\n"
        )
    };
    let text = read("scheme.toml") + &rule("high", "at_least") + &rule("low", "less_than");
    let scheme = Scheme::parse(&text).unwrap();
    let inputs = Inputs::parse(&read("inputs.json")).unwrap();
    let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    let decision = outcome.find("met").unwrap();
    let told = |explainer: &Explainer<'_>| {
        let mut lines: Vec<String> = Vec::new();
        let mut add = |words: domain::scheme::file::Words| lines.extend([words.zh, words.en]);
        add(explainer.sentence(decision));
        for result in &decision.rules {
            add(explainer.rule_sentence(result));
        }
        for obstacle in &decision.obstacles {
            add(explainer.obstacle(obstacle));
        }
        for item in &decision.items {
            add(explainer.item(item));
        }
        for figure in &decision.figures {
            add(explainer.figure(figure));
        }
        lines.join("\n")
    };
    let whole = told(&Explainer::new(&scheme, []));
    let kept = told(&Explainer::new(&scheme, []).withholding());
    for figure in ["9/9", "100%"] {
        assert!(whole.contains(figure) && !kept.contains(figure), "{kept}");
    }
    for words in [
        "1/2（50%）：符合",
        "1/2 (50%): met",
        "不符合，答卷不足10份",
        "not met, fewer than 10 answers",
        "数值不公开",
    ] {
        assert!(kept.contains(words), "`{words}` is missing:\n{kept}");
    }
}
