//! How a quotient becomes points: the one place where digits are lost.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::points::SCALE;
use super::ratio::{Form, wide};
use super::{NumberError, Points, Ratio};

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
    /// The last digit that is kept, as points.
    pub fn unit(self) -> Points {
        let places = 4_u32.saturating_sub(self.decimals.into());
        Points::from_e4(10_i64.checked_pow(places).unwrap_or(1))
    }

    /// The points nearest to an exact value under this rounding.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn to_points(self, exact: &Ratio) -> Result<Points, NumberError> {
        let shift = 10_i64.pow(u32::from(self.decimals.min(4)));
        if let Form::Small(n, d) = &exact.0
            && let Some(points) = self.to_points_fast(*n, *d, shift)
        {
            return Ok(points);
        }
        self.to_points_slowly(exact)
    }

    /// The same of a hundred times the value, which need not be in lowest terms to be rounded.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn to_percent(self, exact: &Ratio) -> Result<Points, NumberError> {
        let shift = 10_i64.pow(u32::from(self.decimals.min(4)));
        if let Form::Small(n, d) = &exact.0
            && let Some(hundredfold) = n.checked_mul(100)
            && let Some(points) = self.to_points_fast(hundredfold, *d, shift)
        {
            return Ok(points);
        }
        self.to_points(&exact.mul(&Ratio::from_whole(100)))
    }

    /// For numbers of any size.
    pub(super) fn to_points_slowly(self, exact: &Ratio) -> Result<Points, NumberError> {
        let shift = 10_i64.pow(u32::from(self.decimals.min(4)));
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
    /// In machine words, for what fits.
    fn to_points_fast(self, n: i64, d: i64, shift: i64) -> Option<Points> {
        let magnitude = wide(n, shift).unsigned_abs();
        let d = u128::from(d.unsigned_abs());
        let (whole, rest) = divide(magnitude, d)?;
        // What is cut off is compared with what is missing to the next.
        let missing = d.checked_sub(rest)?;
        let up = match self.mode {
            RoundingMode::HalfUp => rest >= missing,
            RoundingMode::HalfEven => rest > missing || (rest == missing && whole % 2 == 1),
            RoundingMode::Down => false,
            RoundingMode::Up => rest > 0,
        };
        let whole = i128::try_from(whole.checked_add(u128::from(up))?).ok()?;
        let unit = i128::from(SCALE.checked_div(shift)?);
        let e4 = whole.checked_mul(unit)?;
        let e4 = if n < 0 { e4.checked_neg()? } else { e4 };
        i64::try_from(e4).ok().map(Points)
    }
}

/// Quotient and rest. Nearly all numbers fit into 64 bits, where division is many times faster.
fn divide(n: u128, d: u128) -> Option<(u128, u128)> {
    if let (Ok(n), Ok(d)) = (u64::try_from(n), u64::try_from(d)) {
        return Some((n.checked_div(d)?.into(), n.checked_rem(d)?.into()));
    }
    Some((n.checked_div(d)?, n.checked_rem(d)?))
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
