//! Typed ids at the edge: `sub_0123456789abc` names a subject and nothing else.
//!
//! An id carries neither time nor order. Making one is deliberately absent: numbers come from an id source
//! that is passed in.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

/// Crockford's alphabet: no `i`, `l`, `o` or `u` that could be misread.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 13;

/// What an id names.
pub trait Kind {
    /// The three letters before the underscore.
    const PREFIX: &'static str;
    /// The English word for messages.
    const WORD: &'static str;
}

macro_rules! kinds {
    ($($name:ident $prefix:literal $word:literal;)*) => {
        $(
            #[doc = concat!("Names a ", $word, ".")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $name {}
            impl Kind for $name {
                const PREFIX: &'static str = $prefix;
                const WORD: &'static str = $word;
            }
        )*
        /// The word for a known prefix.
        fn word_of(prefix: &str) -> Option<&'static str> {
            match prefix { $($prefix => Some($word),)* _ => None }
        }
    };
}

kinds! {
    Region "reg" "region";
    Subject "sub" "subject";
    Relation "rel" "relation";
    Scheme "sch" "scheme";
    SchemeVersion "scv" "scheme version";
    Round "rnd" "round";
    Survey "sur" "survey";
    ContactList "lst" "contact list";
    Fact "fac" "fact";
    Investigation "inv" "investigation";
    Staff "stf" "staff account";
    Session "ses" "session";
    ServiceToken "tok" "service token";
}

/// A typed id: a positive 63-bit number with its kind.
pub struct Id<K: Kind>(i64, PhantomData<fn() -> K>);

impl<K: Kind> Id<K> {
    /// From the number in the database.
    pub const fn new(number: i64) -> Self {
        Self(number, PhantomData)
    }

    /// The number in the database.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Kind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K: Kind> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.cast_unsigned();
        write!(f, "{}_", K::PREFIX)?;
        for place in (0..DIGITS).rev() {
            let digit = (bits >> (5 * place)) & 31;
            let letter = usize::try_from(digit)
                .ok()
                .and_then(|d| ALPHABET.get(d))
                .copied()
                .unwrap_or(b'0');
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

/// Why a text is not the id that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// It names something else.
    #[error("this is the id of a {found}, where the id of a {wanted} is needed")]
    OtherKind {
        /// What was asked for.
        wanted: &'static str,
        /// What it names.
        found: &'static str,
    },
    /// It is no id at all.
    #[error("`{text}` is not the id of a {wanted}")]
    Malformed {
        /// What was asked for.
        wanted: &'static str,
        /// The text, cut short.
        text: String,
    },
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let malformed = || IdError::Malformed {
            wanted: K::WORD,
            text: text.chars().take(40).collect(),
        };
        let (prefix, digits) = text.split_once('_').ok_or_else(malformed)?;
        if prefix != K::PREFIX {
            let found = word_of(prefix).ok_or_else(malformed)?;
            return Err(IdError::OtherKind {
                wanted: K::WORD,
                found,
            });
        }
        if digits.len() != DIGITS {
            return Err(malformed());
        }
        let mut bits: u64 = 0;
        for byte in digits.bytes() {
            let digit = ALPHABET
                .iter()
                .position(|letter| *letter == byte)
                .ok_or_else(malformed)?;
            let digit = u64::try_from(digit).map_err(|_| malformed())?;
            bits = bits
                .checked_mul(32)
                .and_then(|b| b.checked_add(digit))
                .ok_or_else(malformed)?;
        }
        let number = i64::try_from(bits).map_err(|_| malformed())?;
        Ok(Self::new(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_refuses_another_kinds_id() {
        let subject = Id::<Subject>::new(7).to_string();
        assert_eq!(subject.parse::<Id<Subject>>().unwrap().number(), 7);
        let fault = subject.parse::<Id<Round>>().unwrap_err().to_string();
        assert_eq!(
            fault,
            "this is the id of a subject, where the id of a round is needed"
        );
        for wrong in [
            "",
            "sub",
            "sub_",
            "sub_7",
            "sub_zzzzzzzzzzzzz",
            "xyz_0000000000000",
            "sub_000000000000I",
        ] {
            assert!(wrong.parse::<Id<Subject>>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn an_id_survives_its_text(number in 0_i64..) {
            prop_assert_eq!(Id::<Round>::new(number).to_string().parse::<Id<Round>>().unwrap().number(), number);
        }

        #[test]
        fn any_text_is_an_id_or_an_error(text in ".{0,40}") {
            let _: Result<Id<Staff>, IdError> = text.parse();
        }
    }
}
