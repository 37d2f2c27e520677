//! Point values in ten-thousandths.

use std::fmt;
use std::str::FromStr;

use super::text::{shorten, split_decimal};
use super::{NumberError, Ratio};

/// How many ten-thousandths make one point.
pub(super) const SCALE: i64 = 10_000;
const PLACES: usize = 4;

/// A point value in ten-thousandths of a point; exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(pub(super) i64);

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
