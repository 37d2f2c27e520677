//! `mingjian scheme diff OLD NEW`: what changed between two versions, in words; exit code 1 where they differ.

use std::path::Path;

use clap::Args;
use domain::explain::{Explainer, change};
use domain::scheme::Scheme;
use domain::scheme::diff::{Change, Kind, LostScore, diff, lost_scores};
use domain::scheme::file::Words;
use serde::Serialize;

use super::super::language::Language;
use super::super::{Failure, print};

/// What to compare and how to say it.
#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArguments {
    /// The older version: a file, `CODE` of a scheme that comes with the program, `stored:CODE@VERSION` of one in the
    /// database, or `round:CODE` for the version that a round is under.
    old: String,
    /// The newer version: the same.
    new: String,
    /// Print the changes for programs.
    #[arg(long)]
    json: bool,
    /// The language of the words.
    #[arg(long, value_enum, default_value_t)]
    language: Language,
}

/// A change with its words, for programs.
#[derive(Debug, Serialize)]
struct Told<'a, T> {
    #[serde(flatten)]
    what: &'a T,
    words: Words,
}

/// All of it, for programs.
#[derive(Debug, Serialize)]
struct Compared<'a> {
    changes: Vec<Told<'a, Change>>,
    /// Scores that an open round would lose by moving to the new version.
    lost_scores: Vec<Told<'a, LostScore>>,
}

/// Prints what changed; fails without a word where anything did, so that scripts can ask.
pub(super) fn run(config: Option<&Path>, arguments: &DiffArguments) -> Result<(), Failure> {
    let (old, new) = (
        super::find(config, &arguments.old)?,
        super::find(config, &arguments.new)?,
    );
    let changes = diff(&old, &new);
    let lost = lost_scores(&old, &new);
    let (before, after) = (Explainer::new(&old, []), Explainer::new(&new, []));
    let said: Vec<Words> = changes
        .iter()
        .map(|one| change::change(&before, &after, one))
        .collect();
    let lost_words: Vec<Words> = lost
        .iter()
        .map(|one| change::lost_score(&before, one))
        .collect();
    if arguments.json {
        let compared = Compared {
            changes: told(&changes, said),
            lost_scores: told(&lost, lost_words),
        };
        let mut bytes = serde_json::to_vec_pretty(&compared)
            .map_err(|error| Failure::new(format!("the changes cannot be written: {error}")))?;
        bytes.push(b'\n');
        print(&bytes)?;
    } else {
        let language = arguments.language;
        let mut lines: Vec<String> = said
            .iter()
            .map(|words| language.of(words).to_owned())
            .collect();
        lines.push(summary(&old, &new, &changes, language));
        if !lost.is_empty() {
            lines.push(
                language
                    .pick(
                        "如有考评轮次改用新版本，以下得分将失效，须重新评定：",
                        "a round that moves to the new version loses these scores, which have to be awarded again:",
                    )
                    .to_owned(),
            );
            lines.extend(
                lost_words
                    .iter()
                    .map(|words| format!("  {}", language.of(words))),
            );
        }
        print(format!("{}\n", lines.join("\n")).as_bytes())?;
    }
    if changes.is_empty() {
        Ok(())
    } else {
        Err(Failure::silent())
    }
}

fn told<T>(list: &[T], words: Vec<Words>) -> Vec<Told<'_, T>> {
    list.iter()
        .zip(words)
        .map(|(what, words)| Told { what, words })
        .collect()
}

fn summary(old: &Scheme, new: &Scheme, changes: &[Change], language: Language) -> String {
    let count = |is: &dyn Fn(&Kind) -> bool| changes.iter().filter(|one| is(&one.kind)).count();
    let added = count(&|kind| *kind == Kind::Added);
    let removed = count(&|kind| *kind == Kind::Removed);
    let moved = count(&|kind| matches!(kind, Kind::Moved | Kind::Reordered));
    let words = count(&|kind| matches!(kind, Kind::Words(_)));
    let rest = changes.len() - added - removed - moved - words;
    let (from, to) = (
        format!("{} {}", old.code(), old.version()),
        format!("{} {}", new.code(), new.version()),
    );
    match language {
        Language::Zh if changes.is_empty() => format!("{from} → {to}：没有不同"),
        Language::En if changes.is_empty() => format!("{from} → {to}: no difference"),
        Language::Zh => format!(
            "{from} → {to}：共 {} 处不同：新增 {added}，删去 {removed}，移动 {moved}，改动 {rest}，文字 {words}",
            changes.len()
        ),
        Language::En => format!(
            "{from} → {to}: {} differences: {added} added, {removed} removed, {moved} moved, {rest} changed, {words} in words",
            changes.len()
        ),
    }
}
