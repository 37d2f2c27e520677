//! Gathers rows by subject.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{InvestigationData, RowFault, Snapshot, SubjectData};
use crate::inputs::{FORMAT, Inputs, WaivedGap, WaiverHolds};
use crate::number::Points;
use crate::scheme::Scheme;
use crate::scheme::model::{EffectPlan, GradePlan};

/// More faults than this help nobody.
const MOST_FAULTS: usize = 1_000;

/// What is needed while rows are gathered.
pub(super) struct Builder<'a> {
    pub scheme: &'a Scheme,
    pub inputs: &'a Inputs,
    pub subjects: Vec<SubjectData>,
    /// Subject code → place.
    pub places: BTreeMap<&'a str, usize>,
    pub items: BTreeMap<&'a str, usize>,
    pub measures: BTreeMap<&'a str, usize>,
    pub facts: BTreeMap<&'a str, usize>,
    pub surveys: BTreeMap<&'a str, usize>,
    /// By measure.
    pub stretches: Vec<Vec<String>>,
    pub faults: Vec<RowFault>,
}

pub(super) fn build(scheme: &Scheme, inputs: &Inputs) -> Result<Snapshot, Vec<RowFault>> {
    let mut builder = Builder {
        scheme,
        inputs,
        subjects: Vec::with_capacity(inputs.subjects.len()),
        places: BTreeMap::new(),
        items: scheme
            .items
            .iter()
            .enumerate()
            .map(|(place, item)| (item.code.as_ref(), place))
            .collect(),
        measures: scheme
            .measures
            .iter()
            .enumerate()
            .map(|(place, measure)| (measure.code.as_ref(), place))
            .collect(),
        facts: scheme
            .facts
            .iter()
            .enumerate()
            .map(|(place, fact)| (fact.code.as_ref(), place))
            .collect(),
        surveys: scheme
            .surveys
            .iter()
            .enumerate()
            .map(|(place, survey)| (survey.code.as_ref(), place))
            .collect(),
        stretches: scheme
            .measures
            .iter()
            .map(|plan| {
                super::evidence::stretches(
                    plan.every,
                    inputs.round.period_from.0,
                    inputs.round.period_to.0,
                )
            })
            .collect(),
        faults: Vec::new(),
    };
    builder.check_round();
    let (regions, above) = builder.lay_regions();
    builder.lay_subjects(&regions);
    builder.lay_relations();
    builder.lay_scores();
    builder.lay_checklists();
    builder.lay_measures();
    builder.lay_facts();
    builder.lay_surveys();
    let earlier = builder.lay_record();
    builder.lay_decisions();
    let tie_choices = builder.lay_tie_choices();
    let open = scheme
        .surveys
        .iter()
        .map(|survey| {
            inputs
                .round
                .open_surveys
                .iter()
                .any(|open| open.as_str() == survey.code.as_ref())
        })
        .collect();
    let digest = match inputs.digest() {
        Ok(digest) => Arc::from(digest),
        Err(error) => {
            builder.fault("", "overflow", error.to_string());
            Arc::from("")
        }
    };
    if !builder.faults.is_empty() {
        builder.faults.sort();
        builder.faults.dedup();
        return Err(builder.faults);
    }
    Ok(Snapshot {
        round: Arc::from(inputs.round.code.as_str()),
        digest,
        period: (inputs.round.period_from.0, inputs.round.period_to.0),
        stretches: builder.stretches,
        open,
        earlier,
        subjects: builder.subjects,
        above,
        regions: regions.keys().map(|code| Arc::from(*code)).collect(),
        tie_choices,
    })
}

impl<'a> Builder<'a> {
    pub fn fault(
        &mut self,
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(RowFault {
                path: path.into(),
                code,
                message: message.into(),
            });
        }
    }

    /// The subject of a row, or a fault.
    pub fn subject(&mut self, path: &str, code: &str) -> Option<usize> {
        let found = self.places.get(code).copied();
        if found.is_none() {
            self.fault(
                path,
                "unknown_subject",
                format!("`{code}` takes no part in this round"),
            );
        }
        found
    }

    pub fn unknown(&mut self, path: &str, kind: &str, code: &str) {
        self.fault(
            path,
            "unknown_name",
            format!("there is no {kind} `{code}` in the scheme"),
        );
    }

    pub fn data(&mut self, place: usize) -> Option<&mut SubjectData> {
        self.subjects.get_mut(place)
    }

    fn check_round(&mut self) {
        let round = &self.inputs.round;
        if self.inputs.format != FORMAT {
            self.fault(
                "format",
                "unknown_format",
                format!(
                    "`{}` is not read here: write `{FORMAT}`",
                    self.inputs.format
                ),
            );
        }
        if round.period_from > round.period_to {
            self.fault(
                "round/period_to",
                "wrong_period",
                "the period ends before it begins",
            );
        }
        if round.time_zone.parse::<chrono_tz::Tz>().is_err() {
            self.fault(
                "round/time_zone",
                "unknown_zone",
                format!(
                    "`{}` is not a time zone: write `Asia/Shanghai`",
                    round.time_zone
                ),
            );
        }
        for (row, code) in round.open_surveys.iter().enumerate() {
            if !self.surveys.contains_key(code.as_str()) {
                self.unknown(&format!("round/open_surveys/{row}"), "survey", code);
            }
        }
    }

    fn lay_subjects(&mut self, regions: &BTreeMap<&'a str, usize>) {
        let categories: BTreeMap<&str, usize> = self
            .scheme
            .categories
            .iter()
            .enumerate()
            .map(|(place, c)| (c.code.as_ref(), place))
            .collect();
        let mut rows: Vec<(usize, &'a crate::inputs::Subject)> =
            self.inputs.subjects.iter().enumerate().collect();
        rows.sort_by(|a, b| a.1.code.cmp(&b.1.code));
        for (row, subject) in rows {
            let path = format!("subjects/{row}");
            let Some(category) = categories.get(subject.category.as_str()).copied() else {
                self.unknown(&path, "category", &subject.category);
                continue;
            };
            if self
                .scheme
                .categories
                .get(category)
                .is_some_and(|c| c.kind != subject.kind)
            {
                self.fault(
                    &path,
                    "wrong_kind",
                    format!(
                        "`{}` is of another kind than the category `{}`",
                        subject.code, subject.category
                    ),
                );
            }
            let Some(region) = regions.get(subject.region.as_str()).copied() else {
                self.fault(
                    &path,
                    "unknown_region",
                    format!("there is no region `{}` in these inputs", subject.region),
                );
                continue;
            };
            // The first stays, so that rows about it are not blamed as well.
            if self.places.contains_key(subject.code.as_str()) {
                self.fault(
                    &path,
                    "row_twice",
                    format!("the subject `{}` is there twice", subject.code),
                );
                continue;
            }
            self.places
                .insert(subject.code.as_str(), self.subjects.len());
            self.subjects.push(SubjectData {
                code: Arc::from(subject.code.as_str()),
                kind: subject.kind,
                category,
                region,
                slots: vec![super::SlotValue::Nothing; self.scheme.slots],
                measures: BTreeMap::new(),
                facts: Vec::new(),
                nil: Vec::new(),
                surveys: BTreeMap::new(),
                investigations: Vec::new(),
                history: Vec::new(),
                proposed: None,
                waivers: Vec::new(),
                adjustment: None,
                related: BTreeMap::new(),
            });
        }
    }

    fn grade(&mut self, path: &str, code: &str) -> Option<usize> {
        let found = self
            .scheme
            .grades
            .iter()
            .position(|grade: &GradePlan| grade.code.as_ref() == code);
        if found.is_none() {
            self.unknown(path, "grade", code);
        }
        found
    }

    /// Investigations, grades of earlier rounds and proposed grades.
    fn lay_record(&mut self) -> Vec<bool> {
        let rules: BTreeMap<&str, usize> = self
            .scheme
            .rules
            .iter()
            .enumerate()
            .map(|(place, rule)| (rule.code.as_ref(), place))
            .collect();
        let mut seen = BTreeSet::new();
        for (row, investigation) in self.inputs.investigations.iter().enumerate() {
            let path = format!("investigations/{row}");
            let subject = self.subject(&path, &investigation.subject);
            let rule = rules
                .get(investigation.rule.as_str())
                .copied()
                .filter(|rule| {
                    self.scheme
                        .rules
                        .get(*rule)
                        .is_some_and(|rule| matches!(rule.effect, EffectPlan::Investigate))
                });
            if rule.is_none() {
                self.fault(
                    &path,
                    "unknown_name",
                    format!(
                        "there is no rule `{}` that opens investigations",
                        investigation.rule
                    ),
                );
            }
            let (Some(subject), Some(rule)) = (subject, rule) else {
                continue;
            };
            if !seen.insert((subject, rule)) {
                self.fault(
                    &path,
                    "row_twice",
                    format!(
                        "the investigation of `{}` for `{}` is there twice",
                        investigation.subject, investigation.rule
                    ),
                );
            }
            if let Some(data) = self.data(subject) {
                data.investigations.push(InvestigationData {
                    rule,
                    by_hand: investigation.by_hand,
                    finding: investigation.finding,
                });
            }
        }

        let earlier = &self.inputs.round.earlier;
        let rounds: BTreeMap<&str, usize> = earlier
            .iter()
            .enumerate()
            .map(|(place, round)| (round.code.as_str(), place))
            .collect();
        for data in &mut self.subjects {
            data.history = vec![None; earlier.len()];
        }
        let mut seen = BTreeSet::new();
        for (row, past) in self.inputs.history.iter().enumerate() {
            let path = format!("history/{row}");
            let subject = self.subject(&path, &past.subject);
            let grade = self.grade(&path, &past.grade);
            let Some(round) = rounds.get(past.round.as_str()).copied() else {
                self.fault(
                    &path,
                    "unknown_name",
                    format!(
                        "`{}` is not among the earlier rounds of these inputs",
                        past.round
                    ),
                );
                continue;
            };
            let (Some(subject), Some(grade)) = (subject, grade) else {
                continue;
            };
            if !seen.insert((subject, round)) {
                self.fault(
                    &path,
                    "row_twice",
                    format!(
                        "the grade of `{}` in `{}` is there twice",
                        past.subject, past.round
                    ),
                );
            }
            if let Some(slot) = self
                .data(subject)
                .and_then(|data| data.history.get_mut(round))
            {
                *slot = Some(grade);
            }
        }

        for (row, proposed) in self.inputs.proposed.iter().enumerate() {
            let path = format!("proposed/{row}");
            let subject = self.subject(&path, &proposed.subject);
            let grade = self.grade(&path, &proposed.grade);
            let Some(subject) = subject else { continue };
            let twice = self
                .data(subject)
                .is_some_and(|data| data.proposed.is_some());
            if twice {
                self.fault(
                    &path,
                    "row_twice",
                    format!("two grades are proposed for `{}`", proposed.subject),
                );
            }
            if let Some(data) = self.data(subject) {
                data.proposed = grade;
            }
        }
        earlier
            .iter()
            .map(|round| round.closed_on.is_some())
            .collect()
    }

    /// Waivers and adjustments.
    fn lay_decisions(&mut self) {
        let mut seen = BTreeSet::new();
        for (row, waiver) in self.inputs.waivers.iter().enumerate() {
            let path = format!("waivers/{row}");
            let subject = self.subject(&path, &waiver.subject);
            if !seen.insert((waiver.subject.as_str(), &waiver.gap)) {
                self.fault(
                    &path,
                    "row_twice",
                    format!("this gap of `{}` is waived twice", waiver.subject),
                );
            }
            let fits = match (&waiver.gap, &waiver.holds) {
                (
                    WaivedGap::Item(code),
                    holds @ (WaiverHolds::Points(_) | WaiverHolds::NotApplicable),
                ) => self.waived_item(&path, code, holds),
                (WaivedGap::Rule(code), WaiverHolds::Fired | WaiverHolds::NotFired) => {
                    if !self
                        .scheme
                        .rules
                        .iter()
                        .any(|rule| rule.code.as_ref() == code)
                    {
                        self.unknown(&path, "rule", code);
                    }
                    true
                }
                (WaivedGap::Contradiction, WaiverHolds::Yields(code)) => {
                    if !self
                        .scheme
                        .rules
                        .iter()
                        .any(|rule| rule.code.as_ref() == code)
                    {
                        self.unknown(&path, "rule", code);
                    }
                    true
                }
                (WaivedGap::Contradiction | WaivedGap::Grade, WaiverHolds::Held) => true,
                _ => false,
            };
            if !fits {
                self.fault(&path, "waiver_does_not_fit", "what holds does not fit what is waived: points or not applicable for an item, fired or not for a rule, which rule yields or held for a contradiction");
            }
            if waiver.reason.trim().is_empty() {
                self.fault(
                    &path,
                    "reason_missing",
                    "a waiver needs a reason, which stays on the result",
                );
            }
            if let Some(data) = subject.and_then(|subject| self.data(subject)) {
                data.waivers
                    .push((waiver.gap.clone(), waiver.holds.clone()));
            }
        }
        for (row, adjustment) in self.inputs.adjustments.iter().enumerate() {
            let path = format!("adjustments/{row}");
            let subject = self.subject(&path, &adjustment.subject);
            let grade = self.grade(&path, &adjustment.grade);
            let Some(subject) = subject else { continue };
            if self
                .data(subject)
                .is_some_and(|data| data.adjustment.is_some())
            {
                self.fault(
                    &path,
                    "row_twice",
                    format!("`{}` is adjusted twice", adjustment.subject),
                );
            }
            if let Some(data) = self.data(subject) {
                data.adjustment = grade;
            }
        }
    }

    /// Whether what a waiver says of an item or a part can hold of it. An item applies or not as a whole.
    fn waived_item(&mut self, path: &str, code: &str, holds: &WaiverHolds) -> bool {
        let (item, part) = code
            .split_once('/')
            .map_or((code, None), |(item, part)| (item, Some(part)));
        let Some(plan) = self
            .items
            .get(item)
            .and_then(|place| self.scheme.items.get(*place))
        else {
            self.unknown(path, "item", item);
            return true;
        };
        let max = match part {
            None => plan.max,
            Some(part) => {
                let found = plan
                    .parts
                    .iter()
                    .find(|plan| plan.code.as_deref() == Some(part));
                let Some(found) = found else {
                    self.fault(
                        path,
                        "unknown_name",
                        format!("the item `{item}` has no part `{part}`"),
                    );
                    return true;
                };
                found.max
            }
        };
        let WaiverHolds::Points(points) = holds else {
            return part.is_none();
        };
        if max.is_some_and(|max| *points < Points::ZERO || *points > max) {
            self.fault(
                path,
                "above_maximum",
                format!(
                    "`{points}` points do not lie between 0 and the {} of `{code}`",
                    max.unwrap_or_default()
                ),
            );
        }
        true
    }

    fn lay_tie_choices(&mut self) -> BTreeMap<String, Vec<usize>> {
        let mut choices: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (row, choice) in self.inputs.tie_choices.iter().enumerate() {
            let path = format!("tie_choices/{row}");
            if !self
                .scheme
                .quotas
                .iter()
                .any(|quota| quota.code.as_ref() == choice.quota)
            {
                self.unknown(&path, "quota", &choice.quota);
            }
            if let Some(subject) = self.subject(&path, &choice.subject) {
                choices
                    .entry(choice.quota.clone())
                    .or_default()
                    .push(subject);
            }
        }
        choices
    }
}
