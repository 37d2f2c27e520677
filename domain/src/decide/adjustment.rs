//! Adjustments by the committee (酌定), all applied together.

use super::Engine;
use crate::outcome::{Action, GapKind, Step, Truth3};
use crate::reason::ReasonCode;
use crate::scheme::model::RulePhase;

impl Engine<'_> {
    pub(super) fn adjust(&mut self) {
        let mut adjusted: Vec<(usize, usize, usize)> = Vec::new();
        for subject in 0..self.states.len() {
            let wanted = self
                .snapshot
                .subjects
                .get(subject)
                .and_then(|data| data.adjustment);
            let (Some(wanted), Some(state)) = (wanted, self.states.get(subject)) else {
                continue;
            };
            let Some(grade) = state.grade else {
                self.refuse(subject, ReasonCode::NothingToAdjust);
                continue;
            };
            if wanted > grade
                && state
                    .floor
                    .or(state.exact)
                    .is_some_and(|floor| wanted > floor)
            {
                self.refuse(subject, ReasonCode::AdjustedBelowFloor);
                continue;
            }
            if wanted != grade {
                adjusted.push((subject, grade, wanted));
            }
        }
        if adjusted.is_empty() {
            return;
        }
        // Together: caps are asked of the grades after all adjustments.
        for (subject, _, wanted) in &adjusted {
            if let Some(state) = self.state(*subject) {
                state.grade = Some(*wanted);
            }
        }
        let refused: Vec<(usize, usize, ReasonCode)> = adjusted
            .iter()
            .filter(|(_, grade, wanted)| wanted < grade)
            .filter_map(|(subject, grade, wanted)| {
                self.bar(*subject, *wanted)
                    .map(|why| (*subject, *grade, why))
            })
            .collect();
        for (subject, grade, why) in &refused {
            if let Some(state) = self.state(*subject) {
                state.grade = Some(*grade);
            }
            self.refuse(*subject, *why);
        }
        for (subject, grade, wanted) in adjusted {
            if refused.iter().any(|(other, _, _)| *other == subject) {
                continue;
            }
            if let Some(state) = self.state(subject) {
                state.grade = Some(grade);
            }
            self.step(subject, Step::Adjustment, Some(wanted), None);
        }
        self.apply_related_caps();
        self.list_groundless_caps();
    }

    /// What stops a raise.
    fn bar(&self, subject: usize, wanted: usize) -> Option<ReasonCode> {
        let capped = self.rules_of(RulePhase::Grades).into_iter().chain(self.rules_of(RulePhase::RelatedCaps)).any(|rule| {
            let Some(plan) = self.scheme.rules.get(rule) else { return false };
            let lower = matches!(plan.effect, crate::scheme::model::EffectPlan::Cap(cap) if wanted < cap);
            lower && self.applies(&plan.applies, subject) && self.ask(subject, rule).fired == Truth3::True
        });
        if capped {
            return Some(ReasonCode::AdjustedAboveCap);
        }
        let data = self.snapshot.subjects.get(subject)?;
        for result in &self.quotas {
            let Some(plan) = self
                .scheme
                .quotas
                .iter()
                .find(|plan| plan.code == result.quota)
            else {
                continue;
            };
            let mine = result.holders.contains(&data.code)
                || result.fallen.contains(&data.code)
                || self.in_group(plan, subject, result);
            if !mine || wanted > plan.grade || plan.soft {
                continue;
            }
            let holders = (0..self.states.len())
                .filter(|other| {
                    self.applies(&plan.applies, *other)
                        && self.group_of(plan.group, *other) == self.group_of(plan.group, subject)
                })
                .filter(|other| {
                    self.states
                        .get(*other)
                        .and_then(|state| state.grade)
                        .is_some_and(|grade| grade <= plan.grade)
                })
                .count();
            if holders > usize::try_from(result.seats).unwrap_or(usize::MAX) {
                return Some(ReasonCode::QuotaFull);
            }
        }
        None
    }

    fn in_group(
        &self,
        plan: &crate::scheme::model::QuotaPlan,
        subject: usize,
        result: &crate::outcome::QuotaResult,
    ) -> bool {
        let first = result.holders.iter().chain(&result.fallen).next();
        let first = first.and_then(|code| {
            self.snapshot
                .subjects
                .binary_search_by(|data| data.code.cmp(code))
                .ok()
        });
        self.applies(&plan.applies, subject)
            && first.is_none_or(|first| {
                self.group_of(plan.group, first) == self.group_of(plan.group, subject)
            })
    }

    fn refuse(&mut self, subject: usize, why: ReasonCode) {
        let gap = self.gap(
            Some(subject),
            GapKind::AdjustmentRefused,
            "adjustment",
            why,
            Action::Look,
        );
        self.gaps.push(gap);
    }

    /// Caps already applied whose ground a raise has lifted: nobody rises by it, but the committee is told.
    fn list_groundless_caps(&mut self) {
        for subject in 0..self.states.len() {
            let Some(state) = self.states.get(subject) else {
                continue;
            };
            let caps: Vec<_> = state
                .steps
                .iter()
                .filter(|step| step.step == Step::RelatedCap)
                .filter_map(|step| step.by.clone())
                .collect();
            for code in caps {
                let Some(rule) = self.scheme.rules.iter().position(|rule| rule.code == code) else {
                    continue;
                };
                if self.ask(subject, rule).fired == Truth3::False {
                    let mut gap = self.gap(
                        Some(subject),
                        GapKind::CapWithoutGround,
                        &code,
                        ReasonCode::CapGroundLifted,
                        Action::Look,
                    );
                    gap.blocks = false;
                    self.gaps.push(gap);
                }
            }
        }
    }
}
