//! The name of one request, in its answer, in its log lines and in its audit events.
//!
//! Always our own: a name that the client chose could be made to collide with another's.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use service::IdSource;

/// 16 random bytes in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Draws a new one.
    pub fn draw() -> Self {
        // A machine without random bytes cannot issue a token either; its requests all bear the same name.
        let bytes = IdSource::system().bytes::<16>().unwrap_or_default();
        Self(hex::encode(bytes))
    }

    /// The text, 32 characters of `0-9a-f`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    /// The request's id, or a new one outside the shell, as in tests of a single route.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(Self::draw))
    }
}
