//! How far a comparison is from coming out otherwise.

use crate::decide::look::lower_bound_reaches;
use crate::number::{Points, Ratio};
use crate::outcome::{Change, Comparison, Shown, Sign, Truth3};

/// Answers to convert until the lower bound of the interval lies on the other side.
fn convert_to_lower_bound(op: Sign, (n, d): (u64, u64), bound: &Ratio) -> Change {
    let reaches = |n: u64| lower_bound_reaches(n, d, bound) == Truth3::True;
    // The bound rises with the count, so the edge is found by halving.
    let (mut low, mut high) = (0_u64, d.saturating_add(1));
    while low < high {
        let middle = low.saturating_add(high.saturating_sub(low) / 2);
        if reaches(middle) {
            high = middle;
        } else {
            low = middle.saturating_add(1);
        }
    }
    match op {
        Sign::LessThan if low <= d => Change::Answers(low.abs_diff(n)),
        Sign::AtLeast => low
            .checked_sub(1)
            .map_or(Change::Other, |below| Change::Answers(n.abs_diff(below))),
        _ => Change::Other,
    }
}

/// The smallest change after which a comparison holds, or does not, that now does otherwise. Points never differ by less
/// than a grain.
pub(super) fn turn(one: &Comparison, wanted: bool, grain: Points) -> Change {
    if one.holds == Truth3::Undetermined {
        return Change::Missing;
    }
    if let Some(other) = one.of() {
        return Change::Related(other.clone());
    }
    match one.what.split('/').next() {
        Some("finding") => return Change::Finding,
        Some("earlier") => return Change::Earlier,
        Some("label") => return Change::Label,
        _ => {}
    }
    let Ok(bound) = one.right.parse::<Ratio>() else {
        return Change::Other;
    };
    // What does not hold and should is what holds with the opposite sign.
    let op = match (wanted, one.op) {
        (false, op) => op,
        (true, Sign::AtLeast) => Sign::LessThan,
        (true, Sign::MoreThan) => Sign::AtMost,
        (true, Sign::AtMost) => Sign::MoreThan,
        (true, Sign::LessThan) => Sign::AtLeast,
        (true, Sign::Equal) => return to_equal(&one.left, &one.what, &bound),
    };
    match &one.left {
        Shown::Counts(n, d) if one.what.ends_with("/lower_bound") => {
            convert_to_lower_bound(op, (*n, *d), &bound)
        }
        left => turned(op, left, (&one.what, &bound), grain),
    }
}

/// The change that makes a value equal to what it is not.
fn to_equal(left: &Shown, what: &str, bound: &Ratio) -> Change {
    match left {
        Shown::Counts(n, d) => {
            let wanted = bound.mul(&Ratio::of_count(*d));
            let off = wanted.sub(&Ratio::of_count(*n));
            match off.floor() {
                Some(whole) if Ratio::from_whole(whole) == off => {
                    Change::Answers(whole.unsigned_abs())
                }
                _ => Change::Other,
            }
        }
        Shown::Whole(count) if what.starts_with("facts/") => bound
            .floor()
            .filter(|whole| Ratio::from_whole(*whole) == *bound)
            .and_then(|whole| count.checked_sub(whole))
            .map_or(Change::Other, Change::Facts),
        Shown::Points(points) => {
            let e4 = bound
                .sub(&points.to_ratio())
                .mul(&Ratio::from_whole(10_000));
            match e4.floor() {
                Some(whole) if Ratio::from_whole(whole) == e4 => {
                    Change::Points(Points::from_e4(whole))
                }
                _ => Change::Other,
            }
        }
        Shown::Exact(value) => Change::Gap(bound.sub(value)),
        _ => Change::Other,
    }
}

/// The smallest change after which a value that passes a test would pass no longer.
fn turned(op: Sign, left: &Shown, (what, bound): (&str, &Ratio), grain: Points) -> Change {
    match left {
        Shown::Counts(n, d) => converted(op, *n, *d, bound),
        Shown::Whole(count) if what.starts_with("facts/") => {
            let needed = match op {
                // There are never fewer than none.
                Sign::Equal if *count == 0 => Some(-1),
                Sign::AtLeast | Sign::Equal => bound
                    .ceil()
                    .and_then(|b| count.checked_sub(b))
                    .and_then(|d| d.checked_add(1)),
                Sign::MoreThan => bound.floor().and_then(|b| count.checked_sub(b)),
                Sign::AtMost => bound
                    .floor()
                    .and_then(|b| count.checked_sub(b))
                    .and_then(|d| d.checked_sub(1)),
                Sign::LessThan => bound.ceil().and_then(|b| count.checked_sub(b)),
            };
            needed.map_or(Change::Other, Change::Facts)
        }
        Shown::Points(points) => {
            // The next value past the bound, or the bound itself.
            let grains = |off: Ratio| match op {
                Sign::LessThan => off.ceil(),
                Sign::MoreThan => off.floor(),
                Sign::AtLeast => off.ceil()?.checked_sub(1),
                Sign::AtMost => off.floor()?.checked_add(1),
                Sign::Equal => Some(1),
            };
            let off = grain.count_in(&bound.sub(&points.to_ratio()));
            off.and_then(|off| grain.times(grains(off)?).ok())
                .map_or(Change::Other, Change::Points)
        }
        Shown::Exact(value) => Change::Gap(bound.sub(value)),
        _ => Change::Other,
    }
}

/// Answers to convert so that n/d no longer passes, the denominator fixed.
fn converted(op: Sign, n: u64, d: u64, bound: &Ratio) -> Change {
    let edge = bound.mul(&Ratio::of_count(d));
    let wanted = match op {
        // Below the bound: the least count that reaches it.
        Sign::LessThan => edge.ceil(),
        Sign::AtMost => edge.floor().and_then(|e| e.checked_add(1)),
        // Above it: the greatest count that stays below.
        Sign::MoreThan => edge.floor(),
        Sign::AtLeast => edge.ceil().and_then(|e| e.checked_sub(1)),
        Sign::Equal => return Change::Answers(1),
    };
    wanted
        .and_then(|wanted| u64::try_from(wanted).ok())
        .filter(|wanted| *wanted <= d)
        .map_or(Change::Other, |wanted| Change::Answers(wanted.abs_diff(n)))
}
