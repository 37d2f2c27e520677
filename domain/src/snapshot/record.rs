//! What is on record beside the evidence: investigations, grades of earlier rounds, and what the committee decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::Builder;
use super::fault::{Contradiction, Row};
use super::{EarlierData, InvestigationData};
use crate::inputs::{WaivedGap, Waiver, WaiverHolds};
use crate::number::Points;
use crate::scheme::file::SectionKind;
use crate::scheme::model::{EffectPlan, SurveyPlan};

impl<'a> Builder<'a> {
    fn grade(&mut self, row: Row, code: &'a str) -> Option<usize> {
        let found = self.grades.get(code).copied();
        self.name(row, found, (Contradiction::Grade, code))
    }

    /// Investigations, grades of earlier rounds and proposed grades. Tells which earlier rounds there are.
    pub fn lay_record(&mut self) -> Vec<EarlierData> {
        self.lay_investigations();
        self.lay_history();
        for (row, proposed) in self.inputs.proposed.iter().enumerate() {
            let row = Row::of("proposed", row);
            let subject = self.subject(row, &proposed.subject);
            let grade = self.grade(row, &proposed.grade);
            let Some(data) = subject.and_then(|subject| self.data(subject)) else {
                continue;
            };
            let twice = data.proposed.is_some();
            data.proposed = grade;
            if twice {
                self.fault(row, Contradiction::ProposedTwice, [&proposed.subject]);
            }
        }
        let earlier = self.inputs.round.earlier.iter();
        earlier
            .map(|round| EarlierData {
                code: Arc::from(round.code.as_str()),
                closed: round.closed_on.is_some(),
            })
            .collect()
    }

    fn lay_investigations(&mut self) {
        for (row, investigation) in self.inputs.investigations.iter().enumerate() {
            let row = Row::of("investigations", row);
            let subject = self.subject(row, &investigation.subject);
            let opens = |rule: &usize| {
                let plan = self.scheme.rules.get(*rule);
                plan.is_some_and(|plan| matches!(plan.effect, EffectPlan::Investigate))
            };
            let rule = self.rules.get(investigation.rule.as_str()).copied();
            let missing = (Contradiction::Opener, investigation.rule.as_str());
            let rule = self.name(row, rule.filter(opens), missing);
            let (Some(subject), Some(rule)) = (subject, rule) else {
                continue;
            };
            let Some(data) = self.data(subject) else {
                continue;
            };
            let twice = data.investigations.iter().any(|one| one.rule == rule);
            data.investigations.push(InvestigationData {
                rule,
                by_hand: investigation.by_hand,
                finding: investigation.finding,
            });
            if twice {
                self.fault(
                    row,
                    Contradiction::InvestigationTwice,
                    [&investigation.subject, &investigation.rule],
                );
            }
        }
    }

    fn lay_history(&mut self) {
        let mut rounds: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, round) in self.inputs.round.earlier.iter().enumerate() {
            if rounds.insert(&round.code, place).is_some() {
                let row = Row::of("round/earlier", place);
                self.fault(row, Contradiction::RoundTwice, [&round.code]);
            }
        }
        for (row, past) in self.inputs.history.iter().enumerate() {
            let row = Row::of("history", row);
            let subject = self.subject_or_heir(row, &past.subject);
            let grade = self.grade(row, &past.grade);
            let round = rounds.get(past.round.as_str()).copied();
            let round = self.name(row, round, (Contradiction::Earlier, past.round.as_str()));
            let (Some(_), Some(round)) = (subject, round) else {
                continue;
            };
            let grade = (grade.unwrap_or_default(), past.revision);
            if self.keep_grade(&past.subject, round, grade) {
                self.fault(
                    row,
                    Contradiction::HistoryTwice,
                    [&past.subject, &past.round],
                );
            }
        }
        self.lay_grades();
    }

    /// Waivers and adjustments.
    pub fn lay_decisions(&mut self) {
        let mut seen = BTreeSet::new();
        for (row, waiver) in self.inputs.waivers.iter().enumerate() {
            let row = Row::of("waivers", row);
            let subject = self.subject(row, &waiver.subject);
            if !seen.insert((waiver.subject.as_str(), &waiver.gap)) {
                self.fault(row, Contradiction::WaivedTwice, [&waiver.subject]);
            }
            if !self.waiver_fits(row, subject, waiver) {
                self.fault(row, Contradiction::WaiverFits, []);
            }
            if waiver.reason.trim().is_empty() {
                self.fault(row, Contradiction::WaiverReason, []);
            }
            if let Some(data) = subject.and_then(|subject| self.data(subject)) {
                data.waivers
                    .push((waiver.gap.clone(), waiver.holds.clone()));
            }
        }
        for (row, adjustment) in self.inputs.adjustments.iter().enumerate() {
            let row = Row::of("adjustments", row);
            let subject = self.subject(row, &adjustment.subject);
            let grade = self.grade(row, &adjustment.grade);
            if adjustment.reason.trim().is_empty() || adjustment.by.trim().is_empty() {
                self.fault(row, Contradiction::AdjustmentReason, []);
            }
            let Some(data) = subject.and_then(|subject| self.data(subject)) else {
                continue;
            };
            let twice = data.adjustment.is_some();
            data.adjustment = grade;
            if twice {
                self.fault(row, Contradiction::AdjustedTwice, [&adjustment.subject]);
            }
        }
    }

    /// Whether what holds is of the kind that is waived; what a waiver names is looked up on the way.
    fn waiver_fits(&mut self, row: Row, subject: Option<usize>, waiver: &'a Waiver) -> bool {
        match (&waiver.gap, &waiver.holds) {
            (
                WaivedGap::Item(code),
                holds @ (WaiverHolds::Points(_) | WaiverHolds::NotApplicable),
            ) => self.waived_item(row, subject, (code, holds)),
            (WaivedGap::Rule(code), WaiverHolds::Fired | WaiverHolds::NotFired)
            | (WaivedGap::Contradiction, WaiverHolds::Yields(code)) => {
                self.named_rule(row, subject, code);
                true
            }
            (WaivedGap::Contradiction | WaivedGap::Grade, WaiverHolds::Held) => true,
            (WaivedGap::Batch(name), WaiverHolds::Counted) => {
                self.named_batch(row, name);
                true
            }
            _ => false,
        }
    }

    /// Looks up a panel, written `survey/panel`.
    fn named_batch(&mut self, row: Row, name: &'a str) {
        let (survey, panel) = name.split_once('/').unwrap_or((name, ""));
        let found = self.surveys.get(survey).copied();
        let found = self.name(row, found, (Contradiction::Survey, survey));
        let plan = found.and_then(|place| self.scheme.surveys.get(place));
        let is_known =
            |plan: &SurveyPlan| plan.panels.iter().any(|(code, _)| code.as_ref() == panel);
        if plan.is_some_and(|plan| !is_known(plan)) {
            self.fault(row, Contradiction::Panel, [&survey, &panel]);
        }
    }

    fn named_rule(&mut self, row: Row, subject: Option<usize>, code: &'a str) {
        let found = self.rules.get(code).copied();
        let found = self.name(row, found, (Contradiction::Rule, code));
        let plan = found.and_then(|rule| self.scheme.rules.get(rule));
        if let Some((subject, plan)) = subject.zip(plan)
            && !self.applies(&plan.applies, subject)
        {
            self.fault(row, Contradiction::RuleNotFor, [&code]);
        }
    }

    /// Whether what a waiver says of an item or a part can hold of it. An item applies or not as a whole.
    fn waived_item(
        &mut self,
        row: Row,
        subject: Option<usize>,
        (code, holds): (&'a str, &WaiverHolds),
    ) -> bool {
        let (item, part) = code
            .split_once('/')
            .map_or((code, None), |(item, part)| (item, Some(part)));
        let found = self.items.get(item).copied();
        let Some(place) = self.name(row, found, (Contradiction::Item, item)) else {
            return true;
        };
        if subject.is_some_and(|subject| !self.has_item(subject, place)) {
            self.fault(row, Contradiction::NotForCategory, [&item]);
        }
        let Some(plan) = self.scheme.items.get(place) else {
            return true;
        };
        let max = match part {
            None => plan.max,
            Some(part) => {
                let mut parts = plan.parts.iter();
                let Some(found) = parts.find(|plan| plan.code.as_deref() == Some(part)) else {
                    self.fault(row, Contradiction::Part, [&item, &part]);
                    return true;
                };
                found.max
            }
        };
        let WaiverHolds::Points(points) = holds else {
            if self.scheme.file.grading.scale_not_applicable.is_none() {
                self.fault(row, Contradiction::WaiverUnscaled, []);
            }
            return part.is_none();
        };
        if let Some(max) = max.filter(|max| *points < Points::ZERO || points > max) {
            self.fault(row, Contradiction::Points, [points, &max, &code]);
        }
        if max.is_none() && plan.kind == SectionKind::Deduction && *points > Points::ZERO {
            self.fault(row, Contradiction::DeductionAdds, [&code, points]);
        }
        true
    }

    pub fn lay_tie_choices(&mut self) -> BTreeMap<String, Vec<usize>> {
        let mut choices: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (row, choice) in self.inputs.tie_choices.iter().enumerate() {
            let row = Row::of("tie_choices", row);
            let quota = self.quotas.get(choice.quota.as_str()).copied();
            let quota = self.name(row, quota, (Contradiction::Quota, choice.quota.as_str()));
            let Some(subject) = self.subject(row, &choice.subject) else {
                continue;
            };
            let plan = quota.and_then(|quota| self.scheme.quotas.get(quota));
            if plan.is_some_and(|plan| !self.applies(&plan.applies, subject)) {
                self.fault(row, Contradiction::QuotaNotFor, [&choice.quota]);
            }
            let chosen = choices.entry(choice.quota.clone()).or_default();
            if chosen.contains(&subject) {
                self.fault(
                    row,
                    Contradiction::ChosenTwice,
                    [&choice.subject, &choice.quota],
                );
            } else {
                chosen.push(subject);
            }
        }
        choices
    }
}
