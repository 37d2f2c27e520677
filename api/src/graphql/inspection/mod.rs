//! What is put into an open round: scores, tasks done, measures, nil reports, facts, investigations, waivers.

mod evidence;
mod fact;
mod investigation;
mod mutation;
mod score;
mod waiver;

pub use evidence::RoundSubjectEvidence;
pub use fact::{FactMutation, FactQuery};
pub use investigation::InvestigationMutation;
pub use mutation::InspectionMutation;
pub use score::{Entry, by_round};
pub use waiver::{Waiver, WaiverMutation};
