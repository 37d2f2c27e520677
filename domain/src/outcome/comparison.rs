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
    Exact(Ratio),
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
        Ok(text
            .parse()
            .map_or_else(|_| Self::Word(Arc::from(text.as_ref())), Self::Exact))
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

/// What is asked in a comparison, whoever it is asked of: held once and shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What was looked at: `survey/public/satisfaction_rate`, `points/B3.3`, `facts/discipline` …
    pub what: Arc<str>,
    /// How the two were compared.
    pub op: Sign,
    /// What it was compared with.
    pub right: Arc<str>,
}

/// Two values that were compared.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Read")]
pub struct Comparison {
    /// What was asked.
    pub asked: Arc<Asked>,
    /// The value that was found.
    pub left: Shown,
    /// Whether it holds.
    pub holds: Truth3,
    /// Whether its value rests on fewer than [`FEW`](super::FEW) answers.
    pub few: bool,
    /// What most comparisons have nothing of, in one word.
    beside: Option<Box<Beside>>,
}

/// What few comparisons have besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Beside {
    of: Option<Arc<str>>,
    why: Option<Reason>,
    counted: Seldom<Ground>,
}

impl Comparison {
    /// The same with the other subject it was looked at of, why it is undetermined, and what was counted.
    #[must_use]
    pub fn beside(
        self,
        of: Option<Arc<str>>,
        why: Option<Reason>,
        counted: Seldom<Ground>,
    ) -> Self {
        let any = of.is_some() || why.is_some() || !counted.is_empty();
        Self {
            beside: any.then(|| Box::new(Beside { of, why, counted })),
            ..self
        }
    }

    /// A comparison with nothing besides.
    pub const fn plain(asked: Arc<Asked>, left: Shown, holds: Truth3) -> Self {
        Self {
            asked,
            left,
            holds,
            few: false,
            beside: None,
        }
    }

    /// The other subject it was looked at of.
    pub fn of(&self) -> Option<&Arc<str>> {
        self.beside.as_ref()?.of.as_ref()
    }

    /// Why it is undetermined.
    pub fn why(&self) -> Option<&Reason> {
        self.beside.as_ref()?.why.as_ref()
    }

    /// The cases that were counted, the earlier rounds that were looked at, the predecessors whose values were added.
    pub fn counted(&self) -> &[Ground] {
        self.beside.as_ref().map_or(&[], |beside| &beside.counted)
    }
}

impl std::ops::Deref for Comparison {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        &self.asked
    }
}

/// A comparison as it is written.
#[derive(Serialize)]
struct Written<'a> {
    what: &'a str,
    left: &'a Shown,
    op: Sign,
    right: &'a str,
    holds: Truth3,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<&'a Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a Reason>,
    #[serde(skip_serializing_if = "super::is_false")]
    few: bool,
    #[serde(skip_serializing_if = "<[Ground]>::is_empty")]
    counted: &'a [Ground],
}

impl Serialize for Comparison {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            what: &self.what,
            left: &self.left,
            op: self.op,
            right: &self.right,
            holds: self.holds,
            of: self.of(),
            why: self.why(),
            few: self.few,
            counted: self.counted(),
        };
        written.serialize(serializer)
    }
}

/// A comparison as it is read.
#[derive(Deserialize)]
struct Read {
    what: Arc<str>,
    left: Shown,
    op: Sign,
    right: Arc<str>,
    holds: Truth3,
    #[serde(default)]
    of: Option<Arc<str>>,
    #[serde(default)]
    why: Option<Reason>,
    #[serde(default)]
    few: bool,
    #[serde(default)]
    counted: Seldom<Ground>,
}

impl From<Read> for Comparison {
    fn from(read: Read) -> Self {
        let asked = Asked {
            what: read.what,
            op: read.op,
            right: read.right,
        };
        let plain = Self::plain(Arc::new(asked), read.left, read.holds);
        Self {
            few: read.few,
            ..plain.beside(read.of, read.why, read.counted)
        }
    }
}
