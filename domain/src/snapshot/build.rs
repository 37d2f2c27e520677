//! Gathers rows by subject.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use super::answer::Cell;
use super::fault::{Contradiction, Faults, Row};
use super::succession::Carried;
use super::{RowFault, Snapshot, SubjectData, SurveyData};
use crate::canonical;
use crate::inputs::{FORMAT, Inputs};
use crate::scheme::Scheme;
use crate::scheme::model::Way;

/// What is needed while rows are gathered.
pub(super) struct Builder<'a> {
    pub scheme: &'a Scheme,
    pub inputs: &'a Inputs,
    pub subjects: Vec<SubjectData>,
    /// Subject code → place.
    places: BTreeMap<&'a str, usize>,
    /// What was looked up last: rows mostly come subject by subject.
    last: Option<(&'a str, usize)>,
    /// Subjects that are themselves at fault, so that rows about them are not blamed as well.
    unplaced: BTreeSet<&'a str>,
    pub items: BTreeMap<&'a str, usize>,
    pub measures: BTreeMap<&'a str, usize>,
    pub facts: BTreeMap<&'a str, usize>,
    pub surveys: BTreeMap<&'a str, usize>,
    pub rules: BTreeMap<&'a str, usize>,
    pub grades: BTreeMap<&'a str, usize>,
    pub quotas: BTreeMap<&'a str, usize>,
    /// By measure.
    pub stretches: Vec<Vec<String>>,
    /// By slot.
    pub award_stretches: Vec<Vec<Arc<str>>>,
    /// What subjects carry on of others.
    pub carried: Carried<'a>,
    /// Answers by subject and survey, until they are added up.
    pub cells: Vec<Vec<Cell>>,
    faults: Faults,
}

/// Code → place.
pub(super) fn places<'a>(codes: impl Iterator<Item = &'a Arc<str>>) -> BTreeMap<&'a str, usize> {
    codes
        .enumerate()
        .map(|(place, code)| (code.as_ref(), place))
        .collect()
}

/// The same inputs with the counts of their ballots in place of the sheets.
pub(super) fn count_ballots(scheme: &Scheme, inputs: &Inputs) -> Result<Inputs, Vec<RowFault>> {
    if inputs.ballots.is_empty() {
        return Ok(inputs.clone());
    }
    let mut builder = Builder::new(scheme, inputs);
    let (regions, _) = builder.lay_regions();
    builder.lay_subjects(&regions);
    let counted = builder.count_ballots();
    let faults = builder.faults.into_list();
    if faults.is_empty() {
        Ok(counted)
    } else {
        Err(faults)
    }
}

pub(super) fn build(scheme: &Scheme, inputs: &Inputs) -> Result<Snapshot, Vec<RowFault>> {
    let mut builder = Builder::new(scheme, inputs);
    builder.check_round();
    let (regions, above) = builder.lay_regions();
    builder.lay_subjects(&regions);
    builder.lay_successions();
    builder.lay_relations();
    builder.lay_scores();
    let lists = builder.lay_duty_lists();
    builder.lay_checklists(&lists);
    builder.lay_measures();
    builder.lay_facts();
    builder.lay_nil_reports();
    builder.lay_surveys();
    let earlier = builder.lay_record();
    builder.lay_decisions();
    let closed = builder.lay_closed(&regions);
    let tie_choices = builder.lay_tie_choices();
    let given_labels = builder.lay_withheld();
    let open = |code: &str| inputs.round.open_surveys.iter().any(|open| open == code);
    let open = scheme.surveys.iter().map(|s| open(&s.code)).collect();
    let digest = inputs.digest().unwrap_or_else(|_| {
        builder.fault(Row("", None), Contradiction::Digest, [&canonical::LARGEST]);
        String::new()
    });
    let faults = builder.faults.into_list();
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Snapshot {
        round: Arc::from(inputs.round.code.as_str()),
        digest: Arc::from(digest),
        period: (inputs.round.period_from.0, inputs.round.period_to.0),
        stretches: builder.stretches,
        award_stretches: builder.award_stretches,
        open,
        earlier,
        subjects: builder.subjects,
        above,
        regions: regions.keys().map(|code| Arc::from(*code)).collect(),
        closed,
        tie_choices,
        given_labels,
    })
}

/// The stretches for which inspectors award points, by slot.
fn award_stretches(scheme: &Scheme, inputs: &Inputs) -> Vec<Vec<Arc<str>>> {
    let mut by_slot = vec![Vec::new(); scheme.slots];
    for part in scheme.items.iter().flat_map(|item| &item.parts) {
        let Way::Graded {
            slot,
            dated: Some((every, _)),
            ..
        } = part.way
        else {
            continue;
        };
        let round = &inputs.round;
        let stretches = super::stretches(every, round.period_from.0, round.period_to.0);
        if let Some(place) = by_slot.get_mut(slot) {
            *place = stretches.into_iter().map(Arc::from).collect();
        }
    }
    by_slot
}

impl<'a> Builder<'a> {
    fn new(scheme: &'a Scheme, inputs: &'a Inputs) -> Self {
        let (from, to) = (inputs.round.period_from.0, inputs.round.period_to.0);
        Self {
            scheme,
            inputs,
            subjects: Vec::with_capacity(inputs.subjects.len()),
            places: BTreeMap::new(),
            last: None,
            unplaced: BTreeSet::new(),
            items: places(scheme.items.iter().map(|item| &item.code)),
            measures: places(scheme.measures.iter().map(|measure| &measure.code)),
            facts: places(scheme.facts.iter().map(|fact| &fact.code)),
            surveys: places(scheme.surveys.iter().map(|survey| &survey.code)),
            rules: places(scheme.rules.iter().map(|rule| &rule.code)),
            grades: places(scheme.grades.iter().map(|grade| &grade.code)),
            quotas: places(scheme.quotas.iter().map(|quota| &quota.code)),
            stretches: scheme
                .measures
                .iter()
                .map(|plan| super::stretch::stretches(plan.every, from, to))
                .collect(),
            award_stretches: award_stretches(scheme, inputs),
            carried: Carried::default(),
            cells: Vec::new(),
            faults: Faults::default(),
        }
    }

    /// Notes a fault; the rest is laid out all the same, so that all are found at once.
    pub fn fault<const N: usize>(
        &mut self,
        row: Row,
        what: Contradiction,
        values: [&dyn Display; N],
    ) {
        self.fault_of(row, what, values.map(ToString::to_string).into());
    }

    /// The same with values that are text already.
    pub fn fault_of(&mut self, row: Row, what: Contradiction, values: Vec<String>) {
        self.faults.add(row, what, values);
    }

    /// The place of a name, or a fault.
    pub fn name(
        &mut self,
        row: Row,
        found: Option<usize>,
        missing: (Contradiction, &str),
    ) -> Option<usize> {
        if found.is_none() {
            self.fault(row, missing.0, [&missing.1]);
        }
        found
    }

    /// The subject of a row, or a fault.
    pub fn subject(&mut self, row: Row, code: &'a str) -> Option<usize> {
        match self.last {
            Some((last, place)) if last == code => return Some(place),
            _ => {}
        }
        let found = self.places.get(code).copied();
        if found.is_none() && !self.unplaced.contains(code) {
            self.fault(row, Contradiction::Subject, [&code]);
        }
        self.last = found.map(|place| (code, place));
        found
    }

    /// The place of a subject of the round.
    pub fn place(&self, code: &str) -> Option<usize> {
        self.places.get(code).copied()
    }

    /// Whether somebody stands among the subjects, be it with a fault.
    pub fn is_present(&self, code: &str) -> bool {
        self.places.contains_key(code) || self.unplaced.contains(code)
    }

    pub fn data(&mut self, place: usize) -> Option<&mut SubjectData> {
        self.subjects.get_mut(place)
    }

    /// Whether a mask over categories takes a subject in.
    pub fn applies(&self, mask: &[bool], subject: usize) -> bool {
        let category = self.subjects.get(subject).map(|data| data.category);
        category.and_then(|category| mask.get(category)) == Some(&true)
    }

    fn check_round(&mut self) {
        let inputs = self.inputs;
        let round = &inputs.round;
        if inputs.format != FORMAT {
            self.fault(
                Row("format", None),
                Contradiction::Format,
                [&inputs.format, &FORMAT],
            );
        }
        if round.period_from > round.period_to {
            self.fault(Row("round/period_to", None), Contradiction::Period, []);
        }
        if round.time_zone.parse::<chrono_tz::Tz>().is_err() {
            let row = Row("round/time_zone", None);
            self.fault(row, Contradiction::TimeZone, [&round.time_zone]);
        }
        for (row, code) in round.open_surveys.iter().enumerate() {
            let found = self.surveys.get(code.as_str()).copied();
            let row = Row::of("round/open_surveys", row);
            self.name(row, found, (Contradiction::Survey, code));
        }
    }

    fn lay_subjects(&mut self, regions: &BTreeMap<&'a str, usize>) {
        let categories = places(self.scheme.categories.iter().map(|category| &category.code));
        let mut rows: Vec<(usize, &'a crate::inputs::Subject)> =
            self.inputs.subjects.iter().enumerate().collect();
        rows.sort_by(|a, b| a.1.code.cmp(&b.1.code));
        for (row, subject) in rows {
            let row = Row::of("subjects", row);
            let category = categories.get(subject.category.as_str()).copied();
            let missing = (Contradiction::Category, subject.category.as_str());
            let category = self.name(row, category, missing);
            let region = regions.get(subject.region.as_str()).copied();
            let missing = (Contradiction::Region, subject.region.as_str());
            let region = self.name(row, region, missing);
            let plan = category.and_then(|place| self.scheme.categories.get(place));
            if plan.is_some_and(|plan| plan.kind != subject.kind) {
                self.fault(
                    row,
                    Contradiction::SubjectKind,
                    [&subject.code, &subject.category],
                );
            }
            // The first stays, so that rows about it are not blamed as well.
            if self.places.contains_key(subject.code.as_str()) {
                self.fault(row, Contradiction::SubjectTwice, [&subject.code]);
                continue;
            }
            let Some((category, region)) = category.zip(region) else {
                self.unplaced.insert(&subject.code);
                continue;
            };
            self.places
                .insert(subject.code.as_str(), self.subjects.len());
            self.subjects.push(SubjectData {
                code: Arc::from(subject.code.as_str()),
                predecessors: Vec::new(),
                kind: subject.kind,
                category,
                region,
                slots: vec![super::SlotValue::Nothing; self.scheme.slots],
                measures: BTreeMap::new(),
                last_year_of: BTreeMap::new(),
                facts: Vec::new(),
                nil: Vec::new(),
                surveys: (self.scheme.surveys.iter())
                    .map(|_| SurveyData::default())
                    .collect(),
                answers: vec![0; self.scheme.answers.len()],
                investigations: Vec::new(),
                history: (self.inputs.round.earlier.iter()).map(|_| None).collect(),
                proposed: None,
                waivers: Vec::new(),
                withheld: None,
                adjustment: None,
                related: BTreeMap::new(),
                terms: BTreeMap::new(),
            });
        }
    }
}
