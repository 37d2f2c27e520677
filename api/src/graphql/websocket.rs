//! GraphQL over WebSocket by the protocol `graphql-transport-ws`.
//!
//! Our own instead of the library's, which accepts the same id twice, waits for `connection_init` for ever and closes
//! with other codes than the protocol names. Every `subscribe` passes the guards and the gate again: a socket outlives
//! the token that opened it.

mod close;
mod message;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Executor;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::Instrument;

use self::close::Close;
use self::message::Incoming;
use super::error::{ErrorCode, GraphqlFault};
use super::operation::{Caller, Endpoint, Gate, Reply, Transport};
use super::request::Parameters;
use crate::config::Secret;
use crate::http::Place;
use crate::http::shutdown::Shutdown;

const SUBPROTOCOL: &str = "graphql-transport-ws";

/// How often a quiet client is asked whether it is there, and an open socket whether its token still holds.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Time to take one message; a client that reads slower than this is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers that may wait for a slow client before its operations wait with them.
const QUEUED: usize = 16;

/// What all sockets share.
#[derive(Debug, Clone)]
pub(super) struct Sockets {
    places: Arc<Semaphore>,
    shutdown: Shutdown,
    connection: Option<Place>,
}

impl Sockets {
    pub(super) fn new(places: usize, shutdown: Shutdown) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            shutdown,
            connection: None,
        }
    }

    /// A place for one more stream, if there is one.
    pub(super) fn take_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Waits for the end of the server.
    pub(super) async fn ended(&self) {
        self.shutdown.triggered().await;
    }

    /// The same for one connection, whose place the socket keeps.
    pub(super) fn of(self, connection: Option<Place>) -> Self {
        Self { connection, ..self }
    }
}

/// What an open socket takes up until it ends.
struct Seat {
    _socket: OwnedSemaphorePermit,
    _connection: Option<Place>,
}

/// Upgrades the connection. `caller` knows the address; its token comes with `connection_init`, because browsers cannot
/// set headers here.
pub(super) fn open<E: Executor, G: Gate>(
    upgrade: WebSocketUpgrade,
    endpoint: Arc<Endpoint<E, G>>,
    sockets: Sockets,
    caller: Caller,
) -> Response {
    let Some(place) = sockets.take_place() else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "too many sockets are open: try again later\n",
        )
            .into_response();
    };
    let seat = Seat {
        _socket: place,
        _connection: sockets.connection,
    };
    let limit = endpoint.settings.body_bytes;
    upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| {
            run(socket, endpoint, sockets.shutdown, caller, seat).in_current_span()
        })
}

async fn run<E: Executor, G: Gate>(
    mut socket: WebSocket,
    endpoint: Arc<Endpoint<E, G>>,
    shutdown: Shutdown,
    caller: Caller,
    seat: Seat,
) {
    let close = if socket
        .protocol()
        .is_some_and(|protocol| protocol == SUBPROTOCOL)
    {
        let (sender, answers) = mpsc::channel(QUEUED);
        let session = Session {
            endpoint,
            caller,
            admitted: false,
            operations: BTreeMap::new(),
            serial: 0,
            sender,
        };
        session.converse(&mut socket, answers, shutdown).await
    } else {
        Some(Close::WrongSubprotocol)
    };
    let _gone = tokio::time::timeout(SEND_TIMEOUT, async {
        if let Some(close) = close {
            tracing::debug!(?close, "closing a socket");
            let _unsent = socket.send(Message::Close(Some(close.frame()))).await;
        }
        // Until the client has closed too, or it might never read the code; and a client that closed first waits for
        // the answer to that.
        while let Some(Ok(_)) = socket.recv().await {}
    })
    .await;
    drop(seat);
}

/// An operation that is going on. The serial number tells it from a later one of the same id.
struct Running {
    serial: u64,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Stops the relay; a change that is being executed has a task of its own and goes on.
        self.task.abort();
    }
}

/// Something that an operation has to say.
struct Answer {
    id: String,
    serial: u64,
    said: Said,
}

enum Said {
    Reply(Reply),
    Complete,
}

struct Session<E, G> {
    endpoint: Arc<Endpoint<E, G>>,
    caller: Caller,
    admitted: bool,
    operations: BTreeMap<String, Running>,
    serial: u64,
    sender: mpsc::Sender<Answer>,
}

impl<E: Executor, G: Gate> Session<E, G> {
    /// Talks until one side ends it. `None`: the client is gone, nothing is left to say.
    async fn converse(
        mut self,
        socket: &mut WebSocket,
        mut answers: mpsc::Receiver<Answer>,
        shutdown: Shutdown,
    ) -> Option<Close> {
        let init_deadline = Instant::now() + self.endpoint.settings.init_timeout;
        let mut heartbeat = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = true;
        loop {
            let outgoing = tokio::select! {
                () = shutdown.triggered() => return Some(Close::GoingAway),
                () = tokio::time::sleep_until(init_deadline), if !self.admitted => return Some(Close::InitTimeout),
                received = socket.recv() => {
                    heard = true;
                    match received? {
                        Ok(Message::Text(text)) => match self.hear(&text).await {
                            Ok(outgoing) => outgoing,
                            Err(close) => return Some(close),
                        },
                        Ok(Message::Binary(_)) => return Some(Close::BadMessage("messages are text")),
                        Ok(Message::Ping(_) | Message::Pong(_)) => None,
                        Ok(Message::Close(_)) | Err(_) => return None,
                    }
                }
                // The session holds a sender itself, so this never ends.
                Some(answer) = answers.recv() => self.say(&answer).map(|text| Message::Text(text.into())),
                _ = heartbeat.tick() => {
                    if !heard {
                        return None;
                    }
                    heard = false;
                    if self.admitted && let Err(close) = self.admit().await {
                        return Some(close);
                    }
                    Some(Message::Ping(axum::body::Bytes::new()))
                }
            };
            if let Some(message) = outgoing {
                tokio::time::timeout(SEND_TIMEOUT, socket.send(message))
                    .await
                    .ok()?
                    .ok()?;
            }
        }
    }

    /// One message of the client, and what is to be said to it at once.
    async fn hear(&mut self, text: &str) -> Result<Option<Message>, Close> {
        match message::parse(text).map_err(Close::BadMessage)? {
            Incoming::ConnectionInit { token } => {
                if self.admitted {
                    return Err(Close::SecondInit);
                }
                self.caller.token = token.map(Secret::new);
                self.admit().await?;
                self.admitted = true;
                Ok(Some(Message::Text(Utf8Bytes::from_static(
                    message::CONNECTION_ACK,
                ))))
            }
            Incoming::Ping => Ok(Some(Message::Text(Utf8Bytes::from_static(message::PONG)))),
            Incoming::Pong => Ok(None),
            Incoming::Complete { id } => {
                self.operations.remove(&id);
                Ok(None)
            }
            Incoming::Subscribe { .. } if !self.admitted => Err(Close::Unauthorized),
            Incoming::Subscribe { id, .. } if self.operations.contains_key(&id) => {
                Err(Close::DuplicateOperation)
            }
            Incoming::Subscribe { id, payload } => {
                let parameters = Parameters::from_json(payload).map_err(|_| {
                    Close::BadMessage("`payload` of `subscribe` is no GraphQL request")
                })?;
                if self.operations.len() >= self.endpoint.settings.socket_operations {
                    let text = "too many operations on one socket: complete one first";
                    let reply = Reply::from(GraphqlFault::new(ErrorCode::RateLimited, text));
                    return Ok(Some(Message::Text(
                        message::error(&id, reply.payload()).into(),
                    )));
                }
                self.begin(id, parameters);
                Ok(None)
            }
        }
    }

    /// Asks the gate whether the token still holds.
    async fn admit(&self) -> Result<(), Close> {
        match self.endpoint.gate.admit(self.caller.clone()).await {
            Ok(_) => Ok(()),
            Err(fault)
                if matches!(
                    fault.code(),
                    ErrorCode::Unauthenticated | ErrorCode::Forbidden
                ) =>
            {
                Err(Close::Forbidden)
            }
            Err(_) => Err(Close::Broken),
        }
    }

    fn begin(&mut self, id: String, parameters: Parameters) {
        self.serial += 1;
        let serial = self.serial;
        let relay = Relay {
            id: id.clone(),
            serial,
            sender: self.sender.clone(),
        };
        let endpoint = Arc::clone(&self.endpoint);
        let caller = self.caller.clone();
        let work = async move {
            if let Some(()) = operate(endpoint, caller, parameters, &relay).await {
                relay.complete().await;
            }
        };
        let task = tokio::spawn(work.in_current_span()).abort_handle();
        self.operations.insert(id, Running { serial, task });
    }

    /// The message for an answer, unless its operation has been completed by the client meanwhile.
    fn say(&mut self, answer: &Answer) -> Option<String> {
        let current = self
            .operations
            .get(&answer.id)
            .is_some_and(|running| running.serial == answer.serial);
        if !current {
            return None;
        }
        match &answer.said {
            Said::Reply(reply) if reply.refused.is_none() => {
                Some(message::next(&answer.id, reply.payload()))
            }
            // An error ends the operation; no `complete` follows it.
            Said::Reply(reply) => {
                self.operations.remove(&answer.id);
                Some(message::error(&answer.id, reply.payload()))
            }
            Said::Complete => {
                self.operations.remove(&answer.id);
                Some(message::complete(&answer.id))
            }
        }
    }
}

/// Carries answers to the socket. `None` from its functions: the socket is gone.
struct Relay {
    id: String,
    serial: u64,
    sender: mpsc::Sender<Answer>,
}

impl Relay {
    async fn reply(&self, reply: Reply) -> Option<()> {
        self.send(Said::Reply(reply)).await
    }

    async fn complete(&self) {
        let _gone = self.send(Said::Complete).await;
    }

    async fn send(&self, said: Said) -> Option<()> {
        self.sender
            .send(Answer {
                id: self.id.clone(),
                serial: self.serial,
                said,
            })
            .await
            .ok()
    }
}

async fn operate<E: Executor, G: Gate>(
    endpoint: Arc<Endpoint<E, G>>,
    caller: Caller,
    parameters: Parameters,
    relay: &Relay,
) -> Option<()> {
    let prepared = match endpoint.prepare(parameters, Transport::Socket) {
        Ok(prepared) => prepared,
        Err(error) => return relay.reply(Reply::refuse(&[error])).await,
    };
    let network = caller.address.network();
    let admission = match endpoint.gate.admit(caller).await {
        Ok(admission) => admission,
        Err(fault) => return relay.reply(fault.into()).await,
    };
    if !prepared.is_subscription() {
        return relay
            .reply(endpoint.execute(prepared, admission, network).await)
            .await;
    }
    let mut events = std::pin::pin!(endpoint.subscribe(prepared, admission, network));
    while let Some(reply) = events.next().await {
        relay.reply(reply).await?;
    }
    Some(())
}
