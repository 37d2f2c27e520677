//! The log: structured, on standard error, as text for people or as JSON for a collector.
//!
//! Deliberately absent: log files and their rotation (the system's journal does that), and any answer, token, address
//! or telephone number of a citizen.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::config::{Log, LogFormat};

/// What would write whole messages of clients into the log, if somebody asked for its finest level.
const TALKATIVE: [&str; 3] = [
    "tungstenite::protocol=info",
    "tungstenite::protocol::frame=info",
    "tungstenite=info",
];

/// Starts the log. A second call in one process changes nothing: the first settings stay.
pub fn start(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let quiet = TALKATIVE.iter().filter_map(|rule| rule.parse().ok());
    let filter = quiet.fold(filter, EnvFilter::add_directive);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(BoxMakeWriter::new(std::io::stderr))
        .with_target(true);
    // Failure means that a subscriber is already there, as in tests.
    let _already_started = match log.format {
        LogFormat::Text => builder
            .compact()
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
    };
}
