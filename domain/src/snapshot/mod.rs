//! The inputs of a round laid out under its scheme: names resolved, rows gathered by subject, everything in order.
//!
//! Rows that contradict the scheme are refused here, all at once, each with its place. Judging what is missing is
//! deliberately absent: that is for [`crate::decide`].

mod answer;
mod ballot;
mod build;
mod closed;
mod evidence;
mod fault;
mod place;
mod record;
mod stretch;
mod succession;
mod withheld;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::inputs::{Date, Inputs, SuccessionKind, Turnout, WaivedGap, WaiverHolds};
use crate::number::{Points, Ratio};
use crate::outcome::{Seldom, Undone};
use crate::scheme::Scheme;
use crate::scheme::file::{AnswerClass, Channel, Finding, SubjectKind, Words};
use crate::scheme::model::Back;

pub use fault::RowFault;
pub use stretch::stretches;

/// Stands for last year in place of a stretch.
pub(crate) const LAST_YEAR: usize = usize::MAX;

/// The inputs of a round, laid out.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) round: Arc<str>,
    pub(crate) digest: Arc<str>,
    pub(crate) period: (NaiveDate, NaiveDate),
    /// By measure, the stretches of the period in which it is reported.
    pub(crate) stretches: Vec<Vec<String>>,
    /// By slot, the stretches of the period for which inspectors award points; none where they do so once.
    pub(crate) award_stretches: Vec<Vec<Arc<str>>>,
    /// By survey: still open.
    pub(crate) open: Vec<bool>,
    /// Earlier rounds, the latest first.
    pub(crate) earlier: Vec<EarlierData>,
    /// By code.
    pub(crate) subjects: Vec<SubjectData>,
    /// For each region those above it, itself first.
    pub(crate) above: Vec<Vec<usize>>,
    pub(crate) regions: Vec<Arc<str>>,
    /// Closed rounds that composed items look at, by code.
    pub(crate) closed: Vec<ClosedData>,
    /// By quota code, who keeps a seat.
    pub(crate) tie_choices: BTreeMap<String, Vec<usize>>,
    /// Who holds which label, where the group cannot be ranked: by label, then subject.
    pub(crate) given_labels: BTreeSet<(usize, usize)>,
}

/// A closed round in one revision.
#[derive(Debug)]
pub(crate) struct ClosedData {
    pub round: Arc<str>,
    pub revision: u32,
    pub scheme: Arc<str>,
    /// Names of its categories, by code.
    pub categories: BTreeMap<String, Words>,
    /// By subject.
    pub results: Vec<ClosedResultData>,
}

/// What a subject came to in a closed round.
#[derive(Debug)]
pub(crate) struct ClosedResultData {
    pub subject: Arc<str>,
    pub category: Arc<str>,
    pub region: usize,
    /// Total ÷ maximum.
    pub share: Option<Ratio>,
    /// By measure.
    pub sizes: BTreeMap<String, Ratio>,
}

/// An earlier round of the series.
#[derive(Debug)]
pub(crate) struct EarlierData {
    pub code: Arc<str>,
    pub closed: bool,
}

/// What is known about one subject.
#[derive(Debug)]
pub(crate) struct SubjectData {
    pub code: Arc<str>,
    /// Whose history it carries on, by day.
    pub predecessors: Vec<PredecessorData>,
    pub kind: SubjectKind,
    pub category: usize,
    pub region: usize,
    /// By slot.
    pub slots: Vec<SlotValue>,
    /// By measure, then by stretch as a place in [`Snapshot::stretches`], or [`LAST_YEAR`].
    pub measures: BTreeMap<(usize, usize), Ratio>,
    /// By measure: the predecessors whose values last year's is made of.
    pub last_year_of: BTreeMap<usize, Vec<(Arc<str>, Ratio)>>,
    pub facts: Vec<FactData>,
    /// Kinds of which it is confirmed that there was none.
    pub nil: Vec<usize>,
    /// By survey.
    pub surveys: Vec<SurveyData>,
    /// How many answers there are of each kind that rules count.
    pub answers: Vec<u64>,
    pub investigations: Vec<InvestigationData>,
    /// For each earlier round, the latest first.
    pub history: Vec<Option<PastData>>,
    pub proposed: Option<usize>,
    pub waivers: Vec<(WaivedGap, WaiverHolds)>,
    /// What is said of it in place of its scores and answers.
    pub withheld: Option<Box<WithheldData>>,
    pub adjustment: Option<usize>,
    /// Subjects that were related on some day of the period, by step.
    pub related: BTreeMap<crate::scheme::file::Step, Vec<usize>>,
    /// Every relation, those before and after the period too: since when and until when, where that is known.
    pub terms: BTreeMap<(crate::scheme::file::Step, usize), Vec<Term>>,
}

/// First and last day of a relation; open where absent.
pub(crate) type Term = (Option<NaiveDate>, Option<NaiveDate>);

impl SubjectData {
    /// Subjects that were related on a day; a relation without days always holds.
    pub fn related_on(
        &self,
        step: crate::scheme::file::Step,
        day: NaiveDate,
    ) -> impl Iterator<Item = usize> {
        let terms = self.terms.range((step, 0)..=(step, usize::MAX));
        let on = move |(from, to): &Term| {
            from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
        };
        terms
            .filter(move |(_, terms)| terms.iter().any(on))
            .map(|((_, other), _)| *other)
    }
}

/// What is given of a subject whose figures are withheld.
#[derive(Debug)]
pub(crate) struct WithheldData {
    pub total: Option<Points>,
    pub unscaled: Option<Points>,
    pub maximum: Points,
    /// Rules that fired.
    pub fired: BTreeSet<usize>,
}

/// What inspectors or a task list gave.
#[derive(Debug, Clone, Default)]
pub(crate) enum SlotValue {
    #[default]
    Nothing,
    One(Points),
    /// By order of award, then inspector; one alone where it was noted why.
    Several(Vec<AwardData>),
    /// By stretch, as a place in [`Snapshot::award_stretches`]; then as above.
    Dated(BTreeMap<usize, Vec<AwardData>>),
    Tasks {
        done: u32,
        of: u32,
        /// Those that are named as not done.
        undone: Seldom<Undone>,
    },
}

/// What one inspector awarded.
#[derive(Debug, Clone)]
pub(crate) struct AwardData {
    pub points: Points,
    pub note: Option<Arc<str>>,
}

/// Somebody whose history a subject carries on.
#[derive(Debug)]
pub(crate) struct PredecessorData {
    pub kind: SuccessionKind,
    pub code: Arc<str>,
    pub name: Arc<str>,
    /// Whom it became: the subject, or another predecessor of it.
    pub into: Arc<str>,
    pub on: Date,
    pub grades: bool,
}

/// A grade in an earlier round.
#[derive(Debug)]
pub(crate) struct PastData {
    pub grade: usize,
    pub revision: Option<u32>,
    /// The predecessor that held it.
    pub of: Option<Arc<str>>,
}

#[derive(Debug)]
pub(crate) struct FactData {
    pub kind: usize,
    /// The predecessor that it is about.
    pub of: Option<Arc<str>>,
    pub day: Option<NaiveDate>,
    pub reference: String,
    pub persons: u32,
    pub fields: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) struct InvestigationData {
    pub rule: usize,
    pub by_hand: bool,
    pub finding: Option<Finding>,
}

/// Counts of one survey about one subject. All of one kind together are no more than JSON numbers hold, so that no sum
/// of them overflows.
#[derive(Debug, Default)]
pub(crate) struct SurveyData {
    /// By question, panel and channel; those without any answers are not there.
    pub strata: Vec<Stratum>,
    pub sheets: Vec<Sheets>,
    pub turnouts: Vec<(usize, Turnout)>,
    /// Panels none of whose sheets counts, since more came back than were issued.
    pub set_aside: Vec<SetAside>,
}

/// Sheets of one panel, more of which came back than were issued.
#[derive(Debug)]
pub(crate) struct SetAside {
    pub panel: usize,
    pub returned: u64,
    pub issued: u64,
}

/// Answers to one question from one panel on one channel.
#[derive(Debug)]
pub(crate) struct Stratum {
    pub question: usize,
    pub panel: usize,
    pub channel: Channel,
    /// By class of answer, in the order of [`crate::scheme::file::AnswerClass::ALL`]; nothing where no option of that class was counted.
    pub classes: [Option<u64>; 4],
    /// What the answers weigh together.
    pub weight: Ratio,
}

impl Stratum {
    /// Answers that rate: all but those without an opinion.
    fn rated(&self) -> u64 {
        let classes = AnswerClass::ALL.iter().zip(self.classes);
        classes
            .filter(|(class, _)| **class != AnswerClass::NoOpinion)
            .fold(0, |sum: u64, (_, count)| {
                sum.saturating_add(count.unwrap_or(0))
            })
    }
}

#[derive(Debug)]
pub(crate) struct Sheets {
    pub panel: usize,
    pub channel: Channel,
    pub valid: u64,
    pub rated: u64,
    /// Lines of ballots that were left blank.
    pub abstained: u64,
    pub returned: u64,
    /// Of the valid ones.
    pub marks: BTreeMap<String, u64>,
    /// Of the returned ones.
    pub returned_marks: BTreeMap<String, u64>,
}

impl Snapshot {
    /// Lays out the inputs of a round under its scheme.
    ///
    /// # Errors
    /// Every row that contradicts the scheme or another row.
    pub fn build(scheme: &Scheme, inputs: &Inputs) -> Result<Self, Vec<RowFault>> {
        build::build(scheme, inputs)
    }

    /// The same inputs with ballots counted: tallies and sheets by subject, panel and channel in place of what each
    /// person entered. They decide alike.
    ///
    /// # Errors
    /// Every row that keeps the ballots from being counted.
    pub fn count_ballots(scheme: &Scheme, inputs: &Inputs) -> Result<Inputs, Vec<RowFault>> {
        build::count_ballots(scheme, inputs)
    }

    /// How many subjects there are.
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// The place of a subject.
    pub(crate) fn find(&self, subject: &str) -> Option<usize> {
        let found = (self.subjects).binary_search_by(|data| data.code.as_ref().cmp(subject));
        found.ok()
    }

    /// First and last day of a look-back.
    pub(crate) fn window(&self, back: Back) -> (NaiveDate, NaiveDate) {
        use chrono::{Datelike, Months};
        let (from, to) = self.period;
        let first = match back {
            Back::Period => from,
            Back::CalendarYears(years) => {
                let back = i32::try_from(years.saturating_sub(1)).unwrap_or(i32::MAX);
                NaiveDate::from_ymd_opt(to.year().saturating_sub(back), 1, 1)
                    .unwrap_or(NaiveDate::MIN)
            }
            // Months that end with a month begin with one; others on the day after the same day, or after the last day
            // of a month that has no such day.
            Back::Months(months) => {
                let after = to.succ_opt().unwrap_or(NaiveDate::MAX);
                let months = Months::new(months);
                let first = if after.day() == 1 {
                    after.checked_sub_months(months)
                } else {
                    let same = to.checked_sub_months(months);
                    same.and_then(|day| day.succ_opt())
                };
                first.unwrap_or(NaiveDate::MIN)
            }
        };
        // A look-back includes the current period, also where that crosses a new year.
        (first.min(from), to)
    }
}
