//! Measures and facts: what is reported about a subject.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Words;

/// A reported measure (量化数据).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// What is counted.
    pub unit: MeasureUnit,
    /// Over which stretches of the round's period a value is reported.
    pub every: Every,
    /// Whether last year's value is reported too.
    #[serde(default)]
    pub last_year: bool,
}

/// The unit of a measure. A percentage is reported as a rate: `93%`, `0.93` or `93/100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureUnit {
    /// Whole things.
    Count,
    /// A part of a whole, 0 to 1.
    Rate,
    /// Minutes.
    Minutes,
    /// Days.
    Days,
    /// Yuan.
    Yuan,
}

/// Stretches of the round's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// One value for the whole period.
    Round,
    /// One for each calendar year in the period.
    Year,
    /// One for each half-year: `2026-H1`.
    HalfYear,
    /// One for each quarter: `2026-Q1`.
    Quarter,
    /// One for each month: `2026-01`.
    Month,
}

/// A kind of fact (事实/案例).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactKind {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// Which of its dates places it in a look-back.
    pub dated_by: FactDate,
    /// Whether a fact that names several persons counts once or once for each.
    pub counts: FactCounts,
    /// Whether "none" has to be confirmed (零报告); until then the count is missing.
    #[serde(default)]
    pub nil_report: bool,
    /// What is recorded with it.
    #[serde(default)]
    pub field: Vec<FactField>,
    /// Of several facts with one case reference only the weightiest counts (就高).
    #[serde(default)]
    pub ladder: Option<Ladder>,
}

/// Which date places a fact in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactDate {
    /// When it happened.
    Event,
    /// When it was decided on.
    Decision,
}

/// How a fact counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactCounts {
    /// Once for each case.
    Case,
    /// Once for each person involved.
    Person,
}

/// A field of a fact.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactField {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// The values that it may have; without them it is a number.
    #[serde(default)]
    pub one_of: Vec<Choice>,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
}

/// A value with its name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
}

/// The order of weight of a fact's field.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// The field.
    pub field: String,
    /// Its values, weightiest first.
    pub order: Vec<String>,
}

impl Every {
    /// The word for it in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Round => "round",
            Self::Year => "year",
            Self::HalfYear => "half_year",
            Self::Quarter => "quarter",
            Self::Month => "month",
        }
    }
}
