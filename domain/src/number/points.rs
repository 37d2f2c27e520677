//! Point values in ten-thousandths.

use std::fmt;
use std::str::FromStr;

use super::ratio::gcd;
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

    /// The largest step of which both are whole numbers; of nothing and a step, the step.
    #[must_use]
    pub fn common_step(self, step: Self) -> Self {
        let common = gcd(self.0.unsigned_abs().into(), step.0.unsigned_abs().into());
        // Only of the least of all numbers and itself, or nothing, there is none.
        i64::try_from(common).map_or(self, Self)
    }

    /// How many of these make up an amount, exactly; nothing does where these are no points.
    pub fn count_in(self, amount: &Ratio) -> Option<Ratio> {
        amount.div(&self.to_ratio())
    }

    /// The exact fraction.
    pub fn to_ratio(self) -> Ratio {
        Ratio::reduce(i128::from(self.0), i128::from(SCALE))
    }
}

/// As much as the text of any point value takes: a sign, 16 digits, a point and four places.
const LONGEST: usize = 22;

impl Points {
    /// Calls `read` with the text, which is made without allocating: a round is written by the million.
    pub(super) fn with_text<T>(self, read: impl FnOnce(&str) -> T) -> T {
        let mut text = [0_u8; LONGEST];
        let mut free = text.iter_mut().rev();
        let mut length = 0_usize;
        let mut put = |byte: u8| {
            if let Some(slot) = free.next() {
                *slot = byte;
                length = length.saturating_add(1);
            }
        };
        // From the last digit to the first.
        let mut rest = self.0.unsigned_abs();
        let mut place = 0_usize;
        let mut written = false;
        while place <= PLACES || rest > 0 {
            let digit = u8::try_from(rest % 10).unwrap_or(0);
            if place == PLACES && written {
                put(b'.');
            }
            // Zeros at the end of the places are not written.
            written |= place >= PLACES || digit > 0;
            if written {
                put(b'0'.saturating_add(digit));
            }
            rest /= 10;
            place = place.saturating_add(1);
        }
        if self.0 < 0 {
            put(b'-');
        }
        let text = text.get(LONGEST.saturating_sub(length)..);
        read(
            text.and_then(|text| std::str::from_utf8(text).ok())
                .unwrap_or_default(),
        )
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
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
