//! The program as it is used at a terminal.

mod demo;
mod files;
mod people;
mod readme;
mod report;
mod round;
mod scheme;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use support::server::program;

/// Runs `mingjian` with nothing in its environment.
fn mingjian(arguments: &[&str], folder: &Path) -> Output {
    Command::new(program())
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8")
}
