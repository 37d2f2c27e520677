//! `mingjian scheme check FILE…`: every fault of a scheme file, each with its place.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use domain::scheme::Scheme;

use super::{Failure, print, read_text};

/// What can be done with scheme files.
#[derive(Debug, Subcommand)]
pub(super) enum SchemeCommand {
    /// Check files and list every fault as `file:line:column`.
    Check {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Does it.
pub(super) fn run(command: &SchemeCommand) -> Result<(), Failure> {
    let SchemeCommand::Check { files } = command;
    let mut faults = Vec::new();
    for file in files {
        match read(file) {
            Ok(scheme) => print(format!("{}: {}\n", file.display(), describe(&scheme)).as_bytes())?,
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
    Scheme::parse(&read_text(file)?).map_err(|faults| {
        let line = |fault: &domain::scheme::Fault| {
            let (line, column) = (fault.line, fault.column);
            // A fault of the file as a whole has no path.
            let at = if fault.path.is_empty() { "" } else { ": " };
            let path = &fault.path;
            format!(
                "{}:{line}:{column}{at}{path}: {}",
                file.display(),
                fault.message
            )
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
