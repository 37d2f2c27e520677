//! Ranges of points: items by the ways in which they are scored, nodes and totals by what is added and clipped.

use std::collections::{BTreeMap, BTreeSet};

use super::super::range::Range;
use super::{Bounds, Known};
use crate::number::{Points, Ratio};
use crate::outcome::Sign;
use crate::scheme::file::{GateHolds, GradedBy, Missing, SectionKind, Start, WithoutTotal};
use crate::scheme::model::{
    Cases, ComposedPlan, ConditionPlan, EffectPlan, ItemPlan, PartPlan, PerCasePlan, RulePhase,
    Scheme, ShapePlan, Target, ValuePlan, Way,
};

impl Bounds<'_> {
    /// What an item can be worth as scored; nothing where it never has points.
    pub(super) fn item(&self, plan: &ItemPlan, others: &BTreeMap<usize, Self>) -> Option<Range> {
        let mut range = Some(Range::only(Ratio::zero()));
        for part in &plan.parts {
            let part = self.part(part, plan.missing.as_ref(), others);
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

    fn part(
        &self,
        part: &PartPlan,
        of_item: Option<&Missing>,
        others: &BTreeMap<usize, Self>,
    ) -> Option<Range> {
        let max = part.max.unwrap_or_default();
        let (range, misses) = match &part.way {
            Way::Graded { .. } | Way::Checklist { .. } => (Some(self.up_to(max)), true),
            Way::Shaped { value, shape } => (self.shaped(value, shape, max), self.can_lack(value)),
            Way::PerCase(plan) => (
                Some(self.per_case(plan, part.max)),
                matches!(&plan.cases, Cases::Facts(facts) if self.awaits_nil_report(facts.kind)),
            ),
            Way::Composed(plan) => (self.composed(plan, max, others), true),
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

    /// A mean of others' results lies between the least and the greatest of them. What closed rounds came to, this
    /// scheme does not bound; nothing where nobody in it ever has a total.
    fn composed(
        &self,
        plan: &ComposedPlan,
        max: Points,
        others: &BTreeMap<usize, Self>,
    ) -> Option<Range> {
        if !plan.written.closed.is_empty() {
            return Some(Range::ALL);
        }
        let of = members(self.scheme, plan).map(|category| match others.get(&category) {
            Some(known) => known.share.clone(),
            None => Some(Range::ALL),
        });
        let instead =
            (plan.written.without_total == WithoutTotal::Zero).then(|| Range::only(Ratio::zero()));
        let mean = joined(of.chain([instead]))?;
        let points = mean.times(&max.to_ratio());
        let rounded = points.rounded(self.scheme.file.numbers);
        Some(rounded.unwrap_or(Range::ALL))
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
            None if each.is_negative() => Range::ALL.passing(Sign::AtMost, &start),
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

    pub(super) fn sum_up(&mut self) {
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
        let mut share = one.div(&full).map(|part| total.times(&part));
        let mut graded = total.clone();
        if narrows && !scaled {
            share = share.map(|share| share.join(&self.stretched(&total, &one, clean)));
            graded = graded.join(&self.stretched(&total, &full, clean));
        }
        self.graded = if grading.by == GradedBy::Share {
            share.clone()
        } else {
            Some(graded)
        };
        self.share = share;
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
            (_, Some(high)) if *high <= zero => Range::ALL.passing(Sign::AtMost, &zero),
            _ => Range::ALL,
        }
    }
}

/// The categories that the composed items of a category look at, in this round.
pub(in crate::scheme::review) fn composed_of(scheme: &Scheme, category: usize) -> BTreeSet<usize> {
    let items = scheme.categories.get(category).map(|plan| &plan.items);
    let parts = items
        .into_iter()
        .flatten()
        .filter_map(|item| scheme.items.get(*item))
        .flat_map(|item| &item.parts);
    let plans = parts.filter_map(|part| match &part.way {
        Way::Composed(plan) if plan.written.closed.is_empty() => Some(plan),
        _ => None,
    });
    plans.flat_map(|plan| members(scheme, plan)).collect()
}

/// The categories of those that an item is composed of.
fn members(scheme: &Scheme, plan: &ComposedPlan) -> impl Iterator<Item = usize> {
    let wanted = &plan.written.categories;
    let categories = scheme.categories.iter().enumerate();
    categories
        .filter(|(_, category)| {
            wanted.is_empty() || wanted.iter().any(|code| *code == *category.code)
        })
        .map(|(place, _)| place)
}

/// Whether an item can be left out of a subject's maximum by the scheme's own word.
pub(in crate::scheme::review) fn can_not_apply(plan: &ItemPlan) -> bool {
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
