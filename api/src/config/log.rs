//! Settings of the log.

use super::reader::Reader;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The log, on standard error.
#[derive(Debug, Clone)]
pub struct Log {
    /// Its form.
    pub format: LogFormat,
    /// Levels by module, as `info,sqlx=warn`.
    pub filter: String,
}

pub(super) fn read(reader: &mut Reader) -> Log {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let log = Log {
        format: reader
            .word("log.format", &formats, "`text` or `json`")
            .unwrap_or(LogFormat::Text),
        filter: reader.value(
            "log.filter",
            "info".to_owned(),
            "levels by module, as `info,sqlx=warn`",
        ),
    };
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&log.filter) {
        reader.fault("log.filter", format!("`{}`: {error}", log.filter));
    }
    log
}
