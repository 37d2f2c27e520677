//! Progress of a round over a real WebSocket, by the protocol `graphql-transport-ws`, behind the real gate.

use domain::scheme::file::Finding;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use support::{World, on_both};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::scene::Scene;
use super::{Site, Token};
use crate::stand::ROUND;

on_both!(
    progress_is_told_at_once_then_when_it_changes_until_the_round_is_closed,
    a_listener_that_has_heard_enough_is_told_no_more,
    a_socket_is_closed_with_the_codes_of_the_protocol,
    a_round_that_may_not_be_seen_has_no_progress,
    a_change_over_a_socket_is_made_by_whoever_opened_it
);

/// One end of a socket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn connect(site: &Site) -> Self {
        let url = format!("ws://{}/graphql", site.address);
        let mut request = url.into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (socket, answer) = tokio_tungstenite::connect_async(request).await.unwrap();
        assert_eq!(
            answer.headers()["sec-websocket-protocol"],
            "graphql-transport-ws"
        );
        Self(socket)
    }

    /// Connected and acknowledged.
    pub async fn admitted(site: &Site, token: &Token) -> Self {
        let mut socket = Self::connect(site).await;
        socket.introduce(token).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    async fn introduce(&mut self, token: &Token) {
        let hello = match token {
            Some(token) => {
                json!({ "type": "connection_init", "payload": { "token": token } })
            }
            None => json!({ "type": "connection_init" }),
        };
        self.say(hello).await;
    }

    async fn say(&mut self, message: Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        let payload = json!({ "query": query });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload }))
            .await;
    }

    pub async fn hear(&mut self) -> Value {
        loop {
            match self.frame().await {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    async fn frame(&mut self) -> Message {
        let next = timeout(Duration::from_secs(20), self.0.next());
        next.await.unwrap().unwrap().unwrap()
    }

    /// The code with which the server closes, whatever comes before it.
    async fn closing_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.unwrap().code.into();
            }
        }
    }
}

fn progress() -> String {
    format!(
        "subscription {{ roundProgress(id: \"{ROUND}\") {{ roundId asOf closed subjects validSheets sheets scores warnings }} }}"
    )
}

/// What is told, without the moment.
fn counts(message: &Value) -> Value {
    assert_eq!(
        (&message["type"], &message["id"]),
        (&json!("next"), &json!("p")),
        "{message}"
    );
    let mut told = message["payload"]["data"]["roundProgress"].clone();
    let moment = told.as_object_mut().unwrap().remove("asOf").unwrap();
    assert_eq!(moment, "2026-03-02T01:00:00.000000Z");
    told
}

async fn progress_is_told_at_once_then_when_it_changes_until_the_round_is_closed(world: World) {
    let scene = Scene::filled(world).await;
    let mut socket = Socket::admitted(&scene.site, &scene.auditor).await;
    socket.subscribe("p", &progress()).await;
    let told_of = |closed: bool, [valid, sheets]: [u32; 2]| {
        json!({ "roundId": ROUND.to_string(), "closed": closed, "subjects": 3, "validSheets": valid, "sheets": sheets,
            "scores": 3, "warnings": 0 })
    };
    let told = |closed: bool, sheets: u32| told_of(closed, [sheets, sheets]);
    // How many of them count is told once the survey is closed.
    assert_eq!(counts(&socket.hear().await), told_of(false, [0, 8]));
    scene.stand.answer(1, "good").await;
    assert_eq!(counts(&socket.hear().await), told_of(false, [0, 9]));
    scene.stand.close_survey().await;
    assert_eq!(counts(&socket.hear().await), told(false, 9));
    scene.stand.investigate(Finding::Unfounded).await;
    let closed = scene
        .stand
        .world
        .service
        .close_round(&scene.stand.administrator, ROUND)
        .await;
    closed.unwrap();
    assert_eq!(counts(&socket.hear().await), told(true, 9));
    assert_eq!(
        socket.hear().await,
        json!({ "type": "complete", "id": "p" })
    );
    // Whoever comes later is told once.
    socket.subscribe("p", &progress()).await;
    assert_eq!(counts(&socket.hear().await), told(true, 9));
    assert_eq!(
        socket.hear().await,
        json!({ "type": "complete", "id": "p" })
    );
}

async fn a_listener_that_has_heard_enough_is_told_no_more(world: World) {
    let scene = Scene::new(world).await;
    let mut socket = Socket::admitted(&scene.site, &scene.administrator).await;
    socket.subscribe("p", &progress()).await;
    assert_eq!(counts(&socket.hear().await)["sheets"], 0);
    socket.say(json!({ "type": "complete", "id": "p" })).await;
    scene.stand.answer(1, "good").await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
    // The name is free again.
    socket.subscribe("p", &progress()).await;
    assert_eq!(counts(&socket.hear().await)["sheets"], 1);
}

async fn a_socket_is_closed_with_the_codes_of_the_protocol(world: World) {
    let scene = Scene::new(world).await;
    let site = &scene.site;

    let mut socket = Socket::connect(site).await;
    socket.say(json!({ "type": "song" })).await;
    assert_eq!(socket.closing_code().await, 4400);

    let mut socket = Socket::connect(site).await;
    socket.subscribe("p", &progress()).await;
    assert_eq!(socket.closing_code().await, 4401);

    let mut socket = Socket::connect(site).await;
    socket.introduce(&Some("no.token.at-all".to_owned())).await;
    assert_eq!(socket.closing_code().await, 4403);
    let ended = site.log_in("inspector").await;
    site.get(&ended, "mutation { sessionClose { closed } }", json!({}))
        .await;
    let mut socket = Socket::connect(site).await;
    socket.introduce(&ended).await;
    assert_eq!(socket.closing_code().await, 4403);

    let mut socket = Socket::admitted(site, &scene.auditor).await;
    socket.subscribe("p", &progress()).await;
    socket.subscribe("p", &progress()).await;
    assert_eq!(socket.closing_code().await, 4409);

    let mut socket = Socket::admitted(site, &scene.auditor).await;
    socket.introduce(&scene.auditor).await;
    assert_eq!(socket.closing_code().await, 4429);
}

async fn a_round_that_may_not_be_seen_has_no_progress(world: World) {
    let scene = Scene::new(world).await;
    for stranger in [&None, &scene.keeper] {
        let mut socket = Socket::admitted(&scene.site, stranger).await;
        socket.subscribe("p", &progress()).await;
        let told = socket.hear().await;
        assert_eq!(
            told["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND",
            "{told}"
        );
        assert_eq!(
            socket.hear().await,
            json!({ "type": "complete", "id": "p" })
        );
    }
}

async fn a_change_over_a_socket_is_made_by_whoever_opened_it(world: World) {
    let scene = Scene::new(world).await;
    let change = format!(
        "mutation {{ surveyClose(id: \"{}\") {{ survey {{ state }} }} }}",
        scene.stand.survey
    );
    let mut socket = Socket::admitted(&scene.site, &scene.inspector).await;
    socket.subscribe("c", &change).await;
    let refused = socket.hear().await;
    assert_eq!(
        refused["payload"]["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{refused}"
    );
    let mut socket = Socket::admitted(&scene.site, &scene.administrator).await;
    socket.subscribe("c", &change).await;
    let done = socket.hear().await;
    assert_eq!(
        done["payload"]["data"]["surveyClose"]["survey"]["state"], "CLOSED",
        "{done}"
    );
    assert_eq!(
        socket.hear().await,
        json!({ "type": "complete", "id": "c" })
    );
}
