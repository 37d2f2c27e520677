//! The revisions of a round: which there are, what each rests on, and in what two of them differ.

use std::collections::BTreeMap;

use domain::access::{Action, Actor};
use domain::correction::{Source, list_sources};
use domain::id::{Id, Round};
use domain::inputs::Inputs;
use domain::outcome::Outcome;
use domain::trial::{Changed, changed};
use entity::{revision, revision_source, round};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QuerySelect, Statement,
};

use super::Revision;
use super::store::Head;
use crate::database::WriteTransaction;
use crate::decision::Vocabulary;
use crate::frame::{Frame, Whom};
use crate::round::ask_for;
use crate::standing::{find_source, list_shown};
use crate::{Fault, Refusal, Service};

/// A revision of another round that the standing one of a round rests on, though it was or is being corrected. Nothing
/// is recomputed by itself: somebody looks at it, and reopens the round that rests on it where that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutdatedSource {
    /// The round that rests on it.
    pub round: Id<Round>,
    /// Its code.
    pub code: String,
    /// The round that it rests on.
    pub source: Id<Round>,
    /// The code of that.
    pub source_code: String,
    /// The revision that was used.
    pub used: u32,
    /// The latest one.
    pub latest: u32,
    /// Whether that round is reopened just now.
    pub reopened: bool,
}

/// In what two revisions of a round differ.
#[derive(Debug)]
pub struct Difference {
    /// Whom they treat otherwise, by code, and what makes the difference.
    pub changed: Vec<Changed>,
    /// Rows of inputs that only one of them has, by list.
    pub inputs: Vec<InputDifference>,
    /// What puts it into words.
    pub words: Vocabulary,
}

/// A row of inputs that only one of two revisions has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputDifference {
    /// The list of the inputs, such as `scores`.
    pub list: String,
    /// Whether the later one has it; else the earlier one had it.
    pub is_new: bool,
    /// The row, as canonical JSON.
    pub row: String,
}

#[derive(FromQueryResult)]
struct OutdatedRow {
    round_id: i64,
    code: String,
    source_id: i64,
    source_code: String,
    used: i64,
    latest: i64,
    reopened: i64,
}

impl Service {
    /// The revisions of a round that this actor may see, the first one first. Three statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`], also where this actor may not see the results.
    pub async fn list_revisions(
        &self,
        actor: &Actor,
        id: Id<Round>,
    ) -> Result<Vec<Revision>, Fault> {
        let reading = self.database.begin_read().await?;
        let shown = list_shown(&reading, actor, id).await?;
        let heads = list_heads(&reading, id).await?;
        reading.finish().await?;
        let seen = heads.into_iter().rev();
        Ok(seen.filter(|one| shown.contains(&one.number)).collect())
    }

    /// What the standing revision of a round rests on though it was corrected since. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_outdated_sources(
        &self,
        actor: &Actor,
        id: Id<Round>,
    ) -> Result<Vec<OutdatedSource>, Fault> {
        ask_for(actor, Action::ReadRound, id)?;
        list_outdated(&self.database.reader(), "used.round_id = $1", id).await
    }

    /// Rounds that this actor may read and whose standing revision rests on a revision of this one that was corrected since,
    /// or is being corrected. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_resting_on(
        &self,
        actor: &Actor,
        id: Id<Round>,
    ) -> Result<Vec<OutdatedSource>, Fault> {
        ask_for(actor, Action::ReadRound, id)?;
        let all = list_outdated(&self.database.reader(), "used.source_round_id = $1", id).await?;
        let may_read = |one: &OutdatedSource| ask_for(actor, Action::ReadRound, one.round).is_ok();
        Ok(all.into_iter().filter(may_read).collect())
    }

    /// In what a later revision of a round differs from an earlier one.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REVISION_UNKNOWN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn compare_revisions(
        &self,
        actor: &Actor,
        id: Id<Round>,
        (earlier, later): (u32, u32),
    ) -> Result<Difference, Fault> {
        ask_for(actor, Action::ReadEvidence, id)?;
        let reading = self.database.begin_long_read().await?;
        find_source(&reading, actor, (id, None)).await?;
        let frame = Frame::load(&reading, id, Whom::Everybody).await?;
        let before = read_documents(&reading, id, earlier).await?;
        let after = read_documents(&reading, id, later).await?;
        reading.finish().await?;
        let words = Vocabulary {
            scheme: frame.scheme.clone(),
            names: (frame.participants.values())
                .map(|one| (one.code.clone(), one.name.clone()))
                .collect(),
        };
        let compared = tokio::task::spawn_blocking(move || {
            Ok::<_, Fault>(Difference {
                changed: changed(&before.1, &after.1),
                inputs: compare_inputs(&before.0, &after.0)?,
                words,
            })
        });
        compared.await.map_err(Fault::internal)?
    }
}

/// A revision that a round must have.
pub(super) fn unknown_revision(number: u32) -> Fault {
    let message = format!("this round has no revision {number}: name one that it has");
    Fault::refused(Refusal::new("REVISION_UNKNOWN", message).at(["revision"]))
}

/// The revisions of a round, the last one first, without their documents. One statement.
pub(crate) async fn list_heads(
    connection: &impl ConnectionTrait,
    id: Id<Round>,
) -> Result<Vec<Revision>, Fault> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT round_id, number, engine_version, inputs_digest, outcome_digest, closed_at, closed_by, reason,
             combined_roles
         FROM revision WHERE round_id = $1 ORDER BY number DESC",
        [id.number().into()],
    );
    let rows = Head::find_by_statement(statement).all(connection).await?;
    rows.into_iter().map(Head::read).collect()
}

/// What a revision was decided by, and what came of it. One statement.
pub(super) async fn read_documents(
    connection: &impl ConnectionTrait,
    id: Id<Round>,
    number: u32,
) -> Result<(Inputs, Outcome), Fault> {
    let found: Option<(String, String)> =
        revision::Entity::find_by_id((id.number(), i64::from(number)))
            .select_only()
            .columns([revision::Column::Inputs, revision::Column::Outcome])
            .into_tuple()
            .one(connection)
            .await?;
    let (inputs, outcome) = found.ok_or_else(|| unknown_revision(number))?;
    Ok((
        Inputs::parse(&inputs).map_err(Fault::internal)?,
        serde_json::from_str(&outcome).map_err(Fault::internal)?,
    ))
}

/// Rows of every list that only one of two documents holds.
fn compare_inputs(before: &Inputs, after: &Inputs) -> Result<Vec<InputDifference>, Fault> {
    let lists = |inputs: &Inputs| -> Result<BTreeMap<String, Vec<String>>, Fault> {
        let value = serde_json::to_value(inputs).map_err(Fault::internal)?;
        let fields = value.as_object().into_iter().flatten();
        let written = fields.map(|(list, rows)| {
            let rows = match rows {
                serde_json::Value::Array(rows) => rows.clone(),
                other => vec![other.clone()],
            };
            let rows: Result<Vec<String>, _> = rows
                .iter()
                .map(serde_json_canonicalizer::to_string)
                .collect();
            Ok((list.clone(), rows.map_err(Fault::internal)?))
        });
        written.collect()
    };
    let (before, after) = (lists(before)?, lists(after)?);
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for list in names {
        let rows = |side: &BTreeMap<String, Vec<String>>| -> std::collections::BTreeSet<String> {
            side.get(list).into_iter().flatten().cloned().collect()
        };
        let (old, new) = (rows(&before), rows(&after));
        for (is_new, row) in (old.difference(&new).map(|row| (false, row)))
            .chain(new.difference(&old).map(|row| (true, row)))
        {
            found.push(InputDifference {
                list: list.clone(),
                is_new,
                row: row.clone(),
            });
        }
    }
    Ok(found)
}

/// Stores what a revision rests on. Two statements, none where it rests on nothing.
pub(super) async fn insert_sources(
    transaction: &WriteTransaction,
    (round_id, number): (i64, i64),
    inputs: &Inputs,
) -> Result<(), Fault> {
    let sources = list_sources(inputs);
    if sources.is_empty() {
        return Ok(());
    }
    let codes = sources.iter().map(|one| one.round.as_str());
    let ids: Vec<(String, i64)> = round::Entity::find()
        .select_only()
        .columns([round::Column::Code, round::Column::Id])
        .filter(round::Column::Code.is_in(codes))
        .into_tuple()
        .all(transaction)
        .await?;
    let ids: BTreeMap<String, i64> = ids.into_iter().collect();
    let row = |source: &Source| {
        Some(revision_source::ActiveModel {
            round_id: Set(round_id),
            revision: Set(number),
            source_round_id: Set(*ids.get(&source.round)?),
            source_revision: Set(source.revision.into()),
        })
    };
    let rows: Vec<_> = sources.iter().filter_map(row).collect();
    if !rows.is_empty() {
        revision_source::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

async fn list_outdated(
    connection: &impl ConnectionTrait,
    condition: &'static str,
    id: Id<Round>,
) -> Result<Vec<OutdatedSource>, Fault> {
    let sql = format!(
        "SELECT used.round_id, round.code, source.id AS source_id, source.code AS source_code,
             used.source_revision AS used,
             (SELECT max(number) FROM revision WHERE revision.round_id = source.id) AS latest,
             CAST(CASE WHEN source.correcting IS NULL THEN 0 ELSE 1 END AS BIGINT) AS reopened
         FROM revision_source AS used
         JOIN round ON round.id = used.round_id
         JOIN round AS source ON source.id = used.source_round_id
         WHERE {condition}
             AND used.revision = (SELECT max(number) FROM revision WHERE revision.round_id = used.round_id)
             AND (source.correcting IS NOT NULL
                 OR used.source_revision < (SELECT max(number) FROM revision WHERE revision.round_id = source.id))
         ORDER BY round.code, source.code, used.source_revision"
    );
    let values = [id.number().into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = OutdatedRow::find_by_statement(statement)
        .all(connection)
        .await?;
    let read = rows.into_iter().map(|row| {
        Ok(OutdatedSource {
            round: Id::new(row.round_id),
            code: row.code,
            source: Id::new(row.source_id),
            source_code: row.source_code,
            used: u32::try_from(row.used).map_err(Fault::internal)?,
            latest: u32::try_from(row.latest).map_err(Fault::internal)?,
            reopened: row.reopened != 0,
        })
    });
    read.collect()
}
