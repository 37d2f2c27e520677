//! Values as they are shown, and what comparing them gave.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Ground, Seldom};
use crate::number::{Points, Ratio};
use crate::reason::Reason;

/// An exact value as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shown {
    /// Counts, not reduced: `612/1000`.
    Counts(u64, u64),
    /// Points.
    Points(Points),
    /// A whole number.
    Whole(i64),
    /// Any other exact number.
    Exact(Box<Ratio>),
    /// A word: a grade, a finding.
    Word(Arc<str>),
    /// Nothing there.
    #[default]
    Missing,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Counts(n, d) => write!(f, "{n}/{d}"),
            Self::Points(points) => write!(f, "{points}"),
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Exact(ratio) => write!(f, "{ratio}"),
            Self::Word(word) => f.write_str(word),
            Self::Missing => f.write_str("?"),
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        if text == "?" {
            return Ok(Self::Missing);
        }
        if let Some((n, d)) = text.split_once('/')
            && let (Ok(n), Ok(d)) = (n.parse(), d.parse())
        {
            return Ok(Self::Counts(n, d));
        }
        if let Ok(whole) = text.parse() {
            return Ok(Self::Whole(whole));
        }
        if let Ok(points) = text.parse() {
            return Ok(Self::Points(points));
        }
        Ok(text.parse().map_or_else(
            |_| Self::Word(Arc::from(text.as_ref())),
            |ratio| Self::Exact(Box::new(ratio)),
        ))
    }
}

/// A truth value of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth3 {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// A value that it needs is missing or undefined.
    Undetermined,
}

impl Truth3 {
    /// From a plain truth value.
    pub const fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    /// The opposite; of undetermined, undetermined.
    #[must_use]
    pub const fn negate(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undetermined => Self::Undetermined,
        }
    }

    /// Both hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Undetermined,
        }
    }

    /// At least one holds.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Undetermined,
        }
    }
}

/// A sign between two compared values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sign {
    /// This or more.
    #[serde(rename = "≥")]
    AtLeast,
    /// More than this.
    #[serde(rename = ">")]
    MoreThan,
    /// This or less.
    #[serde(rename = "≤")]
    AtMost,
    /// Less than this.
    #[serde(rename = "<")]
    LessThan,
    /// Just this.
    #[serde(rename = "=")]
    Equal,
}

impl Sign {
    /// The sign itself.
    pub const fn text(self) -> &'static str {
        match self {
            Self::AtLeast => "≥",
            Self::MoreThan => ">",
            Self::AtMost => "≤",
            Self::LessThan => "<",
            Self::Equal => "=",
        }
    }

    /// Whether a value that lies so to the bound passes.
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::AtLeast => order.is_ge(),
            Self::MoreThan => order.is_gt(),
            Self::AtMost => order.is_le(),
            Self::LessThan => order.is_lt(),
            Self::Equal => order.is_eq(),
        }
    }
}

/// Two values that were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// What was looked at: `survey/public/satisfaction_rate`, `points/B3.3`, `facts/discipline` …
    pub what: Arc<str>,
    /// Its value.
    pub left: Shown,
    /// How the two were compared.
    pub op: Sign,
    /// What it was compared with.
    pub right: Arc<str>,
    /// Whether it holds.
    pub holds: Truth3,
    /// The other subject it was looked at of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Arc<str>>,
    /// Why it is undetermined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Reason>,
    /// Whether its value rests on fewer than [`FEW`](super::FEW) answers.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub few: bool,
    /// The cases that were counted, the earlier rounds that were looked at, the predecessors whose values were added.
    #[serde(default, skip_serializing_if = "Seldom::is_empty")]
    pub counted: Seldom<Ground>,
}
