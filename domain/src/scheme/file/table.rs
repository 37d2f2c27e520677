//! The table: sections, indicators and items.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Checklist, Composed, Condition, GateHolds, Graded, Missing, PerCase, Shaped, Words};
use crate::number::Points;

/// A section of the table.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its code.
    pub code: String,
    /// What it is.
    pub kind: SectionKind,
    /// Its name.
    pub name: Words,
    /// The categories that it is for; all without it.
    #[serde(default, rename = "for")]
    pub categories: Option<Vec<String>>,
    /// The sum of its children's maxima. Absent on deductions.
    #[serde(default)]
    pub max: Option<Points>,
    /// The least it can be worth.
    #[serde(default)]
    pub floor: Option<Points>,
    /// The most it can be worth.
    #[serde(default)]
    pub ceiling: Option<Points>,
}

/// What a section is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SectionKind {
    /// 共性.
    Common,
    /// 个性.
    Specific,
    /// 负面清单.
    Deduction,
    /// 加分.
    Bonus,
}

/// An indicator (指标): a node between a section and items.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Its code.
    pub code: String,
    /// The section or indicator that it belongs to.
    #[serde(rename = "in")]
    pub parent: String,
    /// Its name.
    pub name: Words,
    /// The categories that it is for; those of its parent without it.
    #[serde(default, rename = "for")]
    pub categories: Option<Vec<String>>,
    /// The sum of its children's maxima. Absent below deductions.
    #[serde(default)]
    pub max: Option<Points>,
    /// The least it can be worth.
    #[serde(default)]
    pub floor: Option<Points>,
    /// The most it can be worth.
    #[serde(default)]
    pub ceiling: Option<Points>,
}

/// An item (考评项): a leaf, scored in exactly one way or made of parts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its code.
    pub code: String,
    /// The section or indicator that it belongs to.
    #[serde(rename = "in")]
    pub parent: String,
    /// Its name.
    pub name: Words,
    /// What is looked at.
    #[serde(default)]
    pub text: Option<Words>,
    /// The clause that it comes from.
    #[serde(default)]
    pub clause: Option<String>,
    /// The categories that it is for; those of its parent without it.
    #[serde(default, rename = "for")]
    pub categories: Option<Vec<String>>,
    /// The most it can be worth; absent on an item of deductions.
    #[serde(default)]
    pub max: Option<Points>,
    /// What holds when its value is missing; without it the round cannot be closed.
    #[serde(default)]
    pub missing: Option<Missing>,
    /// The condition without which it is worth nothing.
    #[serde(default)]
    pub gate: Option<Condition>,
    /// What holds when the gate is undetermined.
    #[serde(default)]
    pub gate_undetermined: Option<GateHolds>,
    /// Inspectors award points.
    #[serde(default)]
    pub graded: Option<Graded>,
    /// Tasks are done or not.
    #[serde(default)]
    pub checklist: Option<Checklist>,
    /// A measure or a count of facts, through a shape.
    #[serde(default)]
    pub measured: Option<Shaped>,
    /// A figure of a survey, through a shape.
    #[serde(default)]
    pub surveyed: Option<Shaped>,
    /// So many points for each case.
    #[serde(default)]
    pub per_case: Option<PerCase>,
    /// The mean result of other subjects.
    #[serde(default)]
    pub composed: Option<Composed>,
    /// Parts, each in a way of its own.
    #[serde(default)]
    pub part: Vec<Part>,
}

/// A part of an item, scored in exactly one way.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its code within the item.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// The most it can be worth.
    pub max: Points,
    /// What holds when its value is missing.
    #[serde(default)]
    pub missing: Option<Missing>,
    /// Inspectors award points.
    #[serde(default)]
    pub graded: Option<Graded>,
    /// Tasks are done or not.
    #[serde(default)]
    pub checklist: Option<Checklist>,
    /// A measure or a count of facts, through a shape.
    #[serde(default)]
    pub measured: Option<Shaped>,
    /// A figure of a survey, through a shape.
    #[serde(default)]
    pub surveyed: Option<Shaped>,
    /// So many points for each case.
    #[serde(default)]
    pub per_case: Option<PerCase>,
    /// The mean result of other subjects.
    #[serde(default)]
    pub composed: Option<Composed>,
}
