//! Values as people read them: the exact one, and beside it what it comes to.

use std::sync::Arc;

use super::{Explainer, pair, same};
use crate::number::{Ratio, Rounding, RoundingMode};
use crate::outcome::Shown;
use crate::scheme::file::{MeasureUnit, Words};

/// What kind of number a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Between 0 and 1, read as a percentage.
    Rate,
    /// A mean score of a survey, 0 to 100.
    Score,
    /// Any other.
    Plain,
}

impl Explainer<'_> {
    pub(super) fn unit(&self, what: &str) -> Unit {
        let parts: Vec<&str> = what.split('/').collect();
        match parts.as_slice() {
            ["survey", _, "mean_score", ..] => Unit::Score,
            ["survey" | "share" | "composed" | "checklist", ..] | ["measure", _, .., "change"] => {
                Unit::Rate
            }
            ["measure", code, ..] => match self.measure(code).map(|measure| measure.unit) {
                Some(MeasureUnit::Rate) => Unit::Rate,
                _ => Unit::Plain,
            },
            _ => Unit::Plain,
        }
    }

    pub(super) fn value(&self, what: &str, shown: &Shown) -> Words {
        let text = match shown {
            Shown::Word(word) => return self.word(word),
            Shown::Missing => return pair("缺", "missing"),
            Shown::Whole(held) if what.starts_with("label/") => {
                return if *held > 0 {
                    pair("：持有", ": held")
                } else {
                    pair("：未持有", ": not held")
                };
            }
            Shown::Counts(n, d) => {
                let value = Ratio::of_counts(*n, *d);
                self.beside(what, &shown.to_string(), value.as_ref())
            }
            Shown::Exact(exact) => self.beside(what, &shown.to_string(), Some(exact)),
            // Read back from a document, a whole measure or score looks like a count; they are written alike.
            Shown::Whole(whole) if self.unit(what) == Unit::Rate => {
                self.beside(what, &shown.to_string(), Some(&Ratio::from_whole(*whole)))
            }
            Shown::Whole(_) | Shown::Points(_) => same(&shown.to_string()),
        };
        pair(format!(" {}", text.zh), text.en)
    }

    /// The bound of a comparison.
    pub(super) fn bound(&self, what: &str, text: &Arc<str>) -> Words {
        match text.parse::<Ratio>() {
            Ok(bound) => self.beside(what, text, Some(&bound)),
            Err(_) => self.word(text),
        }
    }

    /// The exact text, and what it comes to where that reads better.
    fn beside(&self, what: &str, exact: &str, value: Option<&Ratio>) -> Words {
        let read = value.map(|value| match self.unit(what) {
            Unit::Rate => value.to_percent_text(2),
            Unit::Score | Unit::Plain => decimal(value),
        });
        match read.filter(|read| read != exact) {
            Some(read) => pair(format!("{exact}（{read}）"), format!("{exact} ({read})")),
            None => same(exact),
        }
    }
}

/// A number with at most four decimals, halves away from zero, for reading only.
pub(super) fn decimal(value: &Ratio) -> String {
    let rounding = Rounding {
        decimals: 4,
        mode: RoundingMode::HalfUp,
    };
    rounding
        .to_points(value)
        .map_or_else(|_| value.to_string(), |points| points.to_string())
}
