//! A table of points and tasks done.

use std::collections::BTreeMap;

use domain::access::Action;
use domain::correction::InputKind;
use domain::id::{Id, Round};
use domain::inputs;
use entity::staff;
use sea_orm::{EntityTrait, QuerySelect};

use super::table::{Columns, Reading};
use super::{Row, RowReport, Task};
use crate::Fault;
use crate::frame::{Frame, Whom, staff_of};
use crate::freeze::Touch;
use crate::inspection::check::find_faults;
use crate::inspection::evidence::store_rows;
use crate::inspection::score::{Award, store};
use crate::inspection::{Change, Checklist, Done, Request, digest};
use crate::round::list_approved;

const COLUMNS: Columns<'_> = Columns {
    needed: &["subject", "item"],
    optional: &[
        "part",
        "period",
        "inspector",
        "points",
        "done",
        "tasks",
        "undone",
        "note",
    ],
    others: false,
};

/// What the rows say.
#[derive(Default)]
struct Rows {
    awards: Vec<Award>,
    scores: Vec<inputs::Score>,
    lists: Vec<Checklist>,
    checklists: Vec<inputs::ChecklistResult>,
    /// Rows of the table by list of the inputs.
    places: BTreeMap<&'static str, Vec<u32>>,
}

impl Task<'_> {
    /// Returns whether the rows were stored.
    pub(super) async fn scores(
        &self,
        round: Id<Round>,
        reading: &mut Reading<'_>,
    ) -> Result<bool, Fault> {
        if !self.actor.may_somewhere(Action::AwardScore) {
            return Err(Fault::Denied);
        }
        // The roster is frozen, so rows are checked before the round's row is taken: a large table takes seconds.
        let snapshot = self.service.database.begin_read().await?;
        let frame = Frame::load(&snapshot, round, Whom::Everybody).await?;
        let logins: Vec<(String, i64)> = staff::Entity::find()
            .select_only()
            .column(staff::Column::Login)
            .column(staff::Column::Id)
            .into_tuple()
            .all(&snapshot)
            .await?;
        let own_lists = list_approved(&snapshot, &frame, Whom::Everybody).await?;
        snapshot.finish().await?;
        let logins: BTreeMap<String, i64> = logins.into_iter().collect();
        frame.allow(self.actor, Action::AwardScore, reading.subjects(&frame))?;
        reading.check_columns(&COLUMNS);
        let rows = self.read_scores(&frame, &logins, reading);
        let Rows {
            awards,
            scores,
            lists,
            checklists,
            places,
        } = rows;
        let faults = find_faults(&frame, |inputs| {
            inputs.duty_lists = own_lists;
            inputs.scores = scores;
            inputs.checklists = checklists;
        })?;
        reading.add_domain_faults(faults, &places);
        if self.stops(reading) {
            return Ok(false);
        }
        let request = Request {
            actor: self.actor,
            action: Action::AwardScore,
            round,
            subjects: std::collections::BTreeSet::new(),
            touch: Touch::Change(match (awards.is_empty(), lists.is_empty()) {
                (_, true) => &[InputKind::Scores],
                (true, false) => &[InputKind::Checklists],
                (false, false) => &[InputKind::Scores, InputKind::Checklists],
            }),
        };
        let change = Change::begin(self.service, &request).await?;
        store(&change, &awards).await?;
        store_rows(&change, &lists).await?;
        let done = Done {
            action: "round.import_scores",
            digest: digest(&(&awards, &lists)),
            reason: None,
            approver: None,
        };
        change.finish(&request, done).await?;
        Ok(true)
    }

    fn read_scores(
        &self,
        frame: &Frame,
        logins: &BTreeMap<String, i64>,
        reading: &mut Reading<'_>,
    ) -> Rows {
        let subjects = frame.by_code();
        let mut rows = Rows::default();
        for row in reading.rows {
            if ["points", "done"]
                .iter()
                .all(|column| reading.cell(row, column).is_none())
            {
                continue;
            }
            reading.used += 1;
            let (Some(code), Some(item)) =
                (reading.need(row, "subject"), reading.need(row, "item"))
            else {
                continue;
            };
            // Whoever takes no part is reported by the domain, at the row.
            let subject = subjects.get(code).map_or(0, |one| one.id);
            let part = reading.cell(row, "part").unwrap_or_default();
            if reading.cell(row, "done").is_some() {
                let done = reading.parse(row, "done");
                reading.need(row, "tasks");
                let tasks = reading.parse(row, "tasks");
                let undone = read_undone(reading, row);
                let (Some(done), Some(tasks), Some(undone)) = (done, tasks, undone) else {
                    continue;
                };
                let list = Checklist {
                    subject: Id::new(subject),
                    item: item.to_owned(),
                    part: Some(part.to_owned()).filter(|part| !part.is_empty()),
                    done,
                    tasks,
                    undone: undone.clone(),
                };
                rows.checklists.push(inputs::ChecklistResult {
                    subject: code.to_owned(),
                    item: item.to_owned(),
                    part: list.part.clone(),
                    done,
                    tasks,
                    undone,
                });
                rows.lists.push(list);
                rows.places
                    .entry("checklists")
                    .or_default()
                    .push(row.number);
                continue;
            }
            let inspector = match self.inspector(logins, reading.cell(row, "inspector")) {
                Ok(inspector) => Some(inspector),
                Err((what, mend)) => {
                    reading.fault(RowReport {
                        row: row.number,
                        column: Some("inspector".to_owned()),
                        code: "INSPECTOR_UNKNOWN".to_owned(),
                        what: what.to_owned(),
                        mend: mend.to_owned(),
                    });
                    None
                }
            };
            let points = reading.parse(row, "points");
            let (Some(inspector), Some(points)) = (inspector, points) else {
                continue;
            };
            let award = Award {
                subject,
                item: item.to_owned(),
                part: part.to_owned(),
                period: reading.cell(row, "period").unwrap_or_default().to_owned(),
                inspector,
                points,
                note: reading.cell(row, "note").map(str::to_owned),
            };
            rows.scores.push(award.to_input(code));
            rows.awards.push(award);
            rows.places.entry("scores").or_default().push(row.number);
        }
        rows
    }

    /// Whose points a row holds: those of the person named, which only the command line may do for others.
    fn inspector(
        &self,
        logins: &BTreeMap<String, i64>,
        login: Option<&str>,
    ) -> Result<i64, (&'static str, &'static str)> {
        let own = staff_of(self.actor).map(Id::number);
        let named = login.map(|login| logins.get(login).copied());
        match (named, own) {
            (None, Some(own)) => Ok(own),
            (None, None) => Err((
                "nobody is named as inspector",
                "write the login of whoever awarded the points",
            )),
            (Some(None), _) => Err((
                "there is no account with this login",
                "write the login of an account",
            )),
            (Some(Some(named)), Some(own)) if named != own => Err((
                "these points are another inspector's",
                "let them import their own, or import on the command line",
            )),
            (Some(Some(named)), _) => Ok(named),
        }
    }
}

/// The numbers of the tasks that are not done, none where the cell is empty.
fn read_undone(reading: &mut Reading<'_>, row: &Row) -> Option<Vec<u32>> {
    const BETWEEN: [char; 7] = [';', '；', '、', ',', '，', ' ', '\n'];
    let cell = reading.cell(row, "undone").unwrap_or_default();
    let numbers = cell.split(BETWEEN).filter(|number| !number.is_empty());
    let undone: Result<Vec<u32>, _> = numbers.map(str::parse).collect();
    if undone.is_err() {
        let shown: String = cell.chars().take(40).collect();
        reading.fault(RowReport {
            row: row.number,
            column: Some("undone".to_owned()),
            code: "CELL_UNREADABLE".to_owned(),
            what: format!("`{shown}` is no list of numbers"),
            mend: "write the numbers of the tasks that are not done, such as `2, 5`".to_owned(),
        });
    }
    undone.ok()
}
