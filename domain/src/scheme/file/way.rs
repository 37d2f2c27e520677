//! The ways in which an item is scored.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Every, Facts, Step, Value};
use crate::number::{Points, Ratio};

/// What holds when a value is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// It is worth nothing.
    Zero,
    /// It is worth its maximum.
    Full,
    /// It does not apply to the subject.
    NotApplicable,
    /// It is worth so much.
    Points(Points),
}

/// What holds when a gate is undetermined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateHolds {
    /// The gate is passed.
    Open,
    /// The item is worth nothing.
    Shut,
}

/// Inspectors award 0 … max in steps.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Graded {
    /// The step.
    pub step: Points,
    /// How several inspectors' points are combined.
    pub several: Several,
    /// Over which stretches of the round's period points are awarded, each stretch by itself; once for the whole
    /// round without it.
    #[serde(default)]
    pub every: Option<Every>,
    /// What is made of the points of the stretches; needed with `every`.
    #[serde(default)]
    pub over: Option<OverAwards>,
}

/// What is made of points that are awarded for each stretch of time. A stretch without points is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverAwards {
    /// Their mean.
    Mean,
    /// The least of them.
    Least,
    /// Those of the last stretch.
    Last,
}

impl OverAwards {
    /// The word for it in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Least => "least",
            Self::Last => "last",
        }
    }
}

/// How several inspectors' points are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Several {
    /// Their mean.
    Mean,
    /// Their median.
    Median,
    /// The mean without one highest and one lowest, from three inspectors on; below that the mean.
    Trimmed,
    /// The one awarded last.
    Latest,
}

/// Tasks that are done or not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// How many there are; without it each subject has an approved list of its own (责任清单).
    #[serde(default)]
    pub tasks: Option<u32>,
    /// Whether only a complete list earns anything.
    pub all_or_nothing: bool,
}

/// A value that becomes points through a shape.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shaped {
    /// The value.
    pub value: Value,
    /// The shape.
    pub shape: Shape,
}

/// How a value becomes points.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// A straight line from 0 points to the maximum, clamped at both.
    Line {
        /// The value worth nothing.
        zero_at: Ratio,
        /// The value worth the maximum.
        full_at: Ratio,
    },
    /// The maximum or nothing.
    Threshold(Test),
    /// The first band that holds; nothing where none does.
    Bands(Vec<Band>),
}

/// A band of a shape.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// When it holds. Each band says which side owns its bound.
    pub when: Test,
    /// What it is worth.
    pub points: Points,
}

/// A comparison: exactly one of its keys.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// This or more.
    #[serde(default)]
    pub at_least: Option<Ratio>,
    /// More than this.
    #[serde(default)]
    pub more_than: Option<Ratio>,
    /// This or less.
    #[serde(default)]
    pub at_most: Option<Ratio>,
    /// Less than this.
    #[serde(default)]
    pub less_than: Option<Ratio>,
    /// Just this.
    #[serde(default)]
    pub equal_to: Option<Ratio>,
}

/// So many points for each confirmed case.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PerCase {
    /// What the item is worth before any case.
    pub start: Start,
    /// What each case adds; negative takes away.
    pub points: Points,
    /// Whether several cases count as one.
    pub once: bool,
    /// The cases: facts …
    #[serde(default)]
    pub facts: Option<Facts>,
    /// … or the holding of a label, which is one case.
    #[serde(default)]
    pub label: Option<String>,
    /// The least it can be worth.
    #[serde(default)]
    pub floor: Option<Points>,
    /// The most it can be worth.
    #[serde(default)]
    pub ceiling: Option<Points>,
}

/// What an item is worth before any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Nothing.
    Zero,
    /// Its maximum.
    Full,
}

/// The mean result (total ÷ maximum) of a group of other subjects, in this round or in named revisions of closed ones.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Composed {
    /// Their results are those of closed rounds under these schemes, in the revisions that the round names; without it
    /// they are those of this round.
    #[serde(default)]
    pub closed: Vec<String>,
    /// The members, reached by this path of relations, or …
    #[serde(default)]
    pub by: Vec<Step>,
    /// … all subjects in the region of this one and below it.
    #[serde(default)]
    pub region: bool,
    /// Only members of these categories; all without it.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Weight of each category; 1 without it. Each category's mean weighs as a whole.
    #[serde(default)]
    pub weight: BTreeMap<String, Ratio>,
    /// Or each member weighs by its own size: the measure that gives it, reported once for the round that the member
    /// takes part in.
    #[serde(default)]
    pub size: Option<String>,
    /// Members without a total.
    pub without_total: WithoutTotal,
}

/// What becomes of members without a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithoutTotal {
    /// They are left out.
    LeftOut,
    /// They count as zero.
    Zero,
}
