//! Everything that a close-out looks at, as one document.
//!
//! It is written as canonical JSON (RFC 8785, numbers beyond small integers as text) and its digest is stored with
//! every revision. Answer sheets about one subject are deliberately absent: decisions look at tallies, which the package
//! of an auditor can recount from the sheets. Ballots may be here sheet by sheet, for those of a meeting are counted by
//! hand otherwise; what a service has collected comes as tallies of their lines.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::number::{NumberError, Points, Ratio};
use crate::scheme::file::{Channel, Finding, SubjectKind, Words};

mod succession;

pub use succession::{Succession, SuccessionKind};

/// The value of `format` that this engine reads.
pub const FORMAT: &str = "mingjian-inputs/1";

/// The inputs of one round.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Always `mingjian-inputs/1`.
    pub format: String,
    /// The round.
    pub round: Round,
    /// The regions, each with the one above it.
    #[serde(default)]
    pub regions: Vec<Region>,
    /// Who is evaluated.
    pub subjects: Vec<Subject>,
    /// Relations between subjects.
    #[serde(default)]
    pub relations: Vec<Relation>,
    /// Renames, mergers and transfers: whose history subjects carry on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successions: Vec<Succession>,
    /// Points awarded by inspectors.
    #[serde(default)]
    pub scores: Vec<Score>,
    /// Tasks done.
    #[serde(default)]
    pub checklists: Vec<ChecklistResult>,
    /// Approved lists of tasks that subjects have of their own (责任清单).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duty_lists: Vec<DutyList>,
    /// Values of measures.
    #[serde(default)]
    pub measures: Vec<MeasureValue>,
    /// Facts.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// Confirmations that there was no fact of a kind (零报告).
    #[serde(default)]
    pub nil_reports: Vec<NilReport>,
    /// Counts of answers.
    #[serde(default)]
    pub tallies: Vec<Tally>,
    /// Counts of sheets.
    #[serde(default)]
    pub sheets: Vec<SheetCount>,
    /// Ballots, sheet by sheet, of surveys that are ballots; about one subject, panel and channel there are either
    /// these or counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ballots: Vec<Ballot>,
    /// Counts of people, from whom quorums and shares are taken.
    #[serde(default)]
    pub turnouts: Vec<Turnout>,
    /// Investigations.
    #[serde(default)]
    pub investigations: Vec<Investigation>,
    /// Grades in closed rounds of the series.
    #[serde(default)]
    pub history: Vec<PastGrade>,
    /// Closed rounds whose results this one is composed of, each in one revision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed_rounds: Vec<ClosedRound>,
    /// What subjects came to in these revisions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed_results: Vec<ClosedResult>,
    /// Grades that were recorded as proposed.
    #[serde(default)]
    pub proposed: Vec<ProposedGrade>,
    /// Gaps that are waived by name.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// Adjustments by the committee (酌定).
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
    /// The committee's choices among subjects tied across a quota's line.
    #[serde(default)]
    pub tie_choices: Vec<TieChoice>,
    /// Subjects whose figures are not shown, since too few people answered; only in what everybody may read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// Labels that cannot be ranked without such figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_labels: Vec<GivenLabel>,
}

/// The round.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Its code.
    pub code: String,
    /// The series of rounds that it continues.
    pub series: String,
    /// Its name in Chinese.
    pub name: String,
    /// First day of the period.
    pub period_from: Date,
    /// Last day of the period.
    pub period_to: Date,
    /// The zone of its dates, such as `Asia/Shanghai`.
    pub time_zone: String,
    /// Surveys that are still open, so that their figures are interim.
    #[serde(default)]
    pub open_surveys: Vec<String>,
    /// Closed rounds of the series, the latest first; an earlier round that is missing here has no grades.
    #[serde(default)]
    pub earlier: Vec<EarlierRound>,
}

/// A calendar day, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub NaiveDate);

impl Inputs {
    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong and where, in words.
    pub fn parse(json: &str) -> Result<Self, String> {
        let inputs: Self = serde_json::from_str(json)
            .map_err(|error| format!("the inputs cannot be read: {error}"))?;
        if inputs.format == FORMAT {
            Ok(inputs)
        } else {
            Err(format!(
                "`{}` is not read here: `format` is `{FORMAT}`",
                inputs.format
            ))
        }
    }

    /// Puts every list into its own order, so that the order in which rows were read leaves no trace.
    pub fn sort(&mut self) {
        self.round.open_surveys.sort();
        self.regions.sort();
        self.subjects.sort();
        self.relations.sort();
        self.successions.sort();
        self.scores.sort();
        self.checklists.sort();
        self.duty_lists.sort();
        self.measures.sort();
        self.facts.sort();
        self.nil_reports.sort();
        self.tallies.sort();
        self.sheets.sort();
        for ballot in &mut self.ballots {
            ballot.lines.sort();
        }
        self.ballots.sort();
        self.turnouts.sort();
        self.investigations.sort();
        self.history.sort();
        self.closed_rounds.sort();
        self.closed_results.sort();
        self.proposed.sort();
        self.waivers.sort();
        self.adjustments.sort();
        self.tie_choices.sort();
        self.withheld.sort();
        self.given_labels.sort();
    }

    /// The bytes that are digested: canonical JSON of the sorted document.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] if a count lies beyond what JSON numbers hold exactly.
    pub fn to_canonical(&self) -> Result<Vec<u8>, NumberError> {
        canonical::to_vec(&SortedInputs::of(self))
    }

    /// SHA-256 of [`Self::to_canonical`], in hexadecimal.
    ///
    /// # Errors
    /// As [`Self::to_canonical`].
    pub fn digest(&self) -> Result<String, NumberError> {
        canonical::digest(&SortedInputs::of(self))
    }

    /// The JSON Schema of input documents.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Inputs)
    }
}

/// The document with every list in its own order, borrowed: a round is large and is digested often. The fields stand
/// in the order of their keys, so that canonical JSON need not move them.
#[derive(Serialize)]
pub(crate) struct SortedInputs<'a> {
    adjustments: Vec<&'a Adjustment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ballots: Vec<Cow<'a, Ballot>>,
    checklists: Vec<&'a ChecklistResult>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    closed_results: Vec<&'a ClosedResult>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    closed_rounds: Vec<&'a ClosedRound>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duty_lists: Vec<&'a DutyList>,
    facts: Vec<&'a Fact>,
    format: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    given_labels: Vec<&'a GivenLabel>,
    history: Vec<&'a PastGrade>,
    investigations: Vec<&'a Investigation>,
    measures: Vec<&'a MeasureValue>,
    nil_reports: Vec<&'a NilReport>,
    proposed: Vec<&'a ProposedGrade>,
    regions: Vec<&'a Region>,
    relations: Vec<&'a Relation>,
    round: Round,
    scores: Vec<&'a Score>,
    sheets: Vec<&'a SheetCount>,
    subjects: Vec<&'a Subject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successions: Vec<&'a Succession>,
    tallies: Vec<&'a Tally>,
    tie_choices: Vec<&'a TieChoice>,
    turnouts: Vec<&'a Turnout>,
    waivers: Vec<&'a Waiver>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withheld: Vec<&'a Withheld>,
}

impl<'a> SortedInputs<'a> {
    pub fn of(inputs: &'a Inputs) -> Self {
        // Named one by one, so that a new list cannot be forgotten here.
        let Inputs {
            format,
            round,
            regions,
            subjects,
            relations,
            successions,
            scores,
            checklists,
            duty_lists,
            measures,
            facts,
            nil_reports,
            tallies,
            sheets,
            ballots,
            turnouts,
            investigations,
            history,
            closed_rounds,
            closed_results,
            proposed,
            waivers,
            adjustments,
            tie_choices,
            withheld,
            given_labels,
        } = inputs;
        let mut round = round.clone();
        round.open_surveys.sort();
        Self {
            adjustments: in_order(adjustments),
            ballots: ballots_in_order(ballots),
            checklists: in_order(checklists),
            closed_results: in_order(closed_results),
            closed_rounds: in_order(closed_rounds),
            duty_lists: in_order(duty_lists),
            facts: in_order(facts),
            format,
            given_labels: in_order(given_labels),
            history: in_order(history),
            investigations: in_order(investigations),
            measures: in_order(measures),
            nil_reports: in_order(nil_reports),
            proposed: in_order(proposed),
            regions: in_order(regions),
            relations: in_order(relations),
            round,
            scores: in_order(scores),
            sheets: in_order(sheets),
            subjects: in_order(subjects),
            successions: in_order(successions),
            tallies: in_order(tallies),
            tie_choices: in_order(tie_choices),
            turnouts: in_order(turnouts),
            waivers: in_order(waivers),
            withheld: in_order(withheld),
        }
    }
}

/// Ballots in their order, the lines of each in theirs.
fn ballots_in_order(ballots: &[Ballot]) -> Vec<Cow<'_, Ballot>> {
    let mut sorted: Vec<Cow<'_, Ballot>> = Vec::with_capacity(ballots.len());
    for ballot in ballots {
        let mut ballot = Cow::Borrowed(ballot);
        if !ballot.lines.is_sorted() {
            ballot.to_mut().lines.sort();
        }
        sorted.push(ballot);
    }
    sorted.sort();
    sorted
}

/// Rows in their own order. One pass where they are in it, as what the service reads is.
pub(crate) fn in_order<T: Ord>(rows: &[T]) -> Vec<&T> {
    let mut sorted: Vec<&T> = rows.iter().collect();
    sorted.sort();
    sorted
}

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%Y-%m-%d"))
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl std::str::FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is not a date: write `2026-12-31`",
                text.chars().take(30).collect::<String>()
            )
        };
        // The library takes a sign before a year, and years of fewer digits.
        let mut bytes = text.bytes().enumerate();
        let is_written_so = bytes.all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        if text.len() != 10 || !is_written_so {
            return Err(wrong());
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(Date)
            .map_err(|_| wrong())
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
    }
}

/// An earlier round of the series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlierRound {
    /// Its code.
    pub code: String,
    /// When it was closed; an earlier round that is not closed makes runs undetermined.
    #[serde(default)]
    pub closed_on: Option<Date>,
}

/// A region (地区).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Its code.
    pub code: String,
    /// The region that it lies in.
    #[serde(default)]
    pub parent: Option<String>,
    /// Its name.
    pub name: String,
}

/// A subject (考评对象).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its code.
    pub code: String,
    /// Its kind.
    pub kind: SubjectKind,
    /// Its category in the scheme.
    pub category: String,
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
}

/// A relation between two subjects. Rules and compositions follow those that held on some day of the round's period; a
/// follow-up as of a day those that held on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Which.
    pub kind: RelationKind,
    /// The subject that it starts from.
    pub from: String,
    /// The subject that it leads to.
    pub to: String,
    /// First day, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_on: Option<Date>,
    /// Last day; absent while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_on: Option<Date>,
}

/// The kinds of relation, read "`from` … `to`".
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// A person heads a team; a head is also a member.
    Heads,
    /// A person is a member of a team.
    MemberOf,
    /// A person works in a unit.
    WorksIn,
    /// A person belongs to a family.
    BelongsTo,
    /// A team leads a unit.
    Leads,
    /// A unit is part of a unit.
    PartOf,
}

/// Points awarded by an inspector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// The subject.
    pub subject: String,
    /// The item.
    pub item: String,
    /// The part of it, where it has parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The stretch that they are for, such as `2026-Q1`, where they are awarded for each by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Who awarded them.
    pub inspector: String,
    /// How many.
    pub points: Points,
    /// Order in which inspectors awarded theirs, for "latest"; the greatest is the last.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub order: u32,
    /// What the inspector noted beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(order: &u32) -> bool {
    *order == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Tasks of a list that are done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChecklistResult {
    /// The subject.
    pub subject: String,
    /// The item.
    pub item: String,
    /// The part of it, where it has parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// How many are done.
    pub done: u32,
    /// Of how many: the scheme's own number where it names one, else as many as the subject's own list has.
    pub tasks: u32,
    /// Numbers, from 1, of the tasks that are not done. Of a list of the subject's own each has to be named; of another
    /// they may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<u32>,
}

/// The tasks that a subject has of its own for an item whose number the scheme leaves open (责任清单), as they were
/// approved before the round opened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyList {
    /// The subject.
    pub subject: String,
    /// The item.
    pub item: String,
    /// The part of it, where it has parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The tasks in their order, which numbers them from 1.
    pub tasks: Vec<String>,
}

/// A value of a measure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureValue {
    /// The subject.
    pub subject: String,
    /// The measure.
    pub measure: String,
    /// `round`, `last_year`, or a stretch: `2026`, `2026-H1`, `2026-Q1`, `2026-01`.
    pub period: String,
    /// The value.
    pub value: Ratio,
}

/// A fact (事实/案例).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// The subject.
    pub subject: String,
    /// The kind.
    pub kind: String,
    /// The case: facts of one kind and subject with the same reference are one case.
    pub reference: String,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_on: Option<Date>,
    /// When it was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_on: Option<Date>,
    /// How many persons were involved.
    pub persons: u32,
    /// Its fields.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// A confirmation that there was no fact of a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NilReport {
    /// The subject.
    pub subject: String,
    /// The kind of fact.
    pub kind: String,
}

/// How often an option was chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The survey.
    pub survey: String,
    /// The subject.
    pub subject: String,
    /// The panel.
    pub panel: String,
    /// The channel.
    pub channel: Channel,
    /// The question.
    pub question: String,
    /// The option of its scale.
    pub option: String,
    /// How often, on valid sheets.
    pub count: u64,
}

/// A sheet of a ballot (评议票): one person's answers about several subjects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ballot {
    /// The survey.
    pub survey: String,
    /// Which of its ballots, where it has several: a person may answer each once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ballot: Option<String>,
    /// The panel of whoever answered.
    pub panel: String,
    /// The channel.
    pub channel: Channel,
    /// Whoever answered, by a code that names nobody; of several sheets with the same one counts, as the scheme says.
    /// Absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respondent: Option<String>,
    /// The order in which sheets of the same respondent came in; the greatest is the last.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub order: u32,
    /// How many seconds it took to fill in, where the channel knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// Whether it came in after closing: it is then kept and not counted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
    /// Marks of whoever answered.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub marks: BTreeSet<String>,
    /// A line for every subject on the ballot, blank ones too.
    pub lines: Vec<BallotLine>,
}

/// A line of a ballot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BallotLine {
    /// The subject.
    pub subject: String,
    /// By question what was entered; a line without answers is an abstention.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Entered>,
}

/// What was entered for a question: the code of an option, several, or words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Entered {
    /// One option, or words.
    One(String),
    /// Several options.
    Several(Vec<String>),
}

impl Entered {
    /// The values in their order.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_false(yes: &bool) -> bool {
    !*yes
}

/// Sheets of a survey about a subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetCount {
    /// The survey.
    pub survey: String,
    /// The subject.
    pub subject: String,
    /// The panel.
    pub panel: String,
    /// The channel.
    pub channel: Channel,
    /// Valid sheets.
    pub valid: u64,
    /// Valid sheets or lines with at least one rated answer.
    pub rated: u64,
    /// Valid lines of ballots that were left blank as a whole.
    #[serde(default, skip_serializing_if = "is_none")]
    pub abstained: u64,
    /// Invalid sheets.
    pub invalid: u64,
    /// Sheets that a later or preferred answer of the same person replaced.
    pub replaced: u64,
    /// What respondents have changed: sheets in whose place they have put another, which are not returned once more.
    #[serde(default, skip_serializing_if = "is_none")]
    pub changed: u64,
    /// Sheets that came in after closing.
    pub late: u64,
    /// Valid sheets by mark of the respondent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<String, u64>,
    /// Returned sheets by mark of the respondent: valid, invalid and replaced ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub returned_marks: BTreeMap<String, u64>,
}

/// People from whom quorums and shares of a survey are taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Turnout {
    /// The survey.
    pub survey: String,
    /// The subject.
    pub subject: String,
    /// The panel.
    pub panel: String,
    /// Those entitled to take part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitled: Option<u64>,
    /// Those who attended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attended: Option<u64>,
    /// Those invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited: Option<u64>,
    /// Sheets or codes issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<u64>,
    /// Those invited, by mark.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<String, u64>,
}

/// An investigation (专项调查).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Investigation {
    /// The subject.
    pub subject: String,
    /// The rule that opened it, or that it was opened for by hand.
    pub rule: String,
    /// Whether a person opened it, not the rule.
    pub by_hand: bool,
    /// What it found; absent while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
}

/// A grade in a closed round of the series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PastGrade {
    /// The subject.
    pub subject: String,
    /// The round.
    pub round: String,
    /// Which revision of it, where it was closed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// The grade.
    pub grade: String,
}

/// A closed round whose results this one is composed of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosedRound {
    /// Its code.
    pub round: String,
    /// Which revision of it.
    pub revision: u32,
    /// The code of the scheme that decided it.
    pub scheme: String,
    /// The version of that scheme.
    pub scheme_version: String,
    /// SHA-256 of the outcome of that revision, in hexadecimal, from which its results are taken.
    pub outcome_digest: String,
    /// What that scheme calls its categories, by code, for those who read of them here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, Words>,
}

/// What a subject came to in a closed round.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosedResult {
    /// The round.
    pub round: String,
    /// The subject, which need not take part in this round.
    pub subject: String,
    /// Its category in the closed round.
    pub category: String,
    /// Its region in the closed round.
    pub region: String,
    /// Its total; absent where it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Points>,
    /// The most that its total could be without bonuses.
    pub maximum: Points,
    /// Its sizes, as measures were reported in the closed round.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sizes: BTreeMap<String, Ratio>,
}

/// A grade that was recorded as proposed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposedGrade {
    /// The subject.
    pub subject: String,
    /// The grade.
    pub grade: String,
}

/// A gap that is waived by name, with a reason that stays on the result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The subject.
    pub subject: String,
    /// What is waived.
    pub gap: WaivedGap,
    /// What then holds.
    pub holds: WaiverHolds,
    /// Why.
    pub reason: String,
}

/// What is waived.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaivedGap {
    /// The value of this item, or of a part, written `item/part`.
    Item(String),
    /// The outcome of this rule.
    Rule(String),
    /// The contradiction in the subject's grade.
    Contradiction,
    /// The grade as a whole.
    Grade,
    /// Sheets of a panel, written `survey/panel`, more of which came back than were issued.
    Batch(String),
}

/// What holds in place of what is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaiverHolds {
    /// The item is worth so much.
    Points(Points),
    /// The item does not apply.
    NotApplicable,
    /// The rule fires.
    Fired,
    /// The rule does not fire.
    NotFired,
    /// This rule yields.
    Yields(String),
    /// The subject is held: no grade, in the group's size, takes no seat.
    Held,
    /// The sheets count all the same.
    Counted,
}

/// An adjustment by the committee.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// The subject.
    pub subject: String,
    /// The grade that it is to have.
    pub grade: String,
    /// Who decided.
    pub by: String,
    /// When.
    pub on: Date,
    /// Why.
    pub reason: String,
}

/// The committee's choice among subjects tied across a quota's line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TieChoice {
    /// The quota.
    pub quota: String,
    /// A subject that keeps its seat.
    pub subject: String,
    /// Who recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is said of a subject whose figures are withheld, in place of its scores and answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// The subject.
    pub subject: String,
    /// Its total; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Points>,
    /// Its total before scaling, where it was scaled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unscaled: Option<Points>,
    /// The most that its total could be.
    pub maximum: Points,
    /// The rules that fired and that cannot be asked without what is withheld.
    #[serde(default)]
    pub fired: Vec<String>,
}

/// A label that a subject holds, in a group that cannot be ranked without withheld figures.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenLabel {
    /// The label.
    pub label: String,
    /// Who holds it.
    pub subject: String,
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn a_date_is_four_two_and_two_digits() {
        for text in ["2026-02-28", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        for text in [
            "-026-12-31",
            "+026-12-31",
            "2026-2-280",
            "2026-02-29",
            "2026/02/28",
            " 2026-02-8",
            "２026-02-",
            "",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
