//! Points of the parts of an item, with what is behind them.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::{Award, Ground, Members, Seldom, Shown, StretchResult, Undone};
use crate::number::{Points, Ratio};
use crate::reason::Reason;

/// Points of a part; an item without parts has one, without a code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Read")]
pub struct PartResult {
    /// Its code.
    pub part: Option<Arc<str>>,
    /// What was looked at.
    pub what: Arc<str>,
    /// Its value.
    pub value: Shown,
    /// What it is worth.
    pub points: Option<Points>,
    /// Whether it rests on fewer than [`FEW`](super::FEW) answers.
    pub few: bool,
    /// What most parts have nothing of, in one word.
    beside: Option<Box<PartBeside>>,
}

/// What few parts have besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartBeside {
    /// The value of each stretch of time, where points are awarded for each by itself.
    pub stretches: Seldom<StretchResult>,
    /// What each inspector awarded, where several did or one of them noted something.
    pub awards: Seldom<Award>,
    /// The cases that were counted, or the predecessors whose values were added up.
    pub counted: Seldom<Ground>,
    /// What it is worth before any digit is lost, where its points lost some: an item adds up its parts by this, and
    /// is rounded once.
    pub exact: Option<Ratio>,
    /// Why it is missing.
    pub why: Option<Reason>,
    /// Whom it is composed of, category by category; the mean of these means by their weights is `value`.
    pub members: Seldom<Members>,
    /// Tasks that are known not to be done, by number.
    pub undone: Seldom<Undone>,
}

impl PartBeside {
    /// What a part without any of it reads.
    const NOTHING: &Self = &Self {
        stretches: Seldom::new(),
        awards: Seldom::new(),
        counted: Seldom::new(),
        exact: None,
        why: None,
        members: Seldom::new(),
        undone: Seldom::new(),
    };

    fn is_nothing(&self) -> bool {
        self.exact.is_none()
            && self.why.is_none()
            && self.stretches.is_empty()
            && self.awards.is_empty()
            && self.counted.is_empty()
            && self.members.is_empty()
            && self.undone.is_empty()
    }
}

impl PartResult {
    /// A part with its value and its points.
    pub fn new(
        (part, what): (Option<Arc<str>>, Arc<str>),
        value: Shown,
        points: Option<Points>,
        few: bool,
        beside: PartBeside,
    ) -> Self {
        Self {
            part,
            what,
            value,
            points,
            few,
            beside: (!beside.is_nothing()).then(|| Box::new(beside)),
        }
    }

    /// What is told of it besides.
    pub fn beside(&self) -> &PartBeside {
        self.beside.as_deref().unwrap_or(PartBeside::NOTHING)
    }
}

/// A part as it is written.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<&'a str>,
    what: &'a str,
    value: &'a Shown,
    #[serde(skip_serializing_if = "Seldom::is_empty")]
    stretches: &'a Seldom<StretchResult>,
    #[serde(skip_serializing_if = "Seldom::is_empty")]
    awards: &'a Seldom<Award>,
    #[serde(skip_serializing_if = "Seldom::is_empty")]
    counted: &'a Seldom<Ground>,
    #[serde(skip_serializing_if = "Seldom::is_empty")]
    undone: &'a Seldom<Undone>,
    points: Option<Points>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<&'a Ratio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a Reason>,
    #[serde(skip_serializing_if = "Seldom::is_empty")]
    members: &'a Seldom<Members>,
    #[serde(skip_serializing_if = "super::is_false")]
    few: bool,
}

impl Serialize for PartResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let beside = self.beside();
        let written = Written {
            part: self.part.as_deref(),
            what: &self.what,
            value: &self.value,
            stretches: &beside.stretches,
            awards: &beside.awards,
            counted: &beside.counted,
            undone: &beside.undone,
            points: self.points,
            exact: beside.exact.as_ref(),
            why: beside.why.as_ref(),
            members: &beside.members,
            few: self.few,
        };
        written.serialize(serializer)
    }
}

/// A part as it is read.
#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    part: Option<Arc<str>>,
    what: Arc<str>,
    value: Shown,
    #[serde(default)]
    stretches: Seldom<StretchResult>,
    #[serde(default)]
    awards: Seldom<Award>,
    #[serde(default)]
    counted: Seldom<Ground>,
    #[serde(default)]
    undone: Seldom<Undone>,
    points: Option<Points>,
    #[serde(default)]
    exact: Option<Ratio>,
    #[serde(default)]
    why: Option<Reason>,
    #[serde(default)]
    members: Seldom<Members>,
    #[serde(default)]
    few: bool,
}

impl From<Read> for PartResult {
    fn from(read: Read) -> Self {
        let beside = PartBeside {
            stretches: read.stretches,
            awards: read.awards,
            counted: read.counted,
            exact: read.exact,
            why: read.why,
            members: read.members,
            undone: read.undone,
        };
        let named = (read.part, read.what);
        Self::new(named, read.value, read.points, read.few, beside)
    }
}
