//! From items to totals: points added and taken away, bottom-up sums with floors and ceilings, scaling.

use std::collections::BTreeSet;

use super::Engine;
use crate::number::{NumberError, Points, Ratio};
use crate::outcome::{Action, GapKind, ItemResult, ItemState, NodeResult, Truth3};
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

    /// What rules put onto nodes and items; no points while it is undetermined whether a rule does. Of most subjects
    /// there is nothing, so that it is gathered once and not asked of each item.
    fn additions(&self, subject: usize) -> Vec<(Target, Option<Points>)> {
        let added = |rule: usize| {
            let EffectPlan::Points { target, points } = self.scheme.rules.get(rule)?.effect else {
                return None;
            };
            match self.result(subject, rule)?.fired {
                Truth3::True => Some((target, Some(points))),
                Truth3::False => None,
                Truth3::Undetermined => Some((target, None)),
            }
        };
        self.rules_of(RulePhase::Scores).filter_map(added).collect()
    }

    fn sum_up(&mut self, subject: usize) {
        let additions = self.additions(subject);
        let sums = self.items_with(subject, &additions).and_then(|items| {
            let sums = self.sums(subject, items.as_deref(), &additions)?;
            Ok((items, sums))
        });
        if let Ok((items, sums)) = sums {
            let Some(state) = self.state(subject) else {
                return;
            };
            if let Some(items) = items {
                state.scored = state.items.iter().map(|item| item.points).collect();
                for (item, points) in state.items.iter_mut().zip(items) {
                    item.points = points;
                }
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

    /// Points of items with what rules add to them; nothing where none does.
    fn items_with(
        &self,
        subject: usize,
        additions: &[(Target, Option<Points>)],
    ) -> Result<Option<Vec<Option<Points>>>, NumberError> {
        let to_item = |(target, _): &(Target, _)| matches!(target, Target::Item(_));
        let category = self.scheme.categories.get(self.category(subject));
        let state = self.states.get(subject);
        let (Some(category), Some(state), true) = (category, state, additions.iter().any(to_item))
        else {
            return Ok(None);
        };
        let items = category.items.iter().zip(&state.items);
        let added = |(item, result): (&usize, &ItemResult)| {
            with_added(result.points, additions, Target::Item(*item))
        };
        items.map(added).collect::<Result<_, _>>().map(Some)
    }

    fn sums(
        &self,
        subject: usize,
        items: Option<&[Option<Points>]>,
        additions: &[(Target, Option<Points>)],
    ) -> Result<Sums, NumberError> {
        let scheme = self.scheme;
        let (Some(category), Some(state)) = (
            scheme.categories.get(self.category(subject)),
            self.states.get(subject),
        ) else {
            return Ok(Sums::default());
        };
        // By place in the category's nodes: the sum so far, or nothing once a child is missing, and the maximum.
        let empty = NodeResult {
            sum: Some(Points::ZERO),
            points: None,
            maximum: Some(Points::ZERO),
        };
        let mut nodes = vec![empty; category.nodes.len()];
        let mut narrowed = false;
        for (place, (item, result)) in category.items.iter().zip(&state.items).enumerate() {
            let Some(plan) = scheme.items.get(*item) else {
                continue;
            };
            let added = items.and_then(|items| items.get(place));
            let points = added.copied().unwrap_or(result.points);
            if result.state == ItemState::NotApplicable {
                narrowed = true;
                continue;
            }
            if let Some(node) = category
                .node_place
                .get(plan.node)
                .copied()
                .flatten()
                .and_then(|place| nodes.get_mut(place))
            {
                node.add(points, plan.max.unwrap_or_default())?;
            }
        }
        // Children stand after their parents, so from the back every node is complete when it is reached.
        for place in (0..nodes.len()).rev() {
            let (Some(node), Some(result)) = (category.nodes.get(place), nodes.get_mut(place))
            else {
                continue;
            };
            let Some(plan) = scheme.nodes.get(*node) else {
                continue;
            };
            result.sum = with_added(result.sum, additions, Target::Node(*node))?;
            result.points = result.sum.map(|sum| clip(sum, plan.floor, plan.ceiling));
            let (points, maximum) = (result.points, result.maximum.unwrap_or_default());
            if plan.kind == SectionKind::Deduction {
                result.maximum = None;
            }
            let above = plan
                .parent
                .and_then(|parent| category.node_place.get(parent))
                .copied()
                .flatten();
            if let Some(parent) = above.and_then(|above| nodes.get_mut(above)) {
                parent.add(points, maximum)?;
            }
        }
        self.total(subject, nodes, narrowed)
    }

    fn total(
        &self,
        subject: usize,
        nodes: Vec<NodeResult>,
        narrowed: bool,
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
        let full_maximum = if narrowed {
            category
                .items
                .iter()
                .filter_map(|item| scheme.items.get(*item))
                .filter(|item| matches!(item.kind, SectionKind::Common | SectionKind::Specific))
                .try_fold(Points::ZERO, |sum, item| {
                    sum.add(item.max.unwrap_or_default())
                })?
        } else {
            maximum
        };
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

/// Points of a node or an item with what is added to it or taken away; nothing while one of these is undetermined.
fn with_added(
    scored: Option<Points>,
    additions: &[(Target, Option<Points>)],
    to: Target,
) -> Result<Option<Points>, NumberError> {
    let mut sum = scored;
    for (_, points) in additions.iter().filter(|(target, _)| *target == to) {
        sum = match (sum, points) {
            (Some(sum), Some(points)) => Some(sum.add(*points)?),
            _ => None,
        };
    }
    Ok(sum)
}

impl NodeResult {
    /// Adds a child, of which a missing sum leaves none.
    fn add(&mut self, points: Option<Points>, maximum: Points) -> Result<(), NumberError> {
        self.sum = match (self.sum, points) {
            (Some(sum), Some(points)) => Some(sum.add(points)?),
            _ => None,
        };
        self.maximum = Some(self.maximum.unwrap_or_default().add(maximum)?);
        Ok(())
    }
}

#[derive(Default)]
struct Sums {
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
