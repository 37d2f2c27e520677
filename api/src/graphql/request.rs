//! The four parameters of GraphQL over HTTP, from a JSON body or from a query string.

use async_graphql::Variables;
use axum::extract::Query;
use http::Uri;
use serde_json::{Map, Value};

use super::error::{ErrorCode, GraphqlFault};
use super::persisted::{Asked, Digest};

/// One request as the client wrote it, not yet looked into.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// The document, or its name.
    pub document: Asked,
    /// Which operation of the document.
    pub operation_name: Option<String>,
    /// Its variables.
    pub variables: Variables,
}

fn bad_request(message: impl Into<String>) -> GraphqlFault {
    GraphqlFault::new(ErrorCode::BadRequest, message)
}

impl Parameters {
    /// Reads the body of a POST.
    ///
    /// # Errors
    /// No JSON object, or a parameter of the wrong kind.
    pub fn from_body(body: &[u8]) -> Result<Self, GraphqlFault> {
        let document = serde_json::from_slice(body)
            .map_err(|error| bad_request(format!("the body is no JSON: {error}")))?;
        Self::from_json(document)
    }

    /// Reads a JSON document, the body of a POST or the payload of a `subscribe` message.
    ///
    /// # Errors
    /// No object, or a parameter of the wrong kind.
    pub fn from_json(document: Value) -> Result<Self, GraphqlFault> {
        let mut fields = match document {
            Value::Object(fields) => fields,
            Value::Array(_) => {
                return Err(bad_request(
                    "a list of operations is not accepted: send one at a time",
                ));
            }
            _ => {
                return Err(bad_request(
                    "the body must be a JSON object with the key `query`",
                ));
            }
        };
        let query = match fields.remove("query") {
            Some(Value::String(query)) => Some(query),
            Some(Value::Null) | None => None,
            Some(_) => return Err(bad_request("`query` must be a string")),
        };
        let operation_name = match fields.remove("operationName") {
            // Some clients send an empty name for "none".
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(Value::Null) | None => None,
            Some(_) => return Err(bad_request("`operationName` must be a string")),
        };
        let variables = take_object(&mut fields, "variables")?;
        let extensions = take_object(&mut fields, "extensions")?;
        let name = extensions
            .get("persistedQuery")
            .filter(|persisted| !persisted.is_null());
        let name = match (name, fields.remove("documentId")) {
            (Some(persisted), _) => Some(read_name(persisted)?),
            (None, Some(id)) if !id.is_null() => Some(read_id(&id)?),
            _ => None,
        };
        if query.is_none() && name.is_none() {
            return Err(bad_request(
                "`query` is missing: it holds the GraphQL document",
            ));
        }
        Ok(Self {
            document: Asked { query, name },
            operation_name,
            variables: Variables::from_json(Value::Object(variables)),
        })
    }

    /// Reads the query string of a GET.
    ///
    /// # Errors
    /// A parameter is missing, given twice, or no JSON where it must be.
    pub fn from_uri(uri: &Uri) -> Result<Self, GraphqlFault> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|error| bad_request(format!("the query string cannot be read: {error}")))?;
        let mut fields = Map::new();
        for (name, text) in pairs {
            let value = match name.as_str() {
                "query" | "operationName" | "documentId" => Value::String(text),
                "variables" | "extensions" if text.is_empty() => Value::Null,
                "variables" | "extensions" => serde_json::from_str(&text)
                    .map_err(|error| bad_request(format!("`{name}` is no JSON: {error}")))?,
                _ => continue,
            };
            if fields.insert(name.clone(), value).is_some() {
                return Err(bad_request(format!("`{name}` is given twice")));
            }
        }
        Self::from_json(Value::Object(fields))
    }
}

/// As GraphQL over HTTP is about to have it.
fn read_id(id: &Value) -> Result<Digest, GraphqlFault> {
    let name = id.as_str().and_then(Digest::parse);
    name.ok_or_else(|| bad_request("`documentId` is `sha256:` with 64 hexadecimal digits"))
}

/// `{ "version": 1, "sha256Hash": "…" }`, as Apollo defined it.
fn read_name(persisted: &Value) -> Result<Digest, GraphqlFault> {
    let is_first = persisted.get("version").and_then(Value::as_u64) == Some(1);
    let hash = persisted.get("sha256Hash").and_then(Value::as_str);
    let name = hash.and_then(Digest::parse).filter(|_| is_first);
    name.ok_or_else(|| {
        bad_request("`extensions.persistedQuery` is `{ \"version\": 1, \"sha256Hash\": \"…\" }` with 64 hexadecimal digits")
    })
}

fn take_object(
    fields: &mut Map<String, Value>,
    name: &str,
) -> Result<Map<String, Value>, GraphqlFault> {
    match fields.remove(name) {
        Some(Value::Object(object)) => Ok(object),
        Some(Value::Null) | None => Ok(Map::new()),
        Some(_) => Err(bad_request(format!("`{name}` must be a JSON object"))),
    }
}
