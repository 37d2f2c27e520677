//! Caps that look at related subjects' grades, until nothing changes.
//!
//! They only lower a grade and can only be set off by lower grades, so this ends, and the order of subjects and
//! rules does not matter: every pass looks at the grades of the pass before.

use std::sync::Arc;

use super::Engine;
use crate::inputs::WaiverHolds;
use crate::outcome::{Action, GapKind, Step, Truth3};
use crate::reason::{Reason, ReasonCode};
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
        for subject in 0..self.states.len() {
            let mut truths = rules.iter().map(|rule| self.truth_of(subject, *rule));
            let open = truths.any(|truth| truth == Some(Truth3::Undetermined));
            if open
                && let Some(state) = self.state(subject)
                && !state.undetermined
            {
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
            // Asked of everyone before any grade is lowered; of most nothing comes.
            let mut firing: Vec<(usize, usize)> = Vec::new();
            for subject in 0..self.states.len() {
                for &rule in rules {
                    let plan = self.scheme.rules.get(rule);
                    if !plan.is_some_and(|plan| self.applies(&plan.applies, subject)) {
                        continue;
                    }
                    let result = self.ask(subject, rule);
                    let fired = result.fired == Truth3::True;
                    // A cap already applied is not lifted, even where it found nothing to lower, so the reasons for
                    // which it was stay with it.
                    if !fired && self.fired(subject, rule) {
                        continue;
                    }
                    self.keep(subject, rule, result);
                    if fired {
                        firing.push((subject, rule));
                    }
                }
            }
            let mut lowered = false;
            for (subject, rule) in firing {
                lowered |= self.lower(subject, rule);
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
        let clash = |floor: Option<usize>, exact: Option<usize>| {
            floor.into_iter().chain(exact).any(|grade| grade < cap)
        };
        let Some(state) = self.states.get(subject) else {
            return false;
        };
        let clashes = clash(state.floor, state.exact);
        // Without a contradiction there is nothing to yield to.
        let yields =
            matches!(&waived, Some(WaiverHolds::Yields(rule)) if rule.as_str() == code.as_ref());
        if clashes && yields {
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
        if clashes {
            match waived {
                Some(WaiverHolds::Held) => {
                    state.held = true;
                    state.grade = None;
                    return true;
                }
                Some(WaiverHolds::Yields(rule)) => {
                    let (floor, exact) = self.demanded_without(subject, &rule);
                    if clash(floor, exact) {
                        return self.list_cap_clash(subject, &code, cap);
                    }
                    self.let_yield(subject, &rule);
                    let state = self.states.get(subject);
                    if state.is_some_and(|state| state.grade.is_none_or(|grade| grade >= cap)) {
                        return true;
                    }
                }
                _ => return self.list_cap_clash(subject, &code, cap),
            }
        }
        self.step(subject, Step::RelatedCap, Some(cap), Some(code));
        true
    }

    /// Tells whether the subject became undetermined by it, which others may look at.
    fn list_cap_clash(&mut self, subject: usize, rule: &Arc<str>, cap: usize) -> bool {
        let known = self
            .states
            .get(subject)
            .is_none_or(|state| state.undetermined);
        self.mark_undetermined(subject);
        let names: Vec<Arc<str>> = std::iter::once(rule.clone())
            .chain(self.demanded_above(subject, cap))
            .collect();
        let gap = self.gap(
            Some(subject),
            GapKind::Contradiction,
            rule.clone(),
            Reason::with(ReasonCode::RulesClash, [names.join(", ")]),
            Action::Waive,
        );
        self.gaps.push(gap);
        !known
    }
}
