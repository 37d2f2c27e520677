//! Regions.

mod mutation;
mod query;
mod types;

pub use mutation::RegionMutation;
pub use query::RegionQuery;
pub use types::{Region, RegionKey};
