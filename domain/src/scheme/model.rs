//! A scheme laid out for evaluation: names resolved to places, tests parsed, order fixed.
//!
//! Only [`super::check`] makes these; that is why indices in them always lead somewhere. Reading files and judging
//! them is deliberately absent.

use std::sync::Arc;

use super::file::{
    Among, Ballot, Channel, Combine, Composed, Denominator, Every, FactCounts, Figure, Finding,
    Gap, GateHolds, Group, Missing, MissingRank, OnePerson, Over, OverAwards, Quantifier, QuotaTie,
    RuleHolds, SchemeFile, SeatRounding, SectionKind, Several, Start, Step, SubjectKind, Truth,
    UndefinedStratum, Versus,
};
use crate::number::{Points, Ratio, Rounding};
use crate::outcome::{Asked, Sign};

/// A checked scheme.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// The file that it was read from.
    pub file: SchemeFile,
    /// SHA-256 of the file's text, in hexadecimal.
    pub digest: Arc<str>,
    /// Grades, best first.
    pub(crate) grades: Vec<GradePlan>,
    /// Place of the least grade that is eligible.
    pub(crate) minimum: Option<usize>,
    pub(crate) categories: Vec<CategoryPlan>,
    /// Sections and indicators, each after its parent.
    pub(crate) nodes: Vec<NodePlan>,
    pub(crate) items: Vec<ItemPlan>,
    /// How many values inspectors and task lists can give for one subject.
    pub(crate) slots: usize,
    pub(crate) measures: Vec<MeasurePlan>,
    pub(crate) facts: Vec<FactPlan>,
    pub(crate) surveys: Vec<SurveyPlan>,
    /// Figures of surveys that something looks at, and the whole survey's own.
    pub(crate) figures: Vec<FigurePlan>,
    /// Answers that rules count.
    pub(crate) answers: Vec<AnswersPlan>,
    pub(crate) labels: Vec<LabelPlan>,
    pub(crate) rules: Vec<RulePlan>,
    pub(crate) quotas: Vec<QuotaPlan>,
    pub(crate) tie_breakers: Vec<(ValuePlan, bool)>,
    /// The least by which points of this scheme can differ: what results are rounded to, or finer where points are awarded
    /// in finer steps.
    pub(crate) grain: Points,
}

/// The grain of points that are rounded and written like this.
pub(super) fn grain(
    rounding: Rounding,
    nodes: &[NodePlan],
    items: &[ItemPlan],
    rules: &[RulePlan],
) -> Points {
    let mut grain = rounding.unit();
    let mut take = |points: Points| grain = grain.common_step(points);
    let instead = |missing: &Option<Missing>| match missing {
        Some(Missing::Points(points)) => Some(*points),
        _ => None,
    };
    for node in nodes {
        node.floor
            .into_iter()
            .chain(node.ceiling)
            .for_each(&mut take);
    }
    for item in items {
        item.max
            .into_iter()
            .chain(instead(&item.missing))
            .for_each(&mut take);
        for part in &item.parts {
            part.max
                .into_iter()
                .chain(instead(&part.missing))
                .for_each(&mut take);
            match &part.way {
                Way::Graded { step, .. } => take(*step),
                Way::PerCase(plan) => {
                    let bounds = plan.floor.into_iter().chain(plan.ceiling);
                    bounds.chain([plan.points]).for_each(&mut take);
                }
                Way::Shaped {
                    shape: ShapePlan::Bands(bands),
                    ..
                } => {
                    bands.iter().map(|(_, points)| *points).for_each(&mut take);
                }
                Way::Shaped { .. } | Way::Checklist { .. } | Way::Composed(_) => {}
            }
        }
    }
    for rule in rules {
        if let EffectPlan::Points { points, .. } = rule.effect {
            take(points);
        }
    }
    grain
}

#[derive(Debug, Clone)]
pub(crate) struct GradePlan {
    pub code: Arc<str>,
    pub from: Option<Ratio>,
}

#[derive(Debug, Clone)]
pub(crate) struct CategoryPlan {
    pub code: Arc<str>,
    pub kind: SubjectKind,
    /// Nodes of its table in the scheme's order, each after its parent.
    pub nodes: Vec<usize>,
    /// Items of its table in the scheme's order.
    pub items: Vec<usize>,
    /// Where each node of the scheme stands in `nodes`.
    pub node_place: Vec<Option<usize>>,
    /// Where each item of the scheme stands in `items`.
    pub item_place: Vec<Option<usize>>,
}

#[derive(Debug, Clone)]
pub(crate) struct NodePlan {
    pub code: Arc<str>,
    pub parent: Option<usize>,
    pub kind: SectionKind,
    pub floor: Option<Points>,
    pub ceiling: Option<Points>,
}

#[derive(Debug, Clone)]
pub(crate) struct ItemPlan {
    pub code: Arc<str>,
    pub node: usize,
    pub kind: SectionKind,
    pub max: Option<Points>,
    pub missing: Option<Missing>,
    pub gate: Option<ConditionPlan>,
    pub gate_undetermined: Option<GateHolds>,
    /// One or more; an item without parts has one without a code.
    pub parts: Vec<PartPlan>,
}

#[derive(Debug, Clone)]
pub(crate) struct PartPlan {
    pub code: Option<Arc<str>>,
    pub max: Option<Points>,
    pub missing: Option<Missing>,
    pub way: Way,
    /// What is looked at, for the trace.
    pub what: Arc<str>,
}

#[derive(Debug, Clone)]
pub(crate) enum Way {
    Graded {
        slot: usize,
        step: Points,
        several: Several,
        /// Awarded for each stretch by itself.
        dated: Option<(Every, OverAwards)>,
    },
    Checklist {
        slot: usize,
        tasks: Option<u32>,
        all_or_nothing: bool,
    },
    Shaped {
        value: ValuePlan,
        shape: ShapePlan,
    },
    PerCase(Box<PerCasePlan>),
    Composed(Box<ComposedPlan>),
}

#[derive(Debug, Clone)]
pub(crate) struct ComposedPlan {
    pub written: Composed,
    /// Of members of this round: the measure that gives their size.
    pub size: Option<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct PerCasePlan {
    pub start: Start,
    pub points: Points,
    pub once: bool,
    pub cases: Cases,
    pub floor: Option<Points>,
    pub ceiling: Option<Points>,
}

#[derive(Debug, Clone)]
pub(crate) enum Cases {
    Facts(FactsPlan),
    Label(usize),
}

#[derive(Debug, Clone)]
pub(crate) enum ShapePlan {
    Line { zero_at: Ratio, full_at: Ratio },
    Threshold(TestPlan),
    Bands(Vec<(TestPlan, Points)>),
}

/// A comparison with a bound.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TestPlan {
    pub op: Sign,
    pub bound: Ratio,
    /// The bound as points, where it is one, so that totals compare without fractions.
    pub points: Option<Points>,
    pub text: Arc<str>,
}

impl TestPlan {
    pub fn holds(&self, value: &Ratio) -> bool {
        self.op.holds(value.cmp(&self.bound))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValuePlan {
    pub kind: ValueKind,
    /// Such as `survey/public/satisfaction_rate`.
    pub what: Arc<str>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ValueKind {
    Figure(usize),
    Item(usize),
    Node(usize),
    Total,
    Facts(FactsPlan),
    /// A place among the answers that are counted.
    Answers(usize),
    Measure {
        measure: usize,
        over: Option<Over>,
        versus: Option<Versus>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FactsPlan {
    pub kind: usize,
    pub filter: Vec<(String, Vec<String>)>,
    pub back: Back,
    pub sum: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Back {
    Period,
    CalendarYears(u32),
    Months(u32),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ConditionPlan {
    All(Vec<ConditionPlan>),
    Any(Vec<ConditionPlan>),
    Not(Box<ConditionPlan>),
    Compare(ValuePlan, TestPlan, Arc<Asked>),
    Label(usize),
    Finding {
        rule: usize,
        is: Finding,
    },
    Earlier {
        grades: Vec<usize>,
        in_a_row: u32,
        gap: Gap,
        with_this_round: bool,
        /// As a comparison tells it.
        asked: Arc<Asked>,
    },
    Grade(GradeBound),
    RankAtMost(u32, Arc<Asked>),
    Eligible(bool),
    Disqualified(bool),
    Related {
        by: Vec<Step>,
        hold: Quantifier,
        nobody: Option<Truth>,
        that: Box<ConditionPlan>,
    },
}

impl ConditionPlan {
    /// Goes through what is asked within it, of related subjects too: every condition that holds no others.
    pub fn each_leaf(&self, look: &mut impl FnMut(&Self)) {
        match self {
            Self::All(list) | Self::Any(list) => {
                for inner in list {
                    inner.each_leaf(look);
                }
            }
            Self::Not(inner) => inner.each_leaf(look),
            Self::Related { that, .. } => that.each_leaf(look),
            _ => look(self),
        }
    }
}

/// A bound on a grade; places count from 0, the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GradeBound {
    AtMost(usize),
    AtLeast(usize),
    Is(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct MeasurePlan {
    pub code: Arc<str>,
    pub every: Every,
}

#[derive(Debug, Clone)]
pub(crate) struct FactPlan {
    pub code: Arc<str>,
    pub counts: FactCounts,
    pub nil_report: bool,
    pub ladder: Option<(String, Vec<String>)>,
}

#[derive(Debug, Clone)]
pub(crate) struct SurveyPlan {
    pub code: Arc<str>,
    /// By category.
    pub applies: Vec<bool>,
    pub ballot: Option<Ballot>,
    pub one_person: Option<OnePerson>,
    pub sealed: bool,
    pub denominator: Denominator,
    pub combine: Combine,
    pub weighting: Option<UndefinedStratum>,
    /// Code and weight.
    pub panels: Vec<(Arc<str>, Ratio)>,
    /// Without weights channels are pooled inside each panel.
    pub channels: Vec<(Channel, Option<Ratio>)>,
    /// Questions that are rated.
    pub questions: Vec<QuestionPlan>,
    pub demand: DemandPlan,
}

#[derive(Debug, Clone)]
pub(crate) struct QuestionPlan {
    pub code: Arc<str>,
    pub weight: Ratio,
    /// Options of its scale: code, class and weight.
    pub options: Vec<(Arc<str>, super::file::AnswerClass, Ratio)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct DemandPlan {
    pub least_valid: Option<u32>,
    pub attended: Option<TestPlan>,
    pub returned: Option<TestPlan>,
    pub returned_within_issued: bool,
    pub shares: Vec<SharePlan>,
}

#[derive(Debug, Clone)]
pub(crate) struct SharePlan {
    pub panels: Vec<usize>,
    /// Codes of the panels, for messages.
    pub names: Vec<String>,
    pub mark: Option<String>,
    pub among: Among,
    pub at_least: Ratio,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FigurePlan {
    pub survey: usize,
    pub figure: Figure,
    pub question: Option<usize>,
    pub panel: Option<usize>,
    pub channel: Option<Channel>,
    pub plain: bool,
    pub lower_bound: bool,
    pub what: Arc<str>,
}

/// Which answers a rule counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AnswersPlan {
    pub survey: usize,
    pub question: usize,
    pub options: Vec<usize>,
    pub panel: Option<usize>,
    pub channel: Option<Channel>,
}

#[derive(Debug, Clone)]
pub(crate) struct LabelPlan {
    pub code: Arc<str>,
    pub applies: Vec<bool>,
    pub group: Group,
    pub best: Option<u32>,
    pub worst: Option<u32>,
    pub by: ValuePlan,
    pub rank_disqualified: bool,
    /// What holds where a measure or a survey's figure has no value.
    pub missing: Option<MissingRank>,
    pub when: Option<ConditionPlan>,
    pub against: Option<usize>,
    pub phase: LabelPhase,
}

impl Scheme {
    /// Whether nobody holds both labels: whoever is due both gets neither.
    pub(crate) fn labels_exclude(&self, one: usize, other: usize) -> bool {
        let plans = self.labels.get(one).zip(self.labels.get(other));
        plans.is_some_and(|(plan, against)| {
            plan.against == Some(other)
                || against.against == Some(one)
                || plan.are_two_ends(against)
        })
    }
}

impl LabelPlan {
    /// Whether two labels are for the best and for the worst of the same groups by the same value.
    pub fn are_two_ends(&self, other: &Self) -> bool {
        self.best.is_some() != other.best.is_some()
            && self.group == other.group
            && self.by.what == other.by.what
    }
}

/// When a label is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LabelPhase {
    /// It looks at surveys, facts and measures alone.
    BeforeScores,
    /// It looks at points.
    AfterTotals,
    /// Among the eligible.
    AmongEligible,
}

#[derive(Debug, Clone)]
pub(crate) struct RulePlan {
    pub code: Arc<str>,
    pub applies: Vec<bool>,
    pub when: ConditionPlan,
    pub effect: EffectPlan,
    pub undetermined: Option<RuleHolds>,
    pub disqualified: Option<RuleHolds>,
    pub per_event: bool,
    /// Looks at other subjects or at findings, so that it is asked again until nothing changes.
    pub again: bool,
    pub phase: RulePhase,
}

/// When a rule is asked, in the order of evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RulePhase {
    /// Investigations and disqualifications that look at no points.
    BeforeScores,
    /// Points added and taken away.
    Scores,
    /// Disqualifications and investigations that look at points or at labels by surveys.
    AfterTotals,
    /// Those that look at labels by points, for which whoever is disqualified by then is not ranked.
    AfterLabels,
    /// Caps, floors and exact grades that look at no related grade.
    Grades,
    /// Caps that look at related grades.
    RelatedCaps,
    /// What a recognition requires.
    Eligibility,
    /// Alerts and follow-ups.
    Consequences,
}

#[derive(Debug, Clone)]
pub(crate) enum EffectPlan {
    Disqualify,
    Require,
    Cap(usize),
    Floor(usize),
    Set(usize),
    /// Points onto a node or item; negative for a deduction.
    Points {
        target: Target,
        points: Points,
    },
    Investigate,
    Alert,
    FollowUp(Box<super::file::FollowUp>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Item(usize),
    Node(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct QuotaPlan {
    pub code: Arc<str>,
    pub grade: usize,
    pub applies: Vec<bool>,
    pub group: Group,
    pub seats: Seats,
    pub count_disqualified: bool,
    pub tie: QuotaTie,
    pub soft: bool,
    pub hand_on: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Seats {
    Fixed(u32),
    Share {
        share: Ratio,
        rounding: SeatRounding,
        least: u32,
    },
}
