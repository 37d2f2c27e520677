//! What can come of a scheme at all, in one category: the ranges of items, nodes and totals, and what conditions can say.
//!
//! The analysis is sound and not complete. It takes every value for free within its range and forgets how values hang
//! together, so it may hold possible what is not, and what it rules out never happens. What people decide by name,
//! waivers and adjustments, lies outside it, and so does what no table bounds: results of other subjects.

use std::collections::BTreeMap;

use super::super::file::{
    Denominator, Figure, GateHolds, GradedBy, MeasureUnit, Missing, Over, Quantifier, RuleHolds,
    SectionKind, Start, Truth, Versus,
};
use super::super::model::{
    Cases, ConditionPlan, EffectPlan, FigurePlan, ItemPlan, PartPlan, PerCasePlan, RulePhase,
    RulePlan, Scheme, ShapePlan, Target, TestPlan, ValueKind, ValuePlan, Way,
};
use super::range::Range;
use crate::number::{Points, Ratio};
use crate::scheme::file::AnswerClass;

/// What is possible in one category.
pub(super) struct Bounds<'a> {
    scheme: &'a Scheme,
    pub category: usize,
    /// By item of the scheme, as scored; nothing where it never has points here.
    items: Vec<Option<Range>>,
    /// By node of the scheme.
    nodes: Vec<Option<Range>>,
    /// Nothing where there is never a total.
    pub total: Option<Range>,
    /// What the bands of grades are compared with.
    pub graded: Option<Range>,
}

/// What values are reported with. Two values of one root hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    Survey(usize),
    Measure(usize),
    Fact(usize),
}

/// What is already known of values, by [`name`].
pub(super) type Known = BTreeMap<String, Range>;

/// A value's name, the same for the same value only.
pub(super) fn name(value: &ValuePlan) -> String {
    match &value.kind {
        ValueKind::Facts(plan) => format!("{}/{:?}", value.what, plan.back),
        _ => value.what.to_string(),
    }
}

impl<'a> Bounds<'a> {
    pub fn new(scheme: &'a Scheme, category: usize) -> Self {
        let mut bounds = Self {
            scheme,
            category,
            items: vec![None; scheme.items.len()],
            nodes: vec![None; scheme.nodes.len()],
            total: None,
            graded: None,
        };
        let Some(plan) = scheme.categories.get(category) else {
            return bounds;
        };
        for place in &plan.items {
            let range = scheme.items.get(*place).and_then(|item| bounds.item(item));
            if let Some(slot) = bounds.items.get_mut(*place) {
                *slot = range;
            }
        }
        bounds.sum_up();
        bounds
    }

    /// Whether a mask over categories takes this one in.
    pub fn applies(&self, mask: &[bool]) -> bool {
        mask.get(self.category) == Some(&true)
    }

    /// Whether a rule can take effect here: a requirement by not being met, any other by its condition.
    pub fn can_fire(&self, rule: &RulePlan) -> bool {
        let wanted = !matches!(rule.effect, EffectPlan::Require);
        let settled = [rule.undetermined, rule.disqualified].contains(&Some(RuleHolds::Fired));
        self.applies(&rule.applies)
            && (self.can(&rule.when, wanted, &Known::new())
                || (settled && self.can_miss(&rule.when)))
    }

    /// Whether a condition can come to be true, or false, where some values are known better.
    pub fn can(&self, condition: &ConditionPlan, wanted: bool, known: &Known) -> bool {
        match (condition, wanted) {
            (ConditionPlan::Not(inner), _) => self.can(inner, !wanted, known),
            (ConditionPlan::All(list), true) | (ConditionPlan::Any(list), false) => {
                let mut known = known.clone();
                list.iter()
                    .all(|inner| self.narrow(inner, wanted, &mut known))
                    && list.iter().all(|inner| self.can(inner, wanted, &known))
            }
            (ConditionPlan::All(list), false) | (ConditionPlan::Any(list), true) => {
                list.iter().any(|inner| self.can(inner, wanted, known))
            }
            (ConditionPlan::Compare(value, test), _) => {
                self.narrow_value(value, test, wanted, &mut known.clone())
            }
            (ConditionPlan::Label(label), true) => {
                let label = self.scheme.labels.get(*label);
                label.is_some_and(|label| {
                    self.applies(&label.applies) && label.best.or(label.worst) != Some(0)
                })
            }
            (ConditionPlan::RankAtMost(most), true) => *most > 0,
            (ConditionPlan::Disqualified(is), wanted) if *is == wanted => self
                .scheme
                .rules
                .iter()
                .any(|rule| matches!(rule.effect, EffectPlan::Disqualify)),
            (
                ConditionPlan::Related {
                    hold, nobody, that, ..
                },
                _,
            ) => self.can_related(*hold, *nobody, that, wanted),
            // Grades, findings, earlier rounds: people and years decide.
            _ => true,
        }
    }

    /// What holds of others: of any category, by values that nothing here narrows.
    fn can_related(
        &self,
        hold: Quantifier,
        nobody: Option<Truth>,
        that: &ConditionPlan,
        wanted: bool,
    ) -> bool {
        // Others are in other categories, whose ranges may not be known yet: points are taken for free.
        let others = Self {
            scheme: self.scheme,
            category: self.category,
            items: Vec::new(),
            nodes: Vec::new(),
            total: None,
            graded: None,
        };
        let can = |wanted| others.can_elsewhere(that, wanted);
        match (hold, wanted) {
            (Quantifier::Any, true) => can(true),
            (Quantifier::AtLeast(least), true) => least == 0 || can(true),
            (Quantifier::Any | Quantifier::AtLeast(_), false) => true,
            (Quantifier::All, true) => can(true) || nobody == Some(Truth::True),
            (Quantifier::All, false) => can(false) || nobody == Some(Truth::False),
            (Quantifier::None, true) => can(false) || nobody != Some(Truth::False),
            (Quantifier::None, false) => can(true) || nobody == Some(Truth::False),
        }
    }

    fn can_elsewhere(&self, condition: &ConditionPlan, wanted: bool) -> bool {
        match (condition, wanted) {
            (ConditionPlan::Not(inner), _) => self.can_elsewhere(inner, !wanted),
            (ConditionPlan::All(list), true) | (ConditionPlan::Any(list), false) => {
                list.iter().all(|inner| self.can_elsewhere(inner, wanted))
            }
            (ConditionPlan::All(list), false) | (ConditionPlan::Any(list), true) => {
                list.iter().any(|inner| self.can_elsewhere(inner, wanted))
            }
            (ConditionPlan::Compare(value, test), _) => match &value.kind {
                ValueKind::Item(_) | ValueKind::Node(_) | ValueKind::Total => true,
                // What a survey that is not about this category gives, it may give elsewhere.
                ValueKind::Figure(figure) => self
                    .scheme
                    .figures
                    .get(*figure)
                    .and_then(|plan| figure_range(self.scheme, plan))
                    .is_some_and(|range| !self.tested(&range, value, test, wanted).is_empty()),
                _ => self.can(condition, wanted, &Known::new()),
            },
            (ConditionPlan::Label(_), _) => true,
            _ => self.can(condition, wanted, &Known::new()),
        }
    }

    /// Takes what a comparison says into what is known; false where nothing is left. What joins comparisons in the same
    /// sense is gone into, so that `x ≥ 90 %` and `x < 80 %` are seen together.
    pub fn narrow(&self, condition: &ConditionPlan, wanted: bool, known: &mut Known) -> bool {
        match (condition, wanted) {
            (ConditionPlan::Not(inner), _) => self.narrow(inner, !wanted, known),
            (ConditionPlan::All(list), true) | (ConditionPlan::Any(list), false) => {
                list.iter().all(|inner| self.narrow(inner, wanted, known))
            }
            (ConditionPlan::Compare(value, test), _) => {
                self.narrow_value(value, test, wanted, known)
            }
            _ => true,
        }
    }

    fn narrow_value(
        &self,
        value: &ValuePlan,
        test: &TestPlan,
        wanted: bool,
        known: &mut Known,
    ) -> bool {
        let name = name(value);
        let Some(range) = known.get(&name).cloned().or_else(|| self.value(value)) else {
            return false;
        };
        let range = self.tested(&range, value, test, wanted);
        let some = !range.is_empty();
        known.insert(name, range);
        some
    }

    /// The part of a range that passes a test, or that fails it.
    fn tested(&self, range: &Range, value: &ValuePlan, test: &TestPlan, wanted: bool) -> Range {
        let by_interval = match value.kind {
            ValueKind::Figure(figure) => self
                .scheme
                .figures
                .get(figure)
                .is_some_and(|plan| plan.lower_bound),
            _ => false,
        };
        match (wanted, by_interval) {
            (true, _) => range.passing(test.op, &test.bound),
            (false, false) => range.failing(test.op, &test.bound),
            // A rate can lie above a bound that the lower end of its interval lies below.
            (false, true) => range.clone(),
        }
    }

    /// What a value can be; nothing where it is always missing.
    pub fn value(&self, value: &ValuePlan) -> Option<Range> {
        match &value.kind {
            ValueKind::Figure(figure) => {
                let plan = self.scheme.figures.get(*figure)?;
                let survey = self.scheme.surveys.get(plan.survey)?;
                self.applies(&survey.applies)
                    .then(|| figure_range(self.scheme, plan))?
            }
            ValueKind::Item(item) => self.items.get(*item)?.clone(),
            ValueKind::Node(node) => self.nodes.get(*node)?.clone(),
            ValueKind::Total => self.total.clone(),
            ValueKind::Facts(plan) if plan.sum.is_some() => Some(Range::ALL),
            ValueKind::Facts(_) => Some(Range::counts()),
            ValueKind::Measure {
                measure,
                over,
                versus,
            } => self.measure(*measure, *over, *versus),
        }
    }

    /// What a value is reported with; nothing where it follows from other values.
    pub fn root(&self, value: &ValuePlan) -> Option<Root> {
        match &value.kind {
            ValueKind::Figure(figure) => {
                let figure = self.scheme.figures.get(*figure)?;
                (!figure.lower_bound).then_some(Root::Survey(figure.survey))
            }
            ValueKind::Measure {
                measure,
                versus: None,
                ..
            } => Some(Root::Measure(*measure)),
            ValueKind::Facts(plan) if plan.sum.is_none() => Some(Root::Fact(plan.kind)),
            _ => None,
        }
    }

    fn measure(&self, measure: usize, over: Option<Over>, versus: Option<Versus>) -> Option<Range> {
        let written = self.scheme.file.measure.get(measure)?;
        let rate = written.unit == MeasureUnit::Rate && over != Some(Over::Sum);
        let count = written.unit == MeasureUnit::Count;
        let minus_one = Ratio::zero().sub(&Ratio::one());
        Some(match versus {
            None if rate => Range::between(Ratio::zero(), Ratio::one()),
            None if count => Range::counts(),
            None => Range::from(Ratio::zero()),
            Some(Versus::Difference) if rate => Range::between(minus_one, Ratio::one()),
            Some(Versus::Difference) if count => Range::ALL.of_wholes(),
            Some(Versus::Difference) => Range::ALL,
            // What is not negative cannot lose more than all of itself.
            Some(Versus::Change) => Range::from(minus_one),
        })
    }

    /// Whether a condition can stay undetermined.
    pub fn can_miss(&self, condition: &ConditionPlan) -> bool {
        match condition {
            ConditionPlan::All(list) | ConditionPlan::Any(list) => {
                list.iter().any(|inner| self.can_miss(inner))
            }
            ConditionPlan::Not(inner) => self.can_miss(inner),
            ConditionPlan::Compare(value, _) => self.can_lack(value),
            ConditionPlan::Label(_) => false,
            _ => true,
        }
    }

    fn can_lack(&self, value: &ValuePlan) -> bool {
        match &value.kind {
            ValueKind::Facts(plan) => self.awaits_nil_report(plan.kind),
            _ => true,
        }
    }

    fn awaits_nil_report(&self, kind: usize) -> bool {
        self.scheme
            .facts
            .get(kind)
            .is_some_and(|kind| kind.nil_report)
    }

    /// What an item can be worth as scored; nothing where it never has points.
    fn item(&self, plan: &ItemPlan) -> Option<Range> {
        let mut range = Some(Range::only(Ratio::zero()));
        for part in &plan.parts {
            let part = self.part(part, plan.missing.as_ref());
            range = range.zip(part).map(|(range, part)| range.plus(&part));
        }
        let Some(gate) = &plan.gate else {
            return range;
        };
        let misses = self.can_miss(gate);
        let opens = self.can_open(plan);
        let shuts = self.can(gate, false, &Known::new())
            || (misses && plan.gate_undetermined == Some(GateHolds::Shut));
        // Where the gate itself stays open, the item's own word for a missing value stands for the whole of it.
        let word = (misses && plan.gate_undetermined.is_none())
            .then(|| instead(plan.missing.as_ref()?, plan.max))
            .flatten();
        let shut = shuts.then(|| Range::only(Ratio::zero()));
        joined([range.filter(|_| opens), shut, word])
    }

    /// Whether an item's gate can be passed; always where it has none.
    pub fn can_open(&self, plan: &ItemPlan) -> bool {
        plan.gate.as_ref().is_none_or(|gate| {
            self.can(gate, true, &Known::new())
                || (plan.gate_undetermined == Some(GateHolds::Open) && self.can_miss(gate))
        })
    }

    /// What an item can be worth as scored.
    pub fn item_range(&self, item: usize) -> Option<&Range> {
        self.items.get(item)?.as_ref()
    }

    fn part(&self, part: &PartPlan, of_item: Option<&Missing>) -> Option<Range> {
        let max = part.max.unwrap_or_default();
        let (range, misses) = match &part.way {
            Way::Graded { .. } | Way::Checklist { .. } => (Some(self.up_to(max)), true),
            Way::Shaped { value, shape } => (self.shaped(value, shape, max), self.can_lack(value)),
            Way::PerCase(plan) => (
                Some(self.per_case(plan, part.max)),
                matches!(&plan.cases, Cases::Facts(facts) if self.awaits_nil_report(facts.kind)),
            ),
            Way::Composed(_) => (Some(Range::ALL), true),
        };
        let word = part.missing.as_ref().or(of_item).filter(|_| misses);
        joined([range, word.and_then(|word| instead(word, part.max))])
    }

    /// From nothing to a maximum, which rounding may pass by less than a step.
    fn up_to(&self, max: Points) -> Range {
        let range = Range::between(Ratio::zero(), max.to_ratio());
        let rounded = range.rounded(self.scheme.file.numbers);
        rounded.map_or(Range::ALL, |rounded| range.join(&rounded))
    }

    fn shaped(&self, value: &ValuePlan, shape: &ShapePlan, max: Points) -> Option<Range> {
        let range = self.value(value)?;
        let nothing = || Range::only(Ratio::zero());
        match shape {
            ShapePlan::Line { zero_at, full_at } => {
                let (zero, one) = (Ratio::zero(), Ratio::one());
                let share = |at: &Ratio| {
                    let share = at.sub(zero_at).div(&full_at.sub(zero_at));
                    share.map(|share| share.within(&zero, &one))
                };
                let (least, most) = if zero_at < full_at {
                    (range.low(), range.high())
                } else {
                    (range.high(), range.low())
                };
                let least = least.and_then(share).unwrap_or_else(Ratio::zero);
                let most = most.and_then(share).unwrap_or_else(Ratio::one);
                let max = max.to_ratio();
                Range::between(max.mul(&least), max.mul(&most))
                    .rounded(self.scheme.file.numbers)
                    .ok()
                    .or(Some(Range::ALL))
            }
            ShapePlan::Threshold(test) => joined([
                Some(Range::only(max.to_ratio()))
                    .filter(|_| !self.tested(&range, value, test, true).is_empty()),
                Some(nothing()).filter(|_| !self.tested(&range, value, test, false).is_empty()),
            ]),
            ShapePlan::Bands(bands) => {
                let mut rest = range;
                let mut found = None;
                for (test, points) in bands {
                    if !self.tested(&rest, value, test, true).is_empty() {
                        found = joined([found, Some(Range::only(points.to_ratio()))]);
                    }
                    rest = self.tested(&rest, value, test, false);
                }
                joined([found, Some(nothing()).filter(|_| !rest.is_empty())])
            }
        }
    }

    fn per_case(&self, plan: &PerCasePlan, max: Option<Points>) -> Range {
        let start = match plan.start {
            Start::Zero => Ratio::zero(),
            Start::Full => max.unwrap_or_default().to_ratio(),
        };
        let most = match &plan.cases {
            Cases::Facts(_) if plan.once => Some(1),
            Cases::Facts(_) => None,
            Cases::Label(label) => {
                let given = self.can(&ConditionPlan::Label(*label), true, &Known::new());
                Some(i64::from(given))
            }
        };
        let each = plan.points.to_ratio();
        let end = most.map(|most| start.add(&each.mul(&Ratio::from_whole(most))));
        let range = match end {
            Some(end) if end < start => Range::between(end, start),
            Some(end) => Range::between(start, end),
            None if each.is_zero() => Range::only(start),
            None if each.is_negative() => Range::ALL.passing(crate::outcome::Sign::AtMost, &start),
            None => Range::from(start),
        };
        range.clipped(plan.floor, plan.ceiling)
    }

    /// What rules put onto items and nodes.
    fn added(&self) -> (BTreeMap<usize, Range>, BTreeMap<usize, Range>) {
        let (mut items, mut nodes) = (BTreeMap::new(), BTreeMap::new());
        for rule in &self.scheme.rules {
            let EffectPlan::Points { target, points } = &rule.effect else {
                continue;
            };
            if rule.phase != RulePhase::Scores || !self.can_fire(rule) {
                continue;
            }
            let fired = Range::only(points.to_ratio());
            let sure = !self.can(&rule.when, false, &Known::new()) && !self.can_miss(&rule.when);
            let range = if sure {
                fired
            } else {
                fired.join(&Range::only(Ratio::zero()))
            };
            let (map, place) = match target {
                Target::Item(item) => (&mut items, *item),
                Target::Node(node) => (&mut nodes, *node),
            };
            let sum = map
                .remove(&place)
                .map_or_else(|| range.clone(), |sum: Range| sum.plus(&range));
            map.insert(place, sum);
        }
        (items, nodes)
    }

    fn sum_up(&mut self) {
        let scheme = self.scheme;
        let Some(category) = scheme.categories.get(self.category) else {
            return;
        };
        let zero = Range::only(Ratio::zero());
        let (on_items, on_nodes) = self.added();
        let mut sums: BTreeMap<usize, Option<Range>> = category
            .nodes
            .iter()
            .map(|node| (*node, Some(zero.clone())))
            .collect();
        let mut full = Ratio::zero();
        let mut narrows = false;
        // Whether every part of the common and specific sections lies between nothing and its maximum.
        let mut within = true;
        for place in &category.items {
            let Some(plan) = scheme.items.get(*place) else {
                continue;
            };
            let base = matches!(plan.kind, SectionKind::Common | SectionKind::Specific);
            let max = plan.max.unwrap_or_default().to_ratio();
            let can_drop = can_not_apply(plan);
            let added = on_items.get(place);
            let scored = self.items.get(*place).cloned().flatten();
            let mut range = scored.map(|range| added.map_or(range.clone(), |a| range.plus(a)));
            if base {
                full = full.add(&max);
                narrows |= can_drop;
                let whole = Range::between(Ratio::zero(), max);
                within &= range
                    .as_ref()
                    .is_none_or(|range| range.meet(&whole) == *range);
            }
            if can_drop {
                range = joined([range, Some(zero.clone())]);
            }
            if let Some(sum) = sums.get_mut(&plan.node) {
                *sum = sum.take().zip(range).map(|(sum, range)| sum.plus(&range));
            }
        }
        let (mut base, mut beside) = (Some(zero.clone()), Some(zero));
        for node in category.nodes.iter().rev() {
            let Some(plan) = scheme.nodes.get(*node) else {
                continue;
            };
            let mut range = sums.remove(node).flatten();
            if let Some(added) = on_nodes.get(node) {
                range = range.map(|range| range.plus(added));
            }
            let range = range.map(|range| range.clipped(plan.floor, plan.ceiling));
            let is_base = matches!(plan.kind, SectionKind::Common | SectionKind::Specific);
            if is_base {
                let lifts = plan.floor.is_some_and(|floor| floor > Points::ZERO);
                let sinks = plan.ceiling.is_some_and(|ceiling| ceiling < Points::ZERO);
                within &= !lifts && !sinks && !on_nodes.contains_key(node);
            }
            let sum = match plan.parent.and_then(|parent| sums.get_mut(&parent)) {
                Some(sum) => sum,
                None if is_base => &mut base,
                None => &mut beside,
            };
            *sum = sum
                .take()
                .zip(range.as_ref())
                .map(|(sum, range)| sum.plus(range));
            if let Some(slot) = self.nodes.get_mut(*node) {
                *slot = range;
            }
        }
        let (Some(base), Some(beside), false) = (base, beside, full.is_zero()) else {
            return;
        };
        let grading = &scheme.file.grading;
        let scaled = narrows && grading.scale_not_applicable == Some(true);
        let base = if scaled {
            let whole = self.stretched(&base, &full, within);
            base.join(&whole)
        } else {
            base
        };
        let total = base
            .plus(&beside)
            .clipped(grading.total_floor, grading.total_ceiling);
        let one = Ratio::one();
        // A floor lifts what is then divided by a part of the maximum.
        let lifted = grading
            .total_floor
            .is_some_and(|floor| floor > Points::ZERO);
        let clean = within && !lifted && beside == Range::only(Ratio::zero());
        self.graded = Some(match (grading.by, narrows && !scaled) {
            (GradedBy::Share, false) => share_of(&total, &full),
            (GradedBy::Share, true) => {
                let share = share_of(&total, &full);
                share.join(&self.stretched(&total, &one, clean))
            }
            (_, false) => total.clone(),
            (_, true) => total.join(&self.stretched(&total, &full, clean)),
        });
        self.total = Some(total);
    }

    /// What becomes of points that are divided by a part of the maximum: whole where every part lies within its own,
    /// else anything on the sides on which there is anything.
    fn stretched(&self, range: &Range, full: &Ratio, within: bool) -> Range {
        let zero = Ratio::zero();
        if within {
            let whole = Range::between(zero, full.clone());
            let rounded = whole.rounded(self.scheme.file.numbers);
            return rounded.map_or(Range::ALL, |rounded| whole.join(&rounded));
        }
        match (range.low(), range.high()) {
            (Some(low), _) if *low >= zero => Range::from(zero),
            (_, Some(high)) if *high <= zero => {
                Range::ALL.passing(crate::outcome::Sign::AtMost, &zero)
            }
            _ => Range::ALL,
        }
    }
}

fn share_of(range: &Range, full: &Ratio) -> Range {
    let share = |end: Option<&Ratio>| end.and_then(|end| end.div(full));
    match (share(range.low()), share(range.high())) {
        (Some(low), Some(high)) => Range::between(low, high),
        (Some(low), None) => Range::from(low),
        (None, Some(high)) => Range::ALL.passing(crate::outcome::Sign::AtMost, &high),
        (None, None) => Range::ALL,
    }
}

/// Whether an item can be left out of a subject's maximum by the scheme's own word.
pub(super) fn can_not_apply(plan: &ItemPlan) -> bool {
    plan.missing == Some(Missing::NotApplicable)
}

/// What stands for a missing value; nothing where the item then does not apply.
fn instead(missing: &Missing, max: Option<Points>) -> Option<Range> {
    match missing {
        Missing::Zero => Some(Range::only(Ratio::zero())),
        Missing::Full => Some(Range::only(max.unwrap_or_default().to_ratio())),
        Missing::Points(points) => Some(Range::only(points.to_ratio())),
        Missing::NotApplicable => None,
    }
}

fn joined(ranges: impl IntoIterator<Item = Option<Range>>) -> Option<Range> {
    ranges
        .into_iter()
        .flatten()
        .reduce(|one, other| one.join(&other))
}

/// What a figure of a survey can be where the survey is about the subject.
pub(super) fn figure_range(scheme: &Scheme, plan: &FigurePlan) -> Option<Range> {
    let survey = scheme.surveys.get(plan.survey)?;
    let questions = survey.questions.iter().enumerate();
    let options: Vec<(AnswerClass, &Ratio)> = questions
        .filter(|(place, _)| plan.question.is_none_or(|question| question == *place))
        .flat_map(|(_, question)| &question.options)
        .map(|(_, class, weight)| (*class, weight))
        .filter(|(class, _)| *class != AnswerClass::NoOpinion)
        .collect();
    // Where answers without an opinion, or sheets without an answer, stand below the line, every figure may sink.
    let rated_only = survey.denominator == Denominator::Rated;
    let (zero, one) = (Ratio::zero(), Ratio::one());
    let share = |wanted: AnswerClass| {
        let some = options.iter().any(|(class, _)| *class == wanted);
        let all = options.iter().all(|(class, _)| *class == wanted) && rated_only;
        match (some, all) {
            (true, true) => Range::only(one.clone()),
            (true, false) => Range::between(zero.clone(), one.clone()),
            (false, _) => Range::only(zero.clone()),
        }
    };
    Some(match plan.figure {
        Figure::SatisfactionRate => share(AnswerClass::Satisfied),
        Figure::DissatisfiedShare => share(AnswerClass::Dissatisfied),
        Figure::MeanScore => {
            let weights = || options.iter().map(|(_, weight)| (*weight).clone());
            let low = weights()
                .min()
                .filter(|_| rated_only)
                .unwrap_or_else(Ratio::zero);
            Range::between(low, weights().max()?)
        }
    })
}
