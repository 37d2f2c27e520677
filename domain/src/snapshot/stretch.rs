//! The stretches of a period in which a measure is reported or points are awarded.

use chrono::{Datelike, NaiveDate};

use crate::scheme::file::Every;

/// The stretches that a period touches, in order: `2026`, `2026-H1`, `2026-Q1`, `2026-01`; a single `round` for the whole.
pub fn stretches(every: Every, from: NaiveDate, to: NaiveDate) -> Vec<String> {
    let months_in = match every {
        Every::Round => return vec!["round".to_owned()],
        Every::Year => 12,
        Every::HalfYear => 6,
        Every::Quarter => 3,
        Every::Month => 1,
    };
    // Months are counted from year 0, so that stretches follow each other without a special case at new year.
    let index = |day: NaiveDate| {
        (i64::from(day.year()) * 12 + i64::from(day.month0())).div_euclid(months_in)
    };
    let (first, last) = (index(from), index(to));
    // A period of more than a century is a mistake that the row check reports; it must not fill the memory.
    (first..=last.min(first.saturating_add(1_200)))
        .map(|stretch| {
            let (year, month) = (
                (stretch * months_in).div_euclid(12),
                (stretch * months_in).rem_euclid(12),
            );
            match every {
                Every::Round | Every::Year => format!("{year:04}"),
                Every::HalfYear => format!("{year:04}-H{}", month / 6 + 1),
                Every::Quarter => format!("{year:04}-Q{}", month / 3 + 1),
                Every::Month => format!("{year:04}-{:02}", month + 1),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_has_the_quarters_that_it_touches() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        assert_eq!(
            stretches(Every::Quarter, day("2025-09-01"), day("2026-06-30")),
            ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"]
        );
        assert_eq!(
            stretches(Every::HalfYear, day("2026-01-01"), day("2026-12-31")),
            ["2026-H1", "2026-H2"]
        );
        assert_eq!(
            stretches(Every::Month, day("2026-12-01"), day("2027-01-31")),
            ["2026-12", "2027-01"]
        );
        assert_eq!(
            stretches(Every::Round, day("2026-12-01"), day("2027-01-31")),
            ["round"]
        );
    }
}
