//! `mingjian-verify`: checks what Mingjian has put out, without Mingjian.
//!
//! It knows three files and nothing else: the exported log, the package of a closed round, and the proof for a receipt.
//! It shares no code with the program that writes them, so that a mistake there is not repeated here, and its trees and
//! signatures are those of libraries that others use as well.
//!
//! The exit code is 0 if everything holds, 1 if something is wrong with what was checked, 2 for a command line that
//! cannot be read, 3 if a file cannot be read.

// The programs of the rest deny panics; this one runs on one file and ends, but must not end in the middle of it.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod finding;
pub mod kept;
pub mod log;
pub mod note;
pub mod package;
pub mod receipt;

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use finding::Finding;
use kept::Kept;
use log::{Log, Trust};
use note::Keys;

/// 核对明鉴导出的日志、数据包和回执证明。 Checks what Mingjian has put out: logs, packages, receipts.
#[derive(Debug, Parser)]
#[command(name = "mingjian-verify", version, max_term_width = 100)]
struct CommandLine {
    /// 说中文或英文 The language of what is said; both without it.
    #[arg(long, global = true)]
    language: Option<Language>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    Zh,
    En,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 核对导出的日志 Check an exported log: no entry changed, missing, or in another place.
    Log {
        /// 日志文件 The file that `mingjian log export` has written.
        file: PathBuf,
        #[command(flatten)]
        trust: TrustArguments,
    },
    /// 核对数据包 Check the package of a closed round against the log. `mingjian replay` decides it again.
    Package {
        /// 数据包 The file that `mingjian export` has written.
        file: PathBuf,
        /// 日志文件 The exported log, taken out after the package.
        #[arg(long)]
        log: PathBuf,
        #[command(flatten)]
        trust: TrustArguments,
    },
    /// 核对回执 Check that the answers of a receipt were in the sealed list, and whether they were counted.
    Receipt {
        /// 证明文件 The proof that the receipt page gives.
        file: PathBuf,
        /// 回执码 The receipt code.
        #[arg(long)]
        code: String,
        /// 公钥 The public key, as it was published.
        #[arg(long, required = true)]
        key: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct TrustArguments {
    /// 以前另存的检查点 A checkpoint that was kept elsewhere: a mail, a print, a line written down. May be repeated.
    #[arg(long, value_name = "FILE")]
    kept: Vec<PathBuf>,
    /// 公钥 The public key, as it was published; without it, those that the log names are believed. May be repeated.
    #[arg(long)]
    key: Vec<String>,
}

/// What ends the program early.
enum Stop {
    /// Something is wrong with what was checked.
    Wrong(Vec<Finding>),
    /// A file cannot be read.
    Unreadable(Finding),
}

impl From<Finding> for Stop {
    fn from(finding: Finding) -> Self {
        Self::Wrong(vec![finding])
    }
}

impl From<Vec<Finding>> for Stop {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Wrong(findings)
    }
}

/// Reads the command line, checks, and says what was found.
pub fn run() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let _nobody_reads = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let (findings, code) = match execute(&line.command) {
        Ok(good) => (good, 0),
        Err(Stop::Wrong(findings)) => (findings, 1),
        Err(Stop::Unreadable(finding)) => (vec![finding], 3),
    };
    for finding in &findings {
        say(code == 0, line.language, finding);
    }
    ExitCode::from(code)
}

/// What holds goes to standard output, what does not to standard error.
fn say(is_good: bool, language: Option<Language>, finding: &Finding) {
    let text = match language {
        Some(Language::Zh) => finding.zh.clone(),
        Some(Language::En) => finding.en.clone(),
        None => format!("{}\n  {}", finding.zh, finding.en),
    };
    let _nobody_reads = if is_good {
        writeln!(io::stdout(), "{text}")
    } else {
        writeln!(io::stderr(), "{text}")
    };
}

fn execute(command: &Command) -> Result<Vec<Finding>, Stop> {
    match command {
        Command::Log { file, trust } => {
            let log = check_log(file, trust)?;
            Ok(describe_log(&log, trust))
        }
        Command::Package { file, log, trust } => {
            let log = check_log(log, trust)?;
            let bytes = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
            let package = package::check(&bytes, &log)?;
            let mut said = describe_log(&log, trust);
            said.push(Finding::new(
                format!(
                    "数据包无误：考评 `{}`，与日志一致，{} 份答卷与封存的相同",
                    package.round, package.sheets
                ),
                format!(
                    "the package holds: round `{}`, as the log tells of it, and {} answer sheets are those that were \
                     sealed",
                    package.round, package.sheets
                ),
            ));
            Ok(said)
        }
        Command::Receipt { file, code, key } => {
            let proof = read(file)?;
            let keys = Keys::read(key.iter().cloned())?;
            let proven = receipt::check(&proof, code, &keys)?;
            Ok(vec![describe_receipt(&proven)])
        }
    }
}

fn check_log(file: &Path, trust: &TrustArguments) -> Result<Log, Stop> {
    let open = File::open(file).map_err(|error| unreadable(file, &error))?;
    let mut kept = Vec::new();
    for path in &trust.kept {
        kept.push(Kept::find(&read(path)?)?);
    }
    let keys = if trust.key.is_empty() {
        None
    } else {
        Some(Keys::read(trust.key.iter().cloned())?)
    };
    Ok(log::check(BufReader::new(open), &Trust { keys, kept })?)
}

fn describe_log(log: &Log, trust: &TrustArguments) -> Vec<Finding> {
    let mut said = vec![Finding::new(
        format!("日志无误：{} 条，{} 个检查点", log.entries, log.checkpoints),
        format!(
            "the log holds: {} entries, {} checkpoints",
            log.entries, log.checkpoints
        ),
    )];
    if trust.key.is_empty() {
        let keys = log.keys.list().join(", ");
        said.push(Finding::new(
            format!("公钥取自文件本身，请与公布的核对：{keys}"),
            format!("the public key was taken from the file itself; compare it with the published one: {keys}"),
        ));
    }
    if trust.kept.is_empty() {
        said.push(Finding::new(
            "没有给出另存的检查点（--kept）：末尾是否被删无从得知",
            "no checkpoint that was kept elsewhere was given (--kept): whether the end was cut off cannot be known",
        ));
    }
    said
}

fn describe_receipt(proven: &receipt::Proven) -> Finding {
    let (zh, en) = if proven.is_counted {
        ("已经计入", "was counted")
    } else {
        ("已经收到，未计入统计", "was received, and not counted")
    };
    Finding::new(
        format!(
            "这份答卷{zh}：封存清单共 {} 份，它是第 {} 份（{}）",
            proven.size, proven.place, proven.origin
        ),
        format!(
            "the sheet {en}: it is number {} of the {} in the list that was sealed ({})",
            proven.place, proven.size, proven.origin
        ),
    )
}

fn read(file: &Path) -> Result<String, Stop> {
    let bytes = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn unreadable(file: &Path, error: &io::Error) -> Stop {
    let place = file.display();
    Stop::Unreadable(Finding::new(
        format!("读不了文件 `{place}`：{error}"),
        format!("`{place}` cannot be read: {error}"),
    ))
}
