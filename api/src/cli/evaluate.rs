//! `mingjian evaluate`: decides a round from a scheme file and a file of inputs, without a database.

use std::path::PathBuf;

use clap::Args;
use domain::decide::decide;
use domain::inputs::Inputs;
use domain::snapshot::Snapshot;

use super::{Failure, print, read_text, scheme};

/// Where the two files are.
#[derive(Debug, Args)]
pub(super) struct EvaluateArguments {
    /// Scheme file (TOML).
    #[arg(long, value_name = "FILE")]
    scheme: PathBuf,
    /// Inputs of the round (JSON); `mingjian json-schema inputs` describes them.
    #[arg(long, value_name = "FILE")]
    inputs: PathBuf,
}

/// Prints the outcome as canonical JSON.
pub(super) fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let scheme = scheme::read(&arguments.scheme)?;
    let place = arguments.inputs.display();
    let inputs = Inputs::parse(&read_text(&arguments.inputs)?)
        .map_err(|fault| Failure::new(format!("{place}: {fault}")))?;
    let snapshot = Snapshot::build(&scheme, &inputs).map_err(|faults| {
        let line = |fault: &domain::snapshot::RowFault| {
            format!(
                "{place}: {}: {} [{}]",
                fault.path, fault.message, fault.code
            )
        };
        Failure::of_lines(faults.iter().map(line).collect())
    })?;
    let mut bytes = decide(&scheme, &snapshot)
        .to_canonical()
        .map_err(|error| Failure::new(format!("the outcome cannot be written: {error}")))?;
    bytes.push(b'\n');
    print(&bytes)
}
