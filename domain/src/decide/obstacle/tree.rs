//! A condition with what its comparisons gave, and the fewest of them that would have to turn.

use crate::decide::Engine;
use crate::decide::ask::of_nobody;
use crate::number::{Points, Ratio};
use crate::outcome::{Change, Comparison, Truth3};
use crate::scheme::file::Quantifier;
use crate::scheme::model::ConditionPlan;

use super::turn::turn;

/// A condition that was asked.
pub(super) enum Asked<'c> {
    One(&'c Comparison),
    Not(Box<Asked<'c>>),
    /// At least so many of them: one for *any*, each for *all*.
    AtLeast(usize, Vec<Asked<'c>>),
    /// Nobody was there to be looked at, and what that comes to.
    Nobody(Truth3),
}

/// Comparisons that would have to turn, each with its smallest change.
type Turned<'c> = Vec<(&'c Comparison, Change)>;

impl Engine<'_> {
    /// Puts the comparisons back into the condition that they were made for. They were made in its order, none left
    /// out.
    pub(super) fn asked<'c>(
        &self,
        subject: usize,
        condition: &ConditionPlan,
        compared: &mut impl Iterator<Item = &'c Comparison>,
    ) -> Asked<'c> {
        let mut each = |list: &[ConditionPlan]| -> Vec<Asked<'c>> {
            list.iter()
                .map(|inner| self.asked(subject, inner, &mut *compared))
                .collect()
        };
        match condition {
            ConditionPlan::All(list) => Asked::AtLeast(list.len(), each(list)),
            ConditionPlan::Any(list) => Asked::AtLeast(1, each(list)),
            ConditionPlan::Not(inner) => Asked::Not(Box::new(self.asked(subject, inner, compared))),
            ConditionPlan::Related {
                by,
                hold,
                nobody,
                that,
            } => {
                let reached: Vec<Asked<'c>> = self
                    .reach_others(subject, by)
                    .into_iter()
                    .map(|other| self.asked(other, that, &mut *compared))
                    .collect();
                if reached.is_empty() {
                    return Asked::Nobody(of_nobody(*hold, *nobody));
                }
                match hold {
                    Quantifier::Any => Asked::AtLeast(1, reached),
                    Quantifier::All => Asked::AtLeast(reached.len(), reached),
                    Quantifier::None => Asked::Not(Box::new(Asked::AtLeast(1, reached))),
                    Quantifier::AtLeast(least) => {
                        Asked::AtLeast(usize::try_from(*least).unwrap_or(usize::MAX), reached)
                    }
                }
            }
            _ => compared
                .next()
                .map_or(Asked::Nobody(Truth3::Undetermined), Asked::One),
        }
    }
}

impl<'c> Asked<'c> {
    /// The fewest comparisons that would have to turn for the condition to hold, or not to; nothing where none would do.
    pub fn turned(&self, wanted: bool, grain: Points) -> Option<Turned<'c>> {
        match self {
            Self::One(one) if one.holds == Truth3::of(wanted) => Some(Vec::new()),
            Self::One(one) => Some(vec![(*one, turn(one, wanted, grain))]),
            Self::Not(inner) => inner.turned(!wanted, grain),
            // It is as it should be, or no comparison turns it.
            Self::Nobody(holds) => (*holds == Truth3::of(wanted)).then(Vec::new),
            Self::AtLeast(least, list) => {
                // Fewer than `least` hold once all but `least − 1` do not.
                let needed = if wanted {
                    *least
                } else {
                    list.len().checked_sub(*least)?.checked_add(1)?
                };
                let ways = list.iter().filter_map(|inner| inner.turned(wanted, grain));
                let ways: Vec<Turned<'c>> = ways.collect();
                smallest(&ways, needed)
            }
        }
    }
}

/// So many ways that ask for least, in the order of the scheme; of equals the first are taken. Nothing where there are
/// fewer.
fn smallest<'c>(ways: &[Turned<'c>], needed: usize) -> Option<Turned<'c>> {
    if ways.len() < needed {
        return None;
    }
    // Points are not weighed against answers: of ways of one kind the smaller goes first, and kinds stand in the order
    // of their first.
    let kind = |way: &Turned<'_>| ways.iter().position(|other| are_alike(other, way));
    let mut sized: Vec<_> = (ways.iter().enumerate())
        .map(|(place, way)| {
            let weight: u64 = way.iter().map(|(_, change)| weight(change)).sum();
            let amount = way.iter().fold(Ratio::zero(), |sum, (_, change)| {
                sum.add(&amount(change).unwrap_or_else(Ratio::zero))
            });
            ((weight, kind(way), amount), place)
        })
        .collect();
    sized.sort();
    let mut taken: Vec<usize> = (sized.into_iter().take(needed))
        .map(|(_, place)| place)
        .collect();
    taken.sort_unstable();
    let taken = taken.into_iter().filter_map(|place| ways.get(place));
    Some(taken.flatten().cloned().collect())
}

/// Whether two ways ask for the same kinds of change.
fn are_alike(one: &Turned<'_>, other: &Turned<'_>) -> bool {
    let kind = |(_, change): &(&Comparison, Change)| std::mem::discriminant(change);
    one.iter().map(kind).eq(other.iter().map(kind))
}

/// How much there is of what can be counted, whatever its direction.
fn amount(change: &Change) -> Option<Ratio> {
    let amount = match change {
        Change::Points(points) => points.to_ratio(),
        Change::Answers(count) => Ratio::of_count(*count),
        Change::Facts(count) => Ratio::from_whole(*count),
        Change::Gap(gap) => gap.clone(),
        _ => return None,
    };
    Some(if amount.is_negative() {
        Ratio::zero().sub(&amount)
    } else {
        amount
    })
}

/// What can be counted goes before what others decide, and that before what nothing changes.
const fn weight(change: &Change) -> u64 {
    match change {
        Change::Points(_) | Change::Answers(_) | Change::Facts(_) | Change::Gap(_) => 1,
        Change::Ahead(_)
        | Change::Finding
        | Change::Related(_)
        | Change::Label
        | Change::Committee => 1_000,
        Change::Missing => 1_000_000,
        Change::Earlier | Change::Other => 1_000_000_000,
    }
}
