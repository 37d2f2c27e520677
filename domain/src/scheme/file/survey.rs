//! Surveys: scales, questions, panels, channels, validity and demands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Choice, Words};
use crate::number::Ratio;

/// An answer scale (等级).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Its code.
    pub code: String,
    /// Its options, in the order in which they are shown.
    #[serde(default)]
    pub option: Vec<ScaleOption>,
    /// In place of options that are numbers; `option` then holds what is not rated, such as "I do not know".
    #[serde(default)]
    pub numbers: Option<NumberScale>,
}

impl Scale {
    /// Every option, the numbers first.
    pub fn options(&self) -> Vec<ScaleOption> {
        let numbers = self.numbers.iter().flat_map(NumberScale::options);
        numbers.chain(self.option.iter().cloned()).collect()
    }
}

/// A scale whose options are the whole numbers from one to another, such as 1 – 10. What each is worth in a mean score
/// lies on a straight line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberScale {
    /// The least.
    pub from: u32,
    /// The greatest.
    pub to: u32,
    /// This and less is dissatisfied.
    pub dissatisfied_to: u32,
    /// This and more is satisfied; what lies between is neutral.
    pub satisfied_from: u32,
    /// What is worth 0.
    pub zero_at: u32,
    /// What is worth 100.
    pub full_at: u32,
}

impl NumberScale {
    /// Numbers that a scale has at most.
    pub const MOST: usize = 200;

    /// As many as a scale may have, however many are written down.
    fn options(&self) -> impl Iterator<Item = ScaleOption> {
        let scale = *self;
        let numbers = (scale.from..=scale.to).take(Self::MOST);
        numbers.map(move |number| {
            let class = if number >= scale.satisfied_from {
                AnswerClass::Satisfied
            } else if number <= scale.dissatisfied_to {
                AnswerClass::Dissatisfied
            } else {
                AnswerClass::Neutral
            };
            let above = u64::from(number.clamp(scale.zero_at, scale.full_at.max(scale.zero_at)));
            let above = above.saturating_sub(u64::from(scale.zero_at));
            let length = u64::from(scale.full_at.saturating_sub(scale.zero_at));
            let number = number.to_string();
            ScaleOption {
                label: Words::new(number.clone(), number.clone()),
                code: number,
                class,
                weight: Ratio::of_counts(above.saturating_mul(100), length),
            }
        })
    }
}

/// An option of a scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaleOption {
    /// Its code.
    pub code: String,
    /// What the citizen reads.
    pub label: Words,
    /// Where it counts.
    pub class: AnswerClass,
    /// What it is worth in a mean score, 0 to 100; absent on `no_opinion`.
    #[serde(default)]
    pub weight: Option<Ratio>,
}

/// Where an answer counts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerClass {
    /// Satisfied.
    Satisfied,
    /// Neither.
    Neutral,
    /// Dissatisfied.
    Dissatisfied,
    /// 不了解: counted and shown apart.
    NoOpinion,
}

impl AnswerClass {
    /// Every class, in its order.
    pub const ALL: [Self; 4] = [
        Self::Satisfied,
        Self::Neutral,
        Self::Dissatisfied,
        Self::NoOpinion,
    ];
}

/// A survey (满意度测评).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// Its code.
    pub code: String,
    /// Its title.
    pub name: Words,
    /// What the respondent is told first.
    #[serde(default)]
    pub intro: Option<Words>,
    /// Which categories it is about; all without it.
    #[serde(default, rename = "for")]
    pub categories: Option<Vec<String>>,
    /// Whether it is a ballot (评议票), on which one person rates several subjects, a line for each; without it a sheet
    /// is about one subject.
    #[serde(default)]
    pub ballot: Option<Ballot>,
    /// What rates and shares are divided by.
    pub denominator: Denominator,
    /// How the survey's own figure comes from its questions.
    pub combine: Combine,
    /// How strata weigh; plain counts without it.
    #[serde(default)]
    pub weighting: Option<Weighting>,
    /// Which answer of one person counts; absent where sheets are anonymous and open, so that no duplicates are
    /// sought.
    #[serde(default)]
    pub one_person: Option<OnePerson>,
    /// Whether respondents may change their answers until the survey closes, with the code that comes with the receipt.
    /// What a sheet said before is kept and neither counted nor taken for another sheet that was returned.
    #[serde(default)]
    pub changeable: bool,
    /// Whether respondents are asked, beside the questions, if anybody told them what to answer. Their answers are counted
    /// apart from the sheets, and only those who supervise see the counts.
    #[serde(default)]
    pub asks_whether_told: bool,
    /// Whether nobody sees any figure of it before it closes, only how many sheets came in.
    #[serde(default)]
    pub sealed: bool,
    /// The groups of respondents.
    pub panel: Vec<Panel>,
    /// Marks of respondents that demands look at, by name: front-line staff 基层一线 …
    #[serde(default)]
    pub mark: Vec<Choice>,
    /// The ways in which sheets come in.
    pub channel: Vec<ChannelUse>,
    /// Its questions.
    pub question: Vec<Question>,
    /// When a sheet counts as invalid.
    #[serde(default)]
    pub validity: Validity,
    /// What must hold for the survey to have figures at all.
    #[serde(default)]
    pub demand: Demand,
    /// What those who run it are warned of while it takes answers; nothing where it is sealed.
    #[serde(default)]
    pub warning: Vec<SurveyWarning>,
}

/// What those who run a survey are warned of while it takes answers, by mail and once for each subject: either
/// `dissatisfied_above`, or `fewer_than` with `hours_before_end`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyWarning {
    /// Its code.
    pub code: String,
    /// What it warns of.
    pub name: Words,
    /// More of the rated answers than this are dissatisfied, over all questions. It looks at the figures that may be
    /// shown, which move by ten answers and more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dissatisfied_above: Option<Ratio>,
    /// Fewer sheets than this have come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fewer_than: Option<u32>,
    /// So many hours before the end of the survey's hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_before_end: Option<u32>,
}

/// A ballot (评议票): a line for each subject that the survey is about. A line that is left blank as a whole is an
/// abstention; one that is begun and lacks a required answer makes the sheet invalid. Rules of validity look at all lines
/// of a sheet together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ballot {
    /// Who stands on one ballot.
    pub one_for: BallotScope,
}

/// Who stands on one ballot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BallotScope {
    /// Every subject of the round that the survey is about.
    Round,
    /// The subjects of one region that the survey is about: a ballot for each region that has some.
    Region,
}

/// What a rate is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Denominator {
    /// Rated answers: satisfied, neutral and dissatisfied.
    Rated,
    /// Rated answers and `no_opinion`.
    RatedAndNoOpinion,
    /// Every valid sheet or line, abstentions included.
    Valid,
}

/// How a survey's figure comes from its questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// All answers together.
    Pooled,
    /// The mean of the questions' figures, weighted where questions have weights.
    MeanOfQuestions,
}

/// How strata weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weighting {
    /// What holds when a stratum has no rate.
    pub undefined_stratum: UndefinedStratum,
}

/// What holds when a stratum has no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UndefinedStratum {
    /// The result is undefined.
    Undefined,
    /// Its weight is shared out at its level in proportion.
    ShareOut,
}

/// Which answer of one person counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnePerson {
    /// The first.
    First,
    /// The last before the survey closes.
    Last,
    /// The one whose channel stands first in the survey's list.
    ChannelOrder,
}

/// A group of respondents (评议群体).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// Its weight; needed where the survey weighs.
    #[serde(default)]
    pub weight: Option<Ratio>,
}

/// A way in which sheets come in (渠道).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelUse {
    /// Which.
    pub code: Channel,
    /// Its weight inside each panel, where the survey weighs its channels too: on every channel or on none, and
    /// without weights the answers of all channels are taken together inside each panel.
    #[serde(default)]
    pub weight: Option<Ratio>,
}

/// A way in which sheets come in (渠道).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A page on a phone or computer.
    Web,
    /// A paper sheet, entered by staff.
    Paper,
    /// A telephone interview.
    Phone,
}

/// A question (题目).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its code.
    pub code: String,
    /// What is asked.
    pub text: Words,
    /// What helps to answer it, shown below.
    #[serde(default)]
    pub help: Option<Words>,
    /// Whether it is asked of some respondents alone; of all without it.
    #[serde(default)]
    pub show_if: Option<ShowIf>,
    /// The heading of the table that it is a row of: questions of one scale that follow each other under the same
    /// heading are drawn as one table (矩阵题). Each is counted by itself.
    #[serde(default)]
    pub matrix: Option<Words>,
    /// The answer scale of a question that is rated.
    #[serde(default)]
    pub scale: Option<String>,
    /// The longest free answer in characters, for a question that is answered in words.
    #[serde(default)]
    pub longest: Option<u32>,
    /// The choices of a question that is neither rated nor answered in words.
    #[serde(default)]
    pub choice: Vec<Choice>,
    /// Whether several choices may be taken.
    #[serde(default)]
    pub several: bool,
    /// Whether a sheet without an answer to it is sent back.
    #[serde(default)]
    pub required: bool,
    /// Its weight in the mean of the questions; 1 without it.
    #[serde(default)]
    pub weight: Option<Ratio>,
}

/// When a question is asked. Where it is not, nothing is missing, and what is entered all the same is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowIf {
    /// An earlier question with options.
    pub question: String,
    /// One of these options of it was chosen.
    pub any_of: Vec<String>,
}

/// When a sheet counts as invalid. A rule whose datum a channel lacks does not apply there.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// More `no_opinion` answers than this.
    #[serde(default)]
    pub most_no_opinion: Option<u32>,
    /// The same answer throughout.
    #[serde(default)]
    pub straight_line: Option<StraightLine>,
    /// Filled in faster than this many seconds.
    #[serde(default)]
    pub least_seconds: Option<u32>,
    /// More sheets about a subject from a panel than were issued to it, over all channels: none of this batch counts
    /// until a waiver says that it does.
    #[serde(default)]
    pub batch_within_issued: bool,
}

/// The same answer throughout.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StraightLine {
    /// The options that are suspect when they alone are chosen.
    pub options: Vec<String>,
    /// The least number of rated answers that makes a line.
    pub least: u32,
}

/// What must hold for a survey to have figures.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// The least number of valid sheets about a subject; of a ballot, of lines with a rated answer.
    #[serde(default)]
    pub least_valid: Option<u32>,
    /// Attended ÷ entitled.
    #[serde(default)]
    pub attended: Option<Bound>,
    /// Returned ÷ issued.
    #[serde(default)]
    pub returned: Option<Bound>,
    /// Whether more sheets returned than issued undo the figures.
    #[serde(default)]
    pub returned_within_issued: bool,
    /// Least shares of panels or marks.
    #[serde(default)]
    pub share: Vec<ShareDemand>,
}

/// A bound from below.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// This or more.
    #[serde(default)]
    pub at_least: Option<Ratio>,
    /// More than this.
    #[serde(default)]
    pub more_than: Option<Ratio>,
}

/// The least share of a panel or a mark.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareDemand {
    /// Panels that count together.
    #[serde(default)]
    pub panels: Vec<String>,
    /// Or respondents with this mark.
    #[serde(default)]
    pub mark: Option<String>,
    /// Among whom.
    pub among: Among,
    /// The least share.
    pub at_least: Ratio,
}

/// Among which sheets a share is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Among {
    /// Those invited.
    Invited,
    /// Sheets returned.
    Returned,
    /// Valid sheets.
    Valid,
}

impl Channel {
    /// The word for it in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Paper => "paper",
            Self::Phone => "phone",
        }
    }
}
