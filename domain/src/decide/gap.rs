//! What stands in the way of closing, each with the action that clears it.

use std::sync::Arc;

use super::Engine;
use crate::outcome::{Action, Gap, GapKind, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::model::{EffectPlan, RulePhase};
use crate::snapshot::SubjectData;

impl Engine<'_> {
    /// A gap that blocks closing.
    pub(super) fn gap(
        &self,
        subject: Option<usize>,
        kind: GapKind,
        place: impl Into<Arc<str>>,
        reason: impl Into<Reason>,
        action: Action,
    ) -> Gap {
        let subject = subject
            .and_then(|subject| self.snapshot.subjects.get(subject))
            .map(|data| data.code.clone());
        Gap {
            subject,
            kind,
            place: place.into(),
            what: None,
            reason: reason.into(),
            blocks: true,
            action,
        }
    }

    /// Lists a rule that stayed undetermined. An alert is only shown: closing does not wait for it.
    pub(super) fn list_undetermined(&mut self, subject: usize, rule: usize) {
        let Some(plan) = self.scheme.rules.get(rule) else {
            return;
        };
        if self.truth_of(subject, rule) != Some(Truth3::Undetermined) {
            return;
        }
        let Some(result) = self.result(subject, rule) else {
            return;
        };
        let first = result
            .compared
            .iter()
            .find(|one| one.holds == Truth3::Undetermined);
        let reason = first
            .and_then(|one| one.why().cloned())
            .unwrap_or_else(|| ReasonCode::NoValue.into());
        let what = first.map(|one| one.what.clone());
        let action = first.map_or(Action::Waive, |one| {
            action_for(&one.what, one.why().map(|why| why.code))
        });
        let mut gap = self.gap(
            Some(subject),
            GapKind::UndeterminedRule,
            plan.code.clone(),
            reason,
            action,
        );
        gap.what = what;
        gap.blocks = !matches!(plan.effect, EffectPlan::Alert | EffectPlan::Investigate);
        let blocks = gap.blocks;
        self.gaps.push(gap);
        if blocks && plan.phase != RulePhase::Consequences {
            self.mark_undetermined(subject);
        }
    }

    /// Lists investigations that are due or open. What waits for their finding blocks by itself.
    pub(super) fn list_investigations(&mut self, rules: &[usize]) {
        for subject in 0..self.states.len() {
            for &rule in rules {
                let Some(plan) = self
                    .scheme
                    .rules
                    .get(rule)
                    .filter(|plan| matches!(plan.effect, EffectPlan::Investigate))
                else {
                    continue;
                };
                let opened = self
                    .snapshot
                    .subjects
                    .get(subject)
                    .and_then(|data| data.investigations.iter().find(|one| one.rule == rule));
                let mut gap = match opened {
                    None if self.fired(subject, rule) => self.gap(
                        Some(subject),
                        GapKind::InvestigationDue,
                        plan.code.clone(),
                        ReasonCode::InvestigationDue,
                        Action::OpenInvestigation,
                    ),
                    Some(one) if one.finding.is_none() => self.gap(
                        Some(subject),
                        GapKind::InvestigationOpen,
                        plan.code.clone(),
                        ReasonCode::InvestigationOpen,
                        Action::RecordFinding,
                    ),
                    _ => continue,
                };
                gap.blocks = false;
                self.gaps.push(gap);
            }
        }
    }

    /// Lists surveys that are still open.
    pub(super) fn list_open_surveys(&mut self) {
        for (place, survey) in self.scheme.surveys.iter().enumerate() {
            if self.snapshot.open.get(place) == Some(&true) {
                let why = if survey.sealed {
                    ReasonCode::SurveySealed
                } else {
                    ReasonCode::SurveyOpen
                };
                let gap = self.gap(
                    None,
                    GapKind::OpenSurvey,
                    survey.code.clone(),
                    why,
                    Action::CloseSurvey,
                );
                self.gaps.push(gap);
            }
        }
    }

    /// Lists surveys of which more sheets about a subject came back than were issued. Where the scheme demands
    /// otherwise there are no figures, which is listed where they are missed.
    pub(super) fn list_overfull_surveys(&mut self, subject: usize, data: &SubjectData) {
        let scheme = self.scheme;
        for (survey, counts) in scheme.surveys.iter().zip(&data.surveys) {
            for batch in &counts.set_aside {
                let panel = survey.panels.get(batch.panel);
                let panel = panel.map_or("", |(code, _)| code.as_ref());
                let reason = Reason::with(
                    ReasonCode::BatchOverIssued,
                    [
                        panel.to_owned(),
                        batch.returned.to_string(),
                        batch.issued.to_string(),
                    ],
                );
                let gap = self.gap(
                    Some(subject),
                    GapKind::MoreThanIssued,
                    survey.code.clone(),
                    reason,
                    Action::Waive,
                );
                self.gaps.push(gap);
            }
            let (mut issued, mut returned) = (0_u64, 0_u64);
            // Of a panel for which nobody said how many were issued nothing can be said.
            for (panel, turnout) in &counts.turnouts {
                let Some(count) = turnout.issued else {
                    continue;
                };
                issued = issued.saturating_add(count);
                for sheets in counts.sheets.iter().filter(|one| one.panel == *panel) {
                    returned = returned.saturating_add(sheets.returned);
                }
            }
            let told = survey.demand.returned_within_issued || !counts.set_aside.is_empty();
            if returned <= issued || told {
                continue;
            }
            let reason = Reason::with(
                ReasonCode::ReturnedOverIssued,
                [returned.to_string(), issued.to_string()],
            );
            let mut gap = self.gap(
                Some(subject),
                GapKind::MoreThanIssued,
                survey.code.clone(),
                reason,
                Action::Look,
            );
            gap.blocks = false;
            self.gaps.push(gap);
        }
    }

    /// Asks caps that look at related subjects for the last time and lists what stayed undetermined.
    pub(super) fn list_undetermined_caps(&mut self) {
        for rule in self.rules_of(RulePhase::RelatedCaps) {
            for subject in 0..self.states.len() {
                self.list_undetermined(subject, rule);
            }
        }
    }
}

/// What clears a value that is not there.
pub(super) fn action_for(what: &str, why: Option<ReasonCode>) -> Action {
    let first = what.split('/').next().unwrap_or("");
    match first {
        "survey" => Action::CollectAnswers,
        "measure" => Action::EnterMeasure,
        "facts" => Action::ConfirmNone,
        "points" => Action::EnterScore,
        "finding" if why == Some(ReasonCode::InvestigationDue) => Action::OpenInvestigation,
        "finding" => Action::RecordFinding,
        "grade" | "rank" | "eligible" => Action::SettleRelated,
        _ => Action::Waive,
    }
}
