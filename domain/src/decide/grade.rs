//! Base grades, and rules that cap, floor or set a grade by looking at the subject alone.

use std::sync::Arc;

use super::Engine;
use crate::inputs::{WaivedGap, WaiverHolds};
use crate::number::Points;
use crate::outcome::{Action, GapKind, Step, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::GradedBy;
use crate::scheme::model::{EffectPlan, RulePhase};

/// What rules demand of a grade. Places count from 0, the best.
#[derive(Default)]
struct Demands {
    cap: Option<(usize, Arc<str>)>,
    floor: Option<(usize, Arc<str>)>,
    exact: Option<(usize, Arc<str>)>,
    clash: Vec<Arc<str>>,
}

impl Engine<'_> {
    /// Whether a waiver holds a subject.
    pub(super) fn is_held(&self, subject: usize) -> bool {
        self.snapshot.subjects.get(subject).is_some_and(|data| {
            data.waivers
                .iter()
                .any(|(gap, holds)| matches!(gap, WaivedGap::Grade) && *holds == WaiverHolds::Held)
        })
    }

    /// Reads base grades off totals, or takes the proposed ones.
    pub(super) fn read_grades(&mut self) {
        for subject in 0..self.states.len() {
            let held = self.is_held(subject);
            let base = self.base_grade(subject);
            let proposed = self.scheme.file.grading.by == GradedBy::Proposed;
            let Some(state) = self.state(subject) else {
                continue;
            };
            state.base = base;
            if held {
                state.held = true;
                continue;
            }
            if state.disqualified {
                continue;
            }
            if base.is_none() {
                // Whoever could not be scored at all was told why, and that is another reason.
                let told = std::mem::replace(&mut state.undetermined, true);
                if !proposed && !told && state.maximum == Points::ZERO {
                    let gap = self.gap(
                        Some(subject),
                        GapKind::MissingValue,
                        "total",
                        ReasonCode::NothingApplies,
                        Action::Waive,
                    );
                    self.gaps.push(gap);
                }
                if proposed {
                    let gap = self.gap(
                        Some(subject),
                        GapKind::MissingValue,
                        "proposed",
                        ReasonCode::NoProposal,
                        Action::EnterScore,
                    );
                    self.gaps.push(gap);
                }
                continue;
            }
            self.step(subject, Step::Base, base, None);
        }
    }

    fn base_grade(&self, subject: usize) -> Option<usize> {
        let grading = &self.scheme.file.grading;
        if grading.by == GradedBy::Proposed {
            return self
                .snapshot
                .subjects
                .get(subject)
                .and_then(|data| data.proposed);
        }
        let state = self.states.get(subject)?;
        let total = state.total?;
        let lowest = self.scheme.grades.len().checked_sub(1)?;
        // Without scaling, bands are shares of the subject's own maximum.
        let narrowed = state.maximum != state.full_maximum;
        let value = match (grading.by, narrowed) {
            (GradedBy::Share, _) => self.share(subject)?,
            (_, true) => total
                .to_ratio()
                .mul(&state.full_maximum.to_ratio())
                .div(&state.maximum.to_ratio())?,
            (_, false) => total.to_ratio(),
        };
        let reached = self
            .scheme
            .grades
            .iter()
            .position(|grade| grade.from.as_ref().is_some_and(|from| value >= *from));
        Some(reached.unwrap_or(lowest))
    }

    /// Applies the lowest cap, the highest floor and the exact grade.
    pub(super) fn apply_rules(&mut self) {
        self.ask_all(RulePhase::Grades);
        for subject in 0..self.states.len() {
            // Who holds no grade anyway cannot be torn between two.
            if self
                .states
                .get(subject)
                .is_some_and(|state| state.disqualified || state.held)
            {
                continue;
            }
            let demands = self.demands(subject, None);
            let settled = self.waived_contradiction(subject);
            let demands = match (demands.clash.is_empty(), settled) {
                (false, Some(WaiverHolds::Yields(rule))) => {
                    self.mark_yielding(subject, &rule);
                    self.demands(subject, Some(rule.as_str()))
                }
                (false, Some(WaiverHolds::Held)) => {
                    if let Some(state) = self.state(subject) {
                        state.held = true;
                        state.grade = None;
                    }
                    continue;
                }
                _ => demands,
            };
            if !demands.clash.is_empty() {
                let names: Vec<&str> = demands.clash.iter().map(AsRef::as_ref).collect();
                let reason = Reason::with(ReasonCode::RulesClash, [names.join(", ")]);
                let gap = self.gap(
                    Some(subject),
                    GapKind::Contradiction,
                    names.first().copied().unwrap_or(""),
                    reason,
                    Action::Waive,
                );
                self.gaps.push(gap);
                self.mark_undetermined(subject);
                continue;
            }
            self.meet(subject, demands);
        }
    }

    /// What a waiver says of a contradiction in the subject's grade.
    pub(super) fn waived_contradiction(&self, subject: usize) -> Option<WaiverHolds> {
        let data = self.snapshot.subjects.get(subject)?;
        data.waivers
            .iter()
            .find(|(gap, _)| matches!(gap, WaivedGap::Contradiction))
            .map(|(_, holds)| holds.clone())
    }

    /// Remembers that a fired rule yields by a waiver, so that the decision says why it did nothing.
    pub(super) fn mark_yielding(&mut self, subject: usize, code: &str) {
        let results = self.state(subject).map(|state| &mut state.rules);
        for result in results.into_iter().flatten().flatten() {
            if result.rule.as_ref() == code && result.fired == Truth3::True {
                result.yields = true;
            }
        }
    }

    /// Lets a fired rule yield once a grade has been worked out with it: what it gave is taken back, and the grade is what
    /// the other rules leave of the base, as far as caps found later leave it open.
    pub(super) fn let_yield(&mut self, subject: usize, rule: &str) {
        self.mark_yielding(subject, rule);
        let demands = self.demands(subject, Some(rule));
        let Some(state) = self.state(subject) else {
            return;
        };
        let cap = state.cap;
        let place = state.steps.iter().position(|one| one.step == Step::Rule);
        let Some(place) = place else {
            state.floor = demands.floor.map(|(floor, _)| floor);
            state.exact = demands.exact.map(|(exact, _)| exact);
            return;
        };
        let later = state.steps.split_off(place);
        state.grade = state.base;
        self.meet(subject, demands);
        if let Some(state) = self.state(subject) {
            state.cap = state.cap.max(cap);
        }
        for step in later.into_iter().skip(1) {
            let grades = &self.scheme.grades;
            let to = grades
                .iter()
                .position(|grade| Some(&grade.code) == step.to.as_ref());
            let grade = self.states.get(subject).and_then(|state| state.grade);
            if to > grade {
                self.step(subject, step.step, to, step.by);
            }
        }
    }

    /// The floor and the exact grade that are left when a rule yields.
    pub(super) fn demanded_without(
        &self,
        subject: usize,
        yields: &str,
    ) -> (Option<usize>, Option<usize>) {
        let demands = self.demands(subject, Some(yields));
        (
            demands.floor.map(|(floor, _)| floor),
            demands.exact.map(|(exact, _)| exact),
        )
    }

    /// The rules of the floor and the exact grade that are better than a cap.
    pub(super) fn demanded_above(&self, subject: usize, cap: usize) -> Vec<Arc<str>> {
        let demands = self.demands(subject, None);
        let both = demands.floor.into_iter().chain(demands.exact);
        both.filter_map(|(grade, code)| (grade < cap).then_some(code))
            .collect()
    }

    fn demands(&self, subject: usize, yields: Option<&str>) -> Demands {
        let mut demands = Demands::default();
        for rule in self.rules_of(RulePhase::Grades) {
            let Some(plan) = self.scheme.rules.get(rule) else {
                continue;
            };
            if !self.fired(subject, rule) || yields == Some(plan.code.as_ref()) {
                continue;
            }
            let code = || plan.code.clone();
            match plan.effect {
                EffectPlan::Cap(grade)
                    if demands.cap.as_ref().is_none_or(|(cap, _)| grade > *cap) =>
                {
                    demands.cap = Some((grade, code()));
                }
                EffectPlan::Floor(grade)
                    if demands
                        .floor
                        .as_ref()
                        .is_none_or(|(floor, _)| grade < *floor) =>
                {
                    demands.floor = Some((grade, code()));
                }
                EffectPlan::Set(grade) => match &demands.exact {
                    Some((exact, by)) if *exact != grade => {
                        demands.clash.extend([by.clone(), code()]);
                    }
                    // Of several that agree the first is named, as of caps and floors.
                    Some(_) => {}
                    None => demands.exact = Some((grade, code())),
                },
                _ => {}
            }
        }
        let clash = |worse: &Option<(usize, Arc<str>)>, better: &Option<(usize, Arc<str>)>| match (
            worse, better,
        ) {
            (Some((worse, a)), Some((better, b))) if better < worse => vec![a.clone(), b.clone()],
            _ => Vec::new(),
        };
        demands.clash.extend(clash(&demands.cap, &demands.floor));
        demands.clash.extend(clash(&demands.cap, &demands.exact));
        demands.clash.extend(clash(&demands.exact, &demands.floor));
        demands
    }

    fn meet(&mut self, subject: usize, demands: Demands) {
        let Some(state) = self.state(subject) else {
            return;
        };
        state.cap = demands.cap.as_ref().map_or(0, |(cap, _)| *cap);
        state.floor = demands.floor.as_ref().map(|(floor, _)| *floor);
        state.exact = demands.exact.as_ref().map(|(exact, _)| *exact);
        let Some(grade) = state.grade else { return };
        let (to, by) = match (demands.exact, demands.cap, demands.floor) {
            (Some((exact, by)), _, _) => (exact, by),
            (None, Some((cap, by)), _) if grade < cap => (cap, by),
            (None, _, Some((floor, by))) if grade > floor => (floor, by),
            _ => return,
        };
        self.step(subject, Step::Rule, Some(to), Some(by));
    }
}
