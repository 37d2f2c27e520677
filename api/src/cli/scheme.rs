//! `mingjian scheme`: every fault of a scheme file, each with its place, and the schemes that come with the program.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use domain::scheme::Scheme;

use super::{Failure, builtin, print, read_text};
use crate::builtin::list;

/// What can be done with scheme files.
#[derive(Debug, Subcommand)]
pub(super) enum SchemeCommand {
    /// Check files and list every fault as `file:line:column`.
    Check {
        /// The files; without one, the schemes that come with the program.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// List the schemes that come with the program, one on a line, columns separated by tabs.
    List,
    /// Print a scheme that comes with the program.
    Print(builtin::PrintArguments),
}

/// Does it.
pub(super) fn run(command: &SchemeCommand) -> Result<(), Failure> {
    match command {
        SchemeCommand::Check { files } => check(files),
        SchemeCommand::List => builtin::list(),
        SchemeCommand::Print(arguments) => builtin::print_one(arguments),
    }
}

fn check(files: &[PathBuf]) -> Result<(), Failure> {
    let schemes: Vec<(String, Result<Scheme, Failure>)> = if files.is_empty() {
        let own = list().into_iter();
        own.map(|own| (own.path.clone(), parse(&own.path, &own.table)))
            .collect()
    } else {
        let named = files.iter();
        named
            .map(|file| (file.display().to_string(), read(file)))
            .collect()
    };
    let mut faults = Vec::new();
    for (name, scheme) in schemes {
        match scheme {
            Ok(scheme) => print(format!("{name}: {}\n", describe(&scheme)).as_bytes())?,
            Err(failure) => faults.extend(failure.lines),
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::of_lines(faults))
    }
}

/// Reads a scheme file.
///
/// # Errors
/// Every fault, in the form that editors and compilers share.
pub(super) fn read(file: &Path) -> Result<Scheme, Failure> {
    parse(&file.display().to_string(), &read_text(file)?)
}

/// Reads the text of a scheme file that goes by this name.
///
/// # Errors
/// As [`read`].
pub(super) fn parse(name: &str, text: &str) -> Result<Scheme, Failure> {
    Scheme::parse(text).map_err(|faults| {
        let line = |fault: &domain::scheme::Fault| {
            let (line, column) = (fault.line, fault.column);
            // A fault of the file as a whole has no path.
            let at = if fault.path.is_empty() { "" } else { ": " };
            let path = &fault.path;
            format!("{name}:{line}:{column}{at}{path}: {}", fault.message)
        };
        Failure::of_lines(faults.iter().map(line).collect())
    })
}

fn describe(scheme: &Scheme) -> String {
    let file = &scheme.file;
    format!(
        "{} {}, {} items in {} sections, {} rules, {} surveys, {} assumptions: no fault",
        scheme.code(),
        scheme.version(),
        file.item.len(),
        file.section.len(),
        file.rule.len(),
        file.survey.len(),
        file.assumption.len()
    )
}
