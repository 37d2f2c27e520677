//! `mingjian replay PACKAGE`: recomputes an exported round without a database and compares byte for byte.

use std::path::PathBuf;

use clap::Args;
use domain::package::replay;

use super::{Failure, print};

/// What to recompute.
#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    /// A package, written by `mingjian export`.
    package: PathBuf,
}

/// Says that everything is the same, or what the first difference is.
pub(super) fn run(arguments: &ReplayArguments) -> Result<(), Failure> {
    let place = arguments.package.display();
    let bytes = std::fs::read(&arguments.package)
        .map_err(|error| Failure::new(format!("`{place}` cannot be read: {error}")))?;
    let same =
        replay(&bytes).map_err(|difference| Failure::new(format!("{place}: {difference}")))?;
    let withheld = if same.withheld == 0 {
        String::new()
    } else {
        format!(
            "{} of the subjects have too few answers to be shown: what they came to is taken as given\n",
            same.withheld
        )
    };
    print(
        format!(
            "{place}: the same, byte for byte: {} subjects, {} answer sheets counted again\n{withheld}\
             inputs  sha256:{}\noutcome sha256:{}\n",
            same.subjects, same.sheets, same.inputs_digest, same.outcome_digest
        )
        .as_bytes(),
    )
}
