//! GraphQL at the edge: transports, guards, errors. What the schema says lives in the folders beside this file.

pub mod error;
mod extension;
pub mod graphiql;
pub mod guard;
mod handler;
mod negotiation;
mod operation;
mod request;
#[cfg(test)]
mod tests;
mod websocket;

pub use error::{ErrorCode, GraphqlFault};
pub use extension::fence;
pub use handler::routes;
pub use operation::{Admission, Caller, Endpoint, Gate};
