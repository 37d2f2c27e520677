//! What can come of a scheme at all, in one category: the ranges of items, nodes and totals, and what conditions can say.
//!
//! The analysis is sound and not complete. It takes every value for free within its range and forgets how values hang
//! together, so it may hold possible what is not, and what it rules out never happens. What people decide by name,
//! waivers and adjustments, lies outside it, and so does what this scheme does not bound: results of closed rounds.

mod points;

use std::collections::{BTreeMap, BTreeSet};

use super::super::file::{
    AnswerClass, Denominator, FactCounts, Figure, MeasureUnit, Over, Quantifier, RuleHolds, Truth,
    Versus,
};
use super::super::model::{
    ConditionPlan, EffectPlan, FigurePlan, RulePlan, Scheme, TestPlan, ValueKind, ValuePlan,
};
use super::each_comparison;
use super::range::Range;
use crate::number::Ratio;

pub(super) use points::{can_not_apply, composed_of};

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
    /// The total as a share of the subject's own maximum.
    share: Option<Range>,
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
    /// `others` are the categories whose ranges are known; what is composed of any other takes its results for free.
    pub fn new(scheme: &'a Scheme, category: usize, others: &BTreeMap<usize, Self>) -> Self {
        let mut bounds = Self {
            items: vec![None; scheme.items.len()],
            nodes: vec![None; scheme.nodes.len()],
            ..Self::empty(scheme, category)
        };
        let Some(plan) = scheme.categories.get(category) else {
            return bounds;
        };
        for place in &plan.items {
            let plan = scheme.items.get(*place);
            let range = plan.and_then(|item| bounds.item(item, others));
            if let Some(slot) = bounds.items.get_mut(*place) {
                *slot = range;
            }
        }
        bounds.sum_up();
        bounds
    }

    const fn empty(scheme: &'a Scheme, category: usize) -> Self {
        Self {
            scheme,
            category,
            items: Vec::new(),
            nodes: Vec::new(),
            total: None,
            graded: None,
            share: None,
        }
    }

    /// Whether a mask over categories takes this one in.
    pub fn applies(&self, mask: &[bool]) -> bool {
        mask.get(self.category) == Some(&true)
    }

    /// Whether a rule can take effect here: a requirement by not being met, any other by its condition.
    pub fn can_fire(&self, rule: &RulePlan) -> bool {
        let wanted = !matches!(rule.effect, EffectPlan::Require);
        let settled = [rule.undetermined, rule.disqualified].contains(&Some(RuleHolds::Fired));
        let known = if rule.per_event {
            self.known_of_one_case(&rule.when)
        } else {
            Known::new()
        };
        self.applies(&rule.applies)
            && (self.can(&rule.when, wanted, &known) || (settled && self.can_miss(&rule.when)))
    }

    /// Whether a rule can be without effect here: a requirement by being met, any other by its condition failing.
    pub fn can_rest(&self, rule: &RulePlan) -> bool {
        let wanted = matches!(rule.effect, EffectPlan::Require);
        let settled = [rule.undetermined, rule.disqualified].contains(&Some(RuleHolds::NotFired));
        self.can(&rule.when, wanted, &Known::new()) || (settled && self.can_miss(&rule.when))
    }

    /// What is known where a condition is asked of each case by itself: of the kind that it looks at there is one, where
    /// cases are counted and not people. A condition on several kinds, or on answers too, is asked of each of them.
    fn known_of_one_case(&self, condition: &ConditionPlan) -> Known {
        let mut kinds = BTreeSet::new();
        let mut counted = Vec::new();
        let mut answers = false;
        each_comparison(
            "",
            condition,
            false,
            &mut |_, value, _, elsewhere| match &value.kind {
                ValueKind::Facts(plan) if !elsewhere => {
                    kinds.insert(plan.kind);
                    if plan.sum.is_none() {
                        counted.push(name(value));
                    }
                }
                ValueKind::Answers(_) => answers = true,
                _ => {}
            },
        );
        let cases = |kind: &usize| {
            let plan = self.scheme.facts.get(*kind);
            plan.is_some_and(|plan| plan.counts == FactCounts::Case)
        };
        if answers || kinds.len() != 1 || !kinds.iter().all(cases) {
            return Known::new();
        }
        let one = || Range::between(Ratio::zero(), Ratio::one()).of_wholes();
        counted.into_iter().map(|name| (name, one())).collect()
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
            (ConditionPlan::Compare(value, test, _), _) => {
                self.narrow_value(value, test, wanted, &mut known.clone())
            }
            (ConditionPlan::Label(label), true) => {
                let label = self.scheme.labels.get(*label);
                label.is_some_and(|label| {
                    self.applies(&label.applies) && label.best.or(label.worst) != Some(0)
                })
            }
            (ConditionPlan::RankAtMost(most, _), true) => *most > 0,
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
        let others = Self::empty(self.scheme, self.category);
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
            (ConditionPlan::Compare(value, test, _), _) => match &value.kind {
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
            (ConditionPlan::Compare(value, test, _), _) => {
                self.narrow_value(value, test, wanted, known)
            }
            (ConditionPlan::Label(label), true) => self.narrow_label(*label, known),
            _ => true,
        }
    }

    /// Takes into what is known that a label is held; false where one is held that excludes it.
    fn narrow_label(&self, label: usize, known: &mut Known) -> bool {
        let name = |label: usize| Some(format!("label/{}", self.scheme.labels.get(label)?.code));
        let held = |other: &usize| name(*other).is_some_and(|name| known.contains_key(&name));
        let mut others = 0..self.scheme.labels.len();
        let clash = others.any(|other| self.scheme.labels_exclude(label, other) && held(&other));
        known.extend(name(label).map(|name| (name, Range::only(Ratio::one()))));
        !clash
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
        let fits = !range.is_empty() && self.fits_beside(value, &range, known);
        known.insert(name, range);
        fits
    }

    /// Whether the satisfied and the dissatisfied of the same answers leave each other room: together they are no more
    /// than all.
    fn fits_beside(&self, value: &ValuePlan, range: &Range, known: &Known) -> bool {
        let ValueKind::Figure(figure) = value.kind else {
            return true;
        };
        let (rate, share) = ("/satisfaction_rate", "/dissatisfied_share");
        let (from, to) = match self.scheme.figures.get(figure).map(|plan| plan.figure) {
            Some(Figure::SatisfactionRate) => (rate, share),
            Some(Figure::DissatisfiedShare) => (share, rate),
            _ => return true,
        };
        let beside = known.get(&name(value).replacen(from, to, 1));
        let least = beside.and_then(Range::low).zip(range.low());
        least.is_none_or(|(one, other)| one.add(other) <= Ratio::one())
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
            ValueKind::Facts(_) | ValueKind::Answers(_) => Some(Range::counts()),
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
            ConditionPlan::Compare(value, ..) => self.can_lack(value),
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
