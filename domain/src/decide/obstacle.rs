//! Why not a higher grade: each thing that stands in the way, with the smallest change that would clear it.

mod seat;
mod tree;
mod turn;

use std::sync::Arc;

use super::Engine;
use crate::number::Points;
use crate::outcome::{Change, Obstacle};
use crate::scheme::file::GradedBy;
use crate::scheme::model::{EffectPlan, RulePhase};

pub(super) use seat::Lines;

impl Engine<'_> {
    /// What stands between a subject and the next grade; for one without a grade, between it and any grade. Then what
    /// stands between it and its recognition.
    pub(super) fn obstacles(&self, subject: usize, lines: &Lines) -> Vec<Obstacle> {
        let Some(state) = self.states.get(subject) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        if state.disqualified {
            let any = state
                .base
                .or_else(|| self.scheme.grades.len().checked_sub(1));
            let code = self.grade_code(any);
            for phase in [
                RulePhase::BeforeScores,
                RulePhase::AfterTotals,
                RulePhase::AfterLabels,
            ] {
                for rule in self.rules_of(phase) {
                    let plan = self.scheme.rules.get(rule);
                    if plan.is_some_and(|plan| matches!(plan.effect, EffectPlan::Disqualify))
                        && self.fired(subject, rule)
                    {
                        self.add_rule(subject, rule, code.as_ref(), &mut found);
                    }
                }
            }
            // What else keeps it from the grade that it would then be given.
            if let Some((aim, code)) = any.zip(code) {
                self.add_bars(subject, aim, &code, &mut found);
            }
            return found;
        }
        let aim = match (state.grade, state.base) {
            (Some(grade), _) => grade.checked_sub(1),
            (None, base) => base,
        };
        if let Some(aim) = aim {
            self.add_for_grade(subject, aim, lines, &mut found);
        }
        for rule in self.rules_of(RulePhase::Eligibility) {
            if self.fired(subject, rule) {
                self.add_rule(subject, rule, None, &mut found);
            }
        }
        // There are one or two of most, where room was made for four.
        found.shrink_to_fit();
        found
    }

    fn add_for_grade(&self, subject: usize, aim: usize, lines: &Lines, found: &mut Vec<Obstacle>) {
        let (Some(state), Some(code)) = (self.states.get(subject), self.grade_code(Some(aim)))
        else {
            return;
        };
        let of_grade = |change: Change| Obstacle {
            grade: Some(code.clone()),
            by: None,
            compared: None,
            change,
        };
        let mut risen = Points::ZERO;
        if state.base.is_some_and(|base| base > aim) {
            let change = self.missing_points(subject, aim);
            if let Change::Points(points) = change {
                risen = points;
            }
            found.push(of_grade(change));
        }
        self.add_bars(subject, aim, &code, found);
        self.add_seats(subject, aim, risen, lines, found);
        let adjusted = self
            .snapshot
            .subjects
            .get(subject)
            .and_then(|data| data.adjustment);
        // A recorded adjustment names one grade, and while it stands there is no other.
        if adjusted.is_some_and(|adjusted| adjusted > aim) && !state.refused {
            found.push(of_grade(Change::Committee));
        }
    }

    /// Caps and exact grades that keep a subject from a grade.
    fn add_bars(&self, subject: usize, aim: usize, code: &Arc<str>, found: &mut Vec<Obstacle>) {
        for phase in [RulePhase::Grades, RulePhase::RelatedCaps] {
            for rule in self.rules_of(phase) {
                let bars = self.scheme.rules.get(rule).is_some_and(|plan| {
                    matches!(plan.effect, EffectPlan::Cap(grade) | EffectPlan::Set(grade) if grade > aim)
                });
                let yields = || (self.result(subject, rule)).is_some_and(|result| result.yields);
                if bars && self.fired(subject, rule) && !yields() {
                    self.add_rule(subject, rule, Some(code), found);
                }
            }
        }
    }

    fn missing_points(&self, subject: usize, aim: usize) -> Change {
        let from = self
            .scheme
            .grades
            .get(aim)
            .and_then(|grade| grade.from.clone());
        let grading = &self.scheme.file.grading;
        if grading.by == GradedBy::Proposed {
            return Change::Committee;
        }
        let (Some(state), Some(from)) = (self.states.get(subject), from) else {
            return Change::Other;
        };
        let Some(total) = state.total else {
            return Change::Other;
        };
        let needed = match (grading.by, state.maximum == state.full_maximum) {
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
        // Up to the next grain, since totals never differ by less.
        let grain = self.scheme.grain;
        let gap = grain.count_in(&needed.sub(&total.to_ratio()));
        gap.and_then(|gap| grain.times(gap.ceil()?).ok())
            .map_or(Change::Other, Change::Points)
    }

    /// The smallest change after which a rule would not fire, comparison by comparison.
    fn add_rule(
        &self,
        subject: usize,
        rule: usize,
        grade: Option<&Arc<str>>,
        found: &mut Vec<Obstacle>,
    ) {
        let (Some(result), Some(plan)) = (self.result(subject, rule), self.scheme.rules.get(rule))
        else {
            return;
        };
        let obstacle = |compared, change| Obstacle {
            grade: grade.cloned(),
            by: Some(result.rule.clone()),
            compared,
            change,
        };
        // A requirement fires while its condition does not hold.
        let wanted = matches!(plan.effect, EffectPlan::Require);
        let asked = self.asked(subject, &plan.when, &mut result.compared.iter());
        match asked
            .turned(wanted, self.scheme.grain)
            .filter(|turned| !turned.is_empty())
        {
            Some(turned) => found.extend(
                turned
                    .into_iter()
                    .map(|(one, change)| obstacle(Some(one.clone()), change)),
            ),
            None => found.push(obstacle(None, Change::Other)),
        }
    }
}
