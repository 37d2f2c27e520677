//! Ranges of exact numbers: what a value can be at all.

use crate::number::{NumberError, Points, Ratio, Rounding};
use crate::outcome::Sign;

/// One end of a range, or none where it goes on for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    at: Ratio,
    included: bool,
}

/// All numbers between two ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    low: Option<End>,
    high: Option<End>,
    /// Only whole numbers.
    whole: bool,
}

const fn included(at: Ratio) -> End {
    End { at, included: true }
}

impl Range {
    /// Every number.
    pub const ALL: Self = Self {
        low: None,
        high: None,
        whole: false,
    };

    pub fn between(low: Ratio, high: Ratio) -> Self {
        Self {
            low: Some(included(low)),
            high: Some(included(high)),
            whole: false,
        }
    }

    pub fn only(value: Ratio) -> Self {
        Self::between(value.clone(), value)
    }

    pub fn from(low: Ratio) -> Self {
        Self {
            low: Some(included(low)),
            ..Self::ALL
        }
    }

    /// Counts: 0, 1, 2 …
    pub fn counts() -> Self {
        Self {
            whole: true,
            ..Self::from(Ratio::zero())
        }
    }

    /// The same, of whole numbers only.
    pub fn of_wholes(self) -> Self {
        Self {
            whole: true,
            ..self
        }
    }

    pub fn low(&self) -> Option<&Ratio> {
        self.low.as_ref().map(|end| &end.at)
    }

    pub fn high(&self) -> Option<&Ratio> {
        self.high.as_ref().map(|end| &end.at)
    }

    /// The part of it that passes a test.
    pub fn passing(&self, op: Sign, bound: &Ratio) -> Self {
        let end = |included: bool| {
            Some(End {
                at: bound.clone(),
                included,
            })
        };
        let (low, high) = match op {
            Sign::AtLeast => (end(true), None),
            Sign::MoreThan => (end(false), None),
            Sign::AtMost => (None, end(true)),
            Sign::LessThan => (None, end(false)),
            Sign::Equal => (end(true), end(true)),
        };
        self.meet(&Self {
            low,
            high,
            whole: false,
        })
    }

    /// The part of it that fails a test. What fails "equal" lies on both sides: only a single number is ruled out.
    pub fn failing(&self, op: Sign, bound: &Ratio) -> Self {
        let turned = match op {
            Sign::AtLeast => Sign::LessThan,
            Sign::MoreThan => Sign::AtMost,
            Sign::AtMost => Sign::MoreThan,
            Sign::LessThan => Sign::AtLeast,
            Sign::Equal => {
                let single = self.low() == Some(bound) && self.high() == Some(bound);
                let nothing = self.passing(Sign::LessThan, bound);
                return if single { nothing } else { self.clone() };
            }
        };
        self.passing(turned, bound)
    }

    /// What lies in both.
    pub fn meet(&self, other: &Self) -> Self {
        let tighter = |one: &Option<End>, two: &Option<End>, lower: bool| match (one, two) {
            (Some(one), Some(two)) => {
                let first = if one.at == two.at {
                    !one.included
                } else {
                    (one.at > two.at) == lower
                };
                Some(if first { one.clone() } else { two.clone() })
            }
            (one, two) => one.clone().or_else(|| two.clone()),
        };
        Self {
            low: tighter(&self.low, &other.low, true),
            high: tighter(&self.high, &other.high, false),
            whole: self.whole || other.whole,
        }
    }

    /// The least range that holds both.
    pub fn join(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        let wider = |one: &Option<End>, two: &Option<End>, lower: bool| {
            let (one, two) = (one.as_ref()?, two.as_ref()?);
            let first = if one.at == two.at {
                one.included
            } else {
                (one.at < two.at) == lower
            };
            Some(if first { one.clone() } else { two.clone() })
        };
        Self {
            low: wider(&self.low, &other.low, true),
            high: wider(&self.high, &other.high, false),
            whole: self.whole && other.whole,
        }
    }

    /// Whether no number lies in it.
    pub fn is_empty(&self) -> bool {
        let (Some(low), Some(high)) = (&self.low, &self.high) else {
            return false;
        };
        if low.at > high.at || (low.at == high.at && !(low.included && high.included)) {
            return true;
        }
        if !self.whole {
            return false;
        }
        // The first whole number from below and the last from above; beyond 64 bits nothing is claimed.
        let first = if low.included {
            low.at.ceil()
        } else {
            low.at.floor().and_then(|low| low.checked_add(1))
        };
        let last = if high.included {
            high.at.floor()
        } else {
            high.at.ceil().and_then(|high| high.checked_sub(1))
        };
        first.zip(last).is_some_and(|(first, last)| first > last)
    }

    /// All sums of one number of each.
    pub fn plus(&self, other: &Self) -> Self {
        let sum = |one: &Option<End>, two: &Option<End>| {
            let (one, two) = (one.as_ref()?, two.as_ref()?);
            Some(End {
                at: one.at.add(&two.at),
                included: one.included && two.included,
            })
        };
        Self {
            low: sum(&self.low, &other.low),
            high: sum(&self.high, &other.high),
            whole: self.whole && other.whole,
        }
    }

    /// All its numbers times a factor that is not below zero.
    pub fn times(&self, factor: &Ratio) -> Self {
        let end = |end: &Option<End>| {
            end.as_ref().map(|end| End {
                at: end.at.mul(factor),
                // Times nothing every number is 0, those just beside an open end too.
                included: end.included || factor.is_zero(),
            })
        };
        Self {
            low: end(&self.low),
            high: end(&self.high),
            whole: false,
        }
    }

    /// The same with nothing below a floor or above a ceiling: what lies beyond is moved onto the bound.
    pub fn clipped(&self, floor: Option<Points>, ceiling: Option<Points>) -> Self {
        let floor = floor.map(Points::to_ratio);
        let ceiling = ceiling.map(Points::to_ratio);
        let clip = |value: &Ratio| {
            let value = floor.as_ref().map_or(value, |floor| value.max(floor));
            let value = ceiling.as_ref().map_or(value, |ceiling| value.min(ceiling));
            value.clone()
        };
        // Where it goes on for ever, the bound on that side is where it ends.
        let end = |end: Option<&Ratio>, bound: &Option<Ratio>| match end {
            Some(at) => Some(included(clip(at))),
            None => bound.as_ref().map(clip).map(included),
        };
        Self {
            low: end(self.low(), &floor),
            high: end(self.high(), &ceiling),
            whole: false,
        }
    }

    /// The same as points under a rounding, which keeps order.
    pub fn rounded(&self, rounding: Rounding) -> Result<Self, NumberError> {
        let end = |end: Option<&Ratio>| {
            end.map(|at| rounding.to_points(at).map(Points::to_ratio))
                .transpose()
        };
        Ok(Self {
            low: end(self.low())?.map(included),
            high: end(self.high())?.map(included),
            whole: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    #[test]
    fn open_ends_and_whole_numbers_leave_nothing_between() {
        let rate = Range::between(Ratio::zero(), Ratio::one());
        let below = rate.passing(Sign::LessThan, &ratio("90%"));
        assert!(below.passing(Sign::AtLeast, &ratio("90%")).is_empty());
        assert!(!below.passing(Sign::AtLeast, &ratio("89%")).is_empty());
        let some = Range::counts().passing(Sign::MoreThan, &ratio("0"));
        assert!(some.passing(Sign::LessThan, &ratio("1")).is_empty());
        assert!(!some.passing(Sign::AtMost, &ratio("1")).is_empty());
        assert!(
            Range::counts()
                .passing(Sign::LessThan, &ratio("0"))
                .is_empty()
        );
    }

    #[test]
    fn what_fails_a_test_is_what_does_not_pass_it() {
        let rate = Range::between(Ratio::zero(), Ratio::one());
        assert!(rate.failing(Sign::AtLeast, &ratio("0")).is_empty());
        assert!(!rate.failing(Sign::Equal, &ratio("1/2")).is_empty());
        assert!(
            Range::only(ratio("1/2"))
                .failing(Sign::Equal, &ratio("1/2"))
                .is_empty()
        );
    }

    #[test]
    fn a_floor_ends_what_goes_on_for_ever() {
        let whole = |whole| Some(Points::from_whole(whole).unwrap());
        let clipped = Range::ALL.clipped(whole(-5), None);
        assert_eq!(clipped.low(), Some(&ratio("-5")));
        assert_eq!(clipped.high(), None);
        let clipped = Range::between(ratio("-9"), ratio("3")).clipped(whole(-5), whole(2));
        assert_eq!(clipped, Range::between(ratio("-5"), ratio("2")));
    }

    fn holds(range: &Range, value: &Ratio) -> bool {
        let low = range.low.as_ref();
        let high = range.high.as_ref();
        low.is_none_or(|low| low.at < *value || (low.included && low.at == *value))
            && high.is_none_or(|high| high.at > *value || (high.included && high.at == *value))
            && (!range.whole || value.is_whole())
    }

    /// Quarters from -3 to 3.
    fn grid() -> Vec<Ratio> {
        (-12..=12)
            .map(|quarters| {
                Ratio::from_whole(quarters)
                    .div(&Ratio::from_whole(4))
                    .unwrap()
            })
            .collect()
    }

    /// Ranges with every kind of end, on halves, so that a quarter lies between any two.
    fn ranges() -> Vec<Range> {
        let mut ends = vec![None];
        for at in ["-1", "0", "1/2", "1"] {
            for included in [true, false] {
                ends.push(Some(End {
                    at: ratio(at),
                    included,
                }));
            }
        }
        let mut ranges = Vec::new();
        for low in &ends {
            for high in &ends {
                for whole in [false, true] {
                    ranges.push(Range {
                        low: low.clone(),
                        high: high.clone(),
                        whole,
                    });
                }
            }
        }
        ranges
    }

    #[test]
    fn a_range_holds_what_its_name_says_and_no_more() {
        let (grid, one) = (grid(), ratio("1/2"));
        for range in ranges() {
            let inside: Vec<&Ratio> = grid.iter().filter(|at| holds(&range, at)).collect();
            assert_eq!(range.is_empty(), inside.is_empty(), "{range:?}");
            for op in [
                Sign::AtLeast,
                Sign::MoreThan,
                Sign::AtMost,
                Sign::LessThan,
                Sign::Equal,
            ] {
                let (passing, failing) = (range.passing(op, &one), range.failing(op, &one));
                for at in &grid {
                    let passes = op.holds(at.cmp(&one));
                    let here = holds(&range, at);
                    assert_eq!(holds(&passing, at), here && passes, "{range:?} {op:?} {at}");
                    // What fails "equal" is on both sides, and the number itself may stay.
                    let fails = holds(&failing, at);
                    assert!(!here || passes || fails, "{range:?} {op:?} {at}");
                    assert!(!fails || (here && (!passes || op == Sign::Equal)));
                }
            }
            for (floor, ceiling) in [(Some(-1), None), (None, Some(1)), (Some(0), Some(1))] {
                let points = |whole| Points::from_whole(whole).unwrap();
                let (floor, ceiling) = (floor.map(points), ceiling.map(points));
                let clipped = range.clipped(floor, ceiling);
                for at in &inside {
                    let at =
                        floor.map_or((*at).clone(), |floor| floor.to_ratio().max((*at).clone()));
                    let at = ceiling.map_or(at.clone(), |ceiling| ceiling.to_ratio().min(at));
                    assert!(holds(&clipped, &at), "{range:?} {at}");
                }
                let beyond = |at: &Ratio| {
                    floor.is_some_and(|floor| *at < floor.to_ratio())
                        || ceiling.is_some_and(|ceiling| *at > ceiling.to_ratio())
                };
                assert!(grid.iter().all(|at| !(beyond(at) && holds(&clipped, at))));
            }
            for factor in ["0", "1/2", "1"].map(ratio) {
                let times = range.times(&factor);
                assert!(inside.iter().all(|at| holds(&times, &at.mul(&factor))));
                let ends = [range.low(), range.high()].map(|end| end.map(|at| at.mul(&factor)));
                assert_eq!([times.low().cloned(), times.high().cloned()], ends);
            }
        }
    }

    #[test]
    fn two_ranges_meet_join_and_add_up_as_the_numbers_in_them_do() {
        let grid = grid();
        let inside = |range: &Range| -> Vec<&Ratio> {
            let all = grid.iter();
            all.filter(|at| holds(range, at)).collect()
        };
        for one in ranges() {
            for other in ranges() {
                let (meet, join, plus) = (one.meet(&other), one.join(&other), one.plus(&other));
                let (here, there) = (inside(&one), inside(&other));
                for at in &grid {
                    assert_eq!(holds(&meet, at), holds(&one, at) && holds(&other, at));
                    let either = here.contains(&at) || there.contains(&at);
                    assert!(!either || holds(&join, at), "{one:?} {other:?} {at}");
                    // Nothing lies in it that does not lie between two of theirs.
                    let of_either = || here.iter().chain(&there);
                    let between =
                        of_either().any(|low| *low <= at) && of_either().any(|high| *high >= at);
                    let narrow = holds(&join, at) && !one.whole && !other.whole;
                    // Where one is empty, the join is the other.
                    assert!(!narrow || between, "{one:?} {other:?} {at}");
                }
                assert_eq!(join.whole && !one.is_empty() && !other.is_empty(), {
                    one.whole && other.whole && !one.is_empty() && !other.is_empty()
                });
                assert_eq!(plus.whole, one.whole && other.whole);
                for at in here.iter().step_by(3) {
                    for with in there.iter().step_by(2) {
                        assert!(holds(&plus, &at.add(with)), "{one:?} {other:?}");
                    }
                }
                let ends = one.low().zip(other.low()).map(|(a, b)| a.add(b));
                assert_eq!(plus.low().cloned(), ends);
                let ends = one.high().zip(other.high()).map(|(a, b)| a.add(b));
                assert_eq!(plus.high().cloned(), ends);
            }
        }
    }
}
