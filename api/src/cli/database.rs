//! How commands come to their settings and to the database.

use std::error::Error;
use std::path::Path;

use service::database::{DatabaseSettings, SetupError};
use service::{Database, Fault, Service};

use super::Failure;
use crate::config::{self, Purpose, Settings, Sources};

/// Reads the settings.
pub(super) fn load_settings(file: Option<&Path>, purpose: Purpose) -> Result<Settings, Failure> {
    let sources = Sources::gather(file).map_err(|error| Failure::new(error.to_string()))?;
    Settings::load(sources, purpose).map_err(|error| Failure::new(error.to_string()))
}

/// Opens the database, whatever state its tables are in.
pub(super) async fn open(settings: &config::Database) -> Result<Database, Failure> {
    Database::open(translate(settings))
        .await
        .map_err(|error| Failure::new(describe(&error)))
}

/// Opens the database for work; its tables must be up to date.
pub(super) async fn open_migrated(settings: &Settings) -> Result<Service, Failure> {
    let database = open(&settings.database).await?;
    let pending = database
        .pending_migrations()
        .await
        .map_err(|fault| of_fault(&fault))?;
    if pending.is_empty() {
        return Ok(Service {
            smallest_panel: settings.survey.smallest_panel,
            combined_roles: settings.auth.combined_roles.clone(),
            ..Service::new(database)
        });
    }
    Err(Failure::new(format!(
        "the database lacks {} of its migrations, `{}` first: run `mingjian migrate`",
        pending.len(),
        pending.first().map_or("", String::as_str)
    )))
}

fn translate(settings: &config::Database) -> DatabaseSettings {
    let url = |secret: &config::Secret| match secret.expose().strip_prefix("sqlite:") {
        Some(file) if !file.starts_with("//") => format!("sqlite://{file}"),
        _ => secret.expose().to_owned(),
    };
    let half = settings.connections.div_ceil(2);
    DatabaseSettings {
        migrate_url: Some(url(&settings.migrate_url)),
        read_connections: half,
        write_connections: settings.connections.saturating_sub(half).max(1),
        ..DatabaseSettings::new(url(&settings.url))
    }
}

/// An error with its causes, on one line.
pub(super) fn describe(error: &SetupError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// A fault of a use-case in words.
pub(super) fn of_fault(fault: &Fault) -> Failure {
    match fault {
        Fault::Refused(refusals) => Failure::of_lines(
            refusals
                .iter()
                .map(|refusal| {
                    let path = refusal.path.join("/");
                    let at = if path.is_empty() { "" } else { ": " };
                    format!("{path}{at}{} [{}]", refusal.message, refusal.code)
                })
                .collect(),
        ),
        Fault::NotFound => Failure::new("there is no such thing"),
        Fault::Denied => Failure::new("this is not allowed"),
        Fault::Conflict => {
            Failure::new("somebody else changed the same thing at the same time: try again")
        }
        Fault::Unavailable => {
            Failure::new("the database cannot be used just now: `mingjian doctor` says why")
        }
        // At the terminal of the machine itself the cause is no secret.
        Fault::Internal(cause) => Failure::new(format!("a defect: {}", cause.error())),
    }
}
