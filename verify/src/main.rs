//! The program `mingjian-verify`.

use std::process::ExitCode;

fn main() -> ExitCode {
    verify::run()
}
