//! How a round ends: dry runs, the closing, decisions with their reasons, rankings, progress.

mod decision;
mod mutation;
mod preflight;
mod progress;
mod ranking;
mod reopening;
mod results;
mod trial;

pub use decision::{Decision, DecisionKey, Source, Words};
pub use mutation::CloseoutMutation;
pub use progress::ProgressSubscription;
pub use results::RoundResults;
pub use trial::SchemeTrial;
