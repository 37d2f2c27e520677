//! Asks conditions: every comparison is made and kept, so that nothing decides that is not named.

use std::sync::Arc;

use chrono::NaiveDate;

use super::Engine;
use crate::inputs::{WaivedGap, WaiverHolds};
use crate::outcome::{Comparison, Few, RuleResult, Settled, Truth3};
use crate::reason::ReasonCode;
use crate::scheme::file::{Quantifier, RuleHolds, Step, Truth};
use crate::scheme::model::{ConditionPlan, EffectPlan};

/// Why a condition was asked.
#[derive(Clone, Copy, Default)]
struct View<'v> {
    /// The subject that is looked at in place of the first, where a relation led there.
    of: Option<&'v Arc<str>>,
    /// The only case of its kind that counts, where a rule is asked for each.
    event: Option<Event<'v>>,
}

/// What a rule is asked for alone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event<'v> {
    /// A case.
    Case {
        /// The kind of fact.
        kind: usize,
        /// The reference.
        reference: &'v str,
    },
    /// One answer among those that are counted at this place.
    Answer(usize),
}

impl Engine<'_> {
    /// Asks a rule of a subject, with what the scheme or a waiver says where it is undetermined.
    pub(super) fn ask(&self, subject: usize, rule: usize) -> RuleResult {
        match self.scheme.rules.get(rule) {
            Some(plan) if plan.per_event => self.ask_events(subject, (rule, plan)).0,
            _ => self.ask_for(subject, rule, None),
        }
    }

    /// The same as if this case were the only one of its kind.
    pub(super) fn ask_for(
        &self,
        subject: usize,
        rule: usize,
        event: Option<Event<'_>>,
    ) -> RuleResult {
        let Some(plan) = self.scheme.rules.get(rule) else {
            return RuleResult {
                rule: Arc::from(""),
                fired: Truth3::Undetermined,
                compared: Few::new(),
                settled_by: None,
                yields: false,
            };
        };
        let mut compared = Few::new();
        let mut fired = self.truth(subject, &plan.when, View { of: None, event }, &mut compared);
        // A requirement fires, that is, stands in the way, when its condition does not hold.
        if matches!(plan.effect, EffectPlan::Require) {
            fired = fired.negate();
        }
        let mut settled_by = None;
        let withheld =
            (self.snapshot.subjects.get(subject)).and_then(|data| data.withheld.as_ref());
        if let Some(given) = withheld.filter(|_| fired == Truth3::Undetermined) {
            fired = Truth3::of(given.fired.contains(&rule));
            settled_by = Some(Settled::Withheld);
        } else if fired == Truth3::Undetermined {
            let waived = self.snapshot.subjects.get(subject).and_then(|data| {
                let found = data.waivers.iter().find(|(gap, _)| matches!(gap, WaivedGap::Rule(code) if code.as_str() == plan.code.as_ref()));
                found.map(|(_, holds)| *holds == WaiverHolds::Fired)
            });
            // By a grade that is not there because somebody is disqualified, and by nothing else.
            let open = |one: &&Comparison| one.holds == Truth3::Undetermined;
            let no_grade = |one: &Comparison| {
                one.why().map(|why| why.code) == Some(ReasonCode::NoGradeDisqualified)
            };
            let disqualified =
                compared.iter().any(no_grade) && compared.iter().filter(open).all(no_grade);
            let scheme = plan
                .disqualified
                .filter(|_| disqualified)
                .or(plan.undetermined)
                .map(|holds| holds == RuleHolds::Fired);
            if let Some(holds) = waived {
                (fired, settled_by) = (Truth3::of(holds), Some(Settled::Waiver));
            } else if let Some(holds) = scheme {
                (fired, settled_by) = (Truth3::of(holds), Some(Settled::Scheme));
            }
        }
        RuleResult {
            rule: plan.code.clone(),
            fired,
            compared,
            settled_by,
            yields: false,
        }
    }

    /// Asks a condition that belongs to no rule: a gate, or what a label demands besides.
    pub(super) fn holds(
        &self,
        subject: usize,
        condition: &ConditionPlan,
        compared: &mut Few<Comparison>,
    ) -> Truth3 {
        self.truth(subject, condition, View::default(), compared)
    }

    fn truth(
        &self,
        subject: usize,
        condition: &ConditionPlan,
        view: View<'_>,
        compared: &mut Few<Comparison>,
    ) -> Truth3 {
        match condition {
            ConditionPlan::All(list) => list.iter().fold(Truth3::True, |so_far, inner| {
                so_far.and(self.truth(subject, inner, view, compared))
            }),
            ConditionPlan::Any(list) => list.iter().fold(Truth3::False, |so_far, inner| {
                so_far.or(self.truth(subject, inner, view, compared))
            }),
            ConditionPlan::Not(inner) => self.truth(subject, inner, view, compared).negate(),
            ConditionPlan::Compare(value, test, asked) => {
                let (looked, counted) = self.look_into(subject, value, view.event);
                let holds = self.passes(value, test, &looked);
                let few = looked.is_of_few();
                let (left, why) = looked.into_parts();
                let mut one = Comparison::plain(asked.clone(), left, holds).beside(
                    view.of.cloned(),
                    why,
                    counted.into(),
                );
                one.few = few;
                compared.push(one);
                holds
            }
            ConditionPlan::Related {
                by,
                hold,
                nobody,
                that,
            } => self.related(subject, by, (*hold, *nobody), that, compared),
            _ => {
                let read = self.word(subject, condition);
                compared.push(Comparison::plain(read.asked, read.left, read.holds).beside(
                    view.of.cloned(),
                    read.why,
                    read.counted.into(),
                ));
                read.holds
            }
        }
    }

    /// Subjects at the end of a path of the period's relations, in their order, each once.
    pub(super) fn reach(&self, subject: usize, path: &[Step]) -> Vec<usize> {
        self.reach_on(subject, path, None)
    }

    /// The same without the subject itself, where a path leads back to it.
    pub(super) fn reach_others(&self, subject: usize, path: &[Step]) -> Vec<usize> {
        let mut reached = self.reach(subject, path);
        reached.retain(|other| *other != subject);
        reached
    }

    /// The same by the relations of one day.
    pub(super) fn reach_on(
        &self,
        subject: usize,
        path: &[Step],
        day: Option<NaiveDate>,
    ) -> Vec<usize> {
        let mut here = Vec::new();
        for (number, step) in path.iter().enumerate() {
            let mut next = Vec::new();
            let from: &[usize] = if number == 0 { &[subject] } else { &here };
            for data in from
                .iter()
                .filter_map(|place| self.snapshot.subjects.get(*place))
            {
                match day {
                    None => next.extend(data.related.get(step).into_iter().flatten().copied()),
                    Some(day) => next.extend(data.related_on(*step, day)),
                }
            }
            next.sort_unstable();
            next.dedup();
            here = next;
        }
        if path.is_empty() {
            here.push(subject);
        }
        here
    }

    fn related(
        &self,
        subject: usize,
        by: &[Step],
        (hold, nobody): (Quantifier, Option<Truth>),
        that: &ConditionPlan,
        compared: &mut Few<Comparison>,
    ) -> Truth3 {
        let reached = self.reach_others(subject, by);
        let mut truths = Vec::with_capacity(reached.len());
        for other in &reached {
            let Some(data) = self.snapshot.subjects.get(*other) else {
                continue;
            };
            truths.push(self.truth(
                *other,
                that,
                // A case is one of the subject's own.
                View {
                    of: Some(&data.code),
                    event: None,
                },
                compared,
            ));
        }
        if truths.is_empty() {
            return of_nobody(hold, nobody);
        }
        let any = || {
            truths
                .iter()
                .fold(Truth3::False, |so_far, truth| so_far.or(*truth))
        };
        match hold {
            Quantifier::Any => any(),
            Quantifier::None => any().negate(),
            Quantifier::All => truths
                .iter()
                .fold(Truth3::True, |so_far, truth| so_far.and(*truth)),
            Quantifier::AtLeast(least) => {
                let least = usize::try_from(least).unwrap_or(usize::MAX);
                let sure = truths
                    .iter()
                    .filter(|truth| **truth == Truth3::True)
                    .count();
                let perhaps = truths
                    .iter()
                    .filter(|truth| **truth != Truth3::False)
                    .count();
                match (sure >= least, perhaps >= least) {
                    (true, _) => Truth3::True,
                    (false, true) => Truth3::Undetermined,
                    (false, false) => Truth3::False,
                }
            }
        }
    }
}

/// What a condition on related subjects comes to where nobody is reached, with what the scheme says of that.
pub(super) fn of_nobody(hold: Quantifier, nobody: Option<Truth>) -> Truth3 {
    let said = nobody.map(|truth| Truth3::of(truth == Truth::True));
    match hold {
        Quantifier::All => said.unwrap_or(Truth3::Undetermined),
        Quantifier::None => said.unwrap_or(Truth3::True),
        Quantifier::Any | Quantifier::AtLeast(_) => Truth3::False,
    }
}
