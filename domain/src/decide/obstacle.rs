//! Why not a higher grade: each thing that stands in the way, with the smallest change that would clear it.

use std::sync::Arc;

use super::Engine;
use crate::number::{Points, Ratio};
use crate::outcome::{Change, Comparison, Obstacle, Shown, Sign, Step, Truth3};
use crate::scheme::file::GradedBy;
use crate::scheme::model::{EffectPlan, RulePhase};

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
                .into_iter()
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
            .into_iter()
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
        let result = self
            .states
            .get(subject)
            .and_then(|state| state.rules.get(rule))
            .and_then(Option::as_ref);
        let Some(result) = result else { return };
        let by = Some(result.rule.clone());
        let standing: Vec<&Comparison> = result
            .compared
            .iter()
            .filter(|one| one.holds == Truth3::True)
            .collect();
        if standing.is_empty() {
            found.push(Obstacle {
                grade: grade.clone(),
                by,
                compared: None,
                change: Change::Other,
            });
            return;
        }
        for one in standing {
            found.push(Obstacle {
                grade: grade.clone(),
                by: by.clone(),
                compared: Some(one.clone()),
                change: turn(one),
            });
        }
    }
}

/// The smallest change after which a comparison that holds would hold no longer.
fn turn(one: &Comparison) -> Change {
    if let Some(other) = &one.of {
        return Change::Related(other.clone());
    }
    if one.what.starts_with("finding/") {
        return Change::Finding;
    }
    let Ok(bound) = one.right.parse::<Ratio>() else {
        return Change::Other;
    };
    match &one.left {
        Shown::Counts(n, d) => converted(one.op, *n, *d, &bound),
        Shown::Whole(count) if one.what.starts_with("facts/") => {
            let needed = match one.op {
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
            let whole = match one.op {
                Sign::LessThan | Sign::AtLeast => e4.ceil(),
                _ => e4.floor().and_then(|e| e.checked_add(1)),
            };
            whole.map_or(Change::Other, |e4| Change::Points(Points::from_e4(e4)))
        }
        Shown::Exact(value) => Change::Gap(bound.sub(value)),
        _ => Change::Other,
    }
}

/// Answers to convert so that n/d no longer passes, the denominator fixed.
fn converted(op: Sign, n: u64, d: u64, bound: &Ratio) -> Change {
    let (Ok(n), Ok(whole)) = (i64::try_from(n), i64::try_from(d)) else {
        return Change::Other;
    };
    let edge = bound.mul(&Ratio::from_whole(whole));
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
        .map(|wanted| wanted.abs_diff(n))
        .map_or(Change::Other, Change::Answers)
}
