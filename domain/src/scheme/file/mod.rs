//! What a scheme file may say, as it is written: TOML with one table per thing.
//!
//! These types are the whole vocabulary; the published JSON Schema is made from them. Whether the parts agree
//! with each other is deliberately absent: [`super::check`] asks that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::number::{Points, Ratio, Rounding};

mod condition;
mod evidence;
mod rule;
mod survey;
mod table;
mod way;

pub use condition::*;
pub use evidence::*;
pub use rule::*;
pub use survey::*;
pub use table::*;
pub use way::*;

/// The value of `format` that this engine reads.
pub const FORMAT: &str = "mingjian-scheme/1";

/// The same words in Chinese and English.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The two.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }
}

/// The kinds of subject (考评对象).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// 单位.
    Unit,
    /// 领导班子.
    Team,
    /// 个人.
    Person,
    /// 家庭.
    Family,
}

/// A whole scheme file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemeFile {
    /// Always `mingjian-scheme/1`.
    pub format: String,
    /// The scheme's code, stable over versions.
    pub code: String,
    /// This version.
    pub version: String,
    /// Its title.
    pub name: Words,
    /// What it is for.
    #[serde(default)]
    pub about: Option<Words>,
    /// The documents that it comes from.
    #[serde(default)]
    pub source: Vec<Source>,
    /// Settings that the sources leave open, each with the reason for the value chosen.
    #[serde(default)]
    pub assumption: Vec<Assumption>,
    /// How quotients become points.
    pub numbers: Rounding,
    /// How totals become grades.
    pub grading: Grading,
    /// How a round under this scheme is closed.
    pub closing: Closing,
    /// The grades, best first.
    pub grade: Vec<Grade>,
    /// The categories of subjects.
    pub category: Vec<Category>,
    /// Measures that are reported (量化数据).
    #[serde(default)]
    pub measure: Vec<Measure>,
    /// Kinds of fact (事实/案例).
    #[serde(default)]
    pub fact: Vec<FactKind>,
    /// Answer scales of surveys.
    #[serde(default)]
    pub scale: Vec<Scale>,
    /// Surveys (满意度测评).
    #[serde(default)]
    pub survey: Vec<Survey>,
    /// Sections: common, specific, deductions, bonus.
    pub section: Vec<Section>,
    /// Indicators (指标): the nodes between sections and items.
    #[serde(default)]
    pub indicator: Vec<Indicator>,
    /// Items (考评项): the leaves.
    pub item: Vec<Item>,
    /// Titles for the best or the worst.
    #[serde(default)]
    pub label: Vec<Label>,
    /// Kinds of consequence, by name.
    #[serde(default)]
    pub follow_up: Vec<FollowUpKind>,
    /// Rules.
    #[serde(default)]
    pub rule: Vec<Rule>,
    /// Quotas of grades.
    #[serde(default)]
    pub quota: Vec<Quota>,
}

/// A document that the scheme comes from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its title.
    pub title: String,
    /// Who issued it.
    #[serde(default)]
    pub publisher: Option<String>,
    /// When, `YYYY-MM-DD` or a year.
    #[serde(default)]
    pub published: Option<String>,
}

/// A setting that the sources leave open.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Where the setting stands: keys joined by `/`, elements of lists named by their code, such as
    /// `item/B3.3/gate` or `grading/minimum`.
    pub setting: String,
    /// What is open and why this value was chosen.
    pub words: Words,
}

/// How totals become grades.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grading {
    /// What the base grade is read from.
    pub by: GradedBy,
    /// The lowest grade that is eligible; without it every grade is.
    #[serde(default)]
    pub minimum: Option<String>,
    /// Whether common + specific is scaled up to the full maximum when items do not apply to a subject. Needed
    /// where an item can be not applicable.
    #[serde(default)]
    pub scale_not_applicable: Option<bool>,
    /// The least that a total can be; without it a total may fall below zero. `0` is written as such.
    #[serde(default)]
    pub total_floor: Option<Points>,
    /// The most that a total can be.
    #[serde(default)]
    pub total_ceiling: Option<Points>,
    /// What decides between equal totals where a quota draws a line, in this order.
    #[serde(default)]
    pub tie_breakers: Vec<TieBreaker>,
}

/// What the base grade is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GradedBy {
    /// The total in points.
    Total,
    /// The total as a share of the subject's own maximum.
    Share,
    /// The grade that was recorded as proposed.
    Proposed,
}

/// A value that ranks subjects with equal totals.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TieBreaker {
    /// More of it is better; `lowest` turns that round.
    pub value: Value,
    /// Less of it is better.
    #[serde(default)]
    pub lowest: bool,
}

/// How a round is closed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// Whether one person proposes and another decides.
    pub two_people: bool,
}

/// A grade (等次).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// The least total (points) or share that earns it, the bound itself included; absent on the lowest grade,
    /// which takes the rest.
    #[serde(default)]
    pub from: Option<Ratio>,
}

/// A category of subjects (类别).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its code.
    pub code: String,
    /// What kind of subject belongs to it.
    pub kind: SubjectKind,
    /// Its name.
    pub name: Words,
}
