//! Labels, rules and quotas.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Choice, Condition, Step, Value, Words};
use crate::inputs::Date;
use crate::number::{Points, Ratio};

/// A title for the best or the worst of a group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// The clause that it comes from.
    #[serde(default)]
    pub clause: Option<String>,
    /// The categories that it is for; all without it.
    #[serde(default, rename = "for")]
    pub categories: Option<Vec<String>>,
    /// Within which groups subjects are ranked.
    pub group: Group,
    /// For those whose rank from the top is at most this …
    #[serde(default)]
    pub best: Option<u32>,
    /// … or from the bottom.
    #[serde(default)]
    pub worst: Option<u32>,
    /// What ranks them.
    pub by: Value,
    /// Whether disqualified subjects are ranked; needed where the label looks at surveys alone.
    #[serde(default)]
    pub rank_disqualified: Option<bool>,
    /// What holds for a subject of which a measure or a survey's figure ranks and has no value. Without it the round
    /// waits for the value.
    #[serde(default)]
    pub missing: Option<MissingRank>,
    /// Given to eligible subjects alone, after grades.
    #[serde(default)]
    pub among_eligible: bool,
    /// The condition that a subject must meet besides.
    #[serde(default)]
    pub when: Option<Condition>,
    /// A label that nobody can hold together with this one, given at the same step: due both, a subject gets neither. The
    /// best and the worst of one ranking exclude each other without it.
    #[serde(default)]
    pub against: Option<String>,
}

/// What holds for a subject that nothing ranks for a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingRank {
    /// It is not ranked, and the others are ranked without it.
    Unranked,
}

/// Groups of subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// All together.
    Everyone,
    /// Each kind of subject.
    Kind,
    /// Each category.
    Category,
    /// Each category in each region.
    CategoryRegion,
}

/// A rule (规则).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// The clause that it comes from.
    pub clause: String,
    /// The categories that it is for; all without it.
    #[serde(default, rename = "for")]
    pub categories: Option<Vec<String>>,
    /// When it fires.
    pub when: Condition,
    /// What it does.
    pub effect: Effect,
    /// What people are told when it fires.
    pub words: Words,
    /// What holds when its condition is undetermined; without it the round cannot be closed.
    #[serde(default)]
    pub undetermined: Option<RuleHolds>,
    /// What holds where the rule looks at the grade of a disqualified subject, its own or a related one, and is
    /// undetermined for it.
    #[serde(default)]
    pub disqualified: Option<RuleHolds>,
    /// Fires once for each fact or answer when it is recorded.
    #[serde(default)]
    pub per_event: bool,
}

/// What holds of a rule whose condition is undetermined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleHolds {
    /// It fires.
    Fired,
    /// It does not.
    NotFired,
}

/// What a rule does.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// 一票否决: not eligible in this round, holds no grade.
    Disqualify,
    /// Not recognised unless the condition holds; keeps the grade and no label for the best. Where such a label gives
    /// points or moves grades, the condition looks only at what is known when the label is given.
    Require,
    /// The grade is at most this.
    Cap(String),
    /// The grade is at least this.
    Floor(String),
    /// The grade is just this.
    Set(String),
    /// Points off a node.
    Deduct(NodePoints),
    /// Points onto a node.
    Add(NodePoints),
    /// Opens an investigation (专项调查).
    Investigate,
    /// A warning (预警).
    Alert,
    /// A consequence (结果运用).
    FollowUp(FollowUp),
}

/// Points on a node.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodePoints {
    /// The item, indicator or section.
    pub node: String,
    /// How many, positive.
    pub points: Points,
}

/// A consequence.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// What is to be done, such as `talk`, `rectify`, `reorganise`, `limit_annual_appraisal`.
    pub kind: String,
    /// For those reached by this path; for the subject itself without it.
    #[serde(default)]
    pub on: Vec<Step>,
    /// The day whose relations say who is reached; without it everybody related at some time of the period.
    #[serde(default)]
    pub as_of: Option<AsOf>,
    /// Within so many days after the close-out …
    #[serde(default)]
    pub within_days: Option<u32>,
    /// … or so many working days.
    #[serde(default)]
    pub within_working_days: Option<u32>,
    /// Points on a person's record (记分).
    #[serde(default)]
    pub record_points: Option<Points>,
    /// The highest grade left open in another appraisal.
    #[serde(default)]
    pub limit: Option<String>,
}

/// A kind of consequence by its name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpKind {
    /// Its code, which follow-ups name as their `kind`.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// Grades of the other appraisal that such follow-ups name as their `limit`.
    #[serde(default)]
    pub limit: Vec<Choice>,
}

/// The day whose relations say whom a consequence concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AsOf {
    /// The first day of the period.
    PeriodStart,
    /// The last day of the period.
    PeriodEnd,
    /// The day of the fact; for rules that are asked for each fact.
    Event,
    /// This day.
    On(Date),
}

/// How many of a group may hold a grade or a better one (名额比例).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// The clause that it comes from.
    pub clause: String,
    /// The grade.
    pub grade: String,
    /// The categories that it is for; all without it.
    #[serde(default, rename = "for")]
    pub categories: Option<Vec<String>>,
    /// The groups.
    pub group: Group,
    /// At most this share of the group …
    #[serde(default)]
    pub share: Option<Ratio>,
    /// … or this many.
    #[serde(default)]
    pub seats: Option<u32>,
    /// How a share becomes seats; needed with a share.
    #[serde(default)]
    pub rounding: Option<SeatRounding>,
    /// The least number of seats, 0 or 1; needed with a share.
    #[serde(default)]
    pub least_seats: Option<u32>,
    /// Whether disqualified subjects count in the size of the group.
    pub count_disqualified: bool,
    /// What happens to those tied across the line.
    pub tie: QuotaTie,
    /// Whether it may be exceeded by a recorded decision ("generally at most").
    pub soft: bool,
    /// Whether a seat that a cap frees is handed on once.
    pub hand_on: bool,
}

/// How a share of a group becomes seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeatRounding {
    /// Down.
    Floor,
    /// To the nearest, halves up.
    HalfUp,
    /// Up.
    Ceiling,
}

/// What happens to subjects tied across a quota's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuotaTie {
    /// All fall.
    AllFall,
    /// They wait for a recorded committee decision.
    Committee,
}
