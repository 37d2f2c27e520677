//! Subjects and the relations between them.

mod mutation;
mod relation;
mod succession;
mod types;

pub use mutation::SubjectMutation;
pub use relation::{Relation, RelationKey, RelationMutation};
pub use succession::SuccessionMutation;
pub use types::{Subject, SubjectKey, SubjectKind, SubjectQuery};
