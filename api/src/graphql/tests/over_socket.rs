//! The WebSocket transport, on a real connection: every closing code of the protocol, and what it must not do.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::*;

struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    _trigger: Option<shutdown::Trigger>,
}

async fn listen(settings: config::Graphql, mutation: Mutation) -> (SocketAddr, shutdown::Trigger) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let http = Settings::load(Sources::default(), Purpose::Tool)
        .unwrap()
        .http;
    let (trigger, shutdown) = shutdown::channel();
    let schema = schema(mutation, &settings);
    let routes = super::super::routes(Endpoint::new(schema, Names, settings), shutdown.clone());
    let routes = crate::http::assemble(routes, &http, crate::http::always_ready());
    tokio::spawn(async move { crate::http::serve(listener, routes, &http, shutdown).await });
    (address, trigger)
}

impl Client {
    async fn connect(address: SocketAddr, subprotocol: Option<&str>) -> Self {
        let mut request = format!("ws://{address}/graphql")
            .into_client_request()
            .unwrap();
        if let Some(subprotocol) = subprotocol {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Self {
            socket,
            _trigger: None,
        }
    }

    async fn raw_with(settings: config::Graphql) -> Self {
        let (address, trigger) = listen(settings, Mutation::default()).await;
        Self {
            _trigger: Some(trigger),
            ..Self::connect(address, Some("graphql-transport-ws")).await
        }
    }

    /// Connected and acknowledged.
    async fn new() -> Self {
        let mut client = Self::raw_with(settings()).await;
        client.introduce().await;
        client
    }

    async fn introduce(&mut self) {
        self.say(json!({ "type": "connection_init" })).await;
        assert_eq!(self.hear().await, json!({ "type": "connection_ack" }));
    }

    async fn say(&mut self, message: Value) {
        self.socket
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } }))
            .await;
    }

    async fn hear(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => {
                let mut message: Value = serde_json::from_str(&text).unwrap();
                // What it cost is told with every answer, and looked at over HTTP.
                let payload = message.get_mut("payload");
                if let Some(payload) = payload.and_then(Value::as_object_mut) {
                    payload.remove("extensions");
                }
                message
            }
            other => panic!("no message but {other:?}"),
        }
    }

    async fn frame(&mut self) -> Message {
        tokio::time::timeout(Duration::from_secs(10), self.socket.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
    }

    /// The closing code, whatever comes before it.
    async fn closing_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.unwrap().code.into();
            }
        }
    }
}

#[tokio::test]
async fn a_subscription_counts_and_completes() {
    let mut client = Client::new().await;
    client.subscribe("a", "subscription { count(to: 2) }").await;
    assert_eq!(
        client.hear().await,
        json!({ "type": "next", "id": "a", "payload": { "data": { "count": 0 } } })
    );
    assert_eq!(
        client.hear().await,
        json!({ "type": "next", "id": "a", "payload": { "data": { "count": 1 } } })
    );
    assert_eq!(
        client.hear().await,
        json!({ "type": "complete", "id": "a" })
    );
    // A completed id may be used again.
    client.subscribe("a", "{ echo(text: \"x\") }").await;
    assert_eq!(client.hear().await["payload"]["data"]["echo"], "x");
    assert_eq!(
        client.hear().await,
        json!({ "type": "complete", "id": "a" })
    );
}

#[tokio::test]
async fn the_token_comes_with_the_introduction() {
    let mut client = Client::raw_with(settings()).await;
    client
        .say(json!({ "type": "connection_init", "payload": { "token": "li" } }))
        .await;
    assert_eq!(client.hear().await["type"], "connection_ack");
    client.subscribe("1", "{ who }").await;
    assert_eq!(client.hear().await["payload"]["data"]["who"], "li");
}

#[tokio::test]
async fn a_wrong_token_closes_with_4403() {
    let mut client = Client::raw_with(settings()).await;
    client
        .say(json!({ "type": "connection_init", "payload": { "token": "expired" } }))
        .await;
    assert_eq!(client.closing_code().await, 4403);
}

#[tokio::test]
async fn asking_before_the_introduction_closes_with_4401() {
    let mut client = Client::raw_with(settings()).await;
    client.subscribe("1", "{ who }").await;
    assert_eq!(client.closing_code().await, 4401);
}

#[tokio::test]
async fn a_second_introduction_closes_with_4429() {
    let mut client = Client::new().await;
    client.say(json!({ "type": "connection_init" })).await;
    assert_eq!(client.closing_code().await, 4429);
}

#[tokio::test]
async fn the_same_id_twice_closes_with_4409() {
    let mut client = Client::new().await;
    client.subscribe("1", "subscription { forever }").await;
    client.subscribe("1", "{ who }").await;
    assert_eq!(client.closing_code().await, 4409);
}

#[tokio::test]
async fn silence_closes_with_4408() {
    let settings = config::Graphql {
        init_timeout: Duration::from_millis(100),
        ..settings()
    };
    let mut client = Client::raw_with(settings).await;
    assert_eq!(client.closing_code().await, 4408);
}

#[tokio::test]
async fn rubbish_closes_with_4400() {
    for message in [
        Message::text("x"),
        Message::text("[]"),
        Message::text("{\"type\":\"start\"}"),
        Message::text("{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{}}"),
        Message::binary(b"{\"type\":\"ping\"}".to_vec()),
    ] {
        let mut client = Client::new().await;
        client.socket.send(message.clone()).await.unwrap();
        assert_eq!(client.closing_code().await, 4400, "{message}");
    }
}

#[tokio::test]
async fn another_subprotocol_closes_with_4406() {
    let (address, _trigger) = listen(settings(), Mutation::default()).await;
    for subprotocol in [None, Some("graphql-ws")] {
        let mut request = format!("ws://{address}/graphql")
            .into_client_request()
            .unwrap();
        if let Some(subprotocol) = subprotocol {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        }
        // A client may also give up by itself when its subprotocol is not chosen.
        if let Ok((socket, _)) = tokio_tungstenite::connect_async(request).await {
            let mut client = Client {
                socket,
                _trigger: None,
            };
            assert_eq!(client.closing_code().await, 4406);
        }
    }
}

#[tokio::test]
async fn pings_are_answered() {
    let mut client = Client::new().await;
    client
        .say(json!({ "type": "ping", "payload": { "x": 1 } }))
        .await;
    assert_eq!(client.hear().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn a_completed_operation_says_nothing_more() {
    let mut client = Client::new().await;
    client.subscribe("1", "subscription { forever }").await;
    client.say(json!({ "type": "complete", "id": "1" })).await;
    client
        .say(json!({ "type": "complete", "id": "unknown" }))
        .await;
    client.subscribe("1", "{ who }").await;
    assert_eq!(client.hear().await["payload"]["data"]["who"], "nobody");
}

#[tokio::test]
async fn the_guards_stand_before_every_operation() {
    let mut client = Client::new().await;
    client
        .subscribe("1", &format!("{{ echo(text: {}) }}", "[".repeat(2_000)))
        .await;
    let answer = client.hear().await;
    assert_eq!(answer["type"], "error");
    assert_eq!(
        answer["payload"][0]["extensions"]["code"],
        "DOCUMENT_TOO_LARGE"
    );
    for (query, code) in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { refused }", "FORBIDDEN"),
        (
            "mutation { a: change(millis: 0) b: change(millis: 0) }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ] {
        client.subscribe("1", query).await;
        let answer = client.hear().await;
        assert_eq!(answer["type"], "error", "{query} {answer}");
        assert_eq!(answer["payload"][0]["extensions"]["code"], code, "{query}");
    }
}

#[tokio::test]
async fn a_panic_is_one_operation_s_affair() {
    let mut client = Client::new().await;
    client.subscribe("1", "{ panics }").await;
    assert_eq!(
        client.hear().await["payload"][0]["extensions"]["code"],
        "INTERNAL"
    );
    client.subscribe("2", "{ who }").await;
    assert_eq!(client.hear().await["payload"]["data"]["who"], "nobody");
}

#[tokio::test]
async fn operations_on_one_socket_are_bounded() {
    let settings = config::Graphql {
        socket_operations: 1,
        ..settings()
    };
    let mut client = Client::raw_with(settings).await;
    client.introduce().await;
    client.subscribe("1", "subscription { forever }").await;
    client.subscribe("2", "{ who }").await;
    let answer = client.hear().await;
    assert_eq!(
        (&answer["type"], &answer["id"]),
        (&json!("error"), &json!("2"))
    );
    assert_eq!(answer["payload"][0]["extensions"]["code"], "RATE_LIMITED");
}

#[tokio::test]
async fn sockets_are_bounded() {
    let (address, _trigger) = listen(
        config::Graphql {
            sockets: 1,
            ..settings()
        },
        Mutation::default(),
    )
    .await;
    let _first = Client::connect(address, Some("graphql-transport-ws")).await;
    let request = format!("ws://{address}/graphql")
        .into_client_request()
        .unwrap();
    assert!(tokio_tungstenite::connect_async(request).await.is_err());
}

#[tokio::test]
async fn the_end_of_the_server_closes_with_1001() {
    let (address, trigger) = listen(settings(), Mutation::default()).await;
    let mut client = Client::connect(address, Some("graphql-transport-ws")).await;
    client.introduce().await;
    trigger.pull();
    assert_eq!(client.closing_code().await, 1001);
}

#[tokio::test]
async fn a_change_goes_on_when_the_socket_is_gone() {
    let mutation = Mutation::default();
    let (begun, done) = (Arc::clone(&mutation.begun), Arc::clone(&mutation.done));
    let (address, _trigger) = listen(settings(), mutation).await;
    let mut client = Client::connect(address, Some("graphql-transport-ws")).await;
    client.introduce().await;
    client
        .subscribe("1", "mutation { change(millis: 200) }")
        .await;
    while begun.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(client);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_foreign_page_cannot_open_a_socket() {
    let (address, _trigger) = listen(settings(), Mutation::default()).await;
    let mut request = format!("ws://{address}/graphql")
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("origin", "https://evil.example".parse().unwrap());
    assert!(tokio_tungstenite::connect_async(request).await.is_err());
}
