//! Settings of the HTTP server.

use std::net::SocketAddr;
use std::time::Duration;

use super::Purpose;
use super::reader::Reader;
use crate::http::address::Network;

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Http {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// What people type, without a slash at the end: `https://pj.example.gov.cn`.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Further origins, beside the server's own, whose pages may use the API: send changes and read its answers.
    pub allowed_origins: Vec<String>,
    /// Connections at once; more wait in the kernel.
    pub connections: usize,
    /// Time to send all headers, and to stay silent between two requests.
    pub header_timeout: Duration,
    /// Time to send the whole body.
    pub body_timeout: Duration,
    /// Time that running requests get at the end.
    pub shutdown_timeout: Duration,
    /// Greatest body of a request, in bytes, where a route sets no other limit.
    pub body_bytes: usize,
    /// Greatest body of an import, in bytes.
    pub import_bytes: usize,
}

impl Http {
    /// Whether browsers reach this server by TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

pub(super) fn read(reader: &mut Reader, purpose: Purpose) -> Http {
    let listen: SocketAddr = reader.value(
        "http.listen",
        SocketAddr::from(([127, 0, 0, 1], 8080)),
        "address and port to listen on",
    );
    let public_url: Option<String> = reader.optional(
        "http.public_url",
        "address that people type, as `https://pj.example.gov.cn`; required by `serve`",
    );
    if let Some(url) = &public_url {
        if let Err(message) = check_public_url(url) {
            reader.fault("http.public_url", message);
        }
    } else if purpose == Purpose::Production {
        reader.fault(
            "http.public_url",
            "is missing: invitations and receipts carry this address",
        );
    }
    if purpose == Purpose::Demo && !listen.ip().is_loopback() {
        reader.fault(
            "http.listen",
            format!("`{listen}` is open to others: a demo listens on loopback only"),
        );
    }
    let allowed_origins: Vec<String> = reader.value(
        "http.allowed_origins",
        Vec::new(),
        "further origins whose pages may use the API: send changes and read its answers (CORS)",
    );
    for origin in &allowed_origins {
        if let Err(message) = check_public_url(origin) {
            reader.fault("http.allowed_origins", message);
        }
    }
    Http {
        listen,
        public_url: public_url
            .unwrap_or_else(|| format!("http://{listen}"))
            .trim_end_matches('/')
            .to_owned(),
        trusted_proxies: reader.value(
            "http.trusted_proxies",
            Vec::new(),
            "networks of the proxies whose X-Forwarded-For is believed, as `10.0.0.0/8`",
        ),
        allowed_origins,
        connections: reader.number(
            "http.connections",
            10_000,
            1..=1_000_000,
            "connections at once; more wait in the kernel",
        ),
        header_timeout: reader.seconds(
            "http.header_timeout_seconds",
            15,
            1..=600,
            "time to send all headers",
        ),
        body_timeout: reader.seconds(
            "http.body_timeout_seconds",
            30,
            1..=3600,
            "time to send the whole body",
        ),
        shutdown_timeout: reader.seconds(
            "http.shutdown_timeout_seconds",
            20,
            0..=600,
            "time for running requests at the end",
        ),
        body_bytes: reader.number(
            "http.body_bytes",
            65_536,
            1_024..=1_048_576,
            "greatest body of a request, in bytes",
        ),
        import_bytes: reader.number(
            "http.import_bytes",
            10_485_760,
            1_024..=10_485_760,
            "greatest body of an import, in bytes",
        ),
    }
}

/// An origin: scheme and authority, nothing after them.
fn check_public_url(url: &str) -> Result<(), String> {
    let wrong = || {
        format!(
            "`{url}` is no web address: write it like `https://pj.example.gov.cn`, without a path"
        )
    };
    let uri: http::Uri = url.parse().map_err(|_| wrong())?;
    let scheme_known = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
    let authority = uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'));
    if scheme_known && bare && authority {
        Ok(())
    } else {
        Err(wrong())
    }
}
