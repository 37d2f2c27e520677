//! When the sheets of a survey came in, by days, as it may be shown: about each subject and about all together.
//!
//! Days are taken together until [`FEW`] sheets lie in what is shown. All together are cut at a day only if what is left
//! between any two of their cuts, after those subjects are taken off that are shown there by themselves, makes a group that
//! may be shown: else it would follow.

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
    let days: Vec<NaiveDate> = all.keys().copied().collect();
    let courses: Vec<Course> = (counts.iter())
        .map(|(subject, by_day)| {
            let shown = each.get(subject).and_then(Option::as_deref);
            Course::of(&days, by_day, shown)
        })
        .collect();
    let may_show = |from: usize, to: usize| {
        let left = courses.iter().map(|course| course.left(from, to));
        let left = left.fold(0, u64::saturating_add);
        left == 0 || left >= FEW
    };
    let end = days.len();
    let mut cuts = vec![0];
    let line = cut((began, last), &all, |day| {
        let place = days.partition_point(|one| *one <= day);
        let may_cut = cuts.iter().all(|cut| may_show(*cut, place)) && may_show(place, end);
        if may_cut {
            cuts.push(place);
        }
        may_cut
    });
    TimeLine {
        all: line.filter(|_| may_show(0, end)),
        each,
    }
}

/// The sheets about a subject by places between days: that before the first, then that after each.
struct Course {
    /// How many had come in.
    until: Vec<u64>,
    /// The last place up to here at which what is shown of the subject is cut.
    before: Vec<usize>,
    /// The next from here on; nothing where there is none.
    after: Vec<Option<usize>>,
}

impl Course {
    fn of(days: &[NaiveDate], by_day: &BTreeMap<NaiveDate, u64>, shown: Option<&[Days]>) -> Self {
        let (mut until, mut before) = (vec![0], vec![0]);
        let (mut sum, mut last) = (0_u64, 0);
        let is_cut =
            |day: NaiveDate| shown.is_some_and(|list| list.iter().any(|one| one.to == day));
        for (place, day) in (1..).zip(days) {
            sum = sum.saturating_add(by_day.get(day).copied().unwrap_or(0));
            if is_cut(*day) {
                last = place;
            }
            until.push(sum);
            before.push(last);
        }
        let mut next = None;
        let mut after: Vec<Option<usize>> = (before.iter().enumerate().rev())
            .map(|(place, last)| {
                next = if *last == place { Some(place) } else { next };
                next
            })
            .collect();
        after.reverse();
        Self {
            until,
            before,
            after,
        }
    }

    /// How many came in from one place to another, without those that are shown by themselves within.
    fn left(&self, from: usize, to: usize) -> u64 {
        let until = |place: usize| self.until.get(place).copied().unwrap_or(0);
        let came = |from: usize, to: usize| until(to).saturating_sub(until(from));
        match (self.after.get(from).copied().flatten(), self.before.get(to)) {
            (Some(next), Some(last)) if next <= *last => {
                came(from, next).saturating_add(came(*last, to))
            }
            _ => came(from, to),
        }
    }
}

/// Takes days together; what is left over at the end goes to the last that stand.
fn cut(
    (began, last): (NaiveDate, NaiveDate),
    by_day: &BTreeMap<NaiveDate, u64>,
    mut may_cut: impl FnMut(NaiveDate) -> bool,
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
