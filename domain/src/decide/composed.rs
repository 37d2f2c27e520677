//! Composed items: the mean result of other subjects, of this round or of named revisions of closed ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Engine;
use super::score::Scored;
use crate::number::{Points, Ratio};
use crate::outcome::{Action, COMPOSED, GapKind, Members, Shown};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{WithoutTotal, Words};
use crate::scheme::model::{ComposedPlan, Way};

/// One that an item is composed of.
struct Member<'a> {
    code: &'a Arc<str>,
    category: &'a Arc<str>,
    /// What the category is called, where it is of a closed round.
    name: Option<&'a Words>,
    /// The closed round with its revision.
    round: Option<(&'a Arc<str>, u32)>,
    /// Total ÷ maximum.
    share: Option<Ratio>,
    size: Option<&'a Ratio>,
}

/// Those of one category, added up.
struct Group {
    name: Option<Words>,
    rounds: BTreeSet<(Arc<str>, u32)>,
    counted: u32,
    without_total: u32,
    /// Of shares, each times its member's weight.
    sum: Ratio,
    /// Of the members' weights: their sizes, or 1 each.
    weights: Ratio,
}

impl Group {
    const fn new() -> Self {
        Self {
            name: None,
            rounds: BTreeSet::new(),
            counted: 0,
            without_total: 0,
            sum: Ratio::zero(),
            weights: Ratio::zero(),
        }
    }
}

impl Engine<'_> {
    pub(super) fn composed(&self, subject: usize, plan: &ComposedPlan, max: Points) -> Scored {
        let written = &plan.written;
        if !written.closed.is_empty() && !self.names_closed_rounds(&written.closed) {
            return Scored::missing(
                Reason::with(ReasonCode::NoClosedRound, [written.closed.join(", ")]),
                Action::NameClosedRounds,
            );
        }
        let members = if written.closed.is_empty() {
            self.members_here(subject, plan)
        } else {
            self.members_of_closed(subject, plan)
        };
        let mut groups: BTreeMap<&Arc<str>, Group> = BTreeMap::new();
        for member in members {
            let group = groups.entry(member.category).or_insert_with(Group::new);
            group.name = group.name.take().or_else(|| member.name.cloned());
            group.rounds.extend(
                member
                    .round
                    .map(|(round, revision)| (round.clone(), revision)),
            );
            if member.share.is_none() {
                group.without_total = group.without_total.saturating_add(1);
            }
            let share = match (member.share, written.without_total) {
                (Some(share), _) => share,
                (None, WithoutTotal::Zero) => Ratio::zero(),
                (None, WithoutTotal::LeftOut) => continue,
            };
            let weight = match (&written.size, member.size) {
                (None, _) => Ratio::one(),
                (Some(_), Some(size)) => size.clone(),
                (Some(measure), None) => {
                    return Scored::missing(
                        Reason::with(
                            ReasonCode::SizeMissing,
                            [member.code.as_ref(), measure.as_str()],
                        ),
                        Action::EnterMeasure,
                    );
                }
            };
            group.counted = group.counted.saturating_add(1);
            group.sum = group.sum.add(&share.mul(&weight));
            group.weights = group.weights.add(&weight);
        }
        self.mean(plan, max, groups)
    }

    /// The mean of the categories' means, each category weighing as a whole, or by the sizes of its members.
    fn mean(&self, plan: &ComposedPlan, max: Points, groups: BTreeMap<&Arc<str>, Group>) -> Scored {
        let written = &plan.written;
        let (mut sum, mut weights) = (Ratio::zero(), Ratio::zero());
        let mut members = Vec::with_capacity(groups.len());
        let mut counted = false;
        for (category, group) in groups {
            counted |= group.counted > 0;
            // Where nobody in it has a total, or all are of size 0, it weighs nothing.
            let mean = group.sum.div(&group.weights);
            let weight = if written.size.is_some() {
                group.weights
            } else {
                let given = written.weight.get(category.as_ref());
                given.cloned().unwrap_or_else(Ratio::one)
            };
            if let Some(mean) = &mean {
                sum = sum.add(&mean.mul(&weight));
                weights = weights.add(&weight);
            }
            members.push(Members {
                category: category.clone(),
                name: group.name,
                rounds: group.rounds.into_iter().collect(),
                counted: group.counted,
                without_total: group.without_total,
                mean,
                weight,
            });
        }
        match (sum.div(&weights), &written.size) {
            (Some(mean), _) => {
                let exact = max.to_ratio().mul(&mean);
                let shown = Shown::Exact(mean);
                Scored {
                    members: members.into(),
                    ..Scored::of_quotient(exact, self.scheme.file.numbers, shown)
                }
            }
            (None, Some(measure)) if counted => Scored::missing(
                Reason::with(ReasonCode::SizesZero, [measure.as_str()]),
                Action::EnterMeasure,
            ),
            (None, _) => Scored::missing(ReasonCode::NoMembers, Action::SettleRelated),
        }
    }

    /// Whether a closed round under each of these schemes is named.
    fn names_closed_rounds(&self, schemes: &[String]) -> bool {
        schemes.iter().all(|scheme| {
            let mut closed = self.snapshot.closed.iter();
            closed.any(|closed| closed.scheme.as_ref() == scheme)
        })
    }

    fn members_here<'a>(&'a self, subject: usize, plan: &ComposedPlan) -> Vec<Member<'a>> {
        let of = |place: usize| {
            let data = self.snapshot.subjects.get(place)?;
            let state = self.states.get(place)?;
            // Reported once for the round, so it has one stretch.
            let size = plan
                .size
                .and_then(|measure| data.measures.get(&(measure, 0)));
            Some(Member {
                code: &data.code,
                category: &self.scheme.categories.get(data.category)?.code,
                name: None,
                round: None,
                share: state
                    .total
                    .and_then(|total| total.to_ratio().div(&state.maximum.to_ratio())),
                size,
            })
        };
        self.members(subject, plan)
            .into_iter()
            .filter_map(of)
            .collect()
    }

    fn members_of_closed<'a>(&'a self, subject: usize, plan: &ComposedPlan) -> Vec<Member<'a>> {
        let written = &plan.written;
        let Some(region) = self.snapshot.subjects.get(subject).map(|data| data.region) else {
            return Vec::new();
        };
        // A result under the name that a subject had before is its own.
        let reached: Option<BTreeSet<&str>> = (!written.region).then(|| {
            self.reach(subject, &written.by)
                .into_iter()
                .filter_map(|place| self.snapshot.subjects.get(place))
                .flat_map(|data| {
                    let former = data.predecessors.iter().filter(|one| one.grades);
                    let former = former.map(|one| one.code.as_ref());
                    former.chain(std::iter::once(data.code.as_ref()))
                })
                .collect()
        });
        let rounds = self.snapshot.closed.iter().filter(|closed| {
            let mut schemes = written.closed.iter();
            schemes.any(|scheme| scheme.as_str() == closed.scheme.as_ref())
        });
        rounds
            .flat_map(|closed| closed.results.iter().map(move |result| (closed, result)))
            .filter(|(_, result)| {
                let categories = &written.categories;
                categories.is_empty() || categories.iter().any(|c| c == result.category.as_ref())
            })
            .filter(|(_, result)| {
                if let Some(reached) = &reached {
                    return reached.contains(result.subject.as_ref());
                }
                let line = self.snapshot.above.get(result.region);
                line.is_some_and(|line| line.contains(&region))
            })
            .map(|(closed, result)| Member {
                code: &result.subject,
                category: &result.category,
                name: closed.categories.get(result.category.as_ref()),
                round: Some((&closed.round, closed.revision)),
                share: result.share.clone(),
                size: written
                    .size
                    .as_ref()
                    .and_then(|measure| result.sizes.get(measure)),
            })
            .collect()
    }

    /// Those of this round that a composed item is composed of.
    fn members(&self, subject: usize, plan: &ComposedPlan) -> Vec<usize> {
        let written = &plan.written;
        let wanted = |place: usize| {
            let code = self
                .scheme
                .categories
                .get(self.category(place))
                .map_or("", |category| category.code.as_ref());
            place != subject
                && (written.categories.is_empty()
                    || written.categories.iter().any(|wanted| wanted == code))
        };
        if written.region {
            let Some(region) = self.snapshot.subjects.get(subject).map(|data| data.region) else {
                return Vec::new();
            };
            let inside = |place: &usize| {
                let other = self
                    .snapshot
                    .subjects
                    .get(*place)
                    .and_then(|data| self.snapshot.above.get(data.region));
                other.is_some_and(|line| line.contains(&region))
            };
            return (0..self.states.len())
                .filter(inside)
                .filter(|place| wanted(*place))
                .collect();
        }
        self.reach(subject, &written.by)
            .into_iter()
            .filter(|place| wanted(*place))
            .collect()
    }

    /// Those of this round whose totals a subject's composed items need.
    pub(super) fn awaits(&self, subject: usize) -> Vec<usize> {
        let Some(category) = self.scheme.categories.get(self.category(subject)) else {
            return Vec::new();
        };
        let parts = category
            .items
            .iter()
            .filter_map(|item| self.scheme.items.get(*item))
            .flat_map(|item| &item.parts);
        parts
            .filter_map(|part| match &part.way {
                Way::Composed(plan) if plan.written.closed.is_empty() => {
                    Some(self.members(subject, plan))
                }
                _ => None,
            })
            .flatten()
            .collect()
    }

    /// Lists those that are composed of each other, circle by circle, and those that rest on one: nobody of them can
    /// be scored first, so all are undetermined.
    pub(super) fn refuse_circles(&mut self, waiting: BTreeSet<usize>) {
        let needs: BTreeMap<usize, Vec<usize>> = waiting
            .iter()
            .map(|subject| {
                let mut needed = self.awaits(*subject);
                needed.retain(|other| waiting.contains(other));
                (*subject, needed)
            })
            .collect();
        let mut needed_by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (subject, needed) in &needs {
            for other in needed {
                needed_by.entry(*other).or_default().push(*subject);
            }
        }
        let mut circles: Vec<BTreeSet<usize>> = Vec::new();
        for subject in needs.keys() {
            if circles.iter().any(|circle| circle.contains(subject)) {
                continue;
            }
            let circle: BTreeSet<usize> = spread(*subject, &needed_by)
                .intersection(&spread(*subject, &needs))
                .copied()
                .collect();
            if circle.len() > 1 {
                circles.push(circle);
            }
        }
        for subject in waiting {
            let own = circles.iter().find(|circle| circle.contains(&subject));
            let (code, named) = if let Some(circle) = own {
                (ReasonCode::ComposedOfItself, circle.clone())
            } else {
                let mut onward = spread(subject, &needs);
                onward.retain(|other| circles.iter().any(|circle| circle.contains(other)));
                (ReasonCode::RestsOnCircle, onward)
            };
            let names: Vec<&str> = named
                .iter()
                .filter_map(|place| self.snapshot.subjects.get(*place))
                .map(|data| data.code.as_ref())
                .collect();
            let gap = self.gap(
                Some(subject),
                GapKind::Contradiction,
                COMPOSED,
                Reason::with(code, [names.join(", ")]),
                Action::MendScheme,
            );
            self.gaps.push(gap);
            self.mark_undetermined(subject);
        }
    }
}

/// All that can be reached, the start included.
fn spread(start: usize, steps: &BTreeMap<usize, Vec<usize>>) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(place) = open.pop() {
        for next in steps.get(&place).into_iter().flatten() {
            if found.insert(*next) {
                open.push(*next);
            }
        }
    }
    found
}
