//! Alerts and follow-ups: once for a subject, or once for each of its cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::Engine;
use super::ask::Event;
use crate::inputs::Date;
use crate::outcome::{Action, Consequence, GapKind, RuleResult, Truth3};
use crate::reason::ReasonCode;
use crate::scheme::file::{AsOf, FollowUp};
use crate::scheme::model::{ConditionPlan, EffectPlan, RulePhase, RulePlan, ValueKind};

/// A case for which a rule fired.
struct Fired {
    reference: Arc<str>,
    day: Option<NaiveDate>,
}

impl Engine<'_> {
    pub(super) fn draw_consequences(&mut self) {
        self.ask_all(RulePhase::Consequences);
        let scheme = self.scheme;
        for (rule, plan) in scheme.rules.iter().enumerate() {
            if plan.phase != RulePhase::Consequences {
                continue;
            }
            for subject in 0..self.states.len() {
                if plan.per_event {
                    for event in self.ask_by_case(subject, rule, plan) {
                        self.draw(subject, plan, Some(event));
                    }
                } else if self.fired(subject, rule) {
                    self.draw(subject, plan, None);
                }
            }
        }
    }

    /// Asks a rule for each case of a subject that its condition looks at, and keeps one result for all of them.
    fn ask_by_case(&mut self, subject: usize, rule: usize, plan: &RulePlan) -> Vec<Fired> {
        if !self.applies(&plan.applies, subject) {
            return Vec::new();
        }
        let mut kinds = Vec::new();
        list_kinds(&plan.when, &mut kinds);
        let mut cases: BTreeMap<(usize, &str), Option<NaiveDate>> = BTreeMap::new();
        let snapshot = self.snapshot;
        let data = snapshot.subjects.get(subject);
        for fact in data.map(|data| data.facts.as_slice()).unwrap_or_default() {
            if kinds.contains(&fact.kind) {
                // A case that is told in several rows began with the first of them.
                let day = cases
                    .entry((fact.kind, &fact.reference))
                    .or_insert(fact.day);
                *day = (*day).min(fact.day);
            }
        }
        let mut result = RuleResult {
            rule: plan.code.clone(),
            fired: Truth3::False,
            compared: Vec::new(),
            settled_by: None,
            yields: false,
        };
        let mut fired = Vec::new();
        for ((kind, reference), day) in cases {
            let asked = self.ask_for(subject, rule, Some(Event { kind, reference }));
            if asked.fired == Truth3::True {
                result.fired = Truth3::True;
                result.settled_by = result.settled_by.or(asked.settled_by);
                result.compared.extend(asked.compared);
                fired.push(Fired {
                    reference: Arc::from(reference),
                    day,
                });
            }
        }
        if fired.is_empty() {
            result.compared = self.ask(subject, rule).compared;
        }
        self.keep(subject, rule, result);
        fired
    }

    fn draw(&mut self, subject: usize, plan: &RulePlan, event: Option<Fired>) {
        let mut consequence = match &plan.effect {
            EffectPlan::FollowUp(follow_up) => {
                self.follow_up(subject, plan, follow_up, event.as_ref())
            }
            _ => Consequence {
                rule: plan.code.clone(),
                kind: Arc::from("alert"),
                event: None,
                subjects: self.codes([subject]),
                as_of: None,
                within_days: None,
                within_working_days: None,
                record_points: None,
                limit: None,
            },
        };
        consequence.event = event.map(|event| event.reference);
        if matches!(plan.effect, EffectPlan::Alert) {
            let mut gap = self.gap(
                Some(subject),
                GapKind::Alert,
                &plan.code,
                ReasonCode::AlertFires,
                Action::Look,
            );
            gap.blocks = false;
            gap.what.clone_from(&consequence.event);
            self.gaps.push(gap);
        }
        if let Some(state) = self.state(subject) {
            state.consequences.push(consequence);
        }
    }

    fn follow_up(
        &self,
        subject: usize,
        plan: &RulePlan,
        follow_up: &FollowUp,
        event: Option<&Fired>,
    ) -> Consequence {
        let day = match follow_up.as_of {
            None => None,
            Some(AsOf::PeriodStart) => Some(self.snapshot.period.0),
            Some(AsOf::PeriodEnd) => Some(self.snapshot.period.1),
            Some(AsOf::Event) => event.and_then(|event| event.day),
            Some(AsOf::On(day)) => Some(day.0),
        };
        Consequence {
            rule: plan.code.clone(),
            kind: Arc::from(follow_up.kind.as_str()),
            event: None,
            subjects: self.codes(self.reach_on(subject, &follow_up.on, day)),
            as_of: day.map(Date),
            within_days: follow_up.within_days,
            within_working_days: follow_up.within_working_days,
            record_points: follow_up.record_points,
            limit: follow_up.limit.as_deref().map(Arc::from),
        }
    }

    fn codes(&self, subjects: impl IntoIterator<Item = usize>) -> Vec<Arc<str>> {
        subjects
            .into_iter()
            .filter_map(|subject| self.snapshot.subjects.get(subject))
            .map(|data| data.code.clone())
            .collect()
    }
}

/// Kinds of the subject's own facts that a condition looks at.
fn list_kinds(condition: &ConditionPlan, kinds: &mut Vec<usize>) {
    match condition {
        ConditionPlan::All(list) | ConditionPlan::Any(list) => {
            for inner in list {
                list_kinds(inner, kinds);
            }
        }
        ConditionPlan::Not(inner) => list_kinds(inner, kinds),
        ConditionPlan::Compare(value, _) => {
            if let ValueKind::Facts(facts) = &value.kind {
                kinds.push(facts.kind);
            }
        }
        _ => {}
    }
}
