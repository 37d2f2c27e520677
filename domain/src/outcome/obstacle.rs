//! What stands between a subject and the next grade, each with the smallest change that would clear it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Comparison;
use crate::number::{Points, Ratio};

/// Something that stands between a subject and the next grade, or its recognition. Changes of the same value are not
/// added up: the greatest of them clears all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// The grade that is out of reach; absent where the subject keeps its grade and is not recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Arc<str>>,
    /// The rule or quota; absent where it is the total, or the committee.
    pub by: Option<Arc<str>>,
    /// The comparison that would have to turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Comparison>,
    /// The smallest change that would clear it.
    pub change: Change,
}

/// The smallest change that clears an obstacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// So many more points, or fewer where negative: of what was compared, else of the total.
    Points(Points),
    /// So many answers converted, the denominator fixed.
    Answers(u64),
    /// So many facts fewer, or more where negative.
    Facts(i64),
    /// A value that is so far from its bound.
    Gap(Ratio),
    /// Seats that others took.
    Ahead(Ahead),
    /// The investigation would have to find otherwise.
    Finding,
    /// A related subject's result would have to be better.
    Related(Arc<str>),
    /// Earlier rounds, which nothing in this one changes.
    Earlier,
    /// A label, which is given by comparison with others.
    Label,
    /// The committee would have to adjust otherwise.
    Committee,
    /// A value is missing, and the scheme or a waiver says what then holds.
    Missing,
    /// Something that counting cannot say.
    Other,
}

/// Seats of a quota that others took. Who they are stands once, with the quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ahead {
    /// How many seats there were in the group.
    pub seats: u32,
    /// How many of them were taken.
    pub taken: u32,
    /// Whom it was compared with at the line; absent where nobody could have been passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Arc<str>>,
    /// The points with which it would have stood before that one, of what was compared; absent where points do not
    /// decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<Points>,
}
