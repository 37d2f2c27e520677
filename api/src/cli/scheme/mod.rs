//! `mingjian scheme …`: what helps those who write schemes.

mod check;
mod diff;
mod stored;
mod trial;

use std::path::Path;

use clap::Subcommand;
use domain::scheme::Scheme;

use super::{Failure, builtin};

pub(super) use check::{parse, read};

/// What can be done with scheme files.
#[derive(Debug, Subcommand)]
pub(super) enum SchemeCommand {
    /// Check files and list everything that is wrong or doubtful as `file:line:column`.
    Check(check::CheckArguments),
    /// List the schemes that come with the program, one on a line, columns separated by tabs.
    List,
    /// Print a scheme that comes with the program.
    Print(builtin::PrintArguments),
    /// Compare two versions part by part, in words; exit code 1 where they differ.
    Diff(diff::DiffArguments),
    /// Try a version on a closed round: who would get something else, and why. Nothing is stored.
    Try(trial::TryArguments),
}

/// Does it.
pub(super) fn run(config: Option<&Path>, command: &SchemeCommand) -> Result<(), Failure> {
    match command {
        SchemeCommand::Check(arguments) => check::run(arguments),
        SchemeCommand::List => builtin::list(),
        SchemeCommand::Print(arguments) => builtin::print_one(arguments),
        SchemeCommand::Diff(arguments) => diff::run(config, arguments),
        SchemeCommand::Try(arguments) => trial::run(config, arguments),
    }
}

/// A scheme that the command line names: a file, `CODE` or `CODE@VERSION` of one that comes with the program, the same
/// behind `stored:` of one in the database, or `round:CODE` for the version that a round is under.
fn find(config: Option<&Path>, name: &str) -> Result<Scheme, Failure> {
    if let Some(found) = stored::find(config, name) {
        return found;
    }
    let path = Path::new(name);
    let is_table = path
        .extension()
        .is_some_and(|extension| extension == "toml");
    if is_table || path.exists() || path.components().count() > 1 {
        return read(path);
    }
    let (code, version) = match name.split_once('@') {
        Some((code, version)) => (code, Some(version)),
        None => (name, None),
    };
    let found = builtin::find(code, version)?;
    parse(&found.path, &found.table)
}
