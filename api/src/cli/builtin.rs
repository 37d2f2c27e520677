//! `mingjian scheme list` and `mingjian scheme print`: what comes with the program.

use std::collections::BTreeSet;

use clap::Args;
use domain::number::Points;
use domain::scheme::Scheme;
use domain::scheme::file::{Category, Section, SectionKind};

use super::{Failure, print, scheme};
use crate::builtin::{self, Builtin};

/// Which scheme.
#[derive(Debug, Args)]
pub(super) struct PrintArguments {
    /// Its code, as `scheme list` shows it.
    #[arg(value_name = "CODE")]
    code: String,
    /// Its version; needed where it comes in several.
    #[arg(value_name = "VERSION")]
    version: Option<String>,
    /// Print a fictional round under it instead, as `evaluate --inputs` reads it.
    #[arg(long)]
    sample: bool,
}

/// Lists them all.
pub(super) fn list() -> Result<(), Failure> {
    let mut lines = String::from("code\tversion\tplace\titems\tpoints\t名称\tname\n");
    for builtin in builtin::list() {
        let scheme = scheme::parse(&builtin.path, &builtin.table)?;
        let file = &scheme.file;
        let line = [
            file.code.clone(),
            file.version.clone(),
            builtin.place.clone(),
            file.item.len().to_string(),
            full_points(&scheme)?,
            file.name.zh.clone(),
            file.name.en.clone(),
        ];
        lines.push_str(&line.join("\t"));
        lines.push('\n');
    }
    print(lines.as_bytes())
}

/// Prints one.
pub(super) fn print_one(arguments: &PrintArguments) -> Result<(), Failure> {
    let builtin = find(&arguments.code, arguments.version.as_deref())?;
    let text = if arguments.sample {
        builtin.sample
    } else {
        builtin.table
    };
    print(text.as_bytes())
}

/// The one of this code, and of this version where it comes in several.
pub(super) fn find(code: &str, version: Option<&str>) -> Result<Builtin, Failure> {
    let mut found = Vec::new();
    let mut codes = BTreeSet::new();
    for builtin in builtin::list() {
        let scheme = scheme::parse(&builtin.path, &builtin.table)?;
        codes.insert(format!("`{}`", scheme.code()));
        if scheme.code() == code {
            found.push((scheme.version().to_owned(), builtin));
        }
    }
    let versions: Vec<String> = found.iter().map(|(one, _)| format!("`{one}`")).collect();
    found.retain(|(one, _)| version.is_none_or(|wanted| wanted == one));
    match (found.pop(), found.is_empty(), versions.is_empty()) {
        (Some((_, builtin)), true, _) => Ok(builtin),
        (_, _, true) => Err(Failure::new(format!(
            "no scheme `{code}` comes with the program: choose one of {}",
            codes.into_iter().collect::<Vec<_>>().join(", ")
        ))),
        _ => Err(Failure::new(format!(
            "the scheme `{code}` comes in other versions: name one of {} after its code",
            versions.join(", ")
        ))),
    }
}

/// The most that common and specific sections are worth: one number, or one for each category that differs.
fn full_points(scheme: &Scheme) -> Result<String, Failure> {
    let mut texts: Vec<String> = Vec::new();
    for category in &scheme.file.category {
        let text = points_of(category, &scheme.file.section)?.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    Ok(texts.join("/"))
}

fn points_of(category: &Category, sections: &[Section]) -> Result<Points, Failure> {
    let counts = |section: &&Section| {
        let is_for = section.categories.as_ref();
        matches!(section.kind, SectionKind::Common | SectionKind::Specific)
            && is_for.is_none_or(|codes| codes.contains(&category.code))
    };
    sections
        .iter()
        .filter(counts)
        .filter_map(|section| section.max)
        .try_fold(Points::ZERO, Points::add)
        .map_err(|error| {
            Failure::new(format!(
                "the points of `{}` cannot be added: {error}",
                category.code
            ))
        })
}
