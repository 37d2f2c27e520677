//! GraphQL at the edge: transports, guards, errors. What the schema says lives in the folders beside this file.

mod asker;
mod closeout;
pub mod connection;
pub mod error;
mod extension;
mod gate;
pub mod graphiql;
pub mod guard;
mod handler;
mod inspection;
mod key;
mod loader;
mod log;
mod negotiation;
mod node;
mod operation;
mod payload;
pub mod persisted;
mod region;
mod request;
mod round;
mod scalar;
pub mod schema;
mod scheme;
mod session;
mod shelf;
mod sse;
mod staff;
mod subject;
mod survey;
#[cfg(test)]
mod tests;
mod websocket;

pub use asker::Asker;
pub use error::{ErrorCode, GraphqlFault};
pub use extension::fence;
pub(crate) use gate::Found;
pub use gate::StaffGate;
pub(crate) use handler::bearer;
pub use handler::routes;
pub use operation::{Admission, Caller, Endpoint, Gate};
pub use shelf::{Edition, Rights};
