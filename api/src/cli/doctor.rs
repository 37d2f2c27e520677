//! `mingjian doctor`: says what is wrong with the settings, the database and mail, and what is not.

use std::path::Path;

use clap::Args;
use service::database::Engine;

use super::database::{of_fault, open};
use super::{Failure, print};
use crate::config::{self, Purpose, Settings, Sources, Transport};
use crate::mail::Mailer;

/// What to look at.
#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// Only list every setting with its default.
    #[arg(long)]
    settings: bool,
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    lines: Vec<String>,
    faults: usize,
}

impl Findings {
    fn good(&mut self, what: &str, line: impl std::fmt::Display) {
        self.lines.push(format!("ok     {what}: {line}"));
    }

    fn note(&mut self, what: &str, line: impl std::fmt::Display) {
        self.lines.push(format!("note   {what}: {line}"));
    }

    fn fault(&mut self, what: &str, line: impl std::fmt::Display) {
        self.faults += 1;
        self.lines.push(format!("WRONG  {what}: {line}"));
    }
}

/// Prints what was found; fails if anything is wrong.
pub(super) async fn run(config: Option<&Path>, arguments: &DoctorArguments) -> Result<(), Failure> {
    if arguments.settings {
        return print(list_settings().as_bytes());
    }
    let mut findings = Findings::default();
    if let Some(settings) = look_at_settings(config, &mut findings) {
        look_at_database(&settings.database, &mut findings).await;
        look_at_mail(&settings.mail, &mut findings).await;
    }
    print(format!("{}\n", findings.lines.join("\n")).as_bytes())?;
    if findings.faults == 0 {
        Ok(())
    } else {
        Err(Failure::new(format!("{} wrong", findings.faults)))
    }
}

/// As a table, which README.md holds a copy of.
fn list_settings() -> String {
    let rows = Settings::catalogue().into_iter().map(|entry| {
        let default = if entry.default.is_empty() {
            String::new()
        } else {
            format!("`{}`", entry.default)
        };
        format!("| `{}` | {default} | {} |\n", entry.key, entry.meaning)
    });
    let head = "| key | default | meaning |\n|---|---|---|\n".to_owned();
    std::iter::once(head).chain(rows).collect()
}

fn look_at_settings(config: Option<&Path>, findings: &mut Findings) -> Option<Settings> {
    let sources = match Sources::gather(config) {
        Ok(sources) => sources,
        Err(error) => {
            findings.fault("settings", error);
            return None;
        }
    };
    // What a worker or a tool beside the server does without is no fault of theirs.
    match Settings::load(sources.clone(), Purpose::Tool) {
        Ok(settings) => {
            match Settings::load(sources, Purpose::Production) {
                Ok(_) => findings.good("settings", "fit for `serve` and `worker`"),
                Err(error) => {
                    for fault in error.0 {
                        findings.note(
                            "settings",
                            format!("`serve` and `worker` would not start: {fault}"),
                        );
                    }
                }
            }
            Some(settings)
        }
        Err(error) => {
            for fault in error.0 {
                findings.fault("settings", fault);
            }
            None
        }
    }
}

async fn look_at_database(settings: &config::Database, findings: &mut Findings) {
    // A file that is not there would be made by opening it.
    let file = settings.url.expose().strip_prefix("sqlite:");
    if let Some(file) = file.map(|file| file.trim_start_matches("//"))
        && !Path::new(file).exists()
    {
        findings.fault(
            "database",
            format!("`{file}` is not there: run `mingjian migrate`"),
        );
        return;
    }
    let database = match open(settings).await {
        Ok(database) => database,
        Err(failure) => {
            findings.fault("database", failure);
            return;
        }
    };
    match database.engine() {
        Engine::Sqlite => findings.good(
            "database",
            "SQLite, write-ahead log, synchronous = FULL, read back",
        ),
        Engine::Postgres => findings.good("database", "PostgreSQL, synchronous_commit read back"),
    }
    match database.pending_migrations().await {
        Ok(pending) if pending.is_empty() => findings.good("migrations", "none is missing"),
        Ok(pending) => findings.fault(
            "migrations",
            format!(
                "{} missing ({}): run `mingjian migrate`",
                pending.len(),
                pending.join(", ")
            ),
        ),
        Err(fault) => findings.fault("migrations", of_fault(&fault)),
    }
    database.close().await;
}

async fn look_at_mail(settings: &config::Mail, findings: &mut Findings) {
    if settings.transport == Transport::Smtp && settings.host.is_none() {
        findings.note("mail", "no server is given, so nothing is sent");
        return;
    }
    let checked = match Mailer::new(settings) {
        Ok(mailer) => mailer.check().await,
        Err(fault) => Err(fault),
    };
    match checked {
        Ok(()) => findings.good("mail", "the server answers"),
        Err(fault) => findings.fault("mail", fault),
    }
}
