//! Accounts of staff.

mod mutation;
mod types;

pub use mutation::StaffMutation;
pub(crate) use mutation::parse_row_version;
pub use types::{Staff, StaffKey, StaffQuery};
