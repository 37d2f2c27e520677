//! Lists of results whose codes are the same for all of a category: the codes are held once and shared.

use std::ops::Deref;
use std::slice;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Results under their codes, in the scheme's order. It is written and read as a list of results that each name
/// their code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded<T> {
    /// As many as there are results.
    codes: Arc<[Arc<str>]>,
    results: Box<[T]>,
}

/// A result with its code.
#[derive(Debug, PartialEq, Eq)]
pub struct Row<'a, T> {
    /// Its code.
    pub code: &'a Arc<str>,
    result: &'a T,
}

impl<T> Clone for Row<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

// Whatever the result is: both are only looked at.
impl<T> Copy for Row<'_, T> {}

impl<T> Deref for Row<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.result
    }
}

/// How a result is written with its code.
pub trait Named: Sized {
    /// As it is written.
    type Written<'a>: Serialize
    where
        Self: 'a;
    /// As it is read.
    type Read: for<'de> Deserialize<'de>;

    /// With its code.
    fn written<'a>(&'a self, code: &'a str) -> Self::Written<'a>;

    /// Apart from its code.
    fn read(read: Self::Read) -> (Arc<str>, Self);
}

impl<T> Coded<T> {
    /// Results under the codes that they share with others; of more codes than results the first.
    pub fn new(codes: &Arc<[Arc<str>]>, mut results: Vec<T>) -> Self {
        results.truncate(codes.len());
        let codes = match codes.get(..results.len()) {
            Some(own) if own.len() < codes.len() => Arc::from(own),
            _ => codes.clone(),
        };
        let results = results.into_boxed_slice();
        Self { codes, results }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.results.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// Each with its code.
    pub fn iter(&self) -> Rows<'_, T> {
        Rows(self.codes.iter().zip(&self.results))
    }
}

/// Results one after the other, each with its code.
#[derive(Debug, Clone)]
pub struct Rows<'a, T>(std::iter::Zip<slice::Iter<'a, Arc<str>>, slice::Iter<'a, T>>);

impl<'a, T> Iterator for Rows<'a, T> {
    type Item = Row<'a, T>;

    fn next(&mut self) -> Option<Row<'a, T>> {
        let (code, result) = self.0.next()?;
        Some(Row { code, result })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> ExactSizeIterator for Rows<'_, T> {}

impl<'a, T> IntoIterator for &'a Coded<T> {
    type Item = Row<'a, T>;
    type IntoIter = Rows<'a, T>;

    fn into_iter(self) -> Rows<'a, T> {
        self.iter()
    }
}

impl<T: Named> Serialize for Coded<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|row| row.result.written(row.code)))
    }
}

impl<'de, T: Named> Deserialize<'de> for Coded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<T::Read>::deserialize(deserializer)?;
        let (codes, results): (Vec<_>, Vec<_>) = list.into_iter().map(T::read).unzip();
        Ok(Self::new(&codes.into(), results))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Points;
    use crate::outcome::NodeResult;

    #[test]
    fn results_share_their_codes_and_are_written_each_with_its_own() {
        let codes: Arc<[Arc<str>]> = ["A", "A1", "B"].map(Arc::from).into();
        let result = |whole| NodeResult {
            sum: Points::from_whole(whole).ok(),
            points: None,
            maximum: None,
        };
        let coded = Coded::new(&codes, [1, 2, 3].map(result).into());
        assert!(Arc::ptr_eq(&coded.codes, &codes));
        assert_eq!((coded.len(), coded.is_empty()), (3, false));
        assert_eq!(coded.iter().len(), 3);
        let last = coded.iter().last().unwrap();
        assert_eq!((last.code.as_ref(), last.sum), ("B", result(3).sum));
        let text = serde_json::to_string(&coded).unwrap();
        assert!(
            text.starts_with(r#"[{"node":"A","sum":"1","points":null,"maximum":null},"#),
            "{text}"
        );
        let read: Coded<NodeResult> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, coded);
        // Whoever was not scored has no results, and somebody with fewer has the first codes.
        assert!(Coded::<NodeResult>::new(&codes, Vec::new()).is_empty());
        let fewer = Coded::new(&codes, [1, 2].map(result).into());
        assert!(fewer.iter().map(|row| row.code.as_ref()).eq(["A", "A1"]));
        assert_ne!(fewer, coded);
    }
}
