//! Caps that look at related subjects' grades, until nothing changes.
//!
//! They only lower a grade and can only be set off by lower grades, so this ends, and the order of subjects and
//! rules does not matter: every pass looks at the grades of the pass before.

use std::sync::Arc;

use super::Engine;
use crate::outcome::{Action, GapKind, RuleResult, Step, Truth3};
use crate::reason::ReasonCode;
use crate::scheme::model::{EffectPlan, RulePhase};

impl Engine<'_> {
    pub(super) fn apply_related_caps(&mut self) {
        let rules = self.rules_of(RulePhase::RelatedCaps);
        if rules.is_empty() {
            return;
        }
        // Each pass that changes anything lowers a grade by one place or more.
        let most = self
            .states
            .len()
            .saturating_mul(self.scheme.grades.len())
            .saturating_add(1);
        for _ in 0..most {
            let mut results: Vec<(usize, usize, RuleResult)> = Vec::new();
            for subject in 0..self.states.len() {
                for &rule in &rules {
                    if self
                        .scheme
                        .rules
                        .get(rule)
                        .is_some_and(|plan| self.applies(&plan.applies, subject))
                    {
                        results.push((subject, rule, self.ask(subject, rule)));
                    }
                }
            }
            let mut lowered = false;
            for (subject, rule, result) in results {
                let fired = result.fired == Truth3::True;
                if let Some(slot) = self
                    .state(subject)
                    .and_then(|state| state.rules.get_mut(rule))
                {
                    *slot = Some(result);
                }
                if fired {
                    lowered |= self.lower(subject, rule);
                }
            }
            if !lowered {
                break;
            }
        }
    }

    fn lower(&mut self, subject: usize, rule: usize) -> bool {
        let Some(plan) = self.scheme.rules.get(rule) else {
            return false;
        };
        let EffectPlan::Cap(cap) = plan.effect else {
            return false;
        };
        let code = plan.code.clone();
        let Some(state) = self.state(subject) else {
            return false;
        };
        state.cap = state.cap.max(cap);
        if state.grade.is_none_or(|grade| grade >= cap) {
            return false;
        }
        if state.floor.is_some_and(|floor| floor < cap)
            || state.exact.is_some_and(|exact| exact < cap)
        {
            let known = state.undetermined;
            state.undetermined = true;
            if !known {
                self.list_cap_clash(subject, &code);
            }
            return false;
        }
        self.step(subject, Step::RelatedCap, Some(cap), Some(code));
        true
    }

    fn list_cap_clash(&mut self, subject: usize, rule: &Arc<str>) {
        let gap = self.gap(
            Some(subject),
            GapKind::Contradiction,
            rule,
            ReasonCode::CapBelowFloor,
            Action::Waive,
        );
        self.gaps.push(gap);
    }
}
