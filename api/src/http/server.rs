//! The accept loop.
//!
//! Our own instead of `axum::serve`, which has no timeout for headers and no bound on connections. HTTP/1.1 only: a
//! proxy ends TLS and speaks HTTP/2 with browsers, and telling the versions apart would wait for the first bytes without
//! a timeout.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
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
    let connections = Arc::new(Semaphore::new(settings.connections));
    let graceful = GracefulShutdown::new();
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_headers(64);

    loop {
        // The permit first: at the bound, new connections wait in the kernel's queue.
        let next = async {
            let permit = Arc::clone(&connections).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = shutdown.triggered() => break,
        };
        match (permit, accepted) {
            (Ok(permit), Ok((stream, peer))) => {
                let connection = Connection {
                    builder: builder.clone(),
                    routes: routes.clone(),
                    peer: Peer(peer),
                };
                connection.spawn(stream, permit, graceful.watcher());
            }
            (Err(_closed), _) => break,
            (_, Err(error)) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let open = graceful.count();
    if tokio::time::timeout(settings.shutdown_timeout, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            open,
            "connections were still open when the time for shutting down had passed"
        );
    }
}

struct Connection {
    builder: auto::Builder<TokioExecutor>,
    routes: Router,
    peer: Peer,
}

impl Connection {
    fn spawn(
        self,
        stream: TcpStream,
        permit: OwnedSemaphorePermit,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        // Answers are written whole; waiting to fill a packet would only delay them.
        let _not_fatal = stream.set_nodelay(true);
        let Self {
            builder,
            routes,
            peer,
        } = self;
        let service =
            hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(peer);
                routes.clone().oneshot(request)
            });
        tokio::spawn(async move {
            let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
            // Ends with an upgrade as well: WebSockets have a bound of their own.
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
}
