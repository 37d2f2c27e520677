//! GraphQL over server-sent events, by the protocol of graphql-sse with a connection for each operation.
//!
//! Whatever is wrong with the document comes as an event too: a client that got another status would connect again and
//! again. Deliberately absent: the mode with a single connection, whose reservations would have to live in the memory
//! of one server.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Executor, ServerError};
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tracing::Instrument;

use super::negotiation::accepts_by_name;
use super::operation::{Admission, Caller, Endpoint, Gate, Prepared, Reply};
use super::websocket::Sockets;

/// The media type, which a client asks for by name.
const EVENTS: &str = "text/event-stream";

/// How often something is sent, so that proxies keep the connection, and the token is looked at again.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Time to take one event; a client that reads slower than this is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Events that may wait for a slow client before its operation waits with them.
const QUEUED: usize = 16;

const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");

/// A comment, which clients pass over.
const QUIET: Bytes = Bytes::from_static(b":\n\n");

/// Whether the client asks for events.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    accepts_by_name(headers, EVENTS)
}

/// An operation whose answers are wanted as events.
pub(super) struct Wanted {
    pub(super) caller: Caller,
    pub(super) admission: Admission,
    pub(super) prepared: Result<Prepared, ServerError>,
}

/// Answers with a stream of events, which the end of the server ends.
pub(super) fn open<E: Executor, G: Gate>(
    endpoint: Arc<Endpoint<E, G>>,
    sockets: &Sockets,
    wanted: Wanted,
) -> Response {
    let Some(place) = sockets.take_place() else {
        let message = "too many streams are open: try again later\n";
        return (StatusCode::SERVICE_UNAVAILABLE, message).into_response();
    };
    let (sender, receiver) = mpsc::channel(QUEUED);
    let relay = Relay {
        sender,
        sockets: sockets.clone(),
        _place: place,
    };
    tokio::spawn(relay.run(endpoint, wanted).in_current_span());
    let events = ReceiverStream::new(receiver).map(Ok::<Bytes, Infallible>);
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would otherwise gather events until a buffer is full.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Carries events to the client. `None` from its functions: the client is gone.
struct Relay {
    sender: mpsc::Sender<Bytes>,
    sockets: Sockets,
    _place: OwnedSemaphorePermit,
}

impl Relay {
    async fn run<E: Executor, G: Gate>(
        self,
        endpoint: Arc<Endpoint<E, G>>,
        wanted: Wanted,
    ) -> Option<()> {
        let network = wanted.caller.address.network();
        match wanted.prepared {
            Err(error) => self.next(Reply::refuse(&[error])).await?,
            Ok(prepared) if !prepared.is_subscription() => {
                let reply = endpoint.execute(prepared, wanted.admission, network).await;
                self.next(reply).await?;
            }
            Ok(prepared) => {
                let gate = endpoint.gate.clone();
                let events = endpoint.subscribe(prepared, wanted.admission, network);
                let mut events = std::pin::pin!(events);
                let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
                heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
                loop {
                    tokio::select! {
                        // Without `complete`: there may be more, which the client asks another server for.
                        () = self.sockets.ended() => return None,
                        event = events.next() => match event {
                            Some(reply) => self.next(reply).await?,
                            None => break,
                        },
                        _ = heartbeat.tick() => {
                            gate.admit(wanted.caller.clone()).await.ok()?;
                            self.send(QUIET).await?;
                        }
                    }
                }
            }
        }
        self.send(COMPLETE).await
    }

    async fn next(&self, reply: Reply) -> Option<()> {
        // The document is written on one line, so one field holds it.
        let document = reply.into_document();
        let event = [b"event: next\ndata: ".as_slice(), &document, b"\n\n"].concat();
        self.send(event.into()).await
    }

    async fn send(&self, event: Bytes) -> Option<()> {
        timeout(SEND_TIMEOUT, self.sender.send(event))
            .await
            .ok()?
            .ok()
    }
}
