//! Accounts of staff.

mod mutation;
mod token;
mod types;

pub use mutation::StaffMutation;
pub(crate) use mutation::parse_row_version;
pub use token::{ServiceTokenMutation, ServiceTokenQuery};
pub use types::{Role, Staff, StaffKey, StaffQuery};
