//! When sheets came in, and that no small group follows from what is shown of it.

use chrono::NaiveDate;

use super::super::{ByDay, Days, show_days};
use super::result::Span;
use super::*;
use crate::outcome::FEW;

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1 + number).unwrap()
}

fn counts(of: &[&[u64]]) -> ByDay<u8> {
    (0..)
        .zip(of)
        .map(|(subject, by_day)| {
            let by_day = (0..)
                .zip(*by_day)
                .map(|(number, sheets)| (day(number), *sheets));
            (subject, by_day.collect())
        })
        .collect()
}

#[expect(clippy::unnecessary_wraps, reason = "what is withheld is nothing")]
fn days(list: &[(u32, u32, u64)]) -> Option<Vec<Days>> {
    let days = list.iter().map(|(from, to, sheets)| Days {
        from: day(*from),
        to: day(*to),
        sheets: *sheets,
    });
    Some(days.collect())
}

#[test]
fn days_are_taken_together_until_ten_sheets_came_in() {
    let shown = show_days(
        day(0),
        &counts(&[&[3, 4, 5, 20, 0, 4], &[9, 0, 0, 0, 0, 0]]),
    );
    assert_eq!(shown.each[&0], days(&[(0, 2, 12), (3, 5, 24)]));
    assert_eq!(shown.each[&1], None);
    // All together would tell of the nine.
    assert_eq!(shown.all, None);
    let shown = show_days(day(0), &counts(&[&[10, 10], &[9, 1]]));
    assert_eq!(shown.each[&0], days(&[(0, 0, 10), (1, 1, 10)]));
    assert_eq!(shown.each[&1], days(&[(0, 1, 10)]));
    // Cut after the first day it would tell that nine came then about the second.
    assert_eq!(shown.all, days(&[(0, 1, 30)]));
    let shown = show_days(day(0), &counts(&[&[10, 10], &[9, 1], &[1, 9]]));
    assert_eq!(shown.all, days(&[(0, 0, 20), (1, 1, 20)]));
    // One came on the second day about two that are not cut: it is told neither by itself nor from the cuts around it.
    let shown = show_days(
        day(0),
        &counts(&[&[5, 0, 0, 0, 5], &[10, 10, 5, 2, 3], &[5, 1, 2, 3, 0]]),
    );
    assert_eq!(shown.all, days(&[(0, 0, 20), (1, 4, 31)]));
    assert_eq!(show_days(day(0), &counts(&[])).all, days(&[]));
}

proptest! {
    #[test]
    fn no_small_group_follows_from_a_time_line(
        by_subject in proptest::collection::vec(proptest::collection::vec(0..14_u64, 5), 1..5),
    ) {
        let lists: Vec<&[u64]> = by_subject.iter().map(Vec::as_slice).collect();
        let counts = counts(&lists);
        let shown = show_days(day(0), &counts);
        let cells: Vec<(u8, NaiveDate)> = (counts.keys())
            .flat_map(|subject| (0..5).map(move |number| (*subject, day(number))))
            .collect();
        let row = |is_in: &dyn Fn((u8, NaiveDate)) -> bool| -> Vec<i128> {
            cells.iter().map(|cell| i128::from(is_in(*cell))).collect()
        };
        let mut span = Span::default();
        let lists = shown.each.iter().map(|(subject, list)| (Some(*subject), list));
        for (subject, list) in lists.chain([(None, &shown.all)]) {
            for days in list.iter().flatten() {
                span.add(row(&|(about, day)| {
                    subject.is_none_or(|one| one == about) && (days.from..=days.to).contains(&day)
                }));
            }
        }
        let mut groups = Vec::new();
        // Any of them together, through any days.
        for about in 1..(1_u32 << counts.len()) {
            for from in 0..5 {
                for to in from..5 {
                    groups.push(row(&|(one, on)| {
                        about >> one & 1 == 1 && (day(from)..=day(to)).contains(&on)
                    }));
                }
            }
        }
        for group in groups {
            let sum: i128 = group.iter().zip(&cells)
                .map(|(one, (subject, day))| one * i128::from(counts[subject][day]))
                .sum();
            if (1..i128::from(FEW)).contains(&sum) {
                prop_assert!(!span.holds(group.clone()), "{group:?} of {sum} follows from {shown:?}");
            }
        }
    }
}
