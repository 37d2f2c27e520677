//! From items to totals: points added and taken away, bottom-up sums with floors and ceilings, scaling.

use std::collections::BTreeSet;

use super::Engine;
use crate::number::{NumberError, Points, Ratio};
use crate::outcome::{Action, GapKind, ItemState, NodeResult, Truth3};
use crate::reason::ReasonCode;
use crate::scheme::file::SectionKind;
use crate::scheme::model::{EffectPlan, RulePhase, Target, Way};

impl Engine<'_> {
    /// Scores everyone; composed subjects after those they are composed of.
    pub(super) fn score(&mut self) {
        let scheme = self.scheme;
        let is_composed = |item: &usize| {
            let parts = scheme.items.get(*item).map(|item| item.parts.as_slice());
            let mut parts = parts.unwrap_or_default().iter();
            parts.any(|part| matches!(part.way, Way::Composed(_)))
        };
        let categories = scheme.categories.iter();
        let composed: Vec<bool> = categories
            .map(|category| category.items.iter().any(is_composed))
            .collect();
        let mut waiting = BTreeSet::new();
        for subject in 0..self.states.len() {
            if self.applies(&composed, subject) {
                waiting.insert(subject);
            } else {
                self.score_one(subject);
            }
        }
        while !waiting.is_empty() {
            let ready: Vec<usize> = waiting
                .iter()
                .copied()
                .filter(|subject| {
                    self.awaits(*subject)
                        .iter()
                        .all(|other| !waiting.contains(other))
                })
                .collect();
            if ready.is_empty() {
                self.refuse_circles(std::mem::take(&mut waiting));
                break;
            }
            for subject in ready {
                waiting.remove(&subject);
                self.score_one(subject);
            }
        }
    }

    fn score_one(&mut self, subject: usize) {
        let data = self.snapshot.subjects.get(subject);
        if let Some(given) = data.and_then(|data| data.withheld.as_ref()) {
            self.ask_each(subject, RulePhase::Scores);
            if let Some(state) = self.state(subject) {
                state.total = given.total;
                state.unscaled = given.unscaled;
                state.maximum = given.maximum;
                state.full_maximum = given.maximum;
            }
            return;
        }
        self.score_items(subject);
        self.ask_each(subject, RulePhase::Scores);
        self.sum_up(subject);
    }

    pub(super) fn mark_undetermined(&mut self, subject: usize) {
        if let Some(state) = self.state(subject) {
            state.undetermined = true;
        }
    }

    /// What fired rules put onto a node or an item; nothing while one of them is undetermined.
    fn added(&self, subject: usize, wanted: Target) -> Result<Option<Points>, NumberError> {
        let results = self
            .states
            .get(subject)
            .map(|state| state.rules.as_slice())
            .unwrap_or_default();
        let rules = self.scheme.rules.iter().zip(results);
        let mut sum = Points::ZERO;
        for (plan, result) in rules {
            match (&plan.effect, result) {
                (EffectPlan::Points { target, points }, Some(result)) if *target == wanted => {
                    match result.fired {
                        Truth3::True => sum = sum.add(*points)?,
                        Truth3::False => {}
                        Truth3::Undetermined => return Ok(None),
                    }
                }
                _ => {}
            }
        }
        Ok(Some(sum))
    }

    fn sum_up(&mut self, subject: usize) {
        if let Ok(sums) = self.sums(subject) {
            let Some(state) = self.state(subject) else {
                return;
            };
            for (item, points) in state.items.iter_mut().zip(sums.items) {
                item.points = points;
            }
            state.nodes = sums.nodes;
            state.total = sums.total;
            state.unscaled = sums.unscaled;
            state.maximum = sums.maximum;
            state.full_maximum = sums.full_maximum;
        } else {
            let gap = self.gap(
                Some(subject),
                GapKind::Overflow,
                "total",
                ReasonCode::Overflow,
                Action::MendScheme,
            );
            self.gaps.push(gap);
            self.mark_undetermined(subject);
        }
    }

    fn sums(&self, subject: usize) -> Result<Sums, NumberError> {
        let scheme = self.scheme;
        let (Some(category), Some(state)) = (
            scheme.categories.get(self.category(subject)),
            self.states.get(subject),
        ) else {
            return Ok(Sums::default());
        };
        let has_point_rules = scheme
            .rules
            .iter()
            .any(|rule| rule.phase == RulePhase::Scores);
        let mut items = Vec::with_capacity(state.items.len());
        // By place in the category's nodes: sum so far, or nothing once a child is missing; and the maximum.
        let mut nodes: Vec<(Option<Points>, Points)> =
            vec![(Some(Points::ZERO), Points::ZERO); category.nodes.len()];
        for (item, result) in category.items.iter().zip(&state.items) {
            let Some(plan) = scheme.items.get(*item) else {
                continue;
            };
            let mut points = result.points;
            if has_point_rules && let Some(scored) = points {
                let added = self.added(subject, Target::Item(*item))?;
                points = added.map(|added| scored.add(added)).transpose()?;
            }
            items.push(points);
            if result.state == ItemState::NotApplicable {
                continue;
            }
            if let Some((sum, max)) = category
                .node_place
                .get(plan.node)
                .copied()
                .flatten()
                .and_then(|place| nodes.get_mut(place))
            {
                *sum = match (*sum, points) {
                    (Some(sum), Some(points)) => Some(sum.add(points)?),
                    _ => None,
                };
                *max = max.add(plan.max.unwrap_or_default())?;
            }
        }
        let mut results = Vec::with_capacity(nodes.len());
        // Children stand after their parents, so from the back every node is complete when it is reached.
        for place in (0..nodes.len()).rev() {
            let (Some(node), Some((sum, max))) =
                (category.nodes.get(place), nodes.get(place).copied())
            else {
                continue;
            };
            let Some(plan) = scheme.nodes.get(*node) else {
                continue;
            };
            let sum = match sum {
                Some(sum) if has_point_rules => {
                    let added = self.added(subject, Target::Node(*node))?;
                    added.map(|added| sum.add(added)).transpose()?
                }
                other => other,
            };
            let clipped = sum.map(|sum| clip(sum, plan.floor, plan.ceiling));
            let above = plan
                .parent
                .and_then(|parent| category.node_place.get(parent))
                .copied()
                .flatten();
            if let Some((parent_sum, parent_max)) = above.and_then(|above| nodes.get_mut(above)) {
                *parent_sum = match (*parent_sum, clipped) {
                    (Some(parent), Some(child)) => Some(parent.add(child)?),
                    _ => None,
                };
                *parent_max = parent_max.add(max)?;
            }
            let maximum = (plan.kind != SectionKind::Deduction).then_some(max);
            results.push(NodeResult {
                node: plan.code.clone(),
                sum,
                points: clipped,
                maximum,
            });
        }
        results.reverse();
        self.total(subject, items, results)
    }

    fn total(
        &self,
        subject: usize,
        items: Vec<Option<Points>>,
        nodes: Vec<NodeResult>,
    ) -> Result<Sums, NumberError> {
        let scheme = self.scheme;
        let Some(category) = scheme.categories.get(self.category(subject)) else {
            return Ok(Sums::default());
        };
        let mut base = Some(Points::ZERO);
        let mut beside = Some(Points::ZERO);
        let mut maximum = Points::ZERO;
        for (place, result) in category.nodes.iter().zip(&nodes) {
            let Some(plan) = scheme
                .nodes
                .get(*place)
                .filter(|plan| plan.parent.is_none())
            else {
                continue;
            };
            let sum = if matches!(plan.kind, SectionKind::Common | SectionKind::Specific) {
                maximum = maximum.add(result.maximum.unwrap_or_default())?;
                &mut base
            } else {
                &mut beside
            };
            *sum = match (*sum, result.points) {
                (Some(sum), Some(points)) => Some(sum.add(points)?),
                _ => None,
            };
        }
        let full_maximum = category
            .items
            .iter()
            .filter_map(|item| scheme.items.get(*item))
            .filter(|item| matches!(item.kind, SectionKind::Common | SectionKind::Specific))
            .try_fold(Points::ZERO, |sum, item| {
                sum.add(item.max.unwrap_or_default())
            })?;
        let mut unscaled = None;
        if maximum != full_maximum && scheme.file.grading.scale_not_applicable == Some(true) {
            unscaled = base;
            base = match base.and_then(|base| {
                base.to_ratio()
                    .mul(&full_maximum.to_ratio())
                    .div(&maximum.to_ratio())
            }) {
                Some(scaled) => Some(scheme.file.numbers.to_points(&scaled)?),
                None => None,
            };
            maximum = if maximum == Points::ZERO {
                maximum
            } else {
                full_maximum
            };
        }
        let mut total = match (base, beside) {
            (Some(base), Some(beside)) => Some(base.add(beside)?),
            _ => None,
        };
        // With nothing to be measured by, a total says nothing.
        if maximum == Points::ZERO {
            total = None;
        }
        let grading = &scheme.file.grading;
        let total = total.map(|total| clip(total, grading.total_floor, grading.total_ceiling));
        Ok(Sums {
            items,
            nodes,
            total,
            unscaled,
            maximum,
            full_maximum,
        })
    }

    /// The total as a share of the subject's own maximum.
    pub(super) fn share(&self, subject: usize) -> Option<Ratio> {
        let state = self.states.get(subject)?;
        state.total?.to_ratio().div(&state.maximum.to_ratio())
    }
}

#[derive(Default)]
struct Sums {
    items: Vec<Option<Points>>,
    nodes: Vec<NodeResult>,
    total: Option<Points>,
    unscaled: Option<Points>,
    maximum: Points,
    full_maximum: Points,
}

fn clip(points: Points, floor: Option<Points>, ceiling: Option<Points>) -> Points {
    let points = floor.map_or(points, |floor| points.max(floor));
    ceiling.map_or(points, |ceiling| points.min(ceiling))
}
