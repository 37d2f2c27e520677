//! Counts and sums of facts in a look-back: each case once, and of one case only the weightiest fact.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use super::ask::Event;
use crate::inputs::Date;
use crate::number::Ratio;
use crate::outcome::{CaseGround, Former, Ground};
use crate::scheme::file::FactCounts;
use crate::scheme::model::{FactsPlan, ValueKind, ValuePlan};
use crate::snapshot::{FactData, SubjectData};

/// A count of facts, their sum, or why it is missing.
pub(super) enum Counted {
    Count(u64),
    Sum(Ratio),
    /// A nil report is awaited.
    Unconfirmed,
}

/// A case that counts.
struct Case<'a> {
    /// Its first fact.
    fact: &'a FactData,
    /// Once, or once for each person.
    times: u64,
    /// What it adds to a sum.
    amount: Option<Ratio>,
}

impl Engine<'_> {
    /// The count or sum of facts with the cases behind it. With an event, only that case of its kind counts.
    pub(super) fn count_facts(
        &self,
        subject: usize,
        plan: &FactsPlan,
        event: Option<Event<'_>>,
    ) -> (Counted, Vec<Ground>) {
        let Some(cases) = self.cases(subject, plan, event) else {
            return (Counted::Unconfirmed, Vec::new());
        };
        let counted = if plan.sum.is_some() {
            let amounts = cases.iter().filter_map(|case| case.amount.as_ref());
            Counted::Sum(amounts.fold(Ratio::zero(), |sum, amount| sum.add(amount)))
        } else {
            let times = cases.iter().map(|case| case.times);
            Counted::Count(times.fold(0, u64::saturating_add))
        };
        let data = self.snapshot.subjects.get(subject);
        let (Some(data), Some(kind)) = (data, self.scheme.facts.get(plan.kind)) else {
            return (counted, Vec::new());
        };
        let ground = |case: Case<'_>| {
            let times = (case.times != 1).then(|| Ratio::of_count(case.times));
            Ground::Case(CaseGround {
                kind: kind.code.clone(),
                reference: Arc::from(case.fact.reference.as_str()),
                on: case.fact.day.map(Date),
                amount: case.amount.or(times),
                of: case.fact.of.as_ref().and_then(|code| former(data, code)),
            })
        };
        (counted, cases.into_iter().map(ground).collect())
    }

    /// The cases behind a count or sum of facts, or the predecessors behind last year's value.
    pub(super) fn grounds(&self, subject: usize, value: &ValuePlan) -> Vec<Ground> {
        match &value.kind {
            ValueKind::Facts(plan) => self.count_facts(subject, plan, None).1,
            ValueKind::Measure {
                measure,
                versus: Some(_),
                ..
            } => self.last_year_grounds(subject, *measure),
            _ => Vec::new(),
        }
    }

    fn last_year_grounds(&self, subject: usize, measure: usize) -> Vec<Ground> {
        let Some(data) = self.snapshot.subjects.get(subject) else {
            return Vec::new();
        };
        let values = data.last_year_of.get(&measure).into_iter().flatten();
        values
            .filter_map(|(code, value)| {
                let of = former(data, code)?;
                let value = value.clone();
                Some(Ground::LastYear { of, value })
            })
            .collect()
    }

    /// The cases that count, by reference; nothing while a nil report is awaited.
    fn cases(
        &self,
        subject: usize,
        plan: &FactsPlan,
        event: Option<Event<'_>>,
    ) -> Option<Vec<Case<'_>>> {
        let (Some(data), Some(kind)) = (
            self.snapshot.subjects.get(subject),
            self.scheme.facts.get(plan.kind),
        ) else {
            return Some(Vec::new());
        };
        let alone = match event {
            Some(Event::Case { kind, reference }) if kind == plan.kind => Some(reference),
            _ => None,
        };
        let mut facts = data.facts.iter().filter(|fact| {
            fact.kind == plan.kind && alone.is_none_or(|reference| reference == fact.reference)
        });
        let unconfirmed = || kind.nil_report && !data.nil.contains(&plan.kind);
        // Most have none at all, for whom no look-back need be worked out.
        let Some(fact) = facts.next() else {
            return (!unconfirmed()).then(Vec::new);
        };
        let (first, last) = self.snapshot.window(plan.back);
        let mut cases: BTreeMap<&str, Vec<&FactData>> = BTreeMap::new();
        for fact in std::iter::once(fact).chain(facts) {
            if fact.day.is_some_and(|day| first <= day && day <= last) {
                cases.entry(fact.reference.as_str()).or_default().push(fact);
            }
        }
        if cases.is_empty() && unconfirmed() {
            return None;
        }
        let mut counted = Vec::with_capacity(cases.len());
        for facts in cases.values_mut() {
            if let Some((field, order)) = &kind.ladder {
                let weight = |fact: &FactData| {
                    fact.fields
                        .get(field)
                        .and_then(|value| order.iter().position(|o| o == value))
                        .unwrap_or(order.len())
                };
                // Of several that weigh the same all stay: they are one case, whichever row came first.
                let weightiest = facts.iter().map(|fact| weight(fact)).min();
                facts.retain(|fact| Some(weight(fact)) == weightiest);
            }
            facts.retain(|fact| {
                plan.filter.iter().all(|(field, values)| {
                    fact.fields
                        .get(field)
                        .is_some_and(|value| values.contains(value))
                })
            });
            let persons = facts
                .iter()
                .map(|fact| u64::from(fact.persons))
                .max()
                .unwrap_or(0);
            // Named by the first of its facts; of one day, by the subject's own.
            let Some(fact) = facts.iter().min_by_key(|fact| (fact.day, &fact.of)) else {
                continue;
            };
            let amounts = plan.sum.iter().flat_map(|field| {
                let texts = facts.iter().filter_map(move |fact| fact.fields.get(field));
                texts.filter_map(|text| text.parse::<Ratio>().ok())
            });
            counted.push(Case {
                fact,
                times: match kind.counts {
                    FactCounts::Case => 1,
                    FactCounts::Person => persons,
                },
                amount: amounts.max(),
            });
        }
        Some(counted)
    }
}

/// A predecessor of a subject by its code.
pub(super) fn former(data: &SubjectData, code: &Arc<str>) -> Option<Former> {
    let mut predecessors = data.predecessors.iter();
    let found = predecessors.find(|one| one.code == *code && one.into != one.code)?;
    Some(Former {
        subject: found.code.clone(),
        name: found.name.clone(),
        kind: found.kind,
        on: found.on,
    })
}
