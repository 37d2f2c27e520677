//! Numbers in files: written as text, read from text or whole numbers, never from floating point.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::{NumberError, Points, Ratio};

/// Texts longer than this are refused before they are read, so that a number costs a bounded time.
const LONGEST: usize = 60;

/// Any number of so many digits fits into 64 bits.
const DIGITS_OF_A_WORD: usize = 18;

/// Whole digits, digits after the point and the sign of a plain decimal.
pub(super) fn split_decimal(text: &str) -> Option<(&str, &str, bool)> {
    if text.len() > LONGEST {
        return None;
    }
    let (negative, digits) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    (all_digits(whole) && all_digits(part)).then_some((whole, part, negative))
}

pub(super) fn parse_decimal(text: &str) -> Option<Ratio> {
    let (whole, part, negative) = split_decimal(text)?;
    // Nearly every number has so few digits that it needs no more than machine words on the way.
    if whole.len() + part.len() <= DIGITS_OF_A_WORD {
        let digits = whole.bytes().chain(part.bytes());
        let number = digits.fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        let number = if negative { -number } else { number };
        let under = 10_i64.pow(u32::try_from(part.len()).ok()?);
        return Some(Ratio::reduce(number.into(), under.into()));
    }
    let number: BigInt = format!("{whole}{part}").parse().ok()?;
    let under = BigInt::from(10).pow(u32::try_from(part.len()).ok()?);
    let value = BigRational::new(number, under);
    Some(Ratio::of_big(if negative { -value } else { value }))
}

pub(super) fn shorten(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// Reads a number from a text or an integer and refuses floating point by name.
struct NumberVisitor<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err = NumberError>> Visitor<'_> for NumberVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number in quotes, such as \"2.5\", \"90%\" or \"1/3\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<T, E> {
        whole.to_string().parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<T, E> {
        whole.to_string().parse().map_err(E::custom)
    }

    #[expect(clippy::disallowed_types, reason = "it is named only to be refused")]
    fn visit_f64<E: de::Error>(self, float: f64) -> Result<T, E> {
        Err(E::custom(format!(
            "`{float}` is floating point, which is not exact: put the number in quotes"
        )))
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

macro_rules! number_as_text {
    ($type:ident, $name:literal, $pattern:literal, $about:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(NumberVisitor(std::marker::PhantomData))
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["string", "integer"], "pattern": $pattern, "description": $about })
            }
        }
    };
}

number_as_text!(
    Points,
    "Points",
    r"^[-−]?[0-9]+(\.[0-9]{1,4}0*)?$",
    "A point value with at most four decimals, in quotes or whole."
);
number_as_text!(
    Ratio,
    "Ratio",
    r"^[-−]?[0-9]+(\.[0-9]+)?( *%| */ *[-−]?[0-9]+(\.[0-9]+)?)?$",
    "An exact number: a decimal, a percentage or a fraction, in quotes or whole."
);
