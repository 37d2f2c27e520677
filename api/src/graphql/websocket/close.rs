//! The codes with which a socket is closed.

use axum::extract::ws::{CloseFrame, Utf8Bytes};

/// Why the server closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    GoingAway,
    BadMessage(&'static str),
    Unauthorized,
    Forbidden,
    WrongSubprotocol,
    InitTimeout,
    DuplicateOperation,
    SecondInit,
    Broken,
}

impl Close {
    /// The frame with the code of the protocol.
    pub(super) fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::GoingAway => (1001, "the server is shutting down"),
            Self::Broken => (1011, "the server cannot tell who is asking; try again"),
            Self::BadMessage(reason) => (4400, reason),
            Self::Unauthorized => (4401, "Unauthorized"),
            Self::Forbidden => (4403, "Forbidden"),
            Self::WrongSubprotocol => (4406, "Subprotocol not acceptable"),
            Self::InitTimeout => (4408, "Connection initialisation timeout"),
            Self::DuplicateOperation => (4409, "Subscriber for this id already exists"),
            Self::SecondInit => (4429, "Too many initialisation requests"),
        };
        CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        }
    }
}
