//! Accounts of staff.

mod mutation;
mod types;

pub use mutation::StaffMutation;
pub use types::{Staff, StaffKey, StaffQuery};
