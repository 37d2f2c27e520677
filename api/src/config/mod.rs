//! Settings: default < file < environment < command line, all validated before anything starts.
//!
//! One struct per part of the house, so that a part is handed its own settings and no other. Secrets come from files.
//! Deliberately absent: reading a setting anywhere else, and changing one while the server runs.

mod auth;
mod checkpoint;
mod database;
mod graphql;
mod http;
mod log;
mod mail;
mod metrics;
mod oidc;
mod reader;
mod setting;
mod source;
mod survey;
#[cfg(test)]
mod tests;
mod traces;

use std::fmt;

use crate::letter::Sender;

pub use self::auth::Auth;
pub use self::checkpoint::Checkpoint;
pub use self::database::Database;
pub use self::graphql::Graphql;
pub use self::http::Http;
pub use self::log::{Log, LogFormat};
pub use self::mail::{Mail, MailSecurity, Transport};
pub use self::metrics::Metrics;
pub use self::oidc::Oidc;
use self::reader::Reader;
pub use self::reader::{Entry, Fault};
pub use self::setting::Setting;
pub use self::source::{FILE_VARIABLE, PREFIX, Sources};
pub use self::survey::Survey;
pub use self::traces::Traces;

/// A value that must not reach a log: `Debug` shows stars, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// What the settings are for; production asks for more than a look at a scheme file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `serve` and `worker`: real citizens. Keys, mail and the public address must be there.
    Production,
    /// `demo`: loopback only, everything made on the spot.
    Demo,
    /// Commands that touch at most the database.
    Tool,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// HTTP server.
    pub http: Http,
    /// Database.
    pub database: Database,
    /// GraphQL.
    pub graphql: Graphql,
    /// Staff log-in.
    pub auth: Auth,
    /// The provider of identities by which staff may sign in.
    pub oidc: Option<Oidc>,
    /// Mail.
    pub mail: Mail,
    /// Checkpoints of the log of changes.
    pub checkpoint: Checkpoint,
    /// Surveys.
    pub survey: Survey,
    /// Log.
    pub log: Log,
    /// Figures for a monitoring system.
    pub metrics: Metrics,
    /// Traces for a collector.
    pub traces: Traces,
    /// Every setting there is, with its default, in the order in which they are read.
    pub entries: Vec<Entry>,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub Vec<Fault>);

impl fmt::Display for SettingsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} of the settings cannot be used:", self.0.len())?;
        self.0
            .iter()
            .try_for_each(|fault| write!(out, "\n  {fault}"))
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// What letters of surveys say of their sender.
    pub fn sender(&self) -> Sender {
        Sender {
            public_url: self.http.public_url.clone(),
            contact_days: self.survey.contact_days,
        }
    }

    /// Reads and validates all settings.
    ///
    /// # Errors
    /// Every fault there is, each with its key and place.
    pub fn load(sources: Sources, purpose: Purpose) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(sources);
        let http = http::read(&mut reader, purpose);
        let database = database::read(&mut reader);
        let graphql = graphql::read(&mut reader);
        let auth = auth::read(&mut reader, purpose);
        let oidc = oidc::read(&mut reader);
        let mail = mail::read(&mut reader, purpose);
        let checkpoint = checkpoint::read(&mut reader, purpose);
        let survey = survey::read(&mut reader);
        let log = log::read(&mut reader);
        let metrics = metrics::read(&mut reader, http.listen);
        let traces = traces::read(&mut reader);
        let (faults, entries) = reader.finish();
        if faults.is_empty() {
            Ok(Self {
                http,
                database,
                graphql,
                auth,
                oidc,
                mail,
                checkpoint,
                survey,
                log,
                metrics,
                traces,
                entries,
            })
        } else {
            Err(SettingsError(faults))
        }
    }

    /// The list of all settings, without reading any.
    pub fn catalogue() -> Vec<Entry> {
        Self::load(Sources::default(), Purpose::Tool)
            .map(|settings| settings.entries)
            .unwrap_or_default()
    }
}
