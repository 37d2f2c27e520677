//! Exact numbers: points with four places and rates as fractions of integers.
//!
//! Floating point is deliberately absent. Digits are lost in one place only, [`Rounding::to_points`], where a
//! quotient becomes points.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// How many ten-thousandths make one point.
const SCALE: i64 = 10_000;
const PLACES: usize = 4;
/// Texts longer than this are refused before they are read, so that a number costs a bounded time.
const LONGEST: usize = 60;

/// A number does not fit, or is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not a decimal with at most four places.
    #[error("`{0}` is not a point value: write a decimal with at most four places, such as `2.5`")]
    NotPoints(String),
    /// The text is not a fraction, decimal or percentage.
    #[error("`{0}` is not a number: write `0.9`, `90%` or `9/10`")]
    NotRatio(String),
    /// The value lies beyond what 64 bits of ten-thousandths hold.
    #[error("a value is too large to be counted in points")]
    Overflow,
}

/// A point value in ten-thousandths of a point; exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(i64);

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);

    /// From ten-thousandths, the unit in which the database keeps points (`points_e4`).
    pub const fn from_e4(e4: i64) -> Self {
        Self(e4)
    }

    /// From whole points.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn from_whole(whole: i64) -> Result<Self, NumberError> {
        whole
            .checked_mul(SCALE)
            .map(Self)
            .ok_or(NumberError::Overflow)
    }

    /// In ten-thousandths.
    pub const fn e4(self) -> i64 {
        self.0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    #[expect(
        clippy::should_implement_trait,
        reason = "it can fail, which the trait cannot say"
    )]
    pub fn add(self, other: Self) -> Result<Self, NumberError> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(NumberError::Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    #[expect(
        clippy::should_implement_trait,
        reason = "it can fail, which the trait cannot say"
    )]
    pub fn sub(self, other: Self) -> Result<Self, NumberError> {
        self.0
            .checked_sub(other.0)
            .map(Self)
            .ok_or(NumberError::Overflow)
    }

    /// So many times these points.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn times(self, count: i64) -> Result<Self, NumberError> {
        self.0
            .checked_mul(count)
            .map(Self)
            .ok_or(NumberError::Overflow)
    }

    /// The same amount with the other sign.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn negate(self) -> Result<Self, NumberError> {
        self.0.checked_neg().map(Self).ok_or(NumberError::Overflow)
    }

    /// Whether this is a whole number of steps; a step of zero has no multiples.
    pub fn is_multiple_of(self, step: Self) -> bool {
        self.0.checked_rem(step.0) == Some(0)
    }

    /// The exact fraction.
    pub fn to_ratio(self) -> Ratio {
        Ratio(BigRational::new(BigInt::from(self.0), BigInt::from(SCALE)))
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.unsigned_abs() / SCALE.unsigned_abs();
        let part = self.0.unsigned_abs() % SCALE.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{part:04}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl FromStr for Points {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NumberError::NotPoints(shorten(text));
        let (whole, part, negative) = split_decimal(text).ok_or_else(wrong)?;
        let kept = part.trim_end_matches('0');
        if kept.len() > PLACES {
            return Err(wrong());
        }
        let digits = format!("{whole}{kept:0<PLACES$}");
        let magnitude: i64 = digits.parse().map_err(|_| NumberError::Overflow)?;
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }
}

/// An exact rational number: a rate, a share, a measured value or a threshold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(BigRational);

impl Ratio {
    /// `n/d`, or nothing when `d` is zero: `0/0` is undefined, and so is every other division by zero.
    pub fn of_counts(numerator: u64, denominator: u64) -> Option<Self> {
        (denominator != 0).then(|| {
            Self(BigRational::new(
                BigInt::from(numerator),
                BigInt::from(denominator),
            ))
        })
    }

    /// A whole number.
    pub fn from_whole(whole: i64) -> Self {
        Self(BigRational::from_integer(BigInt::from(whole)))
    }

    /// Zero.
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// One, or 100 %.
    pub fn one() -> Self {
        Self::from_whole(1)
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether this is below zero.
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// The sum.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// The difference.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    /// The product.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// The quotient, or nothing when dividing by zero.
    pub fn div(&self, other: &Self) -> Option<Self> {
        (!other.0.is_zero()).then(|| Self(&self.0 / &other.0))
    }

    /// Not below `low` and not above `high`.
    #[must_use]
    pub fn within(&self, low: &Self, high: &Self) -> Self {
        if self < low {
            low.clone()
        } else if self > high {
            high.clone()
        } else {
            self.clone()
        }
    }

    /// The greatest whole number not above this, if 64 bits hold it.
    pub fn floor(&self) -> Option<i64> {
        self.0.floor().to_integer().to_i64()
    }

    /// The least whole number not below this, if 64 bits hold it.
    pub fn ceil(&self) -> Option<i64> {
        self.0.ceil().to_integer().to_i64()
    }

    /// The whole number nearest to this, halves away from zero, if 64 bits hold it.
    pub fn round_half_up(&self) -> Option<i64> {
        self.0.round().to_integer().to_i64()
    }

    /// Numerator and denominator in lowest terms.
    pub fn parts(&self) -> (&BigInt, &BigInt) {
        (self.0.numer(), self.0.denom())
    }

    /// As a percentage cut for reading only, halves away from zero, with this many decimals.
    pub fn to_percent_text(&self, decimals: u8) -> String {
        let rounding = Rounding {
            decimals: decimals.min(4),
            mode: RoundingMode::HalfUp,
        };
        match rounding.to_points(&self.mul(&Self::from_whole(100))) {
            Ok(points) => format!("{points}%"),
            Err(_) => format!("{self}"),
        }
    }
}

impl From<Points> for Ratio {
    fn from(points: Points) -> Self {
        points.to_ratio()
    }
}

impl fmt::Display for Ratio {
    /// `n/d` in lowest terms, or `n` for a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_integer() {
            write!(f, "{}", self.0.numer())
        } else {
            write!(f, "{}/{}", self.0.numer(), self.0.denom())
        }
    }
}

impl FromStr for Ratio {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NumberError::NotRatio(shorten(text));
        if let Some((over, under)) = text.split_once('/') {
            let over = parse_decimal(over.trim()).ok_or_else(wrong)?;
            let under = parse_decimal(under.trim()).ok_or_else(wrong)?;
            return over.div(&under).ok_or_else(wrong);
        }
        if let Some(percent) = text.strip_suffix('%') {
            let value = parse_decimal(percent.trim_end()).ok_or_else(wrong)?;
            return value.div(&Self::from_whole(100)).ok_or_else(wrong);
        }
        parse_decimal(text).ok_or_else(wrong)
    }
}

/// How a quotient becomes points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rounding {
    /// Digits kept after the point, 0 to 4.
    pub decimals: u8,
    /// What happens to the rest.
    pub mode: RoundingMode,
}

/// What happens to the digits that are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingMode {
    /// 四舍五入: halves go away from zero, so −2.345 becomes −2.35.
    HalfUp,
    /// Halves go to the even neighbour.
    HalfEven,
    /// Cut off, towards zero.
    Down,
    /// Away from zero.
    Up,
}

impl Rounding {
    /// The points nearest to an exact value under this rounding.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn to_points(self, exact: &Ratio) -> Result<Points, NumberError> {
        let shift = 10_i64.pow(u32::from(self.decimals.min(4)));
        let shifted = &exact.0 * BigInt::from(shift);
        let whole = match self.mode {
            RoundingMode::HalfUp => shifted.round(),
            RoundingMode::Down => shifted.trunc(),
            RoundingMode::Up => {
                if shifted.is_negative() {
                    shifted.floor()
                } else {
                    shifted.ceil()
                }
            }
            RoundingMode::HalfEven => round_half_even(&shifted),
        };
        let unit = SCALE.checked_div(shift).unwrap_or(1);
        let e4 = whole.to_integer() * BigInt::from(unit);
        e4.to_i64().map(Points).ok_or(NumberError::Overflow)
    }
}

fn round_half_even(value: &BigRational) -> BigRational {
    let half = BigRational::new(BigInt::from(1), BigInt::from(2));
    let down = value.floor();
    let rest = value - &down;
    let odd = !(down.to_integer() % BigInt::from(2)).is_zero();
    if rest > half || (rest == half && odd) {
        down + BigRational::from_integer(BigInt::from(1))
    } else {
        down
    }
}

/// Whole digits, digits after the point and the sign of a plain decimal.
fn split_decimal(text: &str) -> Option<(&str, &str, bool)> {
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

fn parse_decimal(text: &str) -> Option<Ratio> {
    let (whole, part, negative) = split_decimal(text)?;
    let number: BigInt = format!("{whole}{part}").parse().ok()?;
    let under = BigInt::from(10).pow(u32::try_from(part.len()).ok()?);
    let value = BigRational::new(number, under);
    Some(Ratio(if negative { -value } else { value }))
}

fn shorten(text: &str) -> String {
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

macro_rules! number_as_text {
    ($type:ident, $name:literal, $pattern:literal, $about:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    #[test]
    fn a_third_is_not_more_than_a_third_but_334_of_1000_is() {
        assert!(Ratio::of_counts(1, 3).unwrap() <= ratio("1/3"));
        assert!(Ratio::of_counts(334, 1000).unwrap() > ratio("1/3"));
        assert!(Ratio::of_counts(899, 1000).unwrap() < ratio("90%"));
        assert_eq!(Ratio::of_counts(900, 1000).unwrap(), ratio("0.9"));
    }

    #[test]
    fn nothing_divided_by_nothing_is_undefined() {
        assert_eq!(Ratio::of_counts(0, 0), None);
        assert_eq!(ratio("1").div(&Ratio::zero()), None);
    }

    #[test]
    fn half_up_goes_away_from_zero() {
        let to = |text: &str, mode| {
            Rounding { decimals: 2, mode }
                .to_points(&ratio(text))
                .unwrap()
                .to_string()
        };
        assert_eq!(to("-2.345", RoundingMode::HalfUp), "-2.35");
        assert_eq!(to("2.345", RoundingMode::HalfUp), "2.35");
        assert_eq!(to("2.345", RoundingMode::HalfEven), "2.34");
        assert_eq!(to("-2.349", RoundingMode::Down), "-2.34");
        assert_eq!(to("-2.341", RoundingMode::Up), "-2.35");
    }

    #[test]
    fn floating_point_is_refused_by_name() {
        let fault = serde_json::from_str::<Points>("0.1")
            .unwrap_err()
            .to_string();
        assert!(fault.contains("put the number in quotes"), "{fault}");
        assert!("0.00001".parse::<Points>().is_err());
        assert!("1e5".parse::<Points>().is_err());
        assert!("99999999999999999999".parse::<Points>().is_err());
        assert!(
            "".parse::<Ratio>().is_err()
                && "/".parse::<Ratio>().is_err()
                && "1/0".parse::<Ratio>().is_err()
        );
    }

    proptest! {
        #[test]
        fn points_survive_their_text(e4 in any::<i64>().prop_filter("the least value has no magnitude", |e| *e != i64::MIN)) {
            let points = Points::from_e4(e4);
            prop_assert_eq!(points.to_string().parse::<Points>().unwrap(), points);
        }

        #[test]
        fn rounding_moves_less_than_one_unit(n in -1_000_000_i64..1_000_000, d in 1_i64..10_000, decimals in 0_u8..=4) {
            let exact = Ratio::from_whole(n).div(&Ratio::from_whole(d)).unwrap();
            let unit = Ratio::one().div(&Ratio::from_whole(10_i64.pow(u32::from(decimals)))).unwrap();
            for mode in [RoundingMode::HalfUp, RoundingMode::HalfEven, RoundingMode::Down, RoundingMode::Up] {
                let shown = Rounding { decimals, mode }.to_points(&exact).unwrap().to_ratio();
                let off = shown.sub(&exact);
                prop_assert!(off < unit && off > Ratio::zero().sub(&unit));
            }
        }
    }
}
