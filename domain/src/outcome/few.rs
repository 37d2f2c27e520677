//! Lists that nearly always hold one thing: it lies where the list does, and only more of them ask for memory.

use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list that nearly always holds one thing. It reads as a slice, and is written as any list.
#[derive(Debug, Clone)]
pub struct Few<T>(Held<T>);

#[derive(Debug, Clone)]
enum Held<T> {
    None,
    One(T),
    More(Vec<T>),
}

impl<T> Few<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Self(Held::None)
    }

    /// A list of one.
    pub const fn one(value: T) -> Self {
        Self(Held::One(value))
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        (**self).is_empty()
    }

    /// Adds a value at the end.
    pub fn push(&mut self, value: T) {
        if let Held::More(list) = &mut self.0 {
            list.push(value);
            return;
        }
        self.0 = match std::mem::replace(&mut self.0, Held::None) {
            Held::One(first) => Held::More(vec![first, value]),
            _ => Held::One(value),
        };
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Held::None => &[],
            Held::One(value) => std::slice::from_ref(value),
            Held::More(list) => list,
        }
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Few<T> {}

impl<T> From<Few<T>> for Vec<T> {
    fn from(few: Few<T>) -> Self {
        match few.0 {
            Held::None => Self::new(),
            Held::One(value) => vec![value],
            Held::More(list) => list,
        }
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, list: I) {
        list.into_iter().for_each(|value| self.push(value));
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(list: I) -> Self {
        let mut few = Self::new();
        few.extend(list);
        few
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        Vec::from(self).into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Serialize> Serialize for Few<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_and_read_as_a_list_whatever_it_holds() {
        for list in [vec![], vec![3], vec![3, 1], vec![3, 1, 2]] {
            let few: Few<i32> = list.iter().copied().collect();
            assert_eq!((few.is_empty(), &*few), (list.is_empty(), &*list));
            assert!((&few).into_iter().eq(&list));
            assert!(few.clone().into_iter().eq(list.clone()));
            let text = serde_json::to_string(&few).unwrap();
            assert_eq!(text, serde_json::to_string(&list).unwrap());
            assert_eq!(serde_json::from_str::<Few<i32>>(&text).unwrap(), few);
        }
        assert_eq!(Few::one(1), [1].into_iter().collect());
    }
}
