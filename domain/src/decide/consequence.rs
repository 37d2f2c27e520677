//! Alerts and follow-ups: once for a subject, or once for each of its cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::Engine;
use super::ask::Event;
use crate::inputs::Date;
use crate::outcome::{Action, Consequence, FEW, Few, GapKind, RuleResult, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{AsOf, FollowUp};
use crate::scheme::model::{Back, ConditionPlan, EffectPlan, RulePhase, RulePlan, ValueKind};

/// What a rule fired for.
pub(super) enum Fired {
    /// A case.
    Case {
        reference: Arc<str>,
        day: Option<NaiveDate>,
    },
    /// So many answers, once for each.
    Answers(u64),
}

impl<'a> Engine<'a> {
    pub(super) fn draw_consequences(&mut self) {
        let scheme = self.scheme;
        let due = |(rule, plan): (usize, &'a RulePlan)| {
            (plan.phase == RulePhase::Consequences).then_some((rule, plan))
        };
        let due: Vec<_> = scheme.rules.iter().enumerate().filter_map(due).collect();
        // Nothing that is asked here looks at what came of others here.
        for subject in 0..self.states.len() {
            self.ask_each(subject, RulePhase::Consequences);
            for (rule, plan) in &due {
                if plan.per_event {
                    for event in self.ask_by_case(subject, (*rule, plan)) {
                        self.draw(subject, (*rule, plan), Some(event));
                    }
                } else if self.fired(subject, *rule) {
                    self.draw(subject, (*rule, plan), None);
                }
            }
        }
    }

    /// Asks a rule for each case of a subject that its condition looks at, and keeps one result for all of them.
    fn ask_by_case(&mut self, subject: usize, (rule, plan): (usize, &RulePlan)) -> Vec<Fired> {
        if !self.applies(&plan.applies, subject) {
            return Vec::new();
        }
        let (result, fired) = self.ask_events(subject, (rule, plan));
        self.keep(subject, rule, result);
        self.list_undetermined(subject, rule);
        fired
    }

    /// One result of a rule for all cases and answers that its condition looks at, and those that it fires for.
    pub(super) fn ask_events(
        &self,
        subject: usize,
        (rule, plan): (usize, &RulePlan),
    ) -> (RuleResult, Vec<Fired>) {
        let looks = self.phases.looks.get(rule).and_then(Option::as_ref);
        let (kinds, answers) = looks.map_or((&[][..], &[][..]), |looks| {
            (looks.facts.as_slice(), looks.answers.as_slice())
        });
        // By case: the day of the first of its rows that lies in a look-back of the condition, or of the first at all.
        let mut cases: BTreeMap<(usize, &str), (bool, Option<NaiveDate>)> = BTreeMap::new();
        let snapshot = self.snapshot;
        let data = snapshot.subjects.get(subject);
        for fact in data.map(|data| data.facts.as_slice()).unwrap_or_default() {
            let mut backs = kinds.iter().filter(|(kind, _)| *kind == fact.kind);
            if backs.clone().next().is_some() {
                let outside = !backs.any(|(_, back)| {
                    let (first, last) = snapshot.window(*back);
                    fact.day.is_some_and(|day| first <= day && day <= last)
                });
                let here = (outside, fact.day);
                let first = cases.entry((fact.kind, &fact.reference)).or_insert(here);
                *first = (*first).min(here);
            }
        }
        let mut result = RuleResult {
            rule: plan.code.clone(),
            fired: Truth3::False,
            compared: Few::new(),
            settled_by: None,
            yields: false,
        };
        let mut fired = Vec::new();
        for ((kind, reference), (_, day)) in cases {
            let asked = self.ask_for(subject, rule, Some(Event::Case { kind, reference }));
            result.fired = result.fired.or(asked.fired);
            if asked.fired == Truth3::True {
                result.settled_by = result.settled_by.or(asked.settled_by);
                result.compared.extend(asked.compared);
                fired.push(Fired::Case {
                    reference: Arc::from(reference),
                    day,
                });
            }
        }
        for place in answers.iter().copied() {
            let count = data.and_then(|data| data.answers.get(place)).copied();
            let sealed =
                (self.scheme.answers.get(place)).is_some_and(|plan| self.is_sealed(plan.survey));
            let Some(count) = count.filter(|count| *count > 0 && !sealed) else {
                continue;
            };
            let asked = self.ask_for(subject, rule, Some(Event::Answer(place)));
            result.fired = result.fired.or(asked.fired);
            if asked.fired == Truth3::True {
                result.settled_by = result.settled_by.or(asked.settled_by);
                // All of them together are told: one alone would point at a sheet.
                let whole = self.ask_for(subject, rule, None);
                result.compared.extend(whole.compared);
                fired.push(Fired::Answers(count));
            }
        }
        if fired.is_empty() {
            result.compared = self.ask_for(subject, rule, None).compared;
        }
        (result, fired)
    }

    fn draw(&mut self, subject: usize, (rule, plan): (usize, &RulePlan), event: Option<Fired>) {
        let mut consequence = match &plan.effect {
            EffectPlan::FollowUp(follow_up) => {
                self.follow_up(subject, (rule, plan), follow_up, event.as_ref())
            }
            _ => Consequence {
                rule: plan.code.clone(),
                kind: self.words.alert.clone(),
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
            let place = plan.code.clone();
            let mut gap = self.gap(Some(subject), kind, place, reason, Action::Look);
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
        (rule, plan): (usize, &RulePlan),
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
        let (kind, limit) = self.words.follow_up(rule);
        Consequence {
            rule: plan.code.clone(),
            kind,
            event: None,
            answers: None,
            few: false,
            subjects: self.codes(self.reach_on(subject, &follow_up.on, day)),
            as_of: day.map(Date),
            within_days: follow_up.within_days,
            within_working_days: follow_up.within_working_days,
            record_points: follow_up.record_points,
            limit,
        }
    }

    fn codes(&self, subjects: impl IntoIterator<Item = usize>) -> Few<Arc<str>> {
        subjects
            .into_iter()
            .filter_map(|subject| self.snapshot.subjects.get(subject))
            .map(|data| data.code.clone())
            .collect()
    }
}

/// What a condition that is asked for each case looks at.
#[derive(Default)]
pub(super) struct Looks {
    /// Kinds of the subject's own facts, with how far back each is looked at.
    facts: Vec<(usize, Back)>,
    /// Answers that it counts.
    answers: Vec<usize>,
}

impl Looks {
    pub(super) fn of(condition: &ConditionPlan) -> Self {
        let mut looks = Self::default();
        looks.add(condition);
        looks
    }

    fn add(&mut self, condition: &ConditionPlan) {
        match condition {
            ConditionPlan::All(list) | ConditionPlan::Any(list) => {
                for inner in list {
                    self.add(inner);
                }
            }
            ConditionPlan::Not(inner) => self.add(inner),
            ConditionPlan::Compare(value, ..) => match &value.kind {
                ValueKind::Facts(facts) => self.facts.push((facts.kind, facts.back)),
                ValueKind::Answers(place) => self.answers.push(*place),
                _ => {}
            },
            _ => {}
        }
    }
}
