//! The way to other servers that the settings name: follows no redirect, waits and reads no longer than it must.
//!
//! Mail is deliberately not here: it has a protocol of its own.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Time for one request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of an answer that are read.
const MOST_BYTES: usize = 256 * 1024;

/// A client for other servers. Cheap to clone: the clones share their connections.
#[derive(Debug, Clone)]
pub(crate) struct Outside {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// A request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutsideFault {
    /// Nothing came within [`PATIENCE`].
    #[error("no answer in time")]
    TooSlow,
    /// No connection could be made, or it was refused.
    #[error("no connection")]
    Unreachable(#[source] hyper_util::client::legacy::Error),
    /// The answer ended too early, or went on beyond [`MOST_BYTES`].
    #[error("the answer broke off or is too long")]
    Broken,
}

impl Outside {
    /// A client that trusts the certificates of the system.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn new() -> Result<Self, String> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::aws_lc_rs::default_provider())
            .map_err(|error| error.to_string())?
            // Without TLS on this machine alone; the settings see to that.
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`OutsideFault`].
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, OutsideFault> {
        tokio::time::timeout(PATIENCE, self.send_unhurried(request))
            .await
            .unwrap_or(Err(OutsideFault::TooSlow))
    }

    async fn send_unhurried(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, OutsideFault> {
        let answer = self.client.request(request.map(Full::new)).await;
        let (parts, body) = answer.map_err(OutsideFault::Unreachable)?.into_parts();
        let body = Limited::new(body, MOST_BYTES).collect().await;
        let body = body.map_err(|_| OutsideFault::Broken)?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}
