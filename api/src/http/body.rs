//! A request body that must arrive in time.
//!
//! The header timeout ends with the headers; a client that then sends one byte a minute would hold its connection and
//! its handler for hours.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use tokio::time::Sleep;

/// The body took longer than allowed.
#[derive(Debug, thiserror::Error)]
#[error("the request body did not arrive in time")]
pub struct BodyTimeout;

struct Timed {
    body: Body,
    deadline: Pin<Box<Sleep>>,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        self.deadline
            .as_mut()
            .poll(context)
            .map(|()| Some(Err(BodyTimeout.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

/// Gives the whole body a deadline, counted from now. An empty body is left as it is.
pub(super) fn limit_time(body: Body, allowed: Duration) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::new(
        Timed {
            body,
            deadline: Box::pin(tokio::time::sleep(allowed)),
        }
        .map_err(|error| error),
    )
}
