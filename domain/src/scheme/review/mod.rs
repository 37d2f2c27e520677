//! Says what is wrong or doubtful in a scheme that somebody writes, beyond what keeps it from being laid out.
//!
//! Faults here are certain: a rule that is said never to fire never fires, by the ranges of what it looks at. What only
//! may be wrong is a warning. A scheme with hundreds of categories of thousands of items is looked at in part: the
//! review costs a bounded time.

mod bound;
mod clash;
mod doubt;
mod range;
mod reach;
mod scale;
mod words;

use super::check;
use super::file::{GradedBy, SchemeFile};
use super::load::{self, Faults};
use super::model::{ConditionPlan, Scheme, ValuePlan};
use super::remark::{Fault, Warning};
use crate::number::Ratio;

use std::collections::{BTreeMap, BTreeSet};

use bound::{Bounds, composed_of};

/// Parts of the table times categories that ranges are worked out for, and categories that others are composed of.
const MOST_CELLS: usize = 200_000;

/// What a review of a scheme file says.
#[derive(Debug)]
pub struct Review {
    /// The scheme, where it has no fault.
    pub scheme: Option<Scheme>,
    /// What refuses it, in the order of the file.
    pub faults: Vec<Fault>,
    /// What is doubtful, in the order of the file.
    pub warnings: Vec<Warning>,
    /// Between which bounds totals lie, by category; none where ranges could not be worked out.
    pub totals: Vec<TotalRange>,
}

/// Between which bounds the totals of a category lie.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TotalRange {
    /// The category's code.
    pub category: String,
    /// The least total; absent where nothing bounds it.
    pub least: Option<Ratio>,
    /// The greatest total; absent where nothing bounds it.
    pub most: Option<Ratio>,
}

pub(super) fn review(text: &str) -> Review {
    let loaded = load::load(text);
    // Words are looked at in every file of which all was read; what is not laid out has them too.
    let file = loaded.is_whole().then(|| loaded.file.clone());
    let (scheme, mut faults) = check::check(text, loaded);
    if let Some(file) = &file {
        words::review(file, &mut faults);
    }
    let mut totals = Vec::new();
    if let Some(scheme) = &scheme {
        doubt::review(scheme, &mut faults);
        scale::review_surveys(scheme, &mut faults);
        let bounds = bounds_of(scheme);
        scale::review(scheme, &bounds, &mut faults);
        reach::review(scheme, &bounds, &mut faults);
        clash::review(scheme, &bounds, &mut faults);
        totals = totals_of(&scheme.file, &bounds);
    }
    let sound = faults.is_empty();
    let (faults, warnings) = faults.into_lists();
    Review {
        scheme: scheme.filter(|_| sound),
        faults,
        warnings,
        totals,
    }
}

/// The ranges of each category; none where the table is so large that they would take long. Composed categories come
/// after those they are composed of; where they are composed of each other, they take each other's results for free.
fn bounds_of(scheme: &Scheme) -> Vec<Bounds<'_>> {
    let parts = scheme
        .items
        .len()
        .saturating_add(scheme.nodes.len())
        .saturating_add(scheme.rules.len());
    if parts.saturating_mul(scheme.categories.len()) > MOST_CELLS {
        return Vec::new();
    }
    // Of each category, how many that it is composed of are not known yet, and what is composed of it.
    let mut missing = Vec::new();
    let mut above: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut links = 0_usize;
    for category in 0..scheme.categories.len() {
        let needed = composed_of(scheme, category);
        links = links.saturating_add(needed.len());
        if links > MOST_CELLS {
            return Vec::new();
        }
        missing.push(needed.len());
        for of in needed {
            above.entry(of).or_default().push(category);
        }
    }
    let mut waiting: BTreeSet<usize> = (0..missing.len()).collect();
    let mut ready: Vec<usize> = (missing.iter().enumerate())
        .filter(|(_, missing)| **missing == 0)
        .map(|(category, _)| category)
        .collect();
    let mut found = BTreeMap::new();
    while let Some(first) = waiting.first().copied() {
        let category = ready.pop().unwrap_or(first);
        waiting.remove(&category);
        found.insert(category, Bounds::new(scheme, category, &found));
        for composed in above.get(&category).into_iter().flatten() {
            let Some(missing) = missing.get_mut(*composed) else {
                continue;
            };
            *missing = missing.saturating_sub(1);
            if *missing == 0 && waiting.contains(composed) {
                ready.push(*composed);
            }
        }
    }
    found.into_values().collect()
}

fn totals_of(file: &SchemeFile, bounds: &[Bounds<'_>]) -> Vec<TotalRange> {
    let ranges = file.category.iter().zip(bounds);
    ranges
        .filter_map(|(category, bounds)| {
            let range = bounds.total.as_ref()?;
            Some(TotalRange {
                category: category.code.clone(),
                least: range.low().cloned(),
                most: range.high().cloned(),
            })
        })
        .collect()
}

/// Every condition of a scheme with its path and the categories that it is asked in.
fn conditions(scheme: &Scheme) -> Vec<(String, Vec<bool>, &ConditionPlan)> {
    let rules = scheme.rules.iter().map(|rule| {
        let path = format!("rule/{}/when", rule.code);
        (path, rule.applies.clone(), &rule.when)
    });
    let labels = scheme.labels.iter().filter_map(|label| {
        let path = format!("label/{}/when", label.code);
        Some((path, label.applies.clone(), label.when.as_ref()?))
    });
    let items = scheme.items.iter().enumerate();
    let gates = items.filter_map(|(place, item)| {
        let path = format!("item/{}/gate", item.code);
        Some((path, of_item(scheme, place), item.gate.as_ref()?))
    });
    rules.chain(labels).chain(gates).collect()
}

/// The categories that an item is for.
fn of_item(scheme: &Scheme, item: usize) -> Vec<bool> {
    let places = scheme
        .categories
        .iter()
        .map(|category| &category.item_place);
    places
        .map(|place| place.get(item).copied().flatten().is_some())
        .collect()
}

/// Goes through every comparison of a condition with its path; `elsewhere` says that it is about related subjects.
fn each_comparison<'c>(
    path: &str,
    condition: &'c ConditionPlan,
    elsewhere: bool,
    look: &mut impl FnMut(&str, &'c ValuePlan, &'c super::model::TestPlan, bool),
) {
    match condition {
        ConditionPlan::All(list) | ConditionPlan::Any(list) => {
            let key = if matches!(condition, ConditionPlan::All(_)) {
                "all"
            } else {
                "any"
            };
            for (place, inner) in list.iter().enumerate() {
                each_comparison(&format!("{path}/{key}/{place}"), inner, elsewhere, look);
            }
        }
        ConditionPlan::Not(inner) => {
            each_comparison(&format!("{path}/not"), inner, elsewhere, look);
        }
        ConditionPlan::Compare(value, test, _) => look(path, value, test, elsewhere),
        ConditionPlan::Related { that, .. } => {
            each_comparison(&format!("{path}/related/that"), that, true, look);
        }
        _ => {}
    }
}

/// Whether grades are read off totals at all.
fn reads_totals(scheme: &Scheme) -> bool {
    scheme.file.grading.by != GradedBy::Proposed
}

/// Whether nothing was found wrong at a path or below it, so that one mistake is named once.
fn is_clear(faults: &Faults, path: &str) -> bool {
    !faults.has_below(path)
}
