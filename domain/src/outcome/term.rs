//! What a figure is the weighted mean of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Shown, is_false};
use crate::number::Ratio;

/// A question, panel or channel among those that a figure is the weighted mean of: shares times values add up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// What it is, as figures are named: `survey/public/satisfaction_rate/question=q/panel=p/channel=web`.
    pub what: Arc<str>,
    /// What it weighs of the whole; nothing where nobody answered and the others share its weight.
    pub share: Ratio,
    /// Its own figure: counts where it is a rate.
    pub value: Shown,
    /// Whether it rests on some answers, but on fewer than [`FEW`](super::FEW).
    #[serde(default, skip_serializing_if = "is_false")]
    pub few: bool,
}
