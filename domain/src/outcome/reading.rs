//! Figures cut for reading: kept as the number that is read, since a round holds them by the hundred thousand.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::number::Points;

/// A figure as it is read, such as `93.33%`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reading {
    /// A percentage.
    Percent(Points),
    /// A mean.
    Mean(Points),
    /// A number too large for either.
    Text(Arc<str>),
    /// There is no figure.
    #[default]
    Nothing,
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(points) => write!(f, "{points}%"),
            Self::Mean(points) => write!(f, "{points}"),
            Self::Text(text) => f.write_str(text),
            Self::Nothing => Ok(()),
        }
    }
}

impl From<&str> for Reading {
    /// What reads otherwise than it was written stays a text.
    fn from(text: &str) -> Self {
        let read = match text.strip_suffix('%') {
            Some(percent) => percent.parse().map(Self::Percent),
            None if text.is_empty() => Ok(Self::Nothing),
            None => text.parse().map(Self::Mean),
        };
        (read.ok().filter(|read| read.to_string() == text))
            .unwrap_or_else(|| Self::Text(Arc::from(text)))
    }
}

impl Serialize for Reading {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reading {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::from(text.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        for text in [
            "",
            "93.33%",
            "4.5",
            "-0.25%",
            "4.50",
            "1/3",
            "9".repeat(30).as_str(),
        ] {
            let reading = Reading::from(text);
            assert_eq!(reading.to_string(), text);
            let written = serde_json::to_string(&reading).unwrap();
            assert_eq!(written, serde_json::to_string(text).unwrap());
            assert_eq!(serde_json::from_str::<Reading>(&written).unwrap(), reading);
        }
        assert_eq!(
            Reading::from("93.33%"),
            Reading::Percent("93.33".parse().unwrap())
        );
        assert_eq!(Reading::from("4.5"), Reading::Mean("4.5".parse().unwrap()));
        assert_eq!(Reading::from(""), Reading::Nothing);
    }
}
