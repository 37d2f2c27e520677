//! Labels: titles for the best or the worst k of a group, ties sharing them.

use std::collections::BTreeMap;

use super::Engine;
use crate::number::Ratio;
use crate::outcome::{Action, GapKind, Truth3};
use crate::reason::ReasonCode;
use crate::scheme::file::Group;
use crate::scheme::model::{LabelPhase, LabelPlan};

impl Engine<'_> {
    /// Gives the labels of a phase.
    pub(super) fn give_labels(&mut self, phase: LabelPhase) {
        let mut due: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, plan) in self
            .scheme
            .labels
            .iter()
            .enumerate()
            .filter(|(_, plan)| plan.phase == phase)
        {
            for subject in self.due(plan) {
                due.entry(subject).or_default().push(place);
            }
        }
        for (subject, labels) in due {
            let clash = |label: &usize| {
                let plan = self.scheme.labels.get(*label);
                let against = plan.and_then(|plan| plan.against);
                labels.iter().any(|other| {
                    let turned = self.scheme.labels.get(*other).and_then(|plan| plan.against);
                    other != label && (against == Some(*other) || turned == Some(*label))
                })
            };
            let kept: Vec<usize> = labels
                .iter()
                .copied()
                .filter(|label| !clash(label))
                .collect();
            for label in labels.iter().filter(|label| !kept.contains(label)) {
                let code = self
                    .scheme
                    .labels
                    .get(*label)
                    .map_or("", |plan| plan.code.as_ref());
                let mut gap = self.gap(
                    Some(subject),
                    GapKind::LabelConflict,
                    code,
                    ReasonCode::LabelsExclude,
                    Action::Look,
                );
                gap.blocks = false;
                self.gaps.push(gap);
            }
            if let Some(state) = self.state(subject) {
                state.labels.extend(kept);
            }
        }
    }

    /// Subjects that are due a label.
    fn due(&self, plan: &LabelPlan) -> Vec<usize> {
        let mut groups: BTreeMap<Vec<usize>, Vec<(usize, Ratio)>> = BTreeMap::new();
        for subject in 0..self.states.len() {
            if !self.applies(&plan.applies, subject) || !self.is_ranked(plan, subject) {
                continue;
            }
            // An undefined value has no rank.
            let Some(value) = self.look(subject, &plan.by).exact() else {
                continue;
            };
            groups
                .entry(self.group_of(plan.group, subject))
                .or_default()
                .push((subject, value));
        }
        let mut due = Vec::new();
        for members in groups.values_mut() {
            members.sort_by(|a, b| b.1.cmp(&a.1));
            for (subject, value) in members.iter() {
                let better = members.partition_point(|(_, other)| other > value);
                let worse = members
                    .len()
                    .saturating_sub(members.partition_point(|(_, other)| other >= value));
                let within = |limit: Option<u32>, ahead: usize| {
                    limit
                        .and_then(|limit| usize::try_from(limit).ok())
                        .is_some_and(|limit| ahead < limit)
                };
                if !within(plan.best, better) && !within(plan.worst, worse) {
                    continue;
                }
                let meets = |when| self.holds(*subject, when, &mut Vec::new()) == Truth3::True;
                if plan.when.as_ref().is_none_or(meets) {
                    due.push(*subject);
                }
            }
        }
        due
    }

    fn is_ranked(&self, plan: &LabelPlan, subject: usize) -> bool {
        let Some(state) = self.states.get(subject) else {
            return false;
        };
        match plan.phase {
            LabelPhase::AmongEligible => state.eligible == Some(true),
            _ => plan.rank_disqualified || !state.disqualified,
        }
    }

    /// The group of a subject, as places.
    pub(super) fn group_of(&self, group: Group, subject: usize) -> Vec<usize> {
        let Some(data) = self.snapshot.subjects.get(subject) else {
            return Vec::new();
        };
        match group {
            Group::Everyone => Vec::new(),
            Group::Kind => vec![match data.kind {
                crate::scheme::file::SubjectKind::Unit => 0,
                crate::scheme::file::SubjectKind::Team => 1,
                crate::scheme::file::SubjectKind::Person => 2,
                crate::scheme::file::SubjectKind::Family => 3,
            }],
            Group::Category => vec![data.category],
            Group::CategoryRegion => vec![data.category, data.region],
        }
    }
}
