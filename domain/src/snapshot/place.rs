//! Regions and relations.

use std::collections::{BTreeMap, BTreeSet};

use super::Term;
use super::build::Builder;
use super::fault::{Contradiction, Row};
use crate::inputs::{Region, RelationKind};
use crate::scheme::file::{Step, SubjectKind};

/// More levels than any tree of places has; without a bound a long chain would fill the memory.
const MOST_LEVELS: usize = 32;

impl<'a> Builder<'a> {
    /// The regions by code, and for each in the order of codes those above it, itself first.
    pub fn lay_regions(&mut self) -> (BTreeMap<&'a str, usize>, Vec<Vec<usize>>) {
        let mut rows: BTreeMap<&'a str, (Row, &'a Region)> = BTreeMap::new();
        for (row, region) in self.inputs.regions.iter().enumerate() {
            let row = Row::of("regions", row);
            if rows.insert(region.code.as_str(), (row, region)).is_some() {
                self.fault(row, Contradiction::RegionTwice, [&region.code]);
            }
        }
        // By code, so that the order of rows leaves no trace.
        let places: BTreeMap<&'a str, usize> = rows
            .keys()
            .enumerate()
            .map(|(place, code)| (*code, place))
            .collect();
        let regions: Vec<(Row, &'a Region)> = rows.into_values().collect();
        let mut above = Vec::with_capacity(regions.len());
        for (place, (row, region)) in regions.iter().enumerate() {
            let mut line = vec![place];
            let mut next = region.parent.as_deref();
            while let Some(code) = next {
                let found = places.get(code).copied();
                let Some(parent) = self.name(*row, found, (Contradiction::Region, code)) else {
                    break;
                };
                if line.contains(&parent) {
                    self.fault(*row, Contradiction::RegionCircle, [&region.code]);
                    break;
                }
                if line.len() > MOST_LEVELS {
                    self.fault(
                        *row,
                        Contradiction::RegionDepth,
                        [&region.code, &MOST_LEVELS],
                    );
                    break;
                }
                line.push(parent);
                next = regions
                    .get(parent)
                    .and_then(|(_, region)| region.parent.as_deref());
            }
            above.push(line);
        }
        (places, above)
    }

    /// Relations in both directions; a head is also a member.
    pub fn lay_relations(&mut self) {
        let mut seen = BTreeSet::new();
        let mut parts: Vec<Part> = Vec::new();
        for (row, relation) in self.inputs.relations.iter().enumerate() {
            let row = Row::of("relations", row);
            let from = self.subject(row, &relation.from);
            let to = self.subject(row, &relation.to);
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            if from == to {
                self.fault(row, Contradiction::RelatedToItself, [&relation.from]);
                continue;
            }
            if !seen.insert((relation.kind, from, to, relation.from_on)) {
                self.fault(row, Contradiction::RelationTwice, []);
                continue;
            }
            let (wanted_from, wanted_to) = ends(relation.kind);
            let kinds = (
                self.subjects.get(from).map(|s| s.kind),
                self.subjects.get(to).map(|s| s.kind),
            );
            if kinds != (Some(wanted_from), Some(wanted_to)) {
                self.fault(row, Contradiction::RelationKinds, []);
                continue;
            }
            let term = (
                relation.from_on.map(|day| day.0),
                relation.to_on.map(|day| day.0),
            );
            if term.0.zip(term.1).is_some_and(|(first, last)| last < first) {
                self.fault(row, Contradiction::RelationDays, []);
                continue;
            }
            let (there, back) = steps(relation.kind);
            self.link(from, there, to, term);
            self.link(to, back, from, term);
            if relation.kind == RelationKind::Heads {
                self.link(from, Step::MemberOf, to, term);
                self.link(to, Step::Members, from, term);
            }
            if relation.kind == RelationKind::PartOf {
                parts.push(Part { from, to, row });
            }
        }
        for data in &mut self.subjects {
            for list in data.related.values_mut() {
                list.sort_unstable();
                list.dedup();
            }
        }
        self.refuse_circles(parts);
    }

    fn link(&mut self, from: usize, step: Step, to: usize, term: Term) {
        let round = &self.inputs.round;
        let (from_on, to_on) = term;
        let in_period = from_on.is_none_or(|day| day <= round.period_to.0)
            && to_on.is_none_or(|day| day >= round.period_from.0);
        if let Some(data) = self.data(from) {
            if in_period {
                data.related.entry(step).or_default().push(to);
            }
            data.terms.entry((step, to)).or_default().push(term);
        }
    }

    /// Units that are part of themselves by way of others.
    fn refuse_circles(&mut self, mut parts: Vec<Part>) {
        // What is part of nothing lies on no circle, and what nothing is part of neither: these are peeled off from
        // both ends until all that is left lies on a circle or between two.
        peel(&mut parts, |part| (part.from, part.to));
        peel(&mut parts, |part| (part.to, part.from));
        for part in parts {
            let ends = (self.subjects.get(part.from), self.subjects.get(part.to));
            if let (Some(from), Some(to)) = ends {
                let (from, to) = (from.code.clone(), to.code.clone());
                self.fault(part.row, Contradiction::PartsInCircle, [&from, &to]);
            }
        }
    }
}

/// That one unit is part of another.
#[derive(Clone, Copy)]
struct Part {
    from: usize,
    to: usize,
    row: Row,
}

/// Takes away, again and again, what leads to somewhere that nothing leads on from.
fn peel(parts: &mut Vec<Part>, ends: impl Fn(&Part) -> (usize, usize)) {
    let mut onward: BTreeMap<usize, usize> = BTreeMap::new();
    let mut arriving: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for part in parts.iter() {
        let (from, to) = ends(part);
        let count = onward.entry(from).or_default();
        *count = count.saturating_add(1);
        arriving.entry(to).or_default().push(from);
    }
    let end = |place: &&usize| !onward.contains_key(*place);
    let mut dead: Vec<usize> = arriving.keys().filter(end).copied().collect();
    while let Some(place) = dead.pop() {
        for before in arriving.remove(&place).unwrap_or_default() {
            if let Some(count) = onward.get_mut(&before) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    dead.push(before);
                }
            }
        }
    }
    parts.retain(|part| arriving.contains_key(&ends(part).1));
}

const fn ends(kind: RelationKind) -> (SubjectKind, SubjectKind) {
    match kind {
        RelationKind::Heads | RelationKind::MemberOf => (SubjectKind::Person, SubjectKind::Team),
        RelationKind::WorksIn => (SubjectKind::Person, SubjectKind::Unit),
        RelationKind::BelongsTo => (SubjectKind::Person, SubjectKind::Family),
        RelationKind::Leads => (SubjectKind::Team, SubjectKind::Unit),
        RelationKind::PartOf => (SubjectKind::Unit, SubjectKind::Unit),
    }
}

const fn steps(kind: RelationKind) -> (Step, Step) {
    match kind {
        RelationKind::Heads => (Step::Heads, Step::HeadedBy),
        RelationKind::MemberOf => (Step::MemberOf, Step::Members),
        RelationKind::WorksIn => (Step::WorksIn, Step::Workers),
        RelationKind::BelongsTo => (Step::BelongsTo, Step::FamilyMembers),
        RelationKind::Leads => (Step::Leads, Step::LedBy),
        RelationKind::PartOf => (Step::PartOf, Step::Parts),
    }
}
