//! Spans for a collector of traces, by OTLP over HTTP.
//!
//! Only the spans of this program are sent, and no event of the log: a request has its name, method, route and status,
//! and what takes long in it a span of its own. Deliberately absent: taking up the traces of clients, who could choose
//! their names.

use std::fmt;

use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::{Layer, Registry};

use crate::outside::Outside;

/// The name under which a collector shows this program.
const NAME: &str = "mingjian";

/// Traces that are being sent.
#[derive(Debug)]
pub(super) struct Traces {
    provider: SdkTracerProvider,
}

/// Sends from the thread of the exporter, which has no runtime, on the one of the program.
struct Sender {
    outside: Outside,
    runtime: Handle,
}

impl fmt::Debug for Sender {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sender")
    }
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let outside = self.outside.clone();
        let sent = self
            .runtime
            .spawn(async move { outside.send(request).await });
        Ok(sent.await??)
    }
}

impl Traces {
    /// Begins to send to a collector.
    pub(super) fn start(endpoint: &http::Uri) -> Result<Self, String> {
        let sender = Sender {
            outside: Outside::new()?,
            runtime: Handle::current(),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(sender)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint.to_string())
            .build()
            .map_err(|error| error.to_string())?;
        let resource = Resource::builder_empty()
            .with_service_name(NAME)
            .with_attribute(opentelemetry::KeyValue::new(
                "service.version",
                env!("CARGO_PKG_VERSION"),
            ))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Self { provider })
    }

    /// What turns the spans of this program into those of traces.
    pub(super) fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(NAME))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_filter(filter_fn(|metadata| {
                let part = metadata.target().split("::").next();
                metadata.is_span() && matches!(part, Some("api" | "service"))
            }))
            .boxed()
    }

    /// Sends what is left.
    pub(super) async fn finish(self) {
        let ended = tokio::task::spawn_blocking(move || self.provider.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}
