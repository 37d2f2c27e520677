//! Logging in and out, and who is asking.

mod mutation;
mod password;
mod types;

pub use mutation::SessionMutation;
pub(crate) use mutation::sift;
pub use password::PasswordMutation;
pub use types::ViewerQuery;
