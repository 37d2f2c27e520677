//! GraphQL at the edge: transports, guards, errors. What the schema says lives in the folders beside this file.

pub mod error;
pub mod guard;

pub use error::{ErrorCode, GraphqlFault};
