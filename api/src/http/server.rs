//! The accept loop.
//!
//! Our own instead of `axum::serve`, which has no timeout for headers and no bound on connections. HTTP/1.1 only: a
//! proxy ends TLS and speaks HTTP/2 with browsers, and hyper-util's automatic choice waits for the first bytes without
//! a timeout, even when told that there is nothing to choose.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use super::address::Peer;
use super::shutdown::Shutdown;
use crate::config::Http;

/// Pause after a failed accept. The usual cause is that file descriptors ran out, and it needs time to pass.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is triggered, then lets running requests finish within the configured time.
///
/// Dropping the future stops accepting but does not end connections.
pub async fn serve(listener: TcpListener, routes: Router, settings: &Http, shutdown: Shutdown) {
    // A place is given back when its connection ends, so all places together are also the end of all connections.
    let places = Arc::new(Semaphore::new(settings.connections));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_headers(64);

    loop {
        // The place first: at the bound, new connections wait in the kernel's queue.
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = shutdown.triggered() => break,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, peer))) => {
                let connection = Connection {
                    builder: builder.clone(),
                    routes: routes.clone(),
                    peer: Peer(peer),
                    place: Place {
                        _permit: Arc::new(place),
                    },
                };
                tokio::spawn(connection.run(stream, shutdown.clone()));
            }
            // Nobody closes the semaphore; without places there is nothing to serve.
            (Err(_closed), _) => break,
            (_, Err(error)) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let all = u32::try_from(settings.connections).unwrap_or(u32::MAX);
    if tokio::time::timeout(settings.shutdown_timeout, places.acquire_many(all))
        .await
        .is_err()
    {
        let open = settings
            .connections
            .saturating_sub(places.available_permits());
        tracing::warn!(
            open,
            "connections were still open when the time for shutting down had passed"
        );
    }
}

/// The place that a connection takes. Whoever takes the connection over by an upgrade keeps a clone, so that the bound
/// counts it and the end of the server waits for it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

struct Connection {
    builder: http1::Builder,
    routes: Router,
    peer: Peer,
    place: Place,
}

impl Connection {
    async fn run(self, stream: TcpStream, shutdown: Shutdown) {
        let Self {
            builder,
            routes,
            peer,
            place,
        } = self;
        // Answers are written whole; waiting to fill a packet would only delay them.
        let _not_fatal = stream.set_nodelay(true);
        let service =
            hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(peer);
                request.extensions_mut().insert(place.clone());
                routes.clone().oneshot(request)
            });
        let mut connection = pin!(
            builder
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
        );
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = shutdown.triggered() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
