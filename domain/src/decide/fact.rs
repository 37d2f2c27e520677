//! Counts and sums of facts in a look-back: each case once, and of one case only the weightiest fact.

use std::collections::BTreeMap;

use super::Engine;
use super::ask::Event;
use crate::number::Ratio;
use crate::scheme::file::FactCounts;
use crate::scheme::model::FactsPlan;
use crate::snapshot::FactData;

/// A count of facts, their sum, or why it is missing.
pub(super) enum Counted {
    Count(u64),
    Sum(Ratio),
    /// A nil report is awaited.
    Unconfirmed,
}

impl Engine<'_> {
    /// With an event, only that case of its kind counts.
    pub(super) fn count_facts(
        &self,
        subject: usize,
        plan: &FactsPlan,
        event: Option<Event<'_>>,
    ) -> Counted {
        let (Some(data), Some(kind)) = (
            self.snapshot.subjects.get(subject),
            self.scheme.facts.get(plan.kind),
        ) else {
            return Counted::Count(0);
        };
        let mut cases: BTreeMap<&str, Vec<&FactData>> = BTreeMap::new();
        let alone = event.filter(|event| event.kind == plan.kind);
        let mut facts = data.facts.iter().filter(|fact| {
            fact.kind == plan.kind && alone.is_none_or(|event| event.reference == fact.reference)
        });
        // Most have none at all, for whom no look-back need be worked out.
        if let Some(fact) = facts.next() {
            let (first, last) = self.snapshot.window(plan.back);
            for fact in std::iter::once(fact).chain(facts) {
                if fact.day.is_some_and(|day| first <= day && day <= last) {
                    cases.entry(fact.reference.as_str()).or_default().push(fact);
                }
            }
        }
        if cases.is_empty() && kind.nil_report && !data.nil.contains(&plan.kind) {
            return Counted::Unconfirmed;
        }
        let mut count = 0_u64;
        let mut sum = Ratio::zero();
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
            if facts.is_empty() {
                continue;
            }
            count = count.saturating_add(match kind.counts {
                FactCounts::Case => 1,
                FactCounts::Person => persons,
            });
            if let Some(field) = &plan.sum {
                let amounts = facts
                    .iter()
                    .filter_map(|fact| fact.fields.get(field))
                    .filter_map(|text| text.parse::<Ratio>().ok());
                sum = amounts.max().map_or(sum.clone(), |amount| sum.add(&amount));
            }
        }
        if plan.sum.is_some() {
            Counted::Sum(sum)
        } else {
            Counted::Count(count)
        }
    }
}
