//! The program `mingjian`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::cli::run()
}
