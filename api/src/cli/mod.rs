//! The command line: one file per subcommand.
//!
//! Results go to standard output, so that they can be piped into a file; words for people go to standard error. The
//! exit code is 0 for done, 1 for refused or failed, 2 for a command line that cannot be read.
//! Deliberately absent: anything that a use-case of the service or the domain already decides.

mod backup;
mod builtin;
mod database;
mod demo;
mod doctor;
mod evaluate;
mod explain;
mod export;
mod figures;
mod house;
mod import;
mod interference;
mod investigation;
mod json_schema;
mod language;
mod log;
mod migrate;
mod region;
mod replay;
mod report;
mod round;
mod schema;
mod scheme;
mod serve;
mod staff;
mod subject;
mod survey;
mod template;
mod token;
mod worker;

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Evaluation rounds from a scheme file to an explained decision.
#[derive(Debug, Parser)]
#[command(name = "mingjian", version, max_term_width = 100)]
struct CommandLine {
    /// Settings file (TOML); the environment goes before it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look at scheme files.
    #[command(subcommand)]
    Scheme(scheme::SchemeCommand),
    /// Decide a round from files alone, without a database.
    Evaluate(evaluate::EvaluateArguments),
    /// Recompute an exported round and compare byte for byte, without a database.
    Replay(replay::ReplayArguments),
    /// Print the JSON Schema of a file format.
    JsonSchema(json_schema::JsonSchemaArguments),
    /// Serve citizens, staff and programs, with a worker inside.
    Serve,
    /// Do what waits in the outbox, beside the servers.
    Worker,
    /// Bring the tables of the database up to date.
    Migrate,
    /// Copy a SQLite database into a file while it is in use, and look the copy through.
    Backup(backup::BackupArguments),
    /// Put such a copy in place of a database that is not there.
    Restore(backup::RestoreArguments),
    /// Print the GraphQL schema.
    Schema,
    /// Keep the tree of places.
    #[command(subcommand)]
    Region(region::RegionCommand),
    /// Record renames, mergers and transfers, and who joins or leaves an open round.
    #[command(subcommand)]
    Subject(subject::SubjectCommand),
    /// Set rounds up, open, check, close and publish them.
    #[command(subcommand)]
    Round(round::RoundCommand),
    /// Run the surveys of a round.
    #[command(subcommand)]
    Survey(survey::SurveyCommand),
    /// Open investigations and record what they found.
    #[command(subcommand)]
    Investigation(investigation::InvestigationCommand),
    /// Put a table in, whole or not at all, with a report on every row that is wrong.
    Import(import::ImportArguments),
    /// Write a sheet to fill in.
    #[command(subcommand)]
    Template(template::TemplateCommand),
    /// Take a closed round out as a package.
    Export(export::ExportArguments),
    /// Say why a subject got what it got, from a package, without a database.
    Explain(explain::ExplainArguments),
    /// Write a closed round on paper: a sheet for each subject, and the ranking.
    Report(report::ReportArguments),
    /// Show a whole round of a fictional district, then serve it on this machine alone.
    Demo(demo::DemoArguments),
    /// Take the log of changes and its checkpoints out, as evidence.
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Keep accounts.
    #[command(subcommand)]
    Staff(staff::StaffCommand),
    /// Keep the tokens of programs.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Say what is wrong with the settings, the database and mail.
    Doctor(doctor::DoctorArguments),
}

/// Why a command did not do what it was asked to, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    lines: Vec<String>,
}

impl Failure {
    /// A failure in one sentence.
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self {
            lines: vec![line.into()],
        }
    }

    /// A failure that was told already: only the exit code says it.
    pub(crate) const fn silent() -> Self {
        Self { lines: Vec::new() }
    }

    /// Several, each on a line of its own, such as the faults of a file.
    pub(crate) fn of_lines(lines: Vec<String>) -> Self {
        Self { lines }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.lines.join("\n"))
    }
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            // Help and version are "errors" too; clap knows which stream and which code each has.
            let _nobody_reads = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match execute(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.lines.is_empty() {
                let _nobody_reads = writeln!(io::stderr(), "{failure}");
            }
            ExitCode::FAILURE
        }
    }
}

fn execute(line: CommandLine) -> Result<(), Failure> {
    let config = line.config.as_deref();
    match line.command {
        Command::Scheme(command) => scheme::run(config, &command),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::JsonSchema(arguments) => json_schema::run(&arguments),
        Command::Serve => wait(serve::run(config)),
        Command::Worker => wait(worker::run(config)),
        Command::Migrate => wait(migrate::run(config)),
        Command::Backup(arguments) => wait(backup::back_up(config, &arguments)),
        Command::Restore(arguments) => wait(backup::restore(config, &arguments)),
        Command::Schema => schema::run(),
        Command::Region(command) => wait(region::run(config, command)),
        Command::Subject(command) => wait(subject::run(config, command)),
        Command::Round(command) => wait(round::run(config, command)),
        Command::Survey(command) => wait(survey::run(config, &command)),
        Command::Investigation(command) => wait(investigation::run(config, command)),
        Command::Import(arguments) => wait(import::run(config, &arguments)),
        Command::Template(command) => wait(template::run(config, &command)),
        Command::Export(arguments) => wait(export::run(config, &arguments)),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Report(arguments) => wait(report::run(config, &arguments)),
        Command::Demo(arguments) => wait(demo::run(&arguments)),
        Command::Log(command) => wait(log::run(config, command)),
        Command::Staff(command) => wait(staff::run(config, command)),
        Command::Token(command) => wait(token::run(config, command)),
        Command::Doctor(arguments) => wait(doctor::run(config, &arguments)),
    }
}

/// Tasks after which a thread looks for those that were woken from elsewhere. SQLite wakes from threads of its own, and
/// who books the answers of everybody must not stand in line behind each of them.
const LOOK_ELSEWHERE_AFTER: u32 = 3;

/// Runs what waits for the network or the database. Commands that do not, do without a runtime.
fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .global_queue_interval(LOOK_ELSEWHERE_AFTER)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the program cannot start: {error}")))?
        .block_on(work)
}

/// Writes a result to standard output. A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(format!(
            "the result could not be written: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Says something to the person at the terminal, on standard error.
pub(crate) fn tell(line: &str) {
    let _nobody_reads = writeln!(io::stderr(), "{line}");
}

/// Reads a text file that the command line names.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("`{}` cannot be read: {error}", path.display())))
}
