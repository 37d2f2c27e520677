//! Caps that look at related subjects' grades, until nothing changes.
//!
//! They only lower a grade and can only be set off by lower grades, so this ends, and the order of subjects and
//! rules does not matter: every pass looks at the grades of the pass before.

use std::sync::Arc;

use super::Engine;
use crate::inputs::WaiverHolds;
use crate::outcome::{Action, GapKind, RuleResult, Step, Truth3};
use crate::reason::ReasonCode;
use crate::scheme::model::{EffectPlan, RulePhase};

impl Engine<'_> {
    /// Lowers grades until nothing changes. Whoever may still be capped is undetermined, and so is whoever looks
    /// at that grade.
    pub(super) fn apply_related_caps(&mut self) {
        let rules: Vec<usize> = self.rules_of(RulePhase::RelatedCaps).collect();
        if rules.is_empty() {
            return;
        }
        for _ in 0..=self.states.len() {
            self.lower_until_settled(&rules);
            if !self.mark_perhaps_capped(&rules) {
                break;
            }
        }
    }

    fn mark_perhaps_capped(&mut self, rules: &[usize]) -> bool {
        let mut marked = false;
        for state in &mut self.states {
            let open = rules.iter().any(|rule| {
                let result = state.rules.get(*rule).and_then(Option::as_ref);
                result.is_some_and(|result| result.fired == Truth3::Undetermined)
            });
            if open && !state.undetermined {
                state.undetermined = true;
                marked = true;
            }
        }
        marked
    }

    fn lower_until_settled(&mut self, rules: &[usize]) {
        // Each pass that changes anything lowers a grade by one place or more.
        let most = self
            .states
            .len()
            .saturating_mul(self.scheme.grades.len())
            .saturating_add(1);
        for _ in 0..most {
            let mut results: Vec<(usize, usize, RuleResult)> = Vec::new();
            for subject in 0..self.states.len() {
                for &rule in rules {
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
                // A cap already applied is not lifted, even where it found nothing to lower, so the reasons for which
                // it was stay with it.
                if !fired && self.fired(subject, rule) {
                    continue;
                }
                self.keep(subject, rule, result);
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
        let waived = self.waived_contradiction(subject);
        if matches!(&waived, Some(WaiverHolds::Yields(rule)) if rule.as_str() == code.as_ref()) {
            self.mark_yielding(subject, &code);
            return false;
        }
        let Some(state) = self.state(subject) else {
            return false;
        };
        state.cap = state.cap.max(cap);
        if state.grade.is_none_or(|grade| grade >= cap) {
            return false;
        }
        let clash = |floor: Option<usize>, exact: Option<usize>| {
            floor.into_iter().chain(exact).any(|grade| grade < cap)
        };
        if clash(state.floor, state.exact) {
            match waived {
                Some(WaiverHolds::Held) => {
                    state.held = true;
                    state.grade = None;
                    return true;
                }
                Some(WaiverHolds::Yields(rule)) => {
                    let (floor, exact) = self.demanded_without(subject, &rule);
                    if clash(floor, exact) {
                        return self.list_cap_clash(subject, &code);
                    }
                    self.mark_yielding(subject, &rule);
                    if let Some(state) = self.state(subject) {
                        (state.floor, state.exact) = (floor, exact);
                    }
                }
                _ => return self.list_cap_clash(subject, &code),
            }
        }
        self.step(subject, Step::RelatedCap, Some(cap), Some(code));
        true
    }

    /// Tells whether the subject became undetermined by it, which others may look at.
    fn list_cap_clash(&mut self, subject: usize, rule: &Arc<str>) -> bool {
        let known = self
            .states
            .get(subject)
            .is_none_or(|state| state.undetermined);
        self.mark_undetermined(subject);
        let gap = self.gap(
            Some(subject),
            GapKind::Contradiction,
            rule,
            ReasonCode::CapBelowFloor,
            Action::Waive,
        );
        self.gaps.push(gap);
        !known
    }
}
