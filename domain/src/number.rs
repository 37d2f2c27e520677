//! Exact numbers: points with four places and rates as fractions of integers.
//!
//! Floating point is deliberately absent. Digits are lost in one place only, [`Rounding::to_points`], where a
//! quotient becomes points.

use std::cmp::Ordering;
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
        Ratio::reduce(i128::from(self.0), i128::from(SCALE))
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
///
/// Numbers that fit are kept in two machine words, since nearly all do and a close-out makes millions of them; the
/// others are of any size. A value has one form only: in lowest terms, and small whenever it fits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ratio(Form);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Form {
    /// Numerator, and a denominator above zero.
    Small(i64, i64),
    Big(Box<BigRational>),
}

/// The operations, for the small form in 128 bits and for the big one.
type Operation = (
    fn(i128, i128, i128, i128) -> Option<(i128, i128)>,
    fn(&BigRational, &BigRational) -> BigRational,
);

impl Ratio {
    /// `n/d`, or nothing when `d` is zero: `0/0` is undefined, and so is every other division by zero.
    pub fn of_counts(numerator: u64, denominator: u64) -> Option<Self> {
        (denominator != 0).then(|| Self::reduce(i128::from(numerator), i128::from(denominator)))
    }

    /// A whole number.
    pub const fn from_whole(whole: i64) -> Self {
        Self(Form::Small(whole, 1))
    }

    /// Zero.
    pub const fn zero() -> Self {
        Self::from_whole(0)
    }

    /// One, or 100 %.
    pub const fn one() -> Self {
        Self::from_whole(1)
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Form::Small(0, _))
    }

    /// Whether this is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Form::Small(n, _) => *n < 0,
            Form::Big(big) => big.is_negative(),
        }
    }

    /// The sum.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        self.combine(
            other,
            (
                |a, b, c, d| {
                    Some((
                        a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?,
                        b.checked_mul(d)?,
                    ))
                },
                |a, b| a + b,
            ),
        )
    }

    /// The difference.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        self.combine(
            other,
            (
                |a, b, c, d| {
                    Some((
                        a.checked_mul(d)?.checked_sub(c.checked_mul(b)?)?,
                        b.checked_mul(d)?,
                    ))
                },
                |a, b| a - b,
            ),
        )
    }

    /// The product.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        self.combine(
            other,
            (
                |a, b, c, d| Some((a.checked_mul(c)?, b.checked_mul(d)?)),
                |a, b| a * b,
            ),
        )
    }

    /// The quotient, or nothing when dividing by zero.
    pub fn div(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        Some(self.combine(
            other,
            (
                |a, b, c, d| Some((a.checked_mul(d)?, b.checked_mul(c)?)),
                |a, b| a / b,
            ),
        ))
    }

    fn combine(&self, other: &Self, (small, big): Operation) -> Self {
        if let (Form::Small(a, b), Form::Small(c, d)) = (&self.0, &other.0)
            && let Some((n, d)) = small(
                i128::from(*a),
                i128::from(*b),
                i128::from(*c),
                i128::from(*d),
            )
        {
            return Self::reduce(n, d);
        }
        Self::of_big(big(&self.to_big(), &other.to_big()))
    }

    /// In lowest terms; the denominator is not zero.
    fn reduce(numerator: i128, denominator: i128) -> Self {
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let part = |value: i128| i128::try_from(value.unsigned_abs().checked_div(divisor)?).ok();
        let small = |n: i128, d: i128| {
            let (n, d) = (part(n)?, part(d)?);
            let n = if (numerator < 0) == (denominator < 0) {
                n
            } else {
                n.checked_neg()?
            };
            Some(Form::Small(i64::try_from(n).ok()?, i64::try_from(d).ok()?))
        };
        match small(numerator, denominator) {
            Some(form) => Self(form),
            None => Self(Form::Big(Box::new(BigRational::new(
                BigInt::from(numerator),
                BigInt::from(denominator),
            )))),
        }
    }

    fn of_big(big: BigRational) -> Self {
        match (big.numer().to_i64(), big.denom().to_i64()) {
            (Some(n), Some(d)) => Self(Form::Small(n, d)),
            _ => Self(Form::Big(Box::new(big))),
        }
    }

    fn to_big(&self) -> BigRational {
        match &self.0 {
            Form::Small(n, d) => BigRational::new(BigInt::from(*n), BigInt::from(*d)),
            Form::Big(big) => (**big).clone(),
        }
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
        self.to_big().floor().to_integer().to_i64()
    }

    /// The least whole number not below this, if 64 bits hold it.
    pub fn ceil(&self) -> Option<i64> {
        self.to_big().ceil().to_integer().to_i64()
    }

    /// The whole number nearest to this, halves away from zero, if 64 bits hold it.
    pub fn round_half_up(&self) -> Option<i64> {
        self.to_big().round().to_integer().to_i64()
    }

    /// Numerator and denominator in lowest terms.
    pub fn parts(&self) -> (BigInt, BigInt) {
        let big = self.to_big();
        (big.numer().clone(), big.denom().clone())
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

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    /// Cross-multiplied, so that nothing is rounded.
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            // Products of two 64-bit numbers fit into 128 bits.
            (Form::Small(a, b), Form::Small(c, d)) => {
                let left = i128::from(*a).checked_mul(i128::from(*d));
                left.cmp(&i128::from(*c).checked_mul(i128::from(*b)))
            }
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

/// The greatest common divisor; of zero and a number, the number.
fn gcd(a: u128, b: u128) -> u128 {
    // Nearly all numbers fit into 64 bits, where division is many times faster.
    if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
        let (mut a, mut b) = (a, b);
        while let Some(rest) = a.checked_rem(b) {
            (a, b) = (b, rest);
        }
        return u128::from(a);
    }
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

impl From<Points> for Ratio {
    fn from(points: Points) -> Self {
        points.to_ratio()
    }
}

impl fmt::Display for Ratio {
    /// `n/d` in lowest terms, or `n` for a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Small(n, 1) => write!(f, "{n}"),
            Form::Small(n, d) => write!(f, "{n}/{d}"),
            Form::Big(big) if big.is_integer() => write!(f, "{}", big.numer()),
            Form::Big(big) => write!(f, "{}/{}", big.numer(), big.denom()),
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
        if let Some(points) = self.to_points_fast(exact, shift) {
            return Ok(points);
        }
        let shifted = exact.to_big() * BigInt::from(shift);
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

impl Rounding {
    /// The same in machine words, for what fits and for the usual rounding.
    fn to_points_fast(self, exact: &Ratio, shift: i64) -> Option<Points> {
        let (Form::Small(n, d), RoundingMode::HalfUp) = (&exact.0, self.mode) else {
            return None;
        };
        let (n, d) = (i128::from(*n), i128::from(*d));
        let shifted = n.checked_mul(i128::from(shift))?;
        // Half of the denominator is added to the magnitude, then cut: halves go away from zero.
        let magnitude = shifted
            .checked_abs()?
            .checked_mul(2)?
            .checked_add(d)?
            .checked_div(d.checked_mul(2)?)?;
        let whole = if shifted < 0 {
            magnitude.checked_neg()?
        } else {
            magnitude
        };
        let unit = SCALE.checked_div(shift)?;
        i64::try_from(whole.checked_mul(i128::from(unit))?)
            .ok()
            .map(Points)
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
    Some(Ratio::of_big(if negative { -value } else { value }))
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
        fn machine_words_and_big_numbers_agree(
            a in any::<i64>(), b in 1_i64.., c in any::<i64>(), d in 1_i64..,
        ) {
            let big = |n: i64, d: i64| BigRational::new(BigInt::from(n), BigInt::from(d));
            let make = |n: i64, d: i64| Ratio::from_whole(n).div(&Ratio::from_whole(d)).unwrap();
            let (x, y, p, q) = (make(a, b), make(c, d), big(a, b), big(c, d));
            prop_assert_eq!(x.add(&y).to_big(), &p + &q);
            prop_assert_eq!(x.sub(&y).to_big(), &p - &q);
            prop_assert_eq!(x.mul(&y).to_big(), &p * &q);
            prop_assert_eq!(x.cmp(&y), p.cmp(&q));
            prop_assert_eq!(x.div(&y).map(|r| r.to_big()), (c != 0).then(|| &p / &q));
            prop_assert_eq!(x.add(&y).sub(&y), x, "one value has one form");
        }

        #[test]
        fn the_short_way_of_rounding_is_the_long_way(n in -1_000_000_000_i64..1_000_000_000, d in 1_i64..100_000, decimals in 0_u8..=4) {
            let exact = Ratio::from_whole(n).div(&Ratio::from_whole(d)).unwrap();
            let shift = 10_i64.pow(u32::from(decimals));
            let long = (exact.to_big() * BigInt::from(shift)).round().to_integer() * BigInt::from(SCALE / shift);
            let short = Rounding { decimals, mode: RoundingMode::HalfUp }.to_points(&exact).unwrap();
            prop_assert_eq!(BigInt::from(short.e4()), long);
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
