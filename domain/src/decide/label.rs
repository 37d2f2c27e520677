//! Labels: titles for the best or the worst k of a group, ties sharing them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Engine;
use super::gap::action_for;
use crate::number::Ratio;
use crate::outcome::{Action, Few, GapKind, LabelRank, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::Group;
use crate::scheme::model::{ConditionPlan, LabelPhase, LabelPlan, RulePhase, ValueKind};

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
            for subject in self.due(place, plan) {
                due.entry(subject).or_default().push(place);
            }
        }
        for (subject, mut labels) in due {
            // The other end of a ranking may have been given before.
            let held = self.states.get(subject).map(|state| &state.labels);
            labels.splice(0..0, held.into_iter().flatten().copied());
            let clash = |label: &usize| {
                (labels.iter()).any(|other| self.scheme.labels_exclude(*label, *other))
            };
            let (neither, kept): (Vec<usize>, Vec<usize>) =
                labels.iter().partition(|label| clash(label));
            for label in &neither {
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
                state.labels = kept;
            }
        }
    }

    /// Subjects that are due a label. How everybody was ranked for it is kept.
    fn due(&mut self, label: usize, plan: &LabelPlan) -> Vec<usize> {
        let mut groups: BTreeMap<[usize; 2], Vec<(usize, Ratio)>> = BTreeMap::new();
        let mut unranked = BTreeSet::new();
        let mut unknown = Vec::new();
        for subject in 0..self.states.len() {
            if !self.applies(&plan.applies, subject) || !self.is_ranked(plan, subject) {
                continue;
            }
            let looked = self.look(subject, &plan.by);
            let Some(value) = looked.exact() else {
                if self.is_withheld(subject) {
                    unranked.insert(self.group_of(plan.group, subject));
                } else if self.is_waited_for(plan, subject) {
                    let why = looked.why().unwrap_or_else(|| ReasonCode::NoValue.into());
                    unknown.push((subject, why));
                }
                continue;
            };
            groups
                .entry(self.group_of(plan.group, subject))
                .or_default()
                .push((subject, value));
        }
        for (subject, why) in unknown {
            let what = Some(plan.by.what.clone());
            self.list_open_label(subject, plan, (what, why));
        }
        let (mut due, mut open) = (Vec::new(), Vec::new());
        if !unranked.is_empty() {
            // Whoever stands among those whose values are withheld cannot be told: the holders are given.
            groups.retain(|group, _| !unranked.contains(group));
            let given = self.snapshot.given_labels.iter();
            let given = given.filter(|(of, subject)| {
                *of == label && unranked.contains(&self.group_of(plan.group, *subject))
            });
            due.extend(given.map(|(_, subject)| *subject));
        }
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
                let mut compared = Few::new();
                if within(plan.best, better) || within(plan.worst, worse) {
                    let meets = plan.when.as_ref().map_or(Truth3::True, |when| {
                        self.holds(*subject, when, &mut compared)
                    });
                    match meets {
                        Truth3::True => due.push(*subject),
                        Truth3::False => {}
                        Truth3::Undetermined => open.push((*subject, compared.clone())),
                    }
                }
                let ahead = if plan.best.is_some() { better } else { worse };
                let looked = self.look(*subject, &plan.by);
                let rank = LabelRank {
                    label: plan.code.clone(),
                    what: plan.by.what.clone(),
                    value: looked.shown(),
                    rank: u32::try_from(ahead.saturating_add(1)).unwrap_or(u32::MAX),
                    of: u32::try_from(members.len()).unwrap_or(u32::MAX),
                    counted: self.grounds(*subject, &plan.by),
                    given: false,
                    compared,
                    few: looked.is_of_few(),
                };
                if let Some(state) = self.states.get_mut(*subject) {
                    if state.label_ranks.is_empty() {
                        let few = self.scheme.labels.len().min(4);
                        state.label_ranks.reserve_exact(few);
                    }
                    state.label_ranks.push((label, rank));
                }
            }
        }
        for (subject, compared) in open {
            let first = (compared.iter()).find(|one| one.holds == Truth3::Undetermined);
            let why = first.and_then(|one| one.why().cloned());
            let why = why.unwrap_or_else(|| ReasonCode::NoValue.into());
            let what = first.map(|one| one.what.clone());
            self.list_open_label(subject, plan, (what, why));
        }
        due
    }

    /// Whether a subject holds a label cannot be said while what ranks it, or what the label demands besides, is not
    /// there.
    fn list_open_label(
        &mut self,
        subject: usize,
        plan: &LabelPlan,
        (what, reason): (Option<Arc<str>>, Reason),
    ) {
        let action = match what.as_deref() {
            Some(what) => action_for(what, Some(reason.code)),
            None => Action::SettleRelated,
        };
        let kind = GapKind::UndeterminedLabel;
        let mut gap = self.gap(Some(subject), kind, plan.code.clone(), reason, action);
        gap.what = what;
        self.gaps.push(gap);
        self.mark_undetermined(subject);
    }

    /// Whether a requirement already stands in the way; what asks for a label itself, or for points that are not there
    /// yet, cannot be asked before.
    fn lacks_requirement(&self, subject: usize, phase: LabelPhase) -> bool {
        self.rules_of(RulePhase::Eligibility)
            .into_iter()
            .any(|rule| {
                let asked = self.scheme.rules.get(rule).is_some_and(|plan| {
                    !looks_too_early(&plan.when, phase) && self.applies(&plan.applies, subject)
                });
                asked && self.ask(subject, rule).fired == Truth3::True
            })
    }

    fn is_ranked(&self, plan: &LabelPlan, subject: usize) -> bool {
        let Some(state) = self.states.get(subject) else {
            return false;
        };
        if plan.best.is_some() && self.lacks_requirement(subject, plan.phase) {
            return false;
        }
        match plan.phase {
            LabelPhase::AmongEligible => state.eligible == Some(true),
            _ => plan.rank_disqualified || !state.disqualified,
        }
    }

    /// Whether a value that ranks is waited for. Points that are missing, and totals, are listed as such; whoever is
    /// held takes no part.
    fn is_waited_for(&self, plan: &LabelPlan, subject: usize) -> bool {
        let reported = matches!(
            plan.by.kind,
            ValueKind::Figure(_) | ValueKind::Measure { .. } | ValueKind::Facts(_)
        );
        reported && plan.missing.is_none() && !self.is_held(subject)
    }

    /// The group of a subject, as places.
    pub(super) fn group_of(&self, group: Group, subject: usize) -> [usize; 2] {
        let Some(data) = self.snapshot.subjects.get(subject) else {
            return [0, 0];
        };
        match group {
            Group::Everyone => [0, 0],
            Group::Kind => match data.kind {
                crate::scheme::file::SubjectKind::Unit => [0, 0],
                crate::scheme::file::SubjectKind::Team => [1, 0],
                crate::scheme::file::SubjectKind::Person => [2, 0],
                crate::scheme::file::SubjectKind::Family => [3, 0],
            },
            Group::Category => [data.category, 0],
            Group::CategoryRegion => [data.category, data.region],
        }
    }
}

/// What cannot be asked before labels are given: labels, and before scores points.
fn looks_too_early(condition: &ConditionPlan, phase: LabelPhase) -> bool {
    let mut early = false;
    condition.each_leaf(&mut |leaf| {
        early |= match leaf {
            ConditionPlan::Label(_) => true,
            ConditionPlan::Compare(value, ..) => {
                let points = matches!(
                    value.kind,
                    ValueKind::Item(_) | ValueKind::Node(_) | ValueKind::Total
                );
                points && phase == LabelPhase::BeforeScores
            }
            _ => false,
        };
    });
    early
}
