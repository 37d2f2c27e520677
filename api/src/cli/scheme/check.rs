//! `mingjian scheme check FILE…`: everything that is wrong or doubtful in scheme files, each with its place.

use std::path::{Path, PathBuf};

use clap::Args;
use domain::scheme::{Fault, Review, Scheme, TotalRange, Warning};
use serde::Serialize;

use super::super::language::Language;
use super::super::{Failure, print, read_text};
use crate::builtin;

/// What to check and how to say it.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArguments {
    /// The files; without one, the schemes that come with the program.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Refuse what is doubtful too.
    #[arg(long)]
    deny_warnings: bool,
    /// Print a list for programs.
    #[arg(long)]
    json: bool,
    /// The language of the messages.
    #[arg(long, value_enum, default_value_t)]
    language: Language,
}

/// What is said about one file, for programs.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    file: &'a str,
    faults: &'a [Fault],
    warnings: &'a [Warning],
    /// Between which bounds totals lie.
    totals: &'a [TotalRange],
}

/// Checks all files before it fails.
pub(super) fn run(arguments: &CheckArguments) -> Result<(), Failure> {
    let mut reviews: Vec<(String, Review)> = Vec::new();
    let mut lines = Vec::new();
    if arguments.files.is_empty() {
        let own = builtin::list().into_iter();
        reviews.extend(own.map(|own| (own.path, Scheme::review(&own.table))));
    }
    for file in &arguments.files {
        match read_text(file) {
            Ok(text) => reviews.push((file.display().to_string(), Scheme::review(&text))),
            Err(failure) => lines.extend(failure.lines),
        }
    }
    let refused = |review: &Review| {
        !review.faults.is_empty() || (arguments.deny_warnings && !review.warnings.is_empty())
    };
    let fails = !lines.is_empty() || reviews.iter().any(|(_, review)| refused(review));
    if arguments.json {
        let list: Vec<Checked<'_>> = reviews
            .iter()
            .map(|(file, review)| Checked {
                file,
                faults: &review.faults,
                warnings: &review.warnings,
                totals: &review.totals,
            })
            .collect();
        let mut bytes = serde_json::to_vec_pretty(&list)
            .map_err(|error| Failure::new(format!("the list cannot be written: {error}")))?;
        bytes.push(b'\n');
        print(&bytes)?;
    } else {
        for (file, review) in &reviews {
            lines.extend(said(file, review, arguments.language));
            if let Some(scheme) = review.scheme.as_ref().filter(|_| !refused(review)) {
                let line = describe(scheme, review, arguments.language);
                print(format!("{file}: {line}\n").as_bytes())?;
            }
        }
    }
    if fails {
        return Err(Failure::of_lines(lines));
    }
    for line in lines {
        super::super::tell(&line);
    }
    Ok(())
}

/// Reads a scheme file that is to be used.
///
/// # Errors
/// Every fault, in the form that editors and compilers share.
pub(in crate::cli) fn read(file: &Path) -> Result<Scheme, Failure> {
    let review = Scheme::review(&read_text(file)?);
    let name = file.display().to_string();
    let faults = lines_of(&name, &review.faults);
    review.scheme.ok_or_else(|| Failure::of_lines(faults))
}

/// Reads the text of a scheme that comes with the program, which is reviewed before it does.
///
/// # Errors
/// As [`read`].
pub(in crate::cli) fn parse(name: &str, text: &str) -> Result<Scheme, Failure> {
    Scheme::parse(text).map_err(|faults| Failure::of_lines(lines_of(name, &faults)))
}

fn lines_of(name: &str, faults: &[Fault]) -> Vec<String> {
    let faults = faults.iter();
    faults
        .map(|fault| line(name, fault, Language::En))
        .collect()
}

/// Faults, then warnings, each on a line of its own.
fn said(file: &str, review: &Review, language: Language) -> Vec<String> {
    let faults = review
        .faults
        .iter()
        .map(|fault| line(file, fault, language));
    let warnings = review.warnings.iter().map(|warning| {
        let mark = language.pick("提醒", "warning");
        format!(
            "{file}:{}:{}: {mark}: {}: {}",
            warning.line,
            warning.column,
            warning.path,
            language.of(&warning.message)
        )
    });
    faults.chain(warnings).collect()
}

fn line(file: &str, fault: &Fault, language: Language) -> String {
    // A fault of the file as a whole has no path.
    let at = if fault.path.is_empty() { "" } else { ": " };
    format!(
        "{file}:{}:{}{at}{}: {}",
        fault.line,
        fault.column,
        fault.path,
        language.of(&fault.message)
    )
}

fn describe(scheme: &Scheme, review: &Review, language: Language) -> String {
    let file = &scheme.file;
    let totals: Vec<String> = review
        .totals
        .iter()
        .map(|range| {
            let end = |end: &Option<domain::number::Ratio>| {
                end.as_ref()
                    .map_or_else(|| "…".to_owned(), ToString::to_string)
            };
            format!(
                "{} {} – {}",
                range.category,
                end(&range.least),
                end(&range.most)
            )
        })
        .collect();
    let counts = [
        file.item.len(),
        file.section.len(),
        file.rule.len(),
        file.survey.len(),
        file.assumption.len(),
        review.warnings.len(),
    ];
    let [items, sections, rules, surveys, assumptions, warnings] = counts;
    let (code, version, totals) = (
        scheme.code(),
        scheme.version(),
        totals.join(language.pick("；", "; ")),
    );
    match language {
        Language::Zh => format!(
            "{code} {version}，{items} 个考评项、{sections} 个部分、{rules} 条规则、{surveys} 项测评、{assumptions} 处假定；总分范围：{totals}；没有错误，{warnings} 条提醒"
        ),
        Language::En => format!(
            "{code} {version}, {items} items in {sections} sections, {rules} rules, {surveys} surveys, {assumptions} assumptions; totals lie between: {totals}; no fault, {warnings} warnings"
        ),
    }
}
