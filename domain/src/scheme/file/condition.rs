//! Values and conditions: what rules, gates and shapes look at.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Channel;
use crate::number::Ratio;

/// A value that is compared or becomes points: exactly one of its keys.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// A figure of a survey.
    #[serde(default)]
    pub survey: Option<SurveyFigure>,
    /// The points of an item, indicator, section or `total`.
    #[serde(default)]
    pub points: Option<String>,
    /// A count or sum of facts.
    #[serde(default)]
    pub facts: Option<Facts>,
    /// A measure.
    #[serde(default)]
    pub measure: Option<MeasureFigure>,
}

/// A figure of a survey.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyFigure {
    /// The survey.
    pub of: String,
    /// Which figure.
    pub figure: Figure,
    /// Of this question alone.
    #[serde(default)]
    pub question: Option<String>,
    /// Of this panel alone.
    #[serde(default)]
    pub panel: Option<String>,
    /// Of this channel alone.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// Plain counts, even where the survey weighs its strata.
    #[serde(default)]
    pub plain: bool,
    /// Compare the lower bound of the 95 % Wilson interval instead of the rate; for `at_least` on plain rates.
    #[serde(default)]
    pub lower_bound: bool,
}

/// Which figure of a survey. A rate and a share lie between 0 and 1, a score between 0 and 100.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// 满意率.
    SatisfactionRate,
    /// 不满意率.
    DissatisfiedShare,
    /// The mean of the options' weights.
    MeanScore,
}

/// A count of answers, for rules that fire once for each of them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerCount {
    /// The survey.
    pub of: String,
    /// The question.
    pub question: String,
    /// Answers that chose one of these options of its scale.
    pub options: Vec<String>,
    /// From this panel alone.
    #[serde(default)]
    pub panel: Option<String>,
    /// On this channel alone.
    #[serde(default)]
    pub channel: Option<Channel>,
}

/// A count, or a sum of a numeric field, of facts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The kind.
    pub kind: String,
    /// Only facts whose fields have one of these values.
    #[serde(default, rename = "where")]
    pub filter: BTreeMap<String, Vec<String>>,
    /// How far back, the current period included.
    pub back: LookBack,
    /// The sum of this field instead of the count.
    #[serde(default)]
    pub sum: Option<String>,
}

/// How far back facts count; exactly one of its keys.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookBack {
    /// The round's period alone.
    #[serde(default)]
    pub period: bool,
    /// So many calendar years, that of the period's end included.
    #[serde(default)]
    pub calendar_years: Option<u32>,
    /// So many months back from the period's end.
    #[serde(default)]
    pub months: Option<u32>,
}

/// A measure as a value.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureFigure {
    /// The measure.
    pub of: String,
    /// What is made of the values of several stretches; needed where there are several.
    #[serde(default)]
    pub over: Option<Over>,
    /// Compared with last year's value.
    #[serde(default)]
    pub versus: Option<Versus>,
}

/// What is made of the values of several stretches of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// The least.
    Least,
    /// The sum.
    Sum,
    /// The last.
    Last,
}

/// How this year is compared with last year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Versus {
    /// This year − last year.
    Difference,
    /// (This year − last year) ÷ last year; undefined against zero.
    Change,
}

/// A condition. Either `all`, `any` or `not`; or one thing that is compared, with exactly one comparison; or one
/// thing that holds by itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Every one holds.
    #[serde(default)]
    pub all: Option<Vec<Condition>>,
    /// At least one holds.
    #[serde(default)]
    pub any: Option<Vec<Condition>>,
    /// It does not hold.
    #[serde(default)]
    pub not: Option<Box<Condition>>,
    /// A figure of a survey is compared.
    #[serde(default)]
    pub survey: Option<SurveyFigure>,
    /// Points of an item, indicator, section or `total` are compared.
    #[serde(default)]
    pub points: Option<String>,
    /// A count or sum of facts is compared.
    #[serde(default)]
    pub facts: Option<Facts>,
    /// A measure is compared.
    #[serde(default)]
    pub measure: Option<MeasureFigure>,
    /// Valid answers are counted; for rules with `per_event = true` alone, which then fire once for each.
    #[serde(default)]
    pub answers: Option<AnswerCount>,
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
    /// The subject holds this label.
    #[serde(default)]
    pub label: Option<String>,
    /// The investigation that this rule opens has this finding.
    #[serde(default)]
    pub finding: Option<FindingTest>,
    /// The subject's grades in earlier rounds of the series.
    #[serde(default)]
    pub earlier: Option<Earlier>,
    /// The grade in this round; in follow-ups, alerts and `related` only.
    #[serde(default)]
    pub grade: Option<GradeTest>,
    /// The rank in this round is at most this; in follow-ups and alerts only.
    #[serde(default)]
    pub rank_at_most: Option<u32>,
    /// Whether the subject is eligible; in follow-ups and alerts only.
    #[serde(default)]
    pub eligible: Option<bool>,
    /// Whether the subject is disqualified; in follow-ups, alerts and `related` only.
    #[serde(default)]
    pub disqualified: Option<bool>,
    /// Something holds of subjects reached by a path of relations.
    #[serde(default)]
    pub related: Option<Box<Related>>,
}

/// What an investigation found.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingTest {
    /// The rule that opens the investigation.
    pub of: String,
    /// The finding.
    pub is: Finding,
}

/// A finding of an investigation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Found true.
    Verified,
    /// Found untrue.
    Unfounded,
}

/// Grades in earlier rounds of the series.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// One of these grades.
    pub grades: Vec<String>,
    /// In so many rounds in a row, the latest first.
    pub in_a_row: u32,
    /// A round without a grade.
    pub gap: Gap,
    /// Whether the run ends with this round; for follow-ups and alerts.
    #[serde(default)]
    pub with_this_round: bool,
}

/// What a round without a grade does to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// It breaks the run.
    Breaks,
    /// It is passed over.
    Skipped,
    /// It makes the run undetermined.
    Undetermined,
}

/// A grade is compared; exactly one of its keys.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeTest {
    /// This grade or a worse one.
    #[serde(default)]
    pub at_most: Option<String>,
    /// This grade or a better one.
    #[serde(default)]
    pub at_least: Option<String>,
    /// Just this grade.
    #[serde(default)]
    pub is: Option<String>,
}

/// Something holds of related subjects.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Related {
    /// The path, step by step from the subject.
    pub by: Vec<Step>,
    /// Of how many it must hold.
    pub hold: Quantifier,
    /// What holds where the path reaches nobody; for `all` and `none`.
    #[serde(default)]
    pub nobody: Option<Truth>,
    /// What must hold of them.
    pub that: Condition,
}

/// One step of a path of relations.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// From a person to the teams that he or she heads.
    Heads,
    /// From a team to its heads.
    HeadedBy,
    /// From a person to the teams that he or she is a member of, as head too.
    MemberOf,
    /// From a team to its members, its heads included.
    Members,
    /// From a person to the unit that he or she works in.
    WorksIn,
    /// From a unit to those who work in it.
    Workers,
    /// From a person to the family.
    BelongsTo,
    /// From a family to its persons.
    FamilyMembers,
    /// From a team to the unit that it leads.
    Leads,
    /// From a unit to the team that leads it.
    LedBy,
    /// From a unit to the unit that it is part of.
    PartOf,
    /// From a unit to its parts.
    Parts,
}

/// Of how many related subjects something must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quantifier {
    /// Of one or more.
    Any,
    /// Of every one.
    All,
    /// Of nobody.
    None,
    /// Of this many or more.
    AtLeast(u32),
}

/// What holds of an empty set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
}

impl Over {
    /// The word for it in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Least => "least",
            Self::Sum => "sum",
            Self::Last => "last",
        }
    }
}

impl Versus {
    /// The word for it in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Difference => "difference",
            Self::Change => "change",
        }
    }
}
