//! Schemes, their versions, and what a version's table holds.

mod change;
mod mutation;
mod table;
mod types;

pub use mutation::SchemeMutation;
pub use types::{Scheme, SchemeKey, SchemeQuery, SchemeVersion, SchemeVersionKey};
