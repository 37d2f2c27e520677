//! `mingjian explain PACKAGE SUBJECT`: why a subject got what it got, from a package, without a database.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::explain::Explainer;
use domain::outcome::{Decision, Truth3};
use domain::package::Package;
use domain::scheme::Scheme;
use domain::scheme::file::Words;

use super::{Failure, print};

/// Whom to explain.
#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// A package, written by `mingjian export`.
    package: PathBuf,
    /// Code of the subject.
    subject: String,
    /// For the unit itself: figures of fewer than 10 answers are withheld.
    #[arg(long)]
    for_unit: bool,
    /// Rules that did not fire, items, ranks for labels and figures of surveys too.
    #[arg(long)]
    all: bool,
}

/// Prints it in both languages.
pub(super) fn run(arguments: &ExplainArguments) -> Result<(), Failure> {
    let package = read_package(&arguments.package)?;
    let scheme = Scheme::parse(&package.scheme)
        .map_err(|faults| Failure::of_lines(faults.iter().map(ToString::to_string).collect()))?;
    let code = &arguments.subject;
    let decision = package.outcome.find(code).ok_or_else(|| {
        Failure::new(format!(
            "`{}` decides nothing on `{code}`: name the code of a subject in it",
            arguments.package.display()
        ))
    })?;
    let names = package
        .inputs
        .subjects
        .iter()
        .map(|subject| (subject.code.as_str(), subject.name.as_str()));
    let mut explainer = Explainer::new(&scheme, names);
    if arguments.for_unit {
        explainer = explainer.withholding();
    }
    print(explain(&package, decision, &explainer, arguments.all).as_bytes())
}

/// Reads a package as it is; whether it recomputes is for `replay`.
pub(super) fn read_package(path: &Path) -> Result<Package, Failure> {
    serde_json::from_str(&super::read_text(path)?)
        .map_err(|error| Failure::new(format!("`{}` is no package: {error}", path.display())))
}

/// A decision with every rule that fired, what stands in the way of the next grade, what comes of it and of others for
/// whom it is on, waivers and adjustments; with all, every other rule and item, ranks for labels and figures of surveys too.
pub(super) fn explain(
    package: &Package,
    decision: &Decision,
    explainer: &Explainer<'_>,
    all: bool,
) -> String {
    let code = &*decision.subject;
    let mut text = format!("为什么 Why: {code} {}\n", explainer.subject(code));
    let mut add = |mark: &str, words: &Words| {
        let indent = " ".repeat(mark.chars().count());
        let _never_fails = writeln!(text, "{mark}{}\n{indent}{}", words.zh, words.en);
    };
    add("  ", &explainer.sentence(decision));
    for rule in &decision.rules {
        if rule.fired == Truth3::True {
            add("  · ", &explainer.rule_sentence(rule));
        } else if all {
            add("  - ", &explainer.rule_sentence(rule));
        }
    }
    for obstacle in &decision.obstacles {
        add("  ↑ ", &explainer.obstacle(obstacle));
    }
    for consequence in &decision.consequences {
        add("  → ", &explainer.consequence(consequence));
    }
    for (source, on, one) in package.outcome.consequences_on_others() {
        if *on == decision.subject {
            add("  → ", &explainer.consequence_from(source, one));
        }
    }
    for words in explainer.recorded(&package.inputs, code) {
        add("  ! ", &words);
    }
    if all {
        for item in &decision.items {
            let (name, how) = (explainer.item_title(item.code), explainer.item(item));
            let points = item
                .points
                .map_or_else(|| "—".to_owned(), |points| points.to_string());
            let words = Words {
                zh: format!("{} {points} 分：{}", name.zh, how.zh),
                en: format!("{} {points}: {}", name.en, how.en),
            };
            add("  = ", &words);
            for task in explainer.undone(item) {
                add("    · ", &task);
            }
        }
        for rank in &decision.label_ranks {
            add("  # ", &explainer.label(rank));
        }
        for figure in &decision.figures {
            let (what, value) = (explainer.what(&figure.what), explainer.figure(figure));
            let words = Words {
                zh: format!("{}：{}", what.zh, value.zh),
                en: format!("{}: {}", what.en, value.en),
            };
            add("  % ", &words);
        }
    }
    text
}
