//! Adjustments by the committee (酌定), all applied together.

use super::Engine;
use crate::outcome::{Action, Gap, GapKind, Step, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::model::{EffectPlan, QuotaPlan, RulePhase};

/// An adjustment that changes a grade. Places count from 0, the best.
#[derive(Clone, Copy)]
struct Adjusted {
    subject: usize,
    from: usize,
    to: usize,
}

impl Engine<'_> {
    pub(super) fn adjust(&mut self) {
        let mut adjusted: Vec<Adjusted> = Vec::new();
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
            if state.exact.is_some_and(|exact| wanted != exact) {
                self.refuse(subject, ReasonCode::AdjustedBeyondExact);
                continue;
            }
            if state.floor.is_some_and(|floor| wanted > floor) {
                self.refuse(subject, ReasonCode::AdjustedBelowFloor);
                continue;
            }
            if wanted != grade {
                adjusted.push(Adjusted {
                    subject,
                    from: grade,
                    to: wanted,
                });
            }
        }
        if adjusted.is_empty() {
            return;
        }
        // Together: caps and seats are asked of the grades after all adjustments. What is refused may have been the
        // ground of another, so they are asked again without it.
        for one in &adjusted {
            self.place(one.subject, one.to);
        }
        loop {
            let mut refused = self.refused(&adjusted, |engine, one| {
                engine
                    .is_capped(one)
                    .then_some(ReasonCode::AdjustedAboveCap)
            });
            if refused.is_empty() {
                refused = self.refused(&adjusted, |engine, one| {
                    let full = engine.overfilled(one, false).next();
                    full.map(|_| ReasonCode::QuotaFull)
                });
            }
            if refused.is_empty() {
                break;
            }
            for (one, why) in &refused {
                self.place(one.subject, one.from);
                self.refuse(one.subject, *why);
            }
            adjusted.retain(|one| {
                refused
                    .iter()
                    .all(|(other, _)| other.subject != one.subject)
            });
        }
        for one in &adjusted {
            self.list_excess(one);
        }
        for one in adjusted {
            self.place(one.subject, one.from);
            self.step(one.subject, Step::Adjustment, Some(one.to), None);
        }
        self.apply_related_caps();
        self.list_groundless_caps();
    }

    fn place(&mut self, subject: usize, grade: usize) {
        if let Some(state) = self.state(subject) {
            state.grade = Some(grade);
        }
    }

    /// Raises that something stops.
    fn refused(
        &self,
        adjusted: &[Adjusted],
        bar: impl Fn(&Self, &Adjusted) -> Option<ReasonCode>,
    ) -> Vec<(Adjusted, ReasonCode)> {
        adjusted
            .iter()
            .filter(|one| one.to < one.from)
            .filter_map(|one| bar(self, one).map(|why| (*one, why)))
            .collect()
    }

    fn is_capped(&self, one: &Adjusted) -> bool {
        self.rules_of(RulePhase::Grades)
            .chain(self.rules_of(RulePhase::RelatedCaps))
            .any(|rule| {
                let Some(plan) = self.scheme.rules.get(rule) else {
                    return false;
                };
                let yields = (self.result(one.subject, rule)).is_some_and(|result| result.yields);
                let lower = matches!(plan.effect, EffectPlan::Cap(cap) if one.to < cap);
                lower
                    && !yields
                    && self.applies(&plan.applies, one.subject)
                    && self.ask(one.subject, rule).fired == Truth3::True
            })
    }

    /// The quotas that a raise enters beyond their seats, hard or soft, with holders and seats.
    fn overfilled(
        &self,
        one: &Adjusted,
        soft: bool,
    ) -> impl Iterator<Item = (&QuotaPlan, usize, usize)> {
        let one = *one;
        let unrecognised = self
            .states
            .get(one.subject)
            .is_some_and(|state| state.recognised == Some(false));
        self.scheme
            .quotas
            .iter()
            .filter(move |plan| plan.soft == soft && !unrecognised)
            .filter(move |plan| self.applies(&plan.applies, one.subject))
            .filter(move |plan| one.to <= plan.grade && plan.grade < one.from)
            .filter_map(move |plan| {
                let (others, seats) = self.seats_taken(plan, one.subject);
                (others >= seats).then(|| (plan, others.saturating_add(1), seats))
            })
    }

    /// A soft quota may be exceeded, and that is on record.
    fn list_excess(&mut self, one: &Adjusted) {
        if one.to >= one.from {
            return;
        }
        let excess = self.overfilled(one, true).map(|(plan, holders, seats)| {
            let group = self.group_name(plan.group, &[one.subject]);
            let reason = Reason::with(
                ReasonCode::QuotaExceeded,
                [group, seats.to_string(), holders.to_string()],
            );
            let mut gap = self.gap(
                Some(one.subject),
                GapKind::QuotaContradiction,
                plan.code.clone(),
                reason,
                Action::Look,
            );
            gap.blocks = false;
            gap
        });
        let mut excess: Vec<Gap> = excess.collect();
        self.gaps.append(&mut excess);
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
        if let Some(state) = self.state(subject) {
            state.refused = true;
        }
    }

    /// Caps already applied whose ground a raise has lifted: nobody rises by it, but the committee is told, until it has
    /// raised whoever was capped as well.
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
                let plan = self.scheme.rules.get(rule);
                let risen = plan.is_some_and(|plan| {
                    let grade = self.states.get(subject).and_then(|state| state.grade);
                    matches!(plan.effect, EffectPlan::Cap(cap) if grade.is_some_and(|it| it < cap))
                });
                if !risen && self.ask(subject, rule).fired == Truth3::False {
                    let mut gap = self.gap(
                        Some(subject),
                        GapKind::CapWithoutGround,
                        code.clone(),
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
