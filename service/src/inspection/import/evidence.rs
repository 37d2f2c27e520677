//! Tables of measures and of facts.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Action;
use domain::correction::InputKind;
use domain::id::{Id, Round};
use domain::inputs;

use super::table::{Columns, Reading};
use super::{RowReport, Task};
use crate::Fault;
use crate::frame::{Frame, Whom};
use crate::freeze::Touch;
use crate::inspection::check::find_faults;
use crate::inspection::evidence::store_rows;
use crate::inspection::fact::{self, touch_rounds_of};
use crate::inspection::{Change, Done, FactDraft, FactStatus, Measure, Request, digest};

const MEASURES: Columns<'_> = Columns {
    needed: &["subject", "measure", "period", "value"],
    optional: &[],
    others: false,
};

const FACTS: Columns<'_> = Columns {
    needed: &["subject", "kind", "reference"],
    optional: &["event_on", "decision_on", "persons", "status"],
    others: true,
};

impl Task<'_> {
    /// Returns whether the rows were stored.
    pub(super) async fn measures(
        &self,
        round: Id<Round>,
        reading: &mut Reading<'_>,
    ) -> Result<bool, Fault> {
        let frame = self.frame(round, reading).await?;
        reading.check_columns(&MEASURES);
        let subjects = frame.by_code();
        let (mut rows, mut inputs, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for row in reading.rows {
            // A template row that nobody filled in.
            if reading.cell(row, "value").is_none() {
                continue;
            }
            reading.used += 1;
            let (Some(code), Some(measure), Some(period)) = (
                reading.need(row, "subject"),
                reading.need(row, "measure"),
                reading.need(row, "period"),
            ) else {
                continue;
            };
            let Some(value) = reading.parse::<domain::number::Ratio>(row, "value") else {
                continue;
            };
            inputs.push(inputs::MeasureValue {
                subject: code.to_owned(),
                measure: measure.to_owned(),
                period: period.to_owned(),
                value: value.clone(),
            });
            rows.push(Measure {
                subject: Id::new(subjects.get(code).map_or(0, |one| one.id)),
                measure: measure.to_owned(),
                period: period.to_owned(),
                value,
            });
            places.push(row.number);
        }
        let faults = find_faults(&frame, |all| all.measures = inputs)?;
        reading.add_domain_faults(faults, &BTreeMap::from([("measures", places)]));
        if self.stops(reading) {
            return Ok(false);
        }
        let request = self.request(round, &[InputKind::Measures]);
        let change = Change::begin(self.service, &request).await?;
        store_rows(&change, &rows).await?;
        let done = Done {
            action: "round.import_measures",
            digest: digest(&rows),
            reason: None,
            approver: None,
        };
        change.finish(&request, done).await?;
        Ok(true)
    }

    /// Returns whether the rows were stored.
    pub(super) async fn facts(
        &self,
        round: Id<Round>,
        reading: &mut Reading<'_>,
    ) -> Result<bool, Fault> {
        let frame = self.frame(round, reading).await?;
        reading.check_columns(&FACTS);
        let (drafts, places, codes) = read_facts(&frame, reading);
        let faults = find_faults(&frame, |all| {
            all.facts = drafts
                .iter()
                .zip(&codes)
                .map(|(draft, code)| draft.to_input(code))
                .collect();
        })?;
        reading.add_domain_faults(faults, &BTreeMap::from([("facts", places.clone())]));
        if self.stops(reading) {
            return Ok(false);
        }
        let request = self.request(round, &[InputKind::Facts]);
        let change = Change::begin(self.service, &request).await?;
        match fact::store(self.service, self.actor, &change, &drafts).await {
            Ok(_) => {}
            Err(Fault::Refused(refusals)) => {
                change.transaction.rollback().await?;
                reading.add_refusals(refusals, &places);
                return Ok(false);
            }
            Err(fault) => return Err(fault),
        }
        let subjects: BTreeSet<i64> = drafts.iter().map(|one| one.subject.number()).collect();
        let subjects: Vec<i64> = subjects.into_iter().collect();
        // Below the number of values that SQLite binds in one statement.
        for part in subjects.chunks(20_000) {
            let part = part.iter().copied().collect();
            touch_rounds_of(&change.transaction, &part, change.now).await?;
        }
        let done = Done {
            action: "round.import_facts",
            digest: digest(&drafts),
            reason: None,
            approver: None,
        };
        change.finish(&request, done).await?;
        Ok(true)
    }

    /// The round, for those who may report about everybody that the table names.
    async fn frame(&self, round: Id<Round>, reading: &Reading<'_>) -> Result<Frame, Fault> {
        if !self.actor.may_somewhere(Action::ReportEvidence) {
            return Err(Fault::Denied);
        }
        let snapshot = self.service.database.begin_read().await?;
        let frame = Frame::load(&snapshot, round, Whom::Everybody).await?;
        snapshot.finish().await?;
        let subjects = reading.subjects(&frame);
        frame.allow(self.actor, Action::ReportEvidence, subjects)?;
        Ok(frame)
    }

    fn request(&self, round: Id<Round>, kinds: &'static [InputKind]) -> Request<'_> {
        Request {
            actor: self.actor,
            action: Action::ReportEvidence,
            round,
            subjects: BTreeSet::new(),
            touch: Touch::Change(kinds),
        }
    }
}

/// Drafts, the rows that they stand in, and the codes of their subjects.
fn read_facts(frame: &Frame, reading: &mut Reading<'_>) -> (Vec<FactDraft>, Vec<u32>, Vec<String>) {
    let subjects = frame.by_code();
    let others = reading.other_columns(&FACTS);
    let (mut drafts, mut places, mut codes) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for row in reading.rows {
        reading.used += 1;
        let (Some(code), Some(kind), Some(reference)) = (
            reading.need(row, "subject"),
            reading.need(row, "kind"),
            reading.need(row, "reference"),
        ) else {
            continue;
        };
        if !seen.insert((code, kind, reference)) {
            reading.fault(RowReport {
                row: row.number,
                column: Some("reference".to_owned()),
                code: "ROW_TWICE".to_owned(),
                what: "this case is in the table twice".to_owned(),
                mend: "keep one of the rows".to_owned(),
            });
        }
        let status = match reading.cell(row, "status") {
            None | Some("reported" | "上报") => FactStatus::Reported,
            Some("confirmed" | "核实") => FactStatus::Confirmed,
            Some(other) => {
                let shown: String = other.chars().take(40).collect();
                reading.fault(RowReport {
                    row: row.number,
                    column: Some("status".to_owned()),
                    code: "CELL_UNREADABLE".to_owned(),
                    what: format!("`{shown}` is no status of a fact"),
                    mend: "write `reported` or `confirmed`".to_owned(),
                });
                continue;
            }
        };
        let persons = match reading.cell(row, "persons") {
            None => Some(1),
            Some(_) => reading.parse(row, "persons"),
        };
        let Some(persons) = persons else { continue };
        let fields = others
            .iter()
            .filter_map(|name| {
                let value = reading.cell(row, name)?;
                Some(((*name).to_owned(), value.to_owned()))
            })
            .collect();
        drafts.push(FactDraft {
            subject: Id::new(subjects.get(code).map_or(0, |one| one.id)),
            kind: kind.to_owned(),
            event_on: reading.parse(row, "event_on"),
            decision_on: reading.parse(row, "decision_on"),
            fields,
            persons,
            reference: reference.to_owned(),
            status,
        });
        places.push(row.number);
        codes.push(code.to_owned());
    }
    (drafts, places, codes)
}
