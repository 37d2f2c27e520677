//! The messages of `graphql-transport-ws`.

use serde_json::{Map, Value};

/// The server accepts the client.
pub(super) const CONNECTION_ACK: &str = "{\"type\":\"connection_ack\"}";

/// The server is there.
pub(super) const PONG: &str = "{\"type\":\"pong\"}";

/// A message of the client.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    ConnectionInit {
        /// `payload.token`.
        token: Option<String>,
    },
    Ping,
    Pong,
    Subscribe {
        id: String,
        payload: Value,
    },
    Complete {
        id: String,
    },
}

/// Reads a message. The error is the reason of the closing frame, so it is short.
pub(super) fn parse(text: &str) -> Result<Incoming, &'static str> {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else {
        return Err("a message is a JSON object");
    };
    let Some(Value::String(kind)) = fields.remove("type") else {
        return Err("a message has a `type`");
    };
    match kind.as_str() {
        "connection_init" => Ok(Incoming::ConnectionInit {
            token: take_token(&mut fields)?,
        }),
        "ping" => take_object(&mut fields).map(|_| Incoming::Ping),
        "pong" => take_object(&mut fields).map(|_| Incoming::Pong),
        "subscribe" => {
            let id = take_id(&mut fields)?;
            let payload = take_object(&mut fields)?.ok_or("`subscribe` has a `payload`")?;
            Ok(Incoming::Subscribe {
                id,
                payload: Value::Object(payload),
            })
        }
        "complete" => Ok(Incoming::Complete {
            id: take_id(&mut fields)?,
        }),
        _ => Err("unknown `type` of message"),
    }
}

fn take_id(fields: &mut Map<String, Value>) -> Result<String, &'static str> {
    match fields.remove("id") {
        // The bound keeps a client from filling the table of operations with its ids.
        Some(Value::String(id)) if !id.is_empty() && id.len() <= 128 => Ok(id),
        _ => Err("`id` is a text of 1 to 128 bytes"),
    }
}

fn take_object(
    fields: &mut Map<String, Value>,
) -> Result<Option<Map<String, Value>>, &'static str> {
    match fields.remove("payload") {
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err("`payload` is a JSON object"),
    }
}

fn take_token(fields: &mut Map<String, Value>) -> Result<Option<String>, &'static str> {
    match take_object(fields)?.and_then(|mut payload| payload.remove("token")) {
        Some(Value::String(token)) => Ok(Some(token)),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err("`payload.token` is a text"),
    }
}

/// One result of an operation; `payload` is JSON.
pub(super) fn next(id: &str, payload: &[u8]) -> String {
    with_payload("next", id, payload)
}

/// The errors that ended an operation before it was executed; `payload` is a JSON list.
pub(super) fn error(id: &str, payload: &[u8]) -> String {
    with_payload("error", id, payload)
}

/// The end of an operation.
pub(super) fn complete(id: &str) -> String {
    format!("{{\"type\":\"complete\",\"id\":{}}}", Value::from(id))
}

/// The payload is JSON already and may be large: it is copied, not parsed and written again.
fn with_payload(kind: &str, id: &str, payload: &[u8]) -> String {
    let payload = String::from_utf8_lossy(payload);
    format!(
        "{{\"type\":\"{kind}\",\"id\":{},\"payload\":{payload}}}",
        Value::from(id)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_protocol_are_understood() {
        let cases = [
            (
                r#"{"type":"connection_init"}"#,
                Incoming::ConnectionInit { token: None },
            ),
            (
                r#"{"type":"connection_init","payload":{"token":"t","x":1}}"#,
                Incoming::ConnectionInit {
                    token: Some("t".to_owned()),
                },
            ),
            (r#"{"type":"ping","payload":{}}"#, Incoming::Ping),
            (r#"{"type":"pong"}"#, Incoming::Pong),
            (
                r#"{"type":"complete","id":"1"}"#,
                Incoming::Complete { id: "1".to_owned() },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"ping","payload":"x"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"","payload":{}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"connection_init","payload":{"token":7}}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ids_are_escaped() {
        assert_eq!(complete("a\"b"), r#"{"type":"complete","id":"a\"b"}"#);
        assert_eq!(next("1", b"{}"), r#"{"type":"next","id":"1","payload":{}}"#);
    }
}
