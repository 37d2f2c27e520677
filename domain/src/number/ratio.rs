//! Rational numbers of any size, in two machine words where they fit.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use super::points::SCALE;
use super::text::{parse_decimal, shorten};
use super::{NumberError, Points, Rounding, RoundingMode};

/// An exact rational number: a rate, a share, a measured value or a threshold.
///
/// Numbers that fit are kept in two machine words, since nearly all do and a close-out makes millions of them; the
/// others are of any size. A value has one form only: in lowest terms, and small whenever it fits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ratio(pub(super) Form);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// Numerator, and a denominator above zero.
    Small(i64, i64),
    Big(Box<BigRational>),
}

impl Ratio {
    /// `n/d`, or nothing when `d` is zero: `0/0` is undefined, and so is every other division by zero.
    pub fn of_counts(numerator: u64, denominator: u64) -> Option<Self> {
        (denominator != 0).then(|| Self::reduce(i128::from(numerator), i128::from(denominator)))
    }

    /// A count, whatever its size.
    pub fn of_count(count: u64) -> Self {
        Self::reduce(i128::from(count), 1)
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

    /// Whether this is a whole number.
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Form::Small(_, d) => *d == 1,
            Form::Big(big) => big.is_integer(),
        }
    }

    /// The sum.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        if let (Form::Small(a, b), Form::Small(c, d)) = (&self.0, &other.0)
            && b == d
            && let Some(sum) = a.checked_add(*c)
        {
            return Self::over(sum, *b);
        }
        self.combine(
            other,
            |a, b, c, d| Some((wide(a, d).checked_add(wide(c, b))?, wide(b, d))),
            |a, b| a + b,
        )
    }

    /// The difference.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        if let (Form::Small(a, b), Form::Small(c, d)) = (&self.0, &other.0)
            && b == d
            && let Some(difference) = a.checked_sub(*c)
        {
            return Self::over(difference, *b);
        }
        self.combine(
            other,
            |a, b, c, d| Some((wide(a, d).checked_sub(wide(c, b))?, wide(b, d))),
            |a, b| a - b,
        )
    }

    /// The product.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        self.combine(
            other,
            |a, b, c, d| Some((wide(a, c), wide(b, d))),
            |a, b| a * b,
        )
    }

    /// The quotient, or nothing when dividing by zero.
    pub fn div(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        Some(self.combine(
            other,
            |a, b, c, d| Some((wide(a, d), wide(b, c))),
            |a, b| a / b,
        ))
    }

    /// A numerator over a denominator above zero: whole numbers, which most sums are made of, need no reducing.
    fn over(numerator: i64, denominator: i64) -> Self {
        if denominator == 1 {
            return Self::from_whole(numerator);
        }
        Self::reduce(i128::from(numerator), i128::from(denominator))
    }

    /// The operation in 128 bits for two small numbers whose result fits, in numbers of any size else.
    #[inline]
    fn combine(
        &self,
        other: &Self,
        small: impl FnOnce(i64, i64, i64, i64) -> Option<(i128, i128)>,
        big: impl FnOnce(&BigRational, &BigRational) -> BigRational,
    ) -> Self {
        if let (Form::Small(a, b), Form::Small(c, d)) = (&self.0, &other.0)
            && let Some((n, d)) = small(*a, *b, *c, *d)
        {
            return Self::reduce(n, d);
        }
        Self::of_big(big(&self.to_big(), &other.to_big()))
    }

    /// Whether these points are just this number.
    pub fn is_points(&self, points: Points) -> bool {
        match &self.0 {
            Form::Small(n, d) => wide(*n, SCALE) == wide(points.e4(), *d),
            Form::Big(_) => points.to_ratio() == *self,
        }
    }

    /// In lowest terms; the denominator is not zero.
    pub(super) fn reduce(numerator: i128, denominator: i128) -> Self {
        if let (Ok(n), Ok(d)) = (i64::try_from(numerator), u64::try_from(denominator))
            && let Some(form) = reduce_words(n, d)
        {
            return Self(form);
        }
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

    pub(super) fn of_big(big: BigRational) -> Self {
        match (big.numer().to_i64(), big.denom().to_i64()) {
            (Some(n), Some(d)) => Self(Form::Small(n, d)),
            _ => Self(Form::Big(Box::new(big))),
        }
    }

    pub(super) fn to_big(&self) -> BigRational {
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
        if let Form::Small(n, d) = &self.0 {
            return n.checked_div_euclid(*d);
        }
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

    /// As a percentage cut for reading only, halves away from zero, with this many decimals.
    pub fn to_percent_text(&self, decimals: u8) -> String {
        let rounding = Rounding {
            decimals: decimals.min(4),
            mode: RoundingMode::HalfUp,
        };
        match rounding.to_percent(self) {
            Ok(points) => points.with_text(|text| [text, "%"].concat()),
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
            (Form::Small(a, b), Form::Small(c, d)) => wide(*a, *d).cmp(&wide(*c, *b)),
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

/// The product of two 64-bit numbers, which 128 bits always hold: nothing ever wraps, and nothing need be checked.
pub(super) fn wide(a: i64, b: i64) -> i128 {
    i128::from(a).wrapping_mul(i128::from(b))
}

/// The same where both fit into 64 bits, as nearly all do: division is many times faster there.
fn reduce_words(n: i64, d: u64) -> Option<Form> {
    if d == 1 {
        return Some(Form::Small(n, 1));
    }
    let (mut divisor, mut next) = (n.unsigned_abs(), d);
    while let Some(rest) = divisor.checked_rem(next) {
        (divisor, next) = (next, rest);
    }
    let magnitude = i64::try_from(n.unsigned_abs().checked_div(divisor)?).ok()?;
    let d = i64::try_from(d.checked_div(divisor)?).ok()?;
    Some(Form::Small(if n < 0 { -magnitude } else { magnitude }, d))
}

/// The greatest common divisor; of zero and a number, the number.
pub(super) fn gcd(mut a: u128, mut b: u128) -> u128 {
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
