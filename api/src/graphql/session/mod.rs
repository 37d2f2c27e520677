//! Logging in and out, and who is asking.

mod mutation;
mod types;

pub use mutation::SessionMutation;
pub use types::ViewerQuery;
