//! Lists that are nearly always empty, in one machine word: an outcome holds millions of them.

use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list that is nearly always empty. It reads as a slice, and is written as any list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seldom<T>(Option<Box<Held<T>>>);

/// Never empty. Boxed as a slice it would take two words wherever nothing is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Held<T>(Vec<T>);

impl<T> Seldom<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(&self) -> bool {
        // An empty list is never kept.
        self.0.is_none()
    }
}

impl<T> Default for Seldom<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Seldom<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_ref().map_or(&[], |held| held.0.as_slice())
    }
}

impl<T> From<Vec<T>> for Seldom<T> {
    fn from(list: Vec<T>) -> Self {
        Self((!list.is_empty()).then(|| Box::new(Held(list))))
    }
}

impl<T> FromIterator<T> for Seldom<T> {
    fn from_iter<I: IntoIterator<Item = T>>(list: I) -> Self {
        list.into_iter().collect::<Vec<T>>().into()
    }
}

impl<'a, T> IntoIterator for &'a Seldom<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Serialize> Serialize for Seldom<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Seldom<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_and_read_as_a_list_and_takes_a_word() {
        for list in [Vec::new(), vec![3, 1, 2]] {
            let seldom: Seldom<i32> = list.iter().copied().collect();
            assert_eq!((seldom.is_empty(), &*seldom), (list.is_empty(), &*list));
            assert!((&seldom).into_iter().eq(&list));
            let text = serde_json::to_string(&seldom).unwrap();
            assert_eq!(text, serde_json::to_string(&list).unwrap());
            assert_eq!(serde_json::from_str::<Seldom<i32>>(&text).unwrap(), seldom);
        }
        assert_eq!(size_of::<Seldom<[u64; 9]>>(), size_of::<usize>());
        assert!(Seldom::default() < Seldom::from(vec![1]));
    }
}
