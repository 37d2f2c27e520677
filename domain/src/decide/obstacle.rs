//! Why not a higher grade: each thing that stands in the way, with the smallest change that would clear it.

use std::sync::Arc;

use super::Engine;
use super::look::lower_bound_reaches;
use crate::number::{Points, Ratio};
use crate::outcome::{Change, Comparison, Obstacle, Shown, Sign, Step, Truth3};
use crate::scheme::file::{GradedBy, Quantifier};
use crate::scheme::model::{ConditionPlan, EffectPlan, RulePhase};

impl Engine<'_> {
    /// What stands between a subject and the next grade; for one without a grade, between it and any grade.
    pub(super) fn obstacles(&self, subject: usize) -> Vec<Obstacle> {
        let Some(state) = self.states.get(subject) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let aim = match (state.grade, state.base) {
            (Some(0), _) => None,
            (Some(grade), _) => grade.checked_sub(1),
            (None, base) => base,
        };
        let Some(aim) = aim else { return found };
        let Some(code) = self.grade_code(Some(aim)) else {
            return found;
        };
        if state.disqualified {
            for rule in self
                .rules_of(RulePhase::BeforeScores)
                .chain(self.rules_of(RulePhase::AfterTotals))
            {
                if self.fired(subject, rule)
                    && self
                        .scheme
                        .rules
                        .get(rule)
                        .is_some_and(|plan| matches!(plan.effect, EffectPlan::Disqualify))
                {
                    self.add_rule(subject, rule, &code, &mut found);
                }
            }
            return found;
        }
        if state.base.is_some_and(|base| base > aim) {
            found.push(Obstacle {
                grade: code.clone(),
                by: None,
                compared: None,
                change: self.missing_points(subject, aim),
            });
        }
        for rule in self
            .rules_of(RulePhase::Grades)
            .chain(self.rules_of(RulePhase::RelatedCaps))
        {
            let bars = match self.scheme.rules.get(rule).map(|plan| &plan.effect) {
                Some(EffectPlan::Cap(cap)) => *cap > aim,
                Some(EffectPlan::Set(exact)) => *exact > aim,
                _ => false,
            };
            if bars && self.fired(subject, rule) {
                self.add_rule(subject, rule, &code, &mut found);
            }
        }
        for step in state.steps.iter().filter(|step| step.step == Step::Quota) {
            let place = self
                .scheme
                .quotas
                .iter()
                .find(|plan| step.by.as_ref() == Some(&plan.code));
            let Some(plan) = place.filter(|plan| plan.grade >= aim) else {
                continue;
            };
            let own = self
                .snapshot
                .subjects
                .get(subject)
                .map(|data| data.code.clone());
            let result = self.quotas.iter().find(|result| {
                result.quota == plan.code
                    && own.as_ref().is_some_and(|own| result.fallen.contains(own))
            });
            let ahead = result
                .map(|result| result.holders.clone())
                .unwrap_or_default();
            found.push(Obstacle {
                grade: code.clone(),
                by: step.by.clone(),
                compared: None,
                change: Change::Ahead(ahead),
            });
        }
        found
    }

    fn missing_points(&self, subject: usize, aim: usize) -> Change {
        let from = self
            .scheme
            .grades
            .get(aim)
            .and_then(|grade| grade.from.clone());
        let (Some(state), Some(from)) = (self.states.get(subject), from) else {
            return Change::Other;
        };
        let Some(total) = state.total else {
            return Change::Other;
        };
        let needed = match (
            self.scheme.file.grading.by,
            state.maximum == state.full_maximum,
        ) {
            (GradedBy::Share, _) => from.mul(&state.maximum.to_ratio()),
            (_, true) => from,
            (_, false) => match from
                .mul(&state.maximum.to_ratio())
                .div(&state.full_maximum.to_ratio())
            {
                Some(needed) => needed,
                None => return Change::Other,
            },
        };
        // Up to the next ten-thousandth, the unit in which points are counted.
        let gap = needed
            .sub(&total.to_ratio())
            .mul(&Ratio::from_whole(10_000))
            .ceil();
        gap.map_or(Change::Other, |e4| Change::Points(Points::from_e4(e4)))
    }

    fn add_rule(&self, subject: usize, rule: usize, grade: &Arc<str>, found: &mut Vec<Obstacle>) {
        let Some(result) = self.result(subject, rule) else {
            return;
        };
        let by = Some(result.rule.clone());
        let mut standing: Vec<(&Comparison, bool)> = Vec::new();
        if let Some(plan) = self.scheme.rules.get(rule) {
            let mut compared = result.compared.iter();
            self.stand(subject, &plan.when, false, &mut compared, &mut standing);
        }
        if standing.is_empty() {
            found.push(Obstacle {
                grade: grade.clone(),
                by,
                compared: None,
                change: Change::Other,
            });
            return;
        }
        for (one, negated) in standing {
            found.push(Obstacle {
                grade: grade.clone(),
                by: by.clone(),
                compared: Some(one.clone()),
                change: turn(one, negated),
            });
        }
    }

    /// The comparisons that make a condition hold: those that hold, and under a negation those that do not. They
    /// were made in the order of the condition, none left out.
    fn stand<'c>(
        &self,
        subject: usize,
        condition: &ConditionPlan,
        negated: bool,
        compared: &mut impl Iterator<Item = &'c Comparison>,
        found: &mut Vec<(&'c Comparison, bool)>,
    ) {
        match condition {
            ConditionPlan::All(list) | ConditionPlan::Any(list) => {
                for inner in list {
                    self.stand(subject, inner, negated, compared, found);
                }
            }
            ConditionPlan::Not(inner) => self.stand(subject, inner, !negated, compared, found),
            ConditionPlan::Related { by, hold, that, .. } => {
                let none = matches!(hold, Quantifier::None);
                for other in self.reach(subject, by) {
                    self.stand(other, that, negated != none, compared, found);
                }
            }
            _ => {
                let wanted = Truth3::of(!negated);
                found.extend(
                    compared
                        .next()
                        .filter(|one| one.holds == wanted)
                        .map(|one| (one, negated)),
                );
            }
        }
    }
}

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

/// The smallest change after which a comparison turns into its opposite.
fn turn(one: &Comparison, negated: bool) -> Change {
    if let Some(other) = &one.of {
        return Change::Related(other.clone());
    }
    if one.what.starts_with("finding/") {
        return Change::Finding;
    }
    let Ok(bound) = one.right.parse::<Ratio>() else {
        return Change::Other;
    };
    // What does not hold and should is what holds with the opposite sign.
    let op = match (negated, one.op) {
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
        left => turned(op, left, &one.what, &bound),
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
fn turned(op: Sign, left: &Shown, what: &str, bound: &Ratio) -> Change {
    match left {
        Shown::Counts(n, d) => converted(op, *n, *d, bound),
        Shown::Whole(count) if what.starts_with("facts/") => {
            let needed = match op {
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
            let off = bound.sub(&points.to_ratio());
            let e4 = off.mul(&Ratio::from_whole(10_000));
            // A point value is counted in ten-thousandths: the next one past the bound, or the bound itself.
            let whole = match op {
                Sign::LessThan => e4.ceil(),
                Sign::MoreThan => e4.floor(),
                Sign::AtLeast => e4.ceil().and_then(|e| e.checked_sub(1)),
                Sign::AtMost => e4.floor().and_then(|e| e.checked_add(1)),
                Sign::Equal => Some(1),
            };
            whole.map_or(Change::Other, |e4| Change::Points(Points::from_e4(e4)))
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
