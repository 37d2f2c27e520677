//! Regions and relations.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Builder;
use crate::inputs::RelationKind;
use crate::scheme::file::{Step, SubjectKind};

impl<'a> Builder<'a> {
    /// The regions by code, and for each in the order of codes those above it, itself first.
    pub fn lay_regions(&mut self) -> (BTreeMap<&'a str, usize>, Vec<Vec<usize>>) {
        let mut rows: BTreeMap<&'a str, (usize, &'a crate::inputs::Region)> = BTreeMap::new();
        for (row, region) in self.inputs.regions.iter().enumerate() {
            if rows.insert(region.code.as_str(), (row, region)).is_some() {
                self.fault(
                    format!("regions/{row}"),
                    "row_twice",
                    format!("the region `{}` is there twice", region.code),
                );
            }
        }
        // By code, so that the order of rows leaves no trace.
        let places: BTreeMap<&'a str, usize> = rows
            .keys()
            .enumerate()
            .map(|(place, code)| (*code, place))
            .collect();
        let regions: Vec<(usize, &'a crate::inputs::Region)> = rows.into_values().collect();
        let mut above = Vec::with_capacity(regions.len());
        for (place, (row, region)) in regions.iter().enumerate() {
            let mut line = vec![place];
            let mut next = region.parent.as_deref();
            while let Some(code) = next {
                let Some(parent) = places.get(code).copied() else {
                    self.fault(
                        format!("regions/{row}"),
                        "unknown_region",
                        format!("there is no region `{code}` in these inputs"),
                    );
                    break;
                };
                if line.contains(&parent) {
                    self.fault(
                        format!("regions/{row}"),
                        "circle",
                        format!("the region `{}` lies in itself", region.code),
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
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, relation) in self.inputs.relations.iter().enumerate() {
            let path = format!("relations/{row}");
            let from = self.subject(&path, &relation.from);
            let to = self.subject(&path, &relation.to);
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            if from == to {
                self.fault(
                    &path,
                    "circle",
                    format!("`{}` cannot be related to itself", relation.from),
                );
                continue;
            }
            if !seen.insert((relation.kind, from, to)) {
                self.fault(&path, "row_twice", "this relation is there twice");
                continue;
            }
            let (wanted_from, wanted_to) = ends(relation.kind);
            let kinds = (
                self.subjects.get(from).map(|s| s.kind),
                self.subjects.get(to).map(|s| s.kind),
            );
            if kinds != (Some(wanted_from), Some(wanted_to)) {
                self.fault(
                    &path,
                    "wrong_kind",
                    "this relation joins other kinds of subject: see the list of relations",
                );
                continue;
            }
            let (there, back) = steps(relation.kind);
            self.link(from, there, to);
            self.link(to, back, from);
            if relation.kind == RelationKind::Heads {
                self.link(from, Step::MemberOf, to);
                self.link(to, Step::Members, from);
            }
            if relation.kind == RelationKind::PartOf {
                parts.entry(from).or_default().push(to);
            }
        }
        for data in &mut self.subjects {
            for list in data.related.values_mut() {
                list.sort_unstable();
                list.dedup();
            }
        }
        self.refuse_circles(&parts);
    }

    fn link(&mut self, from: usize, step: Step, to: usize) {
        if let Some(data) = self.data(from) {
            data.related.entry(step).or_default().push(to);
        }
    }

    /// A unit that is part of itself by way of others.
    fn refuse_circles(&mut self, parts: &BTreeMap<usize, Vec<usize>>) {
        // Peel off, again and again, whatever is part of nothing that is left; what stays lies on a circle or below one.
        let mut left = parts.clone();
        loop {
            let done: Vec<usize> = left
                .iter()
                .filter(|(_, wholes)| wholes.iter().all(|whole| !left.contains_key(whole)))
                .map(|(part, _)| *part)
                .collect();
            if done.is_empty() {
                break;
            }
            for part in done {
                left.remove(&part);
            }
        }
        let codes: Vec<String> = left
            .keys()
            .filter_map(|place| self.subjects.get(*place))
            .map(|data| data.code.to_string())
            .collect();
        if !codes.is_empty() {
            self.fault(
                "relations",
                "circle",
                format!(
                    "these units are part of each other in a circle: {}",
                    codes.join(", ")
                ),
            );
        }
    }
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
