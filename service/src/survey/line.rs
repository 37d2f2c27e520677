//! The text in which the counts of a tally are stored: `{3,1,2}`, which PostgreSQL takes for an array and SQLite keeps.

use std::fmt::Write;

use crate::Fault;

/// The text of these counts.
pub(crate) fn write(counts: &[u64]) -> String {
    let mut text = String::with_capacity(2 + 2 * counts.len());
    text.push('{');
    for (place, count) in counts.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        // A `String` takes whatever is written.
        let _written = write!(text, "{count}");
    }
    text.push('}');
    text
}

/// The counts of a text.
///
/// # Errors
/// [`Fault::Internal`] if it is none; the database refuses such a text.
pub(crate) fn parse(text: &str) -> Result<Vec<u64>, Fault> {
    text.strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .ok_or_else(|| Fault::internal(format!("a kept tally reads `{text}`")))?
        .split(',')
        .map(|count| count.parse().map_err(Fault::internal))
        .collect()
}

/// The sums of two rows of counts.
///
/// # Errors
/// [`Fault::Internal`] if one is longer or a count grows beyond all measure.
pub(crate) fn add(kept: &[u64], new: &[u64]) -> Result<Vec<u64>, Fault> {
    if kept.len() != new.len() {
        return Err(Fault::internal(
            "a kept tally has another length than the survey; count it again from the sheets",
        ));
    }
    kept.iter()
        .zip(new)
        .map(|(kept, new)| kept.checked_add(*new))
        .collect::<Option<_>>()
        .ok_or_else(|| Fault::internal("a kept tally overflows; count it again from the sheets"))
}

/// What is left of a row of counts without another.
///
/// # Errors
/// [`Fault::Internal`] if one is longer or more would go than is there.
pub(crate) fn subtract(kept: &[u64], taken: &[u64]) -> Result<Vec<u64>, Fault> {
    let rest = kept
        .iter()
        .zip(taken)
        .map(|(kept, taken)| kept.checked_sub(*taken));
    rest.collect::<Option<Vec<u64>>>()
        .filter(|rest| rest.len() == kept.len() && rest.len() == taken.len())
        .ok_or_else(|| {
            Fault::internal(
                "a kept tally lacks what its sheets hold; count it again from the sheets",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_survive_their_text() {
        let counts = [0, 1, 9_000_000_000];
        assert_eq!(write(&counts), "{0,1,9000000000}");
        assert_eq!(parse(&write(&counts)).unwrap(), counts);
        for wrong in ["", "{}", "{1,}", "1,2", "{-1}", "{NULL}"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(add(&counts, &[1, 2, 3]).unwrap(), [1, 3, 9_000_000_003]);
        assert!(add(&counts, &[1]).is_err());
        assert_eq!(
            subtract(&counts, &[0, 1, 1]).unwrap(),
            [0, 0, 8_999_999_999]
        );
        assert!(subtract(&counts, &[1, 0, 0]).is_err());
        assert!(subtract(&counts, &[0]).is_err());
    }
}
