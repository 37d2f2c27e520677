//! Scores, checklists, measures, facts and survey counts.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::build::Builder;
use super::{Cell, FactData, Sheets, SlotValue};
use crate::number::{Points, Ratio};
use crate::scheme::file::{Channel, Every, FactDate, MeasureUnit, Several};
use crate::scheme::model::Way;

impl Builder<'_> {
    pub fn lay_scores(&mut self) {
        let inputs = self.inputs;
        let mut rows: Vec<(usize, &crate::inputs::Score)> =
            inputs.scores.iter().enumerate().collect();
        rows.sort_by(|a, b| {
            (
                &a.1.subject,
                &a.1.item,
                &a.1.part,
                a.1.order,
                &a.1.inspector,
            )
                .cmp(&(
                    &b.1.subject,
                    &b.1.item,
                    &b.1.part,
                    b.1.order,
                    &b.1.inspector,
                ))
        });
        let mut last: Option<(&str, &str, Option<&str>, BTreeSet<&str>)> = None;
        let mut before = None;
        for (row, score) in rows {
            let key = (
                score.subject.as_str(),
                score.item.as_str(),
                score.part.as_deref(),
            );
            let seen = match &mut last {
                Some((subject, item, part, seen)) if (*subject, *item, *part) == key => seen,
                _ => {
                    before = None;
                    &mut last.insert((key.0, key.1, key.2, BTreeSet::new())).3
                }
            };
            let twice = !seen.insert(score.inspector.as_str());
            if twice {
                let message = format!(
                    "`{}` has scored `{}` of `{}` twice",
                    score.inspector, score.item, score.subject
                );
                self.fault(format!("scores/{row}"), "row_twice", message);
                continue;
            }
            self.lay_score(row, score, before);
            before = Some(score.order);
        }
    }

    /// Lays out one award; `before` is the order of the one before it for the same part.
    fn lay_score(&mut self, row: usize, score: &crate::inputs::Score, before: Option<u32>) {
        let Some(subject) = self.places.get(score.subject.as_str()).copied() else {
            self.fault(
                format!("scores/{row}"),
                "unknown_subject",
                format!("`{}` takes no part in this round", score.subject),
            );
            return;
        };
        let Some((way, max)) = self.part(
            &format!("scores/{row}"),
            subject,
            &score.item,
            score.part.as_deref(),
        ) else {
            return;
        };
        let Way::Graded {
            slot,
            step,
            several,
        } = way
        else {
            self.fault(
                format!("scores/{row}"),
                "way_not_possible",
                format!("`{}` is not scored by inspectors", score.item),
            );
            return;
        };
        if several == Several::Latest && before == Some(score.order) {
            self.fault(
                format!("scores/{row}"),
                "same_order",
                format!(
                    "two inspectors awarded points for `{}` of `{}` in the same place: the latest counts, so give each its own `order`",
                    score.item, score.subject
                ),
            );
        }
        if max.is_some_and(|max| score.points > max) || score.points < Points::ZERO {
            let max = max.unwrap_or_default();
            self.fault(
                format!("scores/{row}"),
                "above_maximum",
                format!(
                    "`{}` points do not lie between 0 and the {max} of `{}`",
                    score.points, score.item
                ),
            );
        } else if !score.points.is_multiple_of(step) {
            self.fault(
                format!("scores/{row}"),
                "off_step",
                format!(
                    "`{}` points are no multiple of the step {step} of `{}`",
                    score.points, score.item
                ),
            );
        }
        if let Some(value) = self.data(subject).and_then(|data| data.slots.get_mut(slot)) {
            *value = match std::mem::take(value) {
                SlotValue::One(first) => SlotValue::Several(vec![first, score.points]),
                SlotValue::Several(mut list) => {
                    list.push(score.points);
                    SlotValue::Several(list)
                }
                _ => SlotValue::One(score.points),
            };
        }
    }

    /// The way and the maximum of an item's part for a subject, or a fault.
    fn part(
        &mut self,
        path: &str,
        subject: usize,
        item: &str,
        part: Option<&str>,
    ) -> Option<(Way, Option<Points>)> {
        let Some(place) = self.items.get(item).copied() else {
            self.unknown(path, "item", item);
            return None;
        };
        let category = self.subjects.get(subject).map(|data| data.category)?;
        let scheme = self.scheme;
        let applies = scheme
            .categories
            .get(category)
            .and_then(|c| c.item_place.get(place))
            .copied()
            .flatten()
            .is_some();
        if !applies {
            self.fault(
                path,
                "not_applicable",
                format!("the item `{item}` is not for this subject's category"),
            );
            return None;
        }
        let plan = scheme.items.get(place)?;
        let found = plan.parts.iter().find(|plan| plan.code.as_deref() == part);
        if found.is_none() {
            let message = match part {
                Some(part) => format!("the item `{item}` has no part `{part}`"),
                None => format!("the item `{item}` has parts: say which one"),
            };
            self.fault(path, "unknown_name", message);
        }
        found.map(|plan| (plan.way.clone(), plan.max))
    }

    pub fn lay_checklists(&mut self) {
        let inputs = self.inputs;
        for (row, result) in inputs.checklists.iter().enumerate() {
            let path = format!("checklists/{row}");
            let Some(subject) = self.subject(&path, &result.subject) else {
                continue;
            };
            let Some((way, _)) = self.part(&path, subject, &result.item, result.part.as_deref())
            else {
                continue;
            };
            let Way::Checklist { slot, tasks, .. } = way else {
                self.fault(
                    &path,
                    "way_not_possible",
                    format!("`{}` is not a list of tasks", result.item),
                );
                continue;
            };
            if result.tasks == 0 || result.done > result.tasks {
                self.fault(
                    &path,
                    "above_maximum",
                    format!("{} of {} tasks cannot be done", result.done, result.tasks),
                );
            }
            if tasks.is_some_and(|tasks| tasks != result.tasks) {
                self.fault(
                    &path,
                    "other_number",
                    format!(
                        "the scheme lists {} tasks here, not {}",
                        tasks.unwrap_or_default(),
                        result.tasks
                    ),
                );
            }
            let mut twice = false;
            if let Some(value) = self.data(subject).and_then(|data| data.slots.get_mut(slot)) {
                twice = !matches!(value, SlotValue::Nothing);
                *value = SlotValue::Tasks {
                    done: result.done,
                    of: result.tasks,
                };
            }
            if twice {
                self.fault(
                    &path,
                    "row_twice",
                    format!(
                        "the tasks of `{}` for `{}` are there twice",
                        result.item, result.subject
                    ),
                );
            }
        }
    }

    pub fn lay_measures(&mut self) {
        let inputs = self.inputs;
        for (row, value) in inputs.measures.iter().enumerate() {
            let path = format!("measures/{row}");
            let subject = self.subject(&path, &value.subject);
            let Some(measure) = self.measures.get(value.measure.as_str()).copied() else {
                self.unknown(&path, "measure", &value.measure);
                continue;
            };
            let Some(written) = self.scheme.file.measure.get(measure) else {
                continue;
            };
            let known = self.stretches.get(measure).cloned().unwrap_or_default();
            let stretch = match known.iter().position(|stretch| *stretch == value.period) {
                None if written.last_year && value.period == "last_year" => Some(super::LAST_YEAR),
                found => found,
            };
            if stretch.is_none() {
                let last_year = if written.last_year { ", last_year" } else { "" };
                let message = format!(
                    "`{}` is no stretch of this measure: write one of {}{last_year}",
                    value.period,
                    known.join(", ")
                );
                self.fault(&path, "unknown_period", message);
            }
            let (whole, most) = match written.unit {
                MeasureUnit::Rate => (false, Some(Ratio::one())),
                MeasureUnit::Count => (true, None),
                _ => (false, None),
            };
            let fits = !value.value.is_negative()
                && most.is_none_or(|most| value.value <= most)
                && (!whole
                    || value.value.floor().map(Ratio::from_whole) == Some(value.value.clone()));
            if !fits {
                self.fault(
                    &path,
                    "wrong_scale",
                    format!(
                        "`{}` is no value of the measure `{}`",
                        value.value, value.measure
                    ),
                );
            }
            let mut twice = false;
            if let Some((data, stretch)) =
                subject.and_then(|subject| self.data(subject)).zip(stretch)
            {
                twice = data
                    .measures
                    .insert((measure, stretch), value.value.clone())
                    .is_some();
            }
            if twice {
                self.fault(
                    &path,
                    "row_twice",
                    format!(
                        "`{}` of `{}` for `{}` is there twice",
                        value.measure, value.subject, value.period
                    ),
                );
            }
        }
    }

    pub fn lay_facts(&mut self) {
        let inputs = self.inputs;
        for (row, fact) in inputs.facts.iter().enumerate() {
            let path = format!("facts/{row}");
            let subject = self.subject(&path, &fact.subject);
            let Some(kind) = self.facts.get(fact.kind.as_str()).copied() else {
                self.unknown(&path, "kind of fact", &fact.kind);
                continue;
            };
            let Some(written) = self.scheme.file.fact.get(kind) else {
                continue;
            };
            let day = match written.dated_by {
                FactDate::Event => fact.event_on,
                FactDate::Decision => fact.decision_on,
            };
            if day.is_none() {
                let wanted = if written.dated_by == FactDate::Event {
                    "event_on"
                } else {
                    "decision_on"
                };
                self.fault(
                    &path,
                    "date_missing",
                    format!("facts of this kind are dated by `{wanted}`"),
                );
            }
            for field in &written.field {
                match fact.fields.get(&field.code) {
                    None if !field.optional => self.fault(
                        &path,
                        "field_missing",
                        format!("the field `{}` is missing", field.code),
                    ),
                    Some(value) if field.one_of.is_empty() && value.parse::<Ratio>().is_err() => {
                        self.fault(
                            &path,
                            "wrong_scale",
                            format!("`{value}` in the field `{}` is not a number", field.code),
                        );
                    }
                    Some(value)
                        if !field.one_of.is_empty()
                            && !field.one_of.iter().any(|choice| choice.code == *value) =>
                    {
                        self.fault(
                            &path,
                            "unknown_name",
                            format!("`{value}` is no value of the field `{}`", field.code),
                        );
                    }
                    _ => {}
                }
            }
            for code in fact.fields.keys() {
                if !written.field.iter().any(|field| field.code == *code) {
                    self.fault(
                        &path,
                        "unknown_name",
                        format!("facts of this kind have no field `{code}`"),
                    );
                }
            }
            if let Some(data) = subject.and_then(|subject| self.data(subject)) {
                data.facts.push(FactData {
                    kind,
                    day: day.map(|day| day.0),
                    reference: fact.reference.clone(),
                    persons: fact.persons,
                    fields: fact.fields.clone(),
                });
            }
        }
        for (row, nil) in inputs.nil_reports.iter().enumerate() {
            let path = format!("nil_reports/{row}");
            let subject = self.subject(&path, &nil.subject);
            let Some(kind) = self.facts.get(nil.kind.as_str()).copied() else {
                self.unknown(&path, "kind of fact", &nil.kind);
                continue;
            };
            if let Some(data) = subject.and_then(|subject| self.data(subject)) {
                data.nil.push(kind);
            }
        }
    }

    pub fn lay_surveys(&mut self) {
        let inputs = self.inputs;
        let scheme = self.scheme;
        let mut seen = BTreeSet::new();
        for (row, sheets) in inputs.sheets.iter().enumerate() {
            let path = format!("sheets/{row}");
            let Some((subject, survey, panel)) =
                self.stratum(&path, &sheets.subject, &sheets.survey, &sheets.panel)
            else {
                continue;
            };
            self.check_channel(&path, survey, sheets.channel);
            if !seen.insert((subject, survey, panel, sheets.channel)) {
                self.fault(&path, "row_twice", "these sheets are counted twice");
            }
            if sheets.rated > sheets.valid {
                self.fault(
                    &path,
                    "above_maximum",
                    format!(
                        "{} rated sheets cannot be among {} valid ones",
                        sheets.rated, sheets.valid
                    ),
                );
            }
            let returned = sheets
                .valid
                .checked_add(sheets.invalid)
                .and_then(|sum| sum.checked_add(sheets.replaced));
            let Some(returned) = returned else {
                self.fault(&path, "overflow", "these counts are too large");
                continue;
            };
            if let Some(data) = self.data(subject) {
                data.surveys.entry(survey).or_default().sheets.push(Sheets {
                    panel,
                    channel: sheets.channel,
                    valid: sheets.valid,
                    rated: sheets.rated,
                    returned,
                    marks: sheets.marks.clone(),
                });
            }
        }
        let mut seen = BTreeSet::new();
        for (row, tally) in inputs.tallies.iter().enumerate() {
            let path = format!("tallies/{row}");
            let Some((subject, survey, panel)) =
                self.stratum(&path, &tally.subject, &tally.survey, &tally.panel)
            else {
                continue;
            };
            let Some(plan) = scheme.surveys.get(survey) else {
                continue;
            };
            let question = plan
                .questions
                .iter()
                .position(|q| q.code.as_ref() == tally.question);
            let Some(question) = question else {
                self.unknown(&path, "rated question", &tally.question);
                continue;
            };
            let option = plan.questions.get(question).and_then(|q| {
                q.options
                    .iter()
                    .position(|(code, _, _)| code.as_ref() == tally.option)
            });
            let Some(option) = option else {
                self.unknown(&path, "option", &tally.option);
                continue;
            };
            self.check_channel(&path, survey, tally.channel);
            if !seen.insert((subject, survey, panel, tally.channel, question, option)) {
                self.fault(&path, "row_twice", "these answers are counted twice");
            }
            let cell = Cell {
                panel,
                channel: tally.channel,
                question,
                option,
                count: tally.count,
            };
            if let Some(data) = self.data(subject) {
                data.surveys.entry(survey).or_default().cells.push(cell);
            }
        }
        let mut seen = BTreeSet::new();
        for (row, turnout) in inputs.turnouts.iter().enumerate() {
            let path = format!("turnouts/{row}");
            let Some((subject, survey, panel)) =
                self.stratum(&path, &turnout.subject, &turnout.survey, &turnout.panel)
            else {
                continue;
            };
            if !seen.insert((subject, survey, panel)) {
                self.fault(&path, "row_twice", "these people are counted twice");
            }
            if let Some(data) = self.data(subject) {
                data.surveys
                    .entry(survey)
                    .or_default()
                    .turnouts
                    .push((panel, turnout.clone()));
            }
        }
        self.refuse_too_many_answers();
    }

    fn check_channel(&mut self, path: &str, survey: usize, channel: Channel) {
        let known = self
            .scheme
            .surveys
            .get(survey)
            .is_some_and(|plan| plan.channels.iter().any(|(known, _)| *known == channel));
        if !known {
            self.fault(
                path,
                "unknown_name",
                format!("the survey does not use the channel `{}`", channel.word()),
            );
        }
    }

    fn stratum(
        &mut self,
        path: &str,
        subject: &str,
        survey: &str,
        panel: &str,
    ) -> Option<(usize, usize, usize)> {
        let subject = self.subject(path, subject);
        let Some(survey_place) = self.surveys.get(survey).copied() else {
            self.unknown(path, "survey", survey);
            return None;
        };
        let found = self.scheme.surveys.get(survey_place).and_then(|plan| {
            plan.panels
                .iter()
                .position(|(code, _)| code.as_ref() == panel)
        });
        if found.is_none() {
            self.unknown(path, "panel", panel);
        }
        Some((subject?, survey_place, found?))
    }

    /// A question cannot have more answers than there are valid sheets.
    fn refuse_too_many_answers(&mut self) {
        let mut found = Vec::new();
        for data in &self.subjects {
            for (survey, counts) in &data.surveys {
                let mut sums = std::collections::BTreeMap::new();
                for cell in &counts.cells {
                    let sum: &mut u64 = sums
                        .entry((cell.panel, cell.channel, cell.question))
                        .or_default();
                    *sum = sum.saturating_add(cell.count);
                }
                for ((panel, channel, _), sum) in sums {
                    let valid: u64 = counts
                        .sheets
                        .iter()
                        .filter(|s| s.panel == panel && s.channel == channel)
                        .map(|s| s.valid)
                        .fold(0, u64::saturating_add);
                    if sum > valid {
                        let code = self
                            .scheme
                            .surveys
                            .get(*survey)
                            .map_or("", |plan| plan.code.as_ref());
                        found.push(format!("`{}` has {sum} answers to one question of `{code}`, yet {valid} valid sheets", data.code));
                    }
                }
            }
        }
        for message in found {
            self.fault("tallies", "more_answers_than_sheets", message);
        }
    }
}

/// The stretches of a period: `2026`, `2026-H1`, `2026-Q1`, `2026-01`; a single `round` for the whole.
pub(crate) fn stretches(every: Every, from: NaiveDate, to: NaiveDate) -> Vec<String> {
    let months_in = match every {
        Every::Round => return vec!["round".to_owned()],
        Every::Year => 12,
        Every::HalfYear => 6,
        Every::Quarter => 3,
        Every::Month => 1,
    };
    // Months are counted from year 0, so that stretches follow each other without a special case at new year.
    let index = |day: NaiveDate| {
        (i64::from(day.year()) * 12 + i64::from(day.month0())).div_euclid(months_in)
    };
    let (first, last) = (index(from), index(to));
    // A period of more than a century is a mistake that the row check reports; it must not fill the memory.
    (first..=last.min(first.saturating_add(1_200)))
        .map(|stretch| {
            let (year, month) = (
                (stretch * months_in).div_euclid(12),
                (stretch * months_in).rem_euclid(12),
            );
            match every {
                Every::Round | Every::Year => format!("{year:04}"),
                Every::HalfYear => format!("{year:04}-H{}", month / 6 + 1),
                Every::Quarter => format!("{year:04}-Q{}", month / 3 + 1),
                Every::Month => format!("{year:04}-{:02}", month + 1),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_has_the_quarters_that_it_touches() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        assert_eq!(
            stretches(Every::Quarter, day("2025-09-01"), day("2026-06-30")),
            ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"]
        );
        assert_eq!(
            stretches(Every::HalfYear, day("2026-01-01"), day("2026-12-31")),
            ["2026-H1", "2026-H2"]
        );
        assert_eq!(
            stretches(Every::Month, day("2026-12-01"), day("2027-01-31")),
            ["2026-12", "2027-01"]
        );
        assert_eq!(
            stretches(Every::Round, day("2026-12-01"), day("2027-01-31")),
            ["round"]
        );
    }
}
