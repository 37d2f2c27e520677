//! Settings of the traces for a collector.

use super::reader::Reader;

/// Whether this program was built with what sends traces.
const CAN_TRACE: bool = cfg!(feature = "opentelemetry");

/// Traces for a collector.
#[derive(Debug, Clone)]
pub struct Traces {
    /// Where they are sent, by OTLP over HTTP; without it none are made.
    pub endpoint: Option<http::Uri>,
}

pub(super) fn read(reader: &mut Reader) -> Traces {
    const ENDPOINT: &str = "traces.endpoint";
    let endpoint: Option<http::Uri> = reader.optional(
        ENDPOINT,
        "where traces are sent by OTLP over HTTP, as `http://127.0.0.1:4318/v1/traces`; without it none are made. Needs a \
         program built with `--features opentelemetry`",
    );
    if endpoint.is_some() && !CAN_TRACE {
        reader.fault(
            ENDPOINT,
            "needs a program built with `--features opentelemetry`: build one, or leave this out",
        );
    }
    Traces { endpoint }
}
