//! Logging in and out, and who is asking.

mod factor;
mod list;
mod mutation;
mod password;
mod provider;
mod types;

pub use factor::SecondFactorMutation;
pub use list::{SessionEndMutation, SessionQuery};
pub use mutation::SessionMutation;
pub(crate) use mutation::sift;
pub use password::PasswordMutation;
pub use provider::ProviderMutation;
pub use types::ViewerQuery;
