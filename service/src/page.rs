//! Lists in pages: where to go on, how many, and whether there is more.
//!
//! A page goes on behind a key of the order and never at a number of rows, so it costs the same at the end of a list as
//! at its beginning, and rows that come in between neither repeat nor hide others.

/// Which part of a list to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<K> {
    /// Only what stands behind this key in the order of the list.
    pub after: Option<K>,
    /// At most so many rows.
    pub first: u32,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// Whether there are more behind them.
    pub has_more: bool,
}

impl<K> Page<K> {
    /// How many rows to ask the database for: one more than wanted tells whether there are more.
    pub(crate) fn limit(&self) -> u64 {
        u64::from(self.first).saturating_add(1)
    }

    /// The part, from what the database gave for [`Page::limit`].
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>) -> Part<T> {
        let wanted = usize::try_from(self.first).unwrap_or(usize::MAX);
        let has_more = rows.len() > wanted;
        rows.truncate(wanted);
        Part { rows, has_more }
    }
}

impl<T> Part<T> {
    /// The same part with its rows turned into something else.
    ///
    /// # Errors
    /// The first that `turn` gives.
    pub(crate) fn try_map<U, E>(self, turn: impl FnMut(T) -> Result<U, E>) -> Result<Part<U>, E> {
        let rows = self.rows.into_iter().map(turn).collect::<Result<_, E>>()?;
        Ok(Part {
            rows,
            has_more: self.has_more,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_more_than_wanted_says_that_there_are_more() {
        let page = Page::<i64> {
            after: None,
            first: 2,
        };
        assert_eq!(
            page.cut(vec![1, 2, 3]),
            Part {
                rows: vec![1, 2],
                has_more: true
            }
        );
        assert_eq!(
            page.cut(vec![1, 2]),
            Part {
                rows: vec![1, 2],
                has_more: false
            }
        );
    }
}
