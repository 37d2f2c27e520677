//! Alerts and follow-ups: once for a subject, or once for each of its cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::Engine;
use super::ask::Event;
use crate::inputs::Date;
use crate::outcome::{Action, Consequence, FEW, GapKind, RuleResult, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{AsOf, FollowUp};
use crate::scheme::model::{ConditionPlan, EffectPlan, RulePhase, RulePlan, ValueKind};

/// What a rule fired for.
enum Fired {
    /// A case.
    Case {
        reference: Arc<str>,
        day: Option<NaiveDate>,
    },
    /// So many answers, once for each.
    Answers(u64),
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
        let (mut kinds, mut counted) = (Vec::new(), Vec::new());
        list_kinds(&plan.when, &mut kinds, &mut counted);
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
            let asked = self.ask_for(subject, rule, Some(Event::Case { kind, reference }));
            if asked.fired == Truth3::True {
                result.fired = Truth3::True;
                result.settled_by = result.settled_by.or(asked.settled_by);
                result.compared.extend(asked.compared);
                fired.push(Fired::Case {
                    reference: Arc::from(reference),
                    day,
                });
            }
        }
        for place in counted {
            let count = data.and_then(|data| data.answers.get(place)).copied();
            let asked = self.ask_for(subject, rule, Some(Event::Answer(place)));
            let sealed =
                (self.scheme.answers.get(place)).is_some_and(|plan| self.is_sealed(plan.survey));
            if let Some(count) = count.filter(|count| *count > 0 && !sealed)
                && asked.fired == Truth3::True
            {
                result.fired = Truth3::True;
                result.settled_by = result.settled_by.or(asked.settled_by);
                // All of them together are told: one alone would point at a sheet.
                result.compared.extend(self.ask(subject, rule).compared);
                fired.push(Fired::Answers(count));
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
                answers: None,
                few: false,
                subjects: self.codes([subject]),
                as_of: None,
                within_days: None,
                within_working_days: None,
                record_points: None,
                limit: None,
            },
        };
        match event {
            Some(Fired::Case { reference, .. }) => consequence.event = Some(reference),
            Some(Fired::Answers(count)) => {
                consequence.answers = Some(count);
                consequence.few = count < FEW;
            }
            None => {}
        }
        if matches!(plan.effect, EffectPlan::Alert) {
            let reason = match consequence.answers {
                Some(count) => Reason::with(ReasonCode::AlertOfAnswers, [count.to_string()]),
                None => ReasonCode::AlertFires.into(),
            };
            let kind = GapKind::Alert;
            let mut gap = self.gap(Some(subject), kind, &plan.code, reason, Action::Look);
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
            Some(AsOf::Event) => match event {
                Some(Fired::Case { day, .. }) => *day,
                _ => None,
            },
            Some(AsOf::On(day)) => Some(day.0),
        };
        Consequence {
            rule: plan.code.clone(),
            kind: Arc::from(follow_up.kind.as_str()),
            event: None,
            answers: None,
            few: false,
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

/// Kinds of the subject's own facts that a condition looks at, and the answers that it counts.
fn list_kinds(condition: &ConditionPlan, kinds: &mut Vec<usize>, answers: &mut Vec<usize>) {
    match condition {
        ConditionPlan::All(list) | ConditionPlan::Any(list) => {
            for inner in list {
                list_kinds(inner, kinds, answers);
            }
        }
        ConditionPlan::Not(inner) => list_kinds(inner, kinds, answers),
        ConditionPlan::Compare(value, _) => match &value.kind {
            ValueKind::Facts(facts) => kinds.push(facts.kind),
            ValueKind::Answers(place) => answers.push(*place),
            _ => {}
        },
        _ => {}
    }
}
