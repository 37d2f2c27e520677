//! When the sheets of a survey came in, by days, as it may be shown: about each subject and about all together.
//!
//! Days are taken together until [`FEW`] sheets lie in what is shown. All together are cut at a day only if those
//! subjects that are not cut there make a group that may be shown, before that day and after it: else it would follow from
//! what is shown of the others.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::outcome::FEW;

/// Sheets that came in from one day to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// How many sheets.
    pub sheets: u64,
}

/// When sheets came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLine<S: Ord> {
    /// About all subjects; nothing where it is withheld.
    pub all: Option<Vec<Days>>,
    /// About each; nothing where fewer than [`FEW`] sheets came in.
    pub each: BTreeMap<S, Option<Vec<Days>>>,
}

/// Sheets of each subject by the day on which they came in. A day on which none came may be absent.
pub type ByDay<S> = BTreeMap<S, BTreeMap<NaiveDate, u64>>;

/// The time line of a survey that began on this day.
pub fn show_days<S: Ord + Copy>(began: NaiveDate, counts: &ByDay<S>) -> TimeLine<S> {
    let mut all: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    for (day, sheets) in counts.values().flatten() {
        let sum = all.entry(*day).or_default();
        *sum = sum.saturating_add(*sheets);
    }
    let last = all.keys().next_back().copied().unwrap_or(began);
    let each: BTreeMap<S, Option<Vec<Days>>> = (counts.iter())
        .map(|(subject, by_day)| (*subject, cut((began, last), by_day, |_| true)))
        .collect();
    let may_show = |sheets: u64| sheets == 0 || sheets >= FEW;
    // Of subjects that are not cut at the end of a day it would follow what came before and what comes after, within what
    // is shown of them.
    let may_cut = |day: NaiveDate| {
        let (mut before, mut after) = (0_u64, 0_u64);
        for (subject, by_day) in counts {
            let shown = each.get(subject).and_then(Option::as_deref);
            let here = |days: &&Days| (days.from..=days.to).contains(&day);
            let (from, to) = match shown.and_then(|shown| shown.iter().find(here)) {
                Some(days) if days.to == day => continue,
                Some(days) => (days.from, days.to),
                None => (began, last),
            };
            for (on, sheets) in by_day.iter().filter(|(on, _)| (from..=to).contains(*on)) {
                let part = if *on <= day { &mut before } else { &mut after };
                *part = part.saturating_add(*sheets);
            }
        }
        may_show(before) && may_show(after)
    };
    let all = cut((began, last), &all, may_cut).filter(|_| may_cut(last));
    TimeLine { all, each }
}

/// Takes days together; what is left over at the end goes to the last that stand.
fn cut(
    (began, last): (NaiveDate, NaiveDate),
    by_day: &BTreeMap<NaiveDate, u64>,
    may_cut: impl Fn(NaiveDate) -> bool,
) -> Option<Vec<Days>> {
    let mut found: Vec<Days> = Vec::new();
    let (mut from, mut sheets) = (began, 0_u64);
    for (day, count) in by_day {
        sheets = sheets.saturating_add(*count);
        if sheets >= FEW && may_cut(*day) {
            found.push(Days {
                from,
                to: *day,
                sheets,
            });
            (from, sheets) = (day.succ_opt().unwrap_or(*day), 0);
        }
    }
    match found.last_mut() {
        Some(end) => {
            end.to = last;
            end.sheets = end.sheets.saturating_add(sheets);
            Some(found)
        }
        None if sheets == 0 => Some(found),
        None => None,
    }
}
