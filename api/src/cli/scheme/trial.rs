//! `mingjian scheme try NEW --on PACKAGE`: what another version would have made of a closed round.

use std::path::Path;

use clap::Args;
use domain::explain::{self, Explainer};
use domain::package::Package;
use domain::scheme::Scheme;
use domain::trial::{Count, Trial, try_on};

use super::super::language::Language;
use super::super::{Failure, print};
use super::stored;

/// What to try on what.
#[derive(Debug, Args)]
pub(in crate::cli) struct TryArguments {
    /// The version to try: a file, `CODE` of a scheme that comes with the program, `stored:CODE@VERSION` of one in the
    /// database, or `round:CODE` for the version that a round is under.
    new: String,
    /// A closed round: a package written by `mingjian export`, or `round:CODE` of one in the database.
    #[arg(long, value_name = "PACKAGE")]
    on: String,
    /// Print the trial for programs.
    #[arg(long)]
    json: bool,
    /// The language of the words.
    #[arg(long, value_enum, default_value_t)]
    language: Language,
}

/// Prints who would get something else. Nothing is stored, and nothing is decided.
pub(super) fn run(config: Option<&Path>, arguments: &TryArguments) -> Result<(), Failure> {
    let new = super::find(config, &arguments.new)?;
    let place = &arguments.on;
    let package = match stored::find_closed(config, place) {
        Some(found) => found?,
        None => read_package(place)?,
    };
    let trial = try_on(&new, &package).map_err(|why| Failure::new(format!("{place}: {why}")))?;
    if arguments.json {
        let mut bytes = serde_json::to_vec_pretty(&trial)
            .map_err(|error| Failure::new(format!("the trial cannot be written: {error}")))?;
        bytes.push(b'\n');
        return print(&bytes);
    }
    let old = Scheme::parse(&package.scheme)
        .map_err(|_| Failure::new(format!("{place}: its scheme cannot be read")))?;
    let names = || {
        let subjects = package.inputs.subjects.iter();
        subjects.map(|subject| (subject.code.as_str(), subject.name.as_str()))
    };
    let (before, after) = (Explainer::new(&old, names()), Explainer::new(&new, names()));
    let lines = lines(&trial, &before, &after, arguments.language);
    print(format!("{}\n", lines.join("\n")).as_bytes())
}

fn lines(
    trial: &Trial,
    old: &Explainer<'_>,
    new: &Explainer<'_>,
    language: Language,
) -> Vec<String> {
    let [old_code, old_version] = &trial.before;
    let [new_code, new_version] = &trial.after;
    let mut lines = vec![match language {
        Language::Zh => format!(
            "这是试算，不是评定，结果不保存：轮次 {} 按 {new_code} {new_version} 重算，原为 {old_code} {old_version}",
            trial.round
        ),
        Language::En => format!(
            "this is a trial, not a decision, and nothing of it is stored: round {} under {new_code} {new_version} in place of {old_code} {old_version}",
            trial.round
        ),
    }];
    let count = |name: &str, count: Count| format!("  {name}: {} → {}", count.before, count.after);
    lines.push(
        language
            .pick("各等次对象数：", "subjects by grade:")
            .to_owned(),
    );
    for one in &trial.grades {
        let code = std::sync::Arc::from(one.grade.as_str());
        let name = new.grade(Some(&code));
        // A grade that only the old version has is named by it.
        let name = if name.zh == one.grade {
            old.grade(Some(&code))
        } else {
            name
        };
        lines.push(count(language.of(&name), one.count));
    }
    for (zh, en, number) in [
        ("符合认定条件", "eligible", trial.eligible),
        ("取消参评资格", "disqualified", trial.disqualified),
        ("未定", "undetermined", trial.undetermined),
    ] {
        lines.push(count(language.pick(zh, en), number));
    }
    lines.push(match language {
        Language::Zh => format!(
            "{} 个对象中 {} 个结果不同",
            trial.subjects,
            trial.changed.len()
        ),
        Language::En => format!(
            "{} of {} subjects would get something else",
            trial.changed.len(),
            trial.subjects
        ),
    });
    for one in &trial.changed {
        let words = explain::trial::changed(old, new, one);
        lines.push(format!("  {}", language.of(&words)));
        for because in &one.because {
            let words = explain::trial::because(old, new, because);
            lines.push(format!("    {}", language.of(&words)));
        }
    }
    if !trial.gaps.is_empty() {
        lines.push(
            language
                .pick(
                    "新版本所缺、使轮次不能结束的数据：",
                    "what the new version lacks, so that the round could not be closed:",
                )
                .to_owned(),
        );
        for gap in &trial.gaps {
            lines.push(format!("  {}", language.of(&new.gap(gap))));
        }
    }
    if !trial.set_aside.is_empty() {
        lines.push(
            language
                .pick(
                    "新版本用不上、已搁置的数据：",
                    "what the new version has no place for, set aside:",
                )
                .to_owned(),
        );
        for row in &trial.set_aside {
            let words = explain::trial::set_aside(row);
            lines.push(format!("  {}", language.of(&words)));
        }
    }
    lines
}

fn read_package(place: &str) -> Result<Package, Failure> {
    let bytes = std::fs::read(place)
        .map_err(|error| Failure::new(format!("`{place}` cannot be read: {error}")))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(format!("`{place}` is no package: {error}")))
}
