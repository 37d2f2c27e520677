//! A table of tasks that subjects have of their own (责任清单), one row for each task.

use std::collections::BTreeMap;

use domain::access::Action;
use domain::id::{Id, Round};
use entity::subject;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::Task;
use super::table::{Columns, Reading};
use crate::Fault;
use crate::inspection::Put;
use crate::permit::ask_somewhere;
use crate::round::DutyList;

const COLUMNS: Columns<'_> = Columns {
    needed: &["subject", "item", "task"],
    optional: &["part"],
    others: false,
};

/// Whose list it is: the code of the subject, the item and the part.
type Owner<'a> = (&'a str, &'a str, &'a str);

impl Task<'_> {
    /// Returns whether the rows were stored. A dry run looks at the cells alone, since a draft has no roster yet.
    pub(super) async fn duty_lists(
        &self,
        round: Id<Round>,
        reading: &mut Reading<'_>,
    ) -> Result<bool, Fault> {
        ask_somewhere(self.actor, Action::ChangeRound)?;
        reading.check_columns(&COLUMNS);
        let mut lists: BTreeMap<Owner<'_>, (u32, Vec<String>)> = BTreeMap::new();
        for row in reading.rows {
            reading.used += 1;
            let (Some(code), Some(item), Some(task)) = (
                reading.need(row, "subject"),
                reading.need(row, "item"),
                reading.need(row, "task"),
            ) else {
                continue;
            };
            let part = reading.cell(row, "part").unwrap_or_default();
            let (_, tasks) = lists
                .entry((code, item, part))
                .or_insert_with(|| (row.number, Vec::new()));
            tasks.push(task.to_owned());
        }
        let codes: Vec<&str> = lists.keys().map(|(code, ..)| *code).collect();
        let subjects = self.find_subjects(codes).await?;
        let rows: Vec<u32> = lists.values().map(|(row, _)| *row).collect();
        if self.stops(reading) {
            return Ok(false);
        }
        let changes = lists.into_iter().map(|((code, item, part), (_, tasks))| {
            Put::Put(DutyList {
                // Nobody has the id 0: that such a subject is unknown is said at its row.
                subject: Id::new(subjects.get(code).copied().unwrap_or(0)),
                item: item.to_owned(),
                part: Some(part.to_owned()).filter(|part| !part.is_empty()),
                tasks,
            })
        });
        let stored = self
            .service
            .store_duty_lists(self.actor, round, changes.collect())
            .await;
        match stored {
            Ok(()) => Ok(true),
            Err(Fault::Refused(refusals)) if refusals.iter().all(|one| one.path.len() > 1) => {
                reading.add_refusals(refusals, &rows);
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn find_subjects(&self, mut codes: Vec<&str>) -> Result<BTreeMap<String, i64>, Fault> {
        codes.dedup();
        let mut found = BTreeMap::new();
        // Below the number of values that SQLite binds in one statement.
        for part in codes.chunks(20_000) {
            let rows: Vec<(String, i64)> = subject::Entity::find()
                .select_only()
                .columns([subject::Column::Code, subject::Column::Id])
                .filter(subject::Column::Code.is_in(part.iter().copied()))
                .into_tuple()
                .all(&self.service.database.reader())
                .await?;
            found.extend(rows);
        }
        Ok(found)
    }
}
