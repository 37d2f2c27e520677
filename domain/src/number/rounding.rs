//! How a quotient becomes points: the one place where digits are lost.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::points::SCALE;
use super::ratio::Form;
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
