//! Whose history subjects carry on: renames, mergers and transfers.
//!
//! Rows about a predecessor are rows about whoever carries it on: its cases, its grades, last year's values. Nothing
//! else of it counts in this round, in which it takes no part.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::build::Builder;
use super::fault::{Contradiction, Row};
use super::{PastData, PredecessorData};
use crate::inputs::{Succession, SuccessionKind};
use crate::number::Ratio;
use crate::scheme::file::MeasureUnit;

/// More steps one after the other than any office goes through; without a bound a long chain would fill the memory.
const MOST_STEPS: usize = 32;

/// Last year's values of one measure, by predecessor.
type LastYear<'a> = BTreeMap<&'a str, (Row, Ratio)>;

/// What is needed to read rows about predecessors.
#[derive(Default)]
pub(super) struct Carried<'a> {
    /// Predecessor → the subject of the round that carries it on in the end.
    heirs: BTreeMap<&'a str, usize>,
    /// Steps by whom they carry on; a subject that keeps its code is not there.
    by_predecessor: BTreeMap<&'a str, &'a Succession>,
    /// Steps by who carries on, the latest first.
    steps: BTreeMap<&'a str, Vec<&'a Succession>>,
    /// Grades in earlier rounds of predecessors, and of subjects that have some.
    grades: BTreeMap<(&'a str, usize), (usize, Option<u32>)>,
    /// Last year's values of predecessors, by who carries them on and measure.
    last_year: BTreeMap<(usize, usize), LastYear<'a>>,
}

impl<'a> Builder<'a> {
    /// The steps, and for each predecessor who carries it on in the end.
    pub fn lay_successions(&mut self) {
        let mut next: BTreeMap<&'a str, (&'a str, Row)> = BTreeMap::new();
        for (row, step) in self.inputs.successions.iter().enumerate() {
            let row = Row::of("successions", row);
            self.check_step(row, step);
            let same = step.predecessor == step.subject;
            if same && step.kind == SuccessionKind::Merger {
                self.fault(row, Contradiction::MergedIntoItself, [&step.subject]);
                continue;
            }
            if !same {
                if self.is_present(&step.predecessor) {
                    let values: [&dyn std::fmt::Display; 2] = [&step.predecessor, &step.subject];
                    self.fault(row, Contradiction::PredecessorPresent, values);
                    continue;
                }
                let known = next.insert(&step.predecessor, (&step.subject, row));
                if let Some((other, _)) = known {
                    self.fault(
                        row,
                        Contradiction::CarriedOnTwice,
                        [&step.predecessor, &other, &step.subject],
                    );
                    continue;
                }
                self.carried.by_predecessor.insert(&step.predecessor, step);
            }
            let steps = self.carried.steps.entry(&step.subject).or_default();
            steps.push(step);
        }
        for steps in self.carried.steps.values_mut() {
            steps.sort_by(|a, b| (b.on, &a.predecessor).cmp(&(a.on, &b.predecessor)));
        }
        self.refuse_two_lines();
        self.find_heirs(&next);
        self.keep_predecessors();
    }

    fn check_step(&mut self, row: Row, step: &'a Succession) {
        if step.on > self.inputs.round.period_to {
            self.fault(row, Contradiction::SuccessionLate, [&step.on]);
        }
        if step.kind != SuccessionKind::Merger && !step.grades {
            self.fault(row, Contradiction::GradesContinue, []);
        }
        if step.reason.trim().is_empty() {
            self.fault(row, Contradiction::SuccessionReason, []);
        }
        if step.name.trim().is_empty() {
            self.fault(row, Contradiction::FormerName, []);
        }
    }

    /// Two predecessors of one day cannot both hand on their grades.
    fn refuse_two_lines(&mut self) {
        let mut seen: BTreeSet<(&str, crate::inputs::Date)> = BTreeSet::new();
        for (row, step) in self.inputs.successions.iter().enumerate() {
            let hands_on = step.grades && step.predecessor != step.subject;
            if hands_on && !seen.insert((&step.subject, step.on)) {
                let values: [&dyn std::fmt::Display; 2] = [&step.subject, &step.on];
                self.fault(
                    Row::of("successions", row),
                    Contradiction::GradesOfTwo,
                    values,
                );
            }
        }
    }

    /// Follows each predecessor to the end of its line. A line that comes back to itself has none.
    fn find_heirs(&mut self, next: &BTreeMap<&'a str, (&'a str, Row)>) {
        let mut ends: BTreeMap<&'a str, Option<usize>> = BTreeMap::new();
        for start in next.keys().copied() {
            let mut line: Vec<(&'a str, Row)> = Vec::new();
            let mut here = start;
            let end = loop {
                if let Some(end) = ends.get(here) {
                    break *end;
                }
                if let Some(first) = line.iter().position(|(code, _)| *code == here) {
                    for (code, row) in line.iter().skip(first) {
                        self.fault(*row, Contradiction::SuccessionCircle, [code]);
                    }
                    break None;
                }
                match next.get(here) {
                    Some((onward, row)) if line.len() < MOST_STEPS => {
                        line.push((here, *row));
                        here = onward;
                    }
                    Some((_, row)) => {
                        self.fault(*row, Contradiction::SuccessionDepth, [&MOST_STEPS]);
                        break None;
                    }
                    None => {
                        let row = line
                            .last()
                            .map_or(Row("successions", None), |(_, row)| *row);
                        break self.subject(row, here);
                    }
                }
            };
            for (code, _) in line {
                ends.insert(code, end);
            }
        }
        let heirs = ends
            .into_iter()
            .filter_map(|(code, end)| Some((code, end?)));
        self.carried.heirs = heirs.collect();
        // A step of a subject that keeps its code has no line to follow.
        for (row, step) in self.inputs.successions.iter().enumerate() {
            if step.predecessor == step.subject && !next.contains_key(step.subject.as_str()) {
                self.subject(Row::of("successions", row), &step.subject);
            }
        }
    }

    /// What each subject carries on, by day.
    fn keep_predecessors(&mut self) {
        let mut lists: BTreeMap<usize, Vec<PredecessorData>> = BTreeMap::new();
        for step in self.carried.steps.values().flatten() {
            let heir = self.carried.heirs.get(step.predecessor.as_str()).copied();
            let own = || self.place(&step.subject);
            let Some(heir) = heir.or_else(own) else {
                continue;
            };
            lists.entry(heir).or_default().push(PredecessorData {
                kind: step.kind,
                code: step.predecessor.as_str().into(),
                name: step.name.as_str().into(),
                into: step.subject.as_str().into(),
                on: step.on,
                grades: step.grades,
            });
        }
        for (heir, mut list) in lists {
            list.sort_by(|a, b| (a.on, &a.code).cmp(&(b.on, &b.code)));
            if let Some(data) = self.data(heir) {
                data.predecessors = list;
            }
        }
    }

    /// The subject that a row is about, with the predecessor that it names where it names one.
    pub fn subject_or_heir(&mut self, row: Row, code: &'a str) -> Option<(usize, Option<&'a str>)> {
        match self.carried.heirs.get(code) {
            Some(heir) => Some((*heir, Some(code))),
            None => Some((self.subject(row, code)?, None)),
        }
    }

    /// Keeps a grade until all are known. Tells whether there was one already.
    pub fn keep_grade(&mut self, code: &'a str, round: usize, grade: (usize, Option<u32>)) -> bool {
        self.carried.grades.insert((code, round), grade).is_some()
    }

    /// Grades of earlier rounds: each subject's own, or those that it carries on.
    pub fn lay_grades(&mut self) {
        let closed: Vec<Option<NaiveDate>> = (self.inputs.round.earlier.iter())
            .map(|round| round.closed_on.map(|day| day.0))
            .collect();
        let grades = std::mem::take(&mut self.carried.grades);
        for (&(code, round), &(grade, revision)) in &grades {
            let Some(place) = self
                .place(code)
                .filter(|_| !self.carried.steps.contains_key(code))
            else {
                continue;
            };
            let slot = self
                .data(place)
                .and_then(|data| data.history.get_mut(round));
            if let Some(slot) = slot {
                *slot = Some(PastData {
                    grade,
                    revision,
                    of: None,
                });
            }
        }
        let heirs: Vec<(&'a str, usize)> = (self.carried.steps.keys())
            .filter_map(|code| Some((*code, self.place(code)?)))
            .collect();
        for (code, place) in heirs {
            for (round, closed) in closed.iter().enumerate() {
                let Some((of, (grade, revision))) =
                    self.carried.grade_of(&grades, code, (round, *closed))
                else {
                    continue;
                };
                let slot = self
                    .data(place)
                    .and_then(|data| data.history.get_mut(round));
                if let Some(slot) = slot {
                    *slot = Some(PastData {
                        grade,
                        revision,
                        of: (of != code).then(|| of.into()),
                    });
                }
            }
        }
    }

    /// Keeps last year's value of a predecessor until all are known.
    pub fn keep_last_year(
        &mut self,
        row: Row,
        (heir, measure): (usize, usize),
        (code, value): (&'a str, Ratio),
    ) -> bool {
        let of = self.carried.last_year.entry((heir, measure)).or_default();
        of.insert(code, (row, value)).is_some()
    }

    /// Last year's values of predecessors: one that was only renamed or transferred hands its value on, those that were
    /// merged are added up where adding up makes sense.
    pub fn lay_last_year(&mut self) {
        for ((heir, measure), values) in std::mem::take(&mut self.carried.last_year) {
            let Some(written) = self.scheme.file.measure.get(measure) else {
                continue;
            };
            let merged: Vec<&Succession> = (values.keys())
                .filter_map(|code| self.carried.by_predecessor.get(code).copied())
                .filter(|step| step.kind == SuccessionKind::Merger)
                .collect();
            let adds_up = matches!(written.unit, MeasureUnit::Count | MeasureUnit::Yuan);
            let Some(first) = values.values().map(|(row, _)| *row).next() else {
                continue;
            };
            if !merged.is_empty() && !adds_up {
                self.fault(first, Contradiction::LastYearMerged, [&written.code]);
                continue;
            }
            if merged.is_empty() && values.len() > 1 {
                self.fault(first, Contradiction::LastYearOfTwo, [&written.code]);
                continue;
            }
            // Of several that were merged on one day the value of one alone is not that of the whole: it is missing.
            let whole = merged.iter().all(|step| {
                let steps = self.carried.steps.get(step.subject.as_str()).into_iter();
                let mut with = steps
                    .flatten()
                    .filter(|other| (other.kind, other.on) == (SuccessionKind::Merger, step.on));
                with.all(|other| values.contains_key(other.predecessor.as_str()))
            });
            if !whole {
                continue;
            }
            let sum = values
                .values()
                .fold(Ratio::zero(), |sum, (_, value)| sum.add(value));
            let of = values
                .iter()
                .map(|(code, (_, value))| ((*code).into(), value.clone()));
            let of = of.collect();
            let Some(data) = self.data(heir) else {
                continue;
            };
            let own = data.measures.insert((measure, super::LAST_YEAR), sum);
            data.last_year_of.insert(measure, of);
            if own.is_some() {
                self.fault(first, Contradiction::LastYearTwice, [&written.code]);
            }
        }
    }
}

impl<'a> Carried<'a> {
    /// Whose grade in an earlier round counts as that of a subject. Of a predecessor whose grades continue it is that
    /// one's alone in rounds closed before the step; in later rounds that one's if it still held one, else the
    /// subject's own.
    fn grade_of(
        &self,
        grades: &BTreeMap<(&'a str, usize), (usize, Option<u32>)>,
        code: &'a str,
        (round, closed): (usize, Option<NaiveDate>),
    ) -> Option<(&'a str, (usize, Option<u32>))> {
        let steps = self.steps.get(code).map(Vec::as_slice).unwrap_or_default();
        for step in steps {
            // Lines that come back to themselves are refused, and lead to nobody.
            let leads_on = self.heirs.contains_key(step.predecessor.as_str());
            if !step.grades || step.predecessor == step.subject || !leads_on {
                continue;
            }
            let found = self.grade_of(grades, &step.predecessor, (round, closed));
            if found.is_some() || closed.is_some_and(|day| day < step.on.0) {
                return found;
            }
        }
        grades.get(&(code, round)).map(|grade| (code, *grade))
    }
}
