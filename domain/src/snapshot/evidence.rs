//! Scores, checklists, measures and facts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::Builder;
use super::fault::{Contradiction, Row};
use super::{AwardData, FactData, LAST_YEAR, SlotValue};
use crate::inputs::{ChecklistResult, Fact, MeasureValue, Score};
use crate::number::{Points, Ratio};
use crate::outcome::{Seldom, Undone};
use crate::scheme::file::{FactCounts, FactDate, FactField, MeasureUnit, Several};
use crate::scheme::model::{PartPlan, Way};

/// The tasks of each subject's own lists, by subject and slot.
pub(super) type OwnLists<'a> = BTreeMap<(usize, usize), &'a [String]>;

/// Whether the tasks that are not done are named as they have to be: each once, as many as there are, and where the list
/// is the subject's own not left out.
fn names_undone(result: &ChecklistResult, is_own: bool) -> bool {
    let named: BTreeSet<u32> = result.undone.iter().copied().collect();
    let is_left_out = result.undone.is_empty() && !is_own;
    let undone = result.tasks.saturating_sub(result.done);
    is_left_out
        || (named.len() == result.undone.len()
            && u32::try_from(named.len()) == Ok(undone)
            && named.iter().all(|task| (1..=result.tasks).contains(task)))
}

/// The tasks that are named as not done, in the order of their numbers and in the words of the subject's own list.
fn undone(result: &ChecklistResult, own: &[String]) -> Seldom<Undone> {
    let numbers: BTreeSet<u32> = result.undone.iter().copied().collect();
    let named = numbers.into_iter().map(|number| {
        let place = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        let task = place.and_then(|place| own.get(place));
        Undone {
            number,
            task: task.map(|task| Arc::from(task.as_str())),
        }
    });
    named.collect()
}

impl<'a> Builder<'a> {
    pub fn lay_scores(&mut self) {
        let part = |score: &'a Score| (&score.subject, &score.item, &score.part, &score.period);
        let mut rows: Vec<(usize, &'a Score)> = self.inputs.scores.iter().enumerate().collect();
        rows.sort_by(|(_, a), (_, b)| {
            let in_part = || {
                a.order
                    .cmp(&b.order)
                    .then_with(|| a.inspector.cmp(&b.inspector))
            };
            part(a).cmp(&part(b)).then_with(in_part)
        });
        for rows in rows.chunk_by(|(_, a), (_, b)| part(a) == part(b)) {
            match rows {
                [(row, score)] => self.lay_score(Row::of("scores", *row), score, None),
                _ => self.lay_awards(rows),
            }
        }
    }

    /// Several awards for the same part and stretch, in the order in which they were made.
    fn lay_awards(&mut self, rows: &[(usize, &'a Score)]) {
        let mut seen = BTreeSet::new();
        let mut before = None;
        for (row, score) in rows {
            let row = Row::of("scores", *row);
            if seen.insert(score.inspector.as_str()) {
                self.lay_score(row, score, before);
                before = Some(score.order);
            } else {
                self.fault(
                    row,
                    Contradiction::ScoreTwice,
                    [&score.inspector, &score.item, &score.subject],
                );
            }
        }
    }

    /// Lays out one award; `before` is the order of the one before it for the same part.
    fn lay_score(&mut self, row: Row, score: &'a Score, before: Option<u32>) {
        let Some(subject) = self.subject(row, &score.subject) else {
            return;
        };
        let Some(part) = self.part(row, subject, (&score.item, score.part.as_deref())) else {
            return;
        };
        let Way::Graded {
            slot,
            step,
            several,
            dated,
        } = part.way
        else {
            self.fault(row, Contradiction::NotInspected, [&score.item]);
            return;
        };
        if several == Several::Latest && before == Some(score.order) {
            self.fault(row, Contradiction::SameOrder, [&score.item, &score.subject]);
        }
        let max = part.max.unwrap_or(score.points);
        if score.points > max || score.points < Points::ZERO {
            self.fault(
                row,
                Contradiction::Points,
                [&score.points, &max, &score.item],
            );
        } else if !score.points.is_multiple_of(step) {
            self.fault(
                row,
                Contradiction::Step,
                [&score.points, &step, &score.item],
            );
        }
        if dated.is_some() || score.period.is_some() {
            self.lay_dated(row, score, (subject, slot));
            return;
        }
        if let Some(value) = self.data(subject).and_then(|data| data.slots.get_mut(slot)) {
            let award = AwardData::of(score);
            *value = match std::mem::take(value) {
                SlotValue::One(points) => {
                    let first = AwardData { points, note: None };
                    SlotValue::Several(vec![first, award])
                }
                SlotValue::Several(mut list) => {
                    list.push(award);
                    SlotValue::Several(list)
                }
                _ if award.note.is_some() => SlotValue::Several(vec![award]),
                _ => SlotValue::One(award.points),
            };
        }
    }

    /// Lays out an award for one stretch.
    fn lay_dated(&mut self, row: Row, score: &'a Score, (subject, slot): (usize, usize)) {
        let known = self.award_stretches.get(slot);
        let known = known.map(Vec::as_slice).unwrap_or_default();
        if known.is_empty() {
            self.fault(row, Contradiction::AwardedOnce, [&score.item]);
            return;
        }
        let stretch = known
            .iter()
            .position(|stretch| Some(stretch.as_ref()) == score.period.as_deref());
        let Some(stretch) = stretch else {
            let known = known.join(", ");
            self.fault(row, Contradiction::AwardStretch, [&score.item, &known]);
            return;
        };
        if let Some(value) = self.data(subject).and_then(|data| data.slots.get_mut(slot)) {
            if !matches!(value, SlotValue::Dated(_)) {
                *value = SlotValue::Dated(BTreeMap::new());
            }
            if let SlotValue::Dated(stretches) = value {
                let awards = stretches.entry(stretch).or_default();
                awards.push(AwardData::of(score));
            }
        }
    }

    /// Whether an item is in the table of a subject's category.
    pub fn has_item(&self, subject: usize, item: usize) -> bool {
        let category = self.subjects.get(subject).map(|data| data.category);
        let plan = category.and_then(|category| self.scheme.categories.get(category));
        plan.and_then(|plan| plan.item_place.get(item))
            .is_some_and(Option::is_some)
    }

    /// An item's part, for a subject, or a fault.
    fn part(
        &mut self,
        row: Row,
        subject: usize,
        (item, part): (&'a str, Option<&str>),
    ) -> Option<&'a PartPlan> {
        let place = self.items.get(item).copied();
        let place = self.name(row, place, (Contradiction::Item, item))?;
        if !self.has_item(subject, place) {
            self.fault(row, Contradiction::NotForCategory, [&item]);
            return None;
        }
        let plan = self.scheme.items.get(place)?;
        let found = plan.parts.iter().find(|plan| plan.code.as_deref() == part);
        match (found, part) {
            (None, Some(part)) => self.fault(row, Contradiction::Part, [&item, &part]),
            (None, None) => self.fault(row, Contradiction::WhichPart, [&item]),
            (Some(_), _) => {}
        }
        found
    }

    /// Lists of tasks that subjects have of their own.
    pub fn lay_duty_lists(&mut self) -> OwnLists<'a> {
        let mut lists = OwnLists::new();
        for (row, list) in self.inputs.duty_lists.iter().enumerate() {
            let row = Row::of("duty_lists", row);
            let Some(subject) = self.subject(row, &list.subject) else {
                continue;
            };
            let place = (list.item.as_str(), list.part.as_deref());
            let Some(part) = self.part(row, subject, place) else {
                continue;
            };
            let Way::Checklist { slot, tasks, .. } = part.way else {
                self.fault(row, Contradiction::NotTasks, [&list.item]);
                continue;
            };
            if tasks.is_some() {
                self.fault(row, Contradiction::DutyListUnused, [&list.item]);
            }
            if list.tasks.is_empty() || list.tasks.iter().any(|task| task.trim().is_empty()) {
                self.fault(row, Contradiction::DutyListEmpty, [&list.item]);
            }
            if lists.insert((subject, slot), &list.tasks).is_some() {
                self.fault(
                    row,
                    Contradiction::DutyListTwice,
                    [&list.item, &list.subject],
                );
            }
        }
        lists
    }

    pub fn lay_checklists(&mut self, lists: &OwnLists<'_>) {
        for (row, result) in self.inputs.checklists.iter().enumerate() {
            let row = Row::of("checklists", row);
            let Some(subject) = self.subject(row, &result.subject) else {
                continue;
            };
            let place = (result.item.as_str(), result.part.as_deref());
            let Some(part) = self.part(row, subject, place) else {
                continue;
            };
            let Way::Checklist { slot, tasks, .. } = part.way else {
                self.fault(row, Contradiction::NotTasks, [&result.item]);
                continue;
            };
            if result.tasks == 0 || result.done > result.tasks {
                self.fault(row, Contradiction::TasksDone, [&result.done, &result.tasks]);
            }
            let own = lists.get(&(subject, slot)).copied();
            match (tasks, own) {
                (Some(listed), _) if listed != result.tasks => {
                    self.fault(row, Contradiction::TasksListed, [&listed, &result.tasks]);
                }
                (None, None) => {
                    self.fault(
                        row,
                        Contradiction::DutyListMissing,
                        [&result.item, &result.subject],
                    );
                }
                (None, Some(own)) if u32::try_from(own.len()) != Ok(result.tasks) => {
                    let own = own.len();
                    self.fault(row, Contradiction::TasksOwn, [&own, &result.tasks]);
                }
                _ => {}
            }
            if !names_undone(result, tasks.is_none()) {
                self.fault(
                    row,
                    Contradiction::TasksUndone,
                    [&result.done, &result.tasks],
                );
            }
            let mut twice = false;
            if let Some(value) = self.data(subject).and_then(|data| data.slots.get_mut(slot)) {
                twice = !matches!(value, SlotValue::Nothing);
                *value = SlotValue::Tasks {
                    done: result.done,
                    of: result.tasks,
                    undone: undone(result, own.unwrap_or_default()),
                };
            }
            if twice {
                self.fault(
                    row,
                    Contradiction::TasksTwice,
                    [&result.item, &result.subject],
                );
            }
        }
    }

    pub fn lay_measures(&mut self) {
        for (row, value) in self.inputs.measures.iter().enumerate() {
            self.lay_measure(Row::of("measures", row), value);
        }
        self.lay_last_year();
    }

    fn lay_measure(&mut self, row: Row, value: &'a MeasureValue) {
        let subject = self.subject_or_heir(row, &value.subject);
        let code = value.measure.as_str();
        let measure = self.measures.get(code).copied();
        let Some(measure) = self.name(row, measure, (Contradiction::Measure, code)) else {
            return;
        };
        let Some(written) = self.scheme.file.measure.get(measure) else {
            return;
        };
        let known = self
            .stretches
            .get(measure)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let stretch = match known.iter().position(|stretch| *stretch == value.period) {
            None if written.last_year && value.period == "last_year" => Some(LAST_YEAR),
            found => found,
        };
        if stretch.is_none() {
            let last_year = if written.last_year { ", last_year" } else { "" };
            let known = known.join(", ") + last_year;
            self.fault(row, Contradiction::Stretch, [&value.period, &known]);
        }
        let wrong = match written.unit {
            _ if value.value.is_negative() => Some(Contradiction::MeasureNegative),
            MeasureUnit::Rate if value.value > Ratio::one() => Some(Contradiction::MeasureRate),
            MeasureUnit::Count if !value.value.is_whole() => Some(Contradiction::MeasureWhole),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.fault(row, wrong, [&value.value, &code]);
        }
        let Some(((subject, of), stretch)) = subject.zip(stretch) else {
            return;
        };
        let twice = match of {
            Some(of) if stretch == LAST_YEAR => {
                self.keep_last_year(row, (subject, measure), (of, value.value.clone()))
            }
            Some(of) => {
                self.fault(row, Contradiction::PredecessorMeasure, [&of]);
                false
            }
            None => self.data(subject).is_some_and(|data| {
                let key = (measure, stretch);
                data.measures.insert(key, value.value.clone()).is_some()
            }),
        };
        if twice {
            self.fault(
                row,
                Contradiction::MeasureTwice,
                [&value.measure, &value.subject, &value.period],
            );
        }
    }

    pub fn lay_facts(&mut self) {
        for (row, fact) in self.inputs.facts.iter().enumerate() {
            self.lay_fact(Row::of("facts", row), fact);
        }
    }

    fn lay_fact(&mut self, row: Row, fact: &'a Fact) {
        let subject = self.subject_or_heir(row, &fact.subject);
        let kind = self.facts.get(fact.kind.as_str()).copied();
        let Some(kind) = self.name(row, kind, (Contradiction::Kind, fact.kind.as_str())) else {
            return;
        };
        let Some(written) = self.scheme.file.fact.get(kind) else {
            return;
        };
        if fact.reference.trim().is_empty() {
            self.fault(row, Contradiction::ReferenceMissing, []);
        }
        let (day, wanted) = match written.dated_by {
            FactDate::Event => (fact.event_on, "event_on"),
            FactDate::Decision => (fact.decision_on, "decision_on"),
        };
        if day.is_none() {
            self.fault(row, Contradiction::DateMissing, [&wanted]);
        }
        for field in &written.field {
            self.check_field(row, fact, field);
        }
        if fact.persons == 0 && written.counts == FactCounts::Person {
            self.fault(row, Contradiction::NoPersons, []);
        }
        for code in fact.fields.keys() {
            if !written.field.iter().any(|field| field.code == *code) {
                self.fault(row, Contradiction::Field, [code]);
            }
        }
        let Some((subject, of)) = subject else {
            return;
        };
        if let Some(data) = self.data(subject) {
            data.facts.push(FactData {
                kind,
                of: of.map(Arc::from),
                day: day.map(|day| day.0),
                reference: fact.reference.clone(),
                persons: fact.persons,
                fields: fact.fields.clone(),
            });
        }
    }

    fn check_field(&mut self, row: Row, fact: &Fact, field: &FactField) {
        let code = &field.code;
        let Some(value) = fact.fields.get(code) else {
            if !field.optional {
                self.fault(row, Contradiction::FieldMissing, [code]);
            }
            return;
        };
        let known = field.one_of.iter().any(|choice| choice.code == *value);
        if field.one_of.is_empty() && value.parse::<Ratio>().is_err() {
            self.fault(row, Contradiction::FieldNumber, [value, code]);
        } else if !field.one_of.is_empty() && !known {
            self.fault(row, Contradiction::FieldValue, [value, code]);
        }
    }

    pub fn lay_nil_reports(&mut self) {
        for (row, nil) in self.inputs.nil_reports.iter().enumerate() {
            let row = Row::of("nil_reports", row);
            let subject = self.subject(row, &nil.subject);
            let kind = self.facts.get(nil.kind.as_str()).copied();
            let kind = self.name(row, kind, (Contradiction::Kind, nil.kind.as_str()));
            let Some((subject, kind)) = subject.zip(kind) else {
                continue;
            };
            let Some(data) = self.data(subject) else {
                continue;
            };
            let twice = data.nil.contains(&kind);
            data.nil.push(kind);
            if twice {
                self.fault(row, Contradiction::NilTwice, [&nil.kind, &nil.subject]);
            }
        }
    }
}

impl AwardData {
    fn of(score: &Score) -> Self {
        let note = score.note.as_deref().map(str::trim);
        Self {
            points: score.points,
            note: note.filter(|note| !note.is_empty()).map(Arc::from),
        }
    }
}
