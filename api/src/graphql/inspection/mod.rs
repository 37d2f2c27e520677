//! What is put into an open round: scores, tasks done, measures, nil reports, facts, investigations, waivers, and
//! the closed rounds that it is composed of.

mod composition;
mod evidence;
mod fact;
mod investigation;
mod mutation;
mod score;
mod waiver;

pub use composition::{Composition, CompositionMutation};
pub use evidence::RoundSubjectEvidence;
pub use fact::{Fact, FactKey, FactMutation, FactQuery};
pub use investigation::{Investigation, InvestigationKey, InvestigationMutation};
pub(in crate::graphql) use mutation::put;
pub use mutation::{InspectionMutation, Rows, RowsChangePayload};
pub use score::{Entry, by_round};
pub use waiver::{AdjustProposal, Waiver, WaiverMutation};
