//! `mingjian scheme …`: what helps those who write schemes.

mod check;

use clap::Subcommand;

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
}

/// Does it.
pub(super) fn run(command: &SchemeCommand) -> Result<(), Failure> {
    match command {
        SchemeCommand::Check(arguments) => check::run(arguments),
        SchemeCommand::List => builtin::list(),
        SchemeCommand::Print(arguments) => builtin::print_one(arguments),
    }
}
