//! A table of subjects. Which of them take part in a round is decided when it opens; what they are stays from then on.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Scope};
use domain::id::Id;
use entity::{region, round_subject, subject};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};

use super::table::{Columns, Reading};
use super::{RowReport, Task};
use crate::inspection::digest;
use crate::text::Refusals;
use crate::{Fault, audit, fault};

const COLUMNS: Columns<'_> = Columns {
    needed: &["code", "kind", "category", "region", "name", "name_en"],
    optional: &[],
    others: false,
};

/// Rows of one statement: seven values each, below what SQLite binds at once.
const ROWS: usize = 4_000;

/// A subject that is there already, and whether it is on the roster of any round.
type Known = BTreeMap<String, (subject::Model, bool)>;

impl Task<'_> {
    /// Returns whether the rows were stored.
    pub(super) async fn roster(&self, reading: &mut Reading<'_>) -> Result<bool, Fault> {
        if !self.actor.may_somewhere(Action::ChangeRoster) {
            return Err(Fault::Denied);
        }
        let regions = region::Entity::find()
            .all(&self.service.database.reader())
            .await?;
        reading.check_columns(&COLUMNS);
        let codes: BTreeSet<&str> = (reading.rows.iter())
            .filter_map(|row| reading.cell(row, "code"))
            .collect();
        let known = find_known(&self.service.database.reader(), &codes).await?;
        let rows = self.read_subjects((&regions, &known), reading)?;
        if self.stops(reading) {
            return Ok(false);
        }
        let now = self.service.clock.now();
        let transaction = self.service.database.begin_write().await?;
        if find_known(&transaction, &codes).await? != known {
            return Err(Fault::Conflict);
        }
        let digest = digest(&rows);
        let (changed, added): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| {
            let code = row.code.try_as_ref();
            code.is_some_and(|code| known.contains_key(code))
        });
        let conflict = OnConflict::column(subject::Column::Code)
            .update_columns([
                subject::Column::Kind,
                subject::Column::Category,
                subject::Column::RegionId,
                subject::Column::Name,
                subject::Column::NameEn,
            ])
            .to_owned();
        for part in added.chunks(ROWS) {
            subject::Entity::insert_many(part.to_vec())
                .exec_without_returning(&transaction)
                .await
                .map_err(|error| {
                    if fault::is_duplicate(&error) {
                        Fault::Conflict
                    } else {
                        error.into()
                    }
                })?;
        }
        for part in changed.chunks(ROWS) {
            subject::Entity::insert_many(part.to_vec())
                .on_conflict(conflict.clone())
                .exec_without_returning(&transaction)
                .await?;
        }
        audit::append(
            &transaction,
            &audit::Entry {
                at: now,
                who: &crate::frame::who(self.actor),
                action: "subject.import",
                object: "roster",
                after: Some(digest),
                ..audit::Entry::default()
            },
        )
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    fn read_subjects(
        &self,
        (regions, known): (&[region::Model], &Known),
        reading: &mut Reading<'_>,
    ) -> Result<Vec<subject::ActiveModel>, Fault> {
        let by_code: BTreeMap<&str, i64> = regions
            .iter()
            .map(|row| (row.code.as_str(), row.id))
            .collect();
        let mut seen = BTreeSet::new();
        let mut rows = Vec::with_capacity(reading.rows.len());
        for row in reading.rows {
            reading.used += 1;
            let [code, kind, category, region, name, name_en] =
                ["code", "kind", "category", "region", "name", "name_en"]
                    .map(|column| reading.need(row, column));
            let (Some(code), Some(kind), Some(category), Some(region)) =
                (code, kind, category, region)
            else {
                continue;
            };
            let fault = |column: &str, code: &str, what: String, mend: &str| RowReport {
                row: row.number,
                column: Some(column.to_owned()),
                code: code.to_owned(),
                what,
                mend: mend.to_owned(),
            };
            if !seen.insert(code) {
                reading.fault(fault(
                    "code",
                    "ROW_TWICE",
                    format!("`{code}` is in the table twice"),
                    "keep one of the rows",
                ));
                continue;
            }
            let Some(kind) = kind_of(kind) else {
                reading.fault(fault(
                    "kind",
                    "CELL_UNREADABLE",
                    format!("`{kind}` is no kind of subject"),
                    "write `unit`, `team`, `person` or `family`",
                ));
                continue;
            };
            let Some(region) = by_code.get(region).copied() else {
                reading.fault(fault(
                    "region",
                    "UNKNOWN_REGION",
                    format!("there is no region `{region}`"),
                    "add the region first, or use the code of one that there is",
                ));
                continue;
            };
            // Where it is to be, and where it was: a grant takes in both.
            self.allow(regions, region, category)?;
            if let Some((before, takes_part)) = known.get(code) {
                self.allow(regions, before.region_id, &before.category)?;
                if *takes_part && before.kind != kind {
                    reading.fault(fault(
                        "kind",
                        "KIND_FIXED",
                        format!("`{code}` takes part in a round as what it is"),
                        "leave its kind as it was, or add another subject with a code of its own",
                    ));
                    continue;
                }
            }
            let (Some(name), Some(name_en)) = (name, name_en) else {
                continue;
            };
            let mut unfit = Refusals::default();
            unfit.code("code", code);
            unfit.code("category", category);
            let (name, name_en) = (unfit.name("name", name), unfit.name("name_en", name_en));
            let unfit = unfit.into_list();
            if !unfit.is_empty() {
                for refusal in unfit {
                    let column = refusal.path.last().map_or("", String::as_str);
                    reading.fault(fault(
                        column,
                        &refusal.code,
                        refusal.message.clone(),
                        "correct the cell",
                    ));
                }
                continue;
            }
            rows.push(subject::ActiveModel {
                id: Set(self.service.ids.draw()?),
                code: Set(code.to_owned()),
                kind: Set(kind),
                category: Set(category.to_owned()),
                region_id: Set(region),
                name: Set(name),
                name_en: Set(name_en),
            });
        }
        Ok(rows)
    }

    fn allow(&self, regions: &[region::Model], region: i64, category: &str) -> Result<(), Fault> {
        let parents: BTreeMap<i64, Option<i64>> =
            regions.iter().map(|row| (row.id, row.parent_id)).collect();
        let mut line = Vec::new();
        let mut next = Some(region);
        while let Some(id) = next.filter(|_| line.len() <= parents.len()) {
            line.push(Id::new(id));
            next = parents.get(&id).copied().flatten();
        }
        let scope = Scope {
            regions: &line,
            category: Some(category),
            round: None,
            ..Scope::default()
        };
        if self.actor.may(Action::ChangeRoster, &scope) {
            Ok(())
        } else {
            Err(Fault::Denied)
        }
    }
}

async fn find_known(
    connection: &impl ConnectionTrait,
    codes: &BTreeSet<&str>,
) -> Result<Known, Fault> {
    let codes: Vec<&str> = codes.iter().copied().collect();
    let mut known = BTreeMap::new();
    for part in codes.chunks(ROWS) {
        let rows = subject::Entity::find()
            .filter(subject::Column::Code.is_in(part.iter().copied()))
            .all(connection)
            .await?;
        let taking_part: Vec<i64> = round_subject::Entity::find()
            .select_only()
            .column(round_subject::Column::SubjectId)
            .distinct()
            .filter(round_subject::Column::SubjectId.is_in(rows.iter().map(|row| row.id)))
            .into_tuple()
            .all(connection)
            .await?;
        let taking_part: BTreeSet<i64> = taking_part.into_iter().collect();
        known.extend(rows.into_iter().map(|row| {
            let takes_part = taking_part.contains(&row.id);
            (row.code.clone(), (row, takes_part))
        }));
    }
    Ok(known)
}

fn kind_of(word: &str) -> Option<subject::Kind> {
    Some(match word {
        "unit" | "单位" => subject::Kind::Unit,
        "team" | "领导班子" => subject::Kind::Team,
        "person" | "个人" => subject::Kind::Person,
        "family" | "家庭" => subject::Kind::Family,
        _ => return None,
    })
}
