//! The log: structured, on standard error, as text for people or as JSON for a collector. With the feature
//! `opentelemetry` the spans of the program go to a collector of traces as well.
//!
//! Deliberately absent: log files and their rotation (the system's journal does that), and any answer, token, address
//! or telephone number of a citizen.

#[cfg(feature = "opentelemetry")]
mod trace;

use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Log, LogFormat, Settings};

/// What would write whole messages of clients into the log, if somebody asked for its finest level.
const TALKATIVE: [&str; 3] = [
    "tungstenite::protocol=info",
    "tungstenite::protocol::frame=info",
    "tungstenite=info",
];

/// Sends what is left of the traces when the program ends: keep it until then.
#[derive(Debug, Default)]
#[must_use = "traces are sent to the end only if this is kept"]
pub struct Telemetry {
    #[cfg(feature = "opentelemetry")]
    traces: Option<trace::Traces>,
}

impl Telemetry {
    /// Sends what is left, without holding up the threads that serve.
    pub async fn finish(self) {
        #[cfg(feature = "opentelemetry")]
        if let Some(traces) = self.traces {
            traces.finish().await;
        }
    }
}

/// Starts the log, and the traces where they are wanted; needs the asynchronous runtime. A second call in one process
/// changes nothing: the first settings stay.
///
/// # Errors
/// Traces are wanted and cannot be sent at all.
pub fn start(settings: &Settings) -> Result<Telemetry, String> {
    let layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = vec![log(&settings.log)];
    #[cfg(feature = "opentelemetry")]
    let (layers, traces) = {
        let mut layers = layers;
        let traces = settings.traces.endpoint.as_ref();
        let traces = traces.map(trace::Traces::start).transpose()?;
        layers.extend(traces.as_ref().map(trace::Traces::layer));
        (layers, traces)
    };
    // Failure means that a subscriber is already there, as in tests.
    let _already_started = tracing_subscriber::registry().with(layers).try_init();
    Ok(Telemetry {
        #[cfg(feature = "opentelemetry")]
        traces,
    })
}

fn log(log: &Log) -> Box<dyn Layer<Registry> + Send + Sync> {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let quiet = TALKATIVE.iter().filter_map(|rule| rule.parse().ok());
    let filter = quiet.fold(filter, EnvFilter::add_directive);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(BoxMakeWriter::new(std::io::stderr))
        .with_target(true);
    match log.format {
        LogFormat::Text => layer
            .compact()
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .with_filter(filter)
            .boxed(),
        LogFormat::Json => layer
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_filter(filter)
            .boxed(),
    }
}
