//! What a correction is decided by: the inputs of the revision that is corrected, with what was named as it lies now.

use std::collections::{BTreeMap, BTreeSet};

use domain::correction::{
    Carried, CarriedKind, InputKind, Later, Source, freeze, list_carried, list_sources,
};
use domain::inputs::Inputs;
use domain::outcome::Gap;
use entity::{carried_confirmation, revision, subject};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    Statement, Value,
};

use super::load::Loaded;
use crate::{Fault, Refusal};

/// What is carried over to the next revision of a round.
#[derive(Debug)]
pub(crate) struct Correction {
    /// The number of the revision that is corrected.
    pub revision: i64,
    /// What people decided for it and what stands as it stood.
    pub carried: BTreeSet<Carried>,
    /// What of it nobody has confirmed.
    pub unconfirmed: BTreeSet<Carried>,
}

impl Loaded {
    /// Puts what is not named back to how the revision holds it that is corrected. Three statements.
    pub(super) async fn hold(
        &mut self,
        connection: &impl ConnectionTrait,
        number: i64,
        named: &BTreeSet<InputKind>,
    ) -> Result<(), Fault> {
        let kept = read_inputs(connection, (self.frame.round.id, number)).await?;
        self.refuse_other_codes(connection, &kept).await?;
        let live = std::mem::replace(&mut self.inputs, kept.clone());
        let carried = list_carried(&kept, &live);
        let confirmed = self.list_confirmed(connection, number).await?;
        self.inputs = freeze(live, kept, named);
        self.inputs.sort();
        self.correction = Some(Correction {
            revision: number,
            unconfirmed: carried.difference(&confirmed).cloned().collect(),
            carried,
        });
        Ok(())
    }

    /// What was kept is told apart by codes: under another one it would be about nobody.
    async fn refuse_other_codes(
        &self,
        connection: &impl ConnectionTrait,
        kept: &Inputs,
    ) -> Result<(), Fault> {
        let known = self.frame.by_code();
        let missing: Vec<&str> = (kept.subjects.iter())
            .map(|one| one.code.as_str())
            .filter(|code| !known.contains_key(code))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let found: Vec<String> = subject::Entity::find()
            .select_only()
            .column(subject::Column::Code)
            .filter(subject::Column::Code.is_in(missing.iter().copied()))
            .into_tuple()
            .all(connection)
            .await?;
        let gone = missing
            .iter()
            .find(|code| !found.iter().any(|one| one == *code));
        gone.map_or(Ok(()), |code| {
            let message = format!(
                "a subject had the code `{code}` when the round was closed and has another by now: give that one back until the correction is closed"
            );
            Err(Fault::refused(
                Refusal::new("CODE_CHANGED", message).at(["round", code]),
            ))
        })
    }

    async fn list_confirmed(
        &self,
        connection: &impl ConnectionTrait,
        number: i64,
    ) -> Result<BTreeSet<Carried>, Fault> {
        let rows = carried_confirmation::Entity::find()
            .filter(carried_confirmation::Column::RoundId.eq(self.frame.round.id))
            .filter(carried_confirmation::Column::Revision.eq(number))
            .all(connection)
            .await?;
        let confirmed = rows.into_iter().filter_map(|row| {
            Some(Carried {
                kind: CarriedKind::find(&row.kind)?,
                subject: self.frame.code(row.subject_id)?.to_owned(),
                place: row.place,
            })
        });
        Ok(confirmed.collect())
    }

    /// What is carried over and not confirmed: each keeps the round from being closed again.
    pub(super) fn unconfirmed(&self) -> Vec<Gap> {
        let unconfirmed = self.correction.iter().flat_map(|one| &one.unconfirmed);
        let mut gaps: Vec<Gap> = unconfirmed.map(Carried::to_gap).collect();
        gaps.sort();
        gaps
    }
}

/// The inputs of a revision, as they were frozen. One statement.
pub(super) async fn read_inputs(
    connection: &impl ConnectionTrait,
    key: (i64, i64),
) -> Result<Inputs, Fault> {
    let kept: Option<String> = revision::Entity::find_by_id(key)
        .select_only()
        .column(revision::Column::Inputs)
        .into_tuple()
        .one(connection)
        .await?;
    let kept = kept.ok_or_else(|| Fault::internal("the inputs of a revision are gone"))?;
    Inputs::parse(&kept).map_err(Fault::internal)
}

#[derive(FromQueryResult)]
struct LatestRow {
    code: String,
    latest: i64,
    correcting: Option<i64>,
}

/// The revisions of other rounds that these inputs rest on and that are the latest no more. One statement, none where
/// they rest on nothing.
pub(super) async fn list_outdated(
    connection: &impl ConnectionTrait,
    inputs: &Inputs,
) -> Result<Vec<Gap>, Fault> {
    let sources = list_sources(inputs);
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let codes: BTreeSet<&str> = sources.iter().map(|one| one.round.as_str()).collect();
    let places: Vec<String> = (1..=codes.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT round.code, max(revision.number) AS latest, max(round.correcting) AS correcting
         FROM round JOIN revision ON revision.round_id = round.id WHERE round.code IN ({}) GROUP BY round.code",
        places.join(", ")
    );
    let values: Vec<Value> = codes.into_iter().map(Value::from).collect();
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = LatestRow::find_by_statement(statement)
        .all(connection)
        .await?;
    let mut by_code = BTreeMap::new();
    for row in rows {
        let latest = u32::try_from(row.latest).map_err(Fault::internal)?;
        by_code.insert(row.code, (latest, row.correcting.is_some()));
    }
    let outdated = |source: &Source| {
        let (latest, reopened) = *by_code.get(&source.round)?;
        let later = if latest > source.revision {
            Later::Revision(latest)
        } else if reopened {
            Later::UnderWay
        } else {
            return None;
        };
        Some(source.to_gap(later))
    };
    Ok(sources.iter().filter_map(outdated).collect())
}
