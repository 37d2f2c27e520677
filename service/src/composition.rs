//! The closed rounds that a round is composed of, each in one named revision.
//!
//! A person names them while the round is open. A later revision of a closed round changes nothing here by itself: it
//! shows that the one that is used is no longer the latest, and somebody names the new one, or leaves it. Deliberately
//! absent: composing from results of this same round, which needs no naming.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::correction::InputKind;
use domain::id::{Id, Round, Staff};
use domain::inputs::{self, Inputs};
use domain::number::Points;
use domain::scheme::Scheme;
use domain::scheme::file::{Composed, Words};
use entity::composition;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    Statement, Value,
};

use crate::frame::{Frame, Whom, staff_of};
use crate::freeze::{Touch, touch};
use crate::inspection::find_faults;
use crate::round::ask_for;
use crate::{Fault, Refusal, Service, audit, clock};

/// What this changes of a round.
const CLOSED: Touch<'static> = Touch::Change(&[InputKind::ClosedRounds]);

/// A closed round that a round is composed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Composition {
    /// The round that is composed.
    pub round: Id<Round>,
    /// The closed round.
    pub closed: Id<Round>,
    /// Number of the revision whose results are used.
    pub revision: u32,
}

/// A closed round on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedComposition {
    /// Which, in which revision.
    pub composition: Composition,
    /// The code of the closed round.
    pub code: String,
    /// Its latest revision; another one than that used flags that the round rests on an old one.
    pub latest: u32,
    /// Who named it; absent where it was the command line.
    pub by: Option<Id<Staff>>,
    /// When.
    pub named_at: DateTime<Utc>,
}

impl Service {
    /// Names a revision of a closed round whose results a round is composed of, in place of another revision of it.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REVISION_UNKNOWN`, `NOT_USED` where no item is composed of rounds under that scheme,
    /// `CIRCLE` for the round itself, `ROUND_NOT_OPEN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn add_composition(
        &self,
        actor: &Actor,
        draft: Composition,
    ) -> Result<NamedComposition, Fault> {
        let permit = ask_for(actor, Action::ChangeRound, draft.round)?;
        ask_for(actor, Action::ReadRound, draft.closed)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        touch(&transaction, draft.round, CLOSED, now).await?;
        let frame = Frame::load(&transaction, draft.round, Whom::These(&BTreeSet::new())).await?;
        let rows = list_revisions(&transaction, "rev.round_id = $1", draft.closed).await?;
        let wanted = i64::from(draft.revision);
        let Some(row) = rows.into_iter().find(|row| row.revision == wanted) else {
            return Err(Fault::refused(
                Refusal::new(
                    "REVISION_UNKNOWN",
                    "this round has no such revision; close it first, or name one that it has",
                )
                .at(["revision"]),
            ));
        };
        let closed = row.to_input()?;
        let faults = find_faults(&frame, |inputs| inputs.closed_rounds.push(closed.clone()))?;
        if let Some(fault) = faults.into_iter().next() {
            let refusal = Refusal::new(fault.code.to_uppercase(), fault.message);
            return Err(Fault::refused(refusal.at(["closedRoundId"])));
        }
        let by = staff_of(actor);
        composition::Entity::insert(composition::ActiveModel {
            round_id: Set(draft.round.number()),
            closed_round_id: Set(draft.closed.number()),
            revision: Set(wanted),
            named_by: Set(by.map(Id::number)),
            named_at: Set(clock::micros(now)),
        })
        .on_conflict(
            OnConflict::columns([
                composition::Column::RoundId,
                composition::Column::ClosedRoundId,
            ])
            .update_columns([
                composition::Column::Revision,
                composition::Column::NamedBy,
                composition::Column::NamedAt,
            ])
            .to_owned(),
        )
        .exec_without_returning(&transaction)
        .await?;
        let object = draft.round.to_string();
        let reason = format!("{} revision {}", draft.closed, draft.revision);
        audit::append(
            &transaction,
            &audit::Entry {
                after: Some(row.digest()?),
                reason: Some(&reason),
                ..permit.entry(now, "round.name_closed_round", &object)
            },
        )
        .await?;
        transaction.commit().await?;
        Ok(NamedComposition {
            composition: draft,
            code: closed.round,
            latest: u32::try_from(row.latest).map_err(Fault::internal)?,
            by,
            named_at: clock::instant(clock::micros(now))?,
        })
    }

    /// Takes back that a round is composed of a closed round. That it is not is no fault.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `ROUND_NOT_OPEN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn remove_composition(
        &self,
        actor: &Actor,
        round: Id<Round>,
        closed: Id<Round>,
    ) -> Result<(), Fault> {
        let permit = ask_for(actor, Action::ChangeRound, round)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        touch(&transaction, round, CLOSED, now).await?;
        composition::Entity::delete_many()
            .filter(composition::Column::RoundId.eq(round.number()))
            .filter(composition::Column::ClosedRoundId.eq(closed.number()))
            .exec(&transaction)
            .await?;
        let object = round.to_string();
        let reason = closed.to_string();
        audit::append(
            &transaction,
            &audit::Entry {
                reason: Some(&reason),
                ..permit.entry(now, "round.take_closed_round_back", &object)
            },
        )
        .await?;
        transaction.commit().await
    }

    /// The closed rounds that a round is composed of, by code. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_compositions(
        &self,
        actor: &Actor,
        round: Id<Round>,
    ) -> Result<Vec<NamedComposition>, Fault> {
        ask_for(actor, Action::ReadRound, round)?;
        list_named(&self.database.reader(), round)
            .await?
            .into_iter()
            .map(|row| {
                Ok(NamedComposition {
                    composition: Composition {
                        round,
                        closed: Id::new(row.round_id),
                        revision: u32::try_from(row.revision).map_err(Fault::internal)?,
                    },
                    latest: u32::try_from(row.latest).map_err(Fault::internal)?,
                    by: row.named_by.map(Id::new),
                    named_at: clock::instant(row.named_at.unwrap_or_default())?,
                    code: row.code,
                })
            })
            .collect()
    }
}

/// A revision of a closed round with the scheme that decided it.
#[derive(Debug, FromQueryResult)]
struct RevisionRow {
    round_id: i64,
    code: String,
    revision: i64,
    latest: i64,
    scheme: String,
    scheme_version: String,
    outcome_digest: Vec<u8>,
    source: String,
    named_by: Option<i64>,
    named_at: Option<i64>,
}

impl RevisionRow {
    fn to_input(&self) -> Result<inputs::ClosedRound, Fault> {
        Ok(inputs::ClosedRound {
            round: self.code.clone(),
            revision: u32::try_from(self.revision).map_err(Fault::internal)?,
            scheme: self.scheme.clone(),
            scheme_version: self.scheme_version.clone(),
            outcome_digest: hex::encode(&self.outcome_digest),
            categories: self.categories(),
        })
    }

    /// What its scheme calls its categories; nothing where the scheme is of an engine that read otherwise.
    fn categories(&self) -> BTreeMap<String, Words> {
        let file = Scheme::parse(&self.source).map(|scheme| scheme.file);
        let categories = file.map(|file| file.category).unwrap_or_default();
        let named = categories.into_iter();
        named.map(|one| (one.code, one.name)).collect()
    }

    fn digest(&self) -> Result<[u8; 32], Fault> {
        self.outcome_digest
            .as_slice()
            .try_into()
            .map_err(Fault::internal)
    }
}

/// Revisions for which a condition on the one id holds.
async fn list_revisions(
    connection: &impl ConnectionTrait,
    condition: &'static str,
    id: Id<Round>,
) -> Result<Vec<RevisionRow>, Fault> {
    let sql = format!(
        "SELECT rev.round_id, round.code, rev.number AS revision,
             (SELECT max(number) FROM revision WHERE revision.round_id = rev.round_id) AS latest,
             scheme.code AS scheme, v.version AS scheme_version, v.source, rev.outcome_digest,
             c.named_by, c.named_at
         FROM revision AS rev
         JOIN round ON round.id = rev.round_id
         JOIN scheme_version AS v ON v.id = rev.scheme_version_id
         JOIN scheme ON scheme.id = v.scheme_id
         LEFT JOIN composition AS c
             ON c.closed_round_id = rev.round_id AND c.revision = rev.number AND c.round_id = $1
         WHERE {condition} ORDER BY round.code, rev.number"
    );
    let values = [Value::from(id.number())];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(RevisionRow::find_by_statement(statement)
        .all(connection)
        .await?)
}

/// The revisions that a round is composed of, by code of their round.
async fn list_named(
    connection: &impl ConnectionTrait,
    round: Id<Round>,
) -> Result<Vec<RevisionRow>, Fault> {
    list_revisions(connection, "c.round_id = $1", round).await
}

/// What a subject came to in a revision that a round is composed of.
#[derive(Debug, FromQueryResult)]
struct ResultRow {
    round: String,
    subject: String,
    category: String,
    region_id: i64,
    total_e4: Option<i64>,
    maximum_e4: Option<i64>,
}

#[derive(Debug, FromQueryResult)]
struct InputsRow {
    inputs: String,
}

/// Fills in the closed rounds that a round is composed of. No statement where no item of its scheme looks at any; else
/// two, and one more for each closed round of which sizes are wanted.
pub(crate) async fn add_to(
    connection: &impl ConnectionTrait,
    frame: &Frame,
    inputs: &mut Inputs,
) -> Result<(), Fault> {
    let wanted = looks_at(&frame.scheme);
    if wanted.is_empty() {
        return Ok(());
    }
    let named = list_named(connection, frame.id()).await?;
    let mut sizes: BTreeMap<(String, String), BTreeMap<String, domain::number::Ratio>> =
        BTreeMap::new();
    for row in &named {
        inputs.closed_rounds.push(row.to_input()?);
        let measures: BTreeSet<&str> = wanted
            .iter()
            .filter(|composed| composed.closed.contains(&row.scheme))
            .filter_map(|composed| composed.size.as_deref())
            .collect();
        if measures.is_empty() {
            continue;
        }
        let kept = read_inputs(connection, row).await?;
        for value in kept.measures {
            if value.period == crate::closeout::load::WHOLE_ROUND
                && measures.contains(value.measure.as_str())
            {
                let of = sizes.entry((row.code.clone(), value.subject)).or_default();
                of.insert(value.measure, value.value);
            }
        }
    }
    let schemes: BTreeMap<&str, &str> = named
        .iter()
        .map(|row| (row.code.as_str(), row.scheme.as_str()))
        .collect();
    let mut regions = BTreeSet::new();
    for row in list_results(connection, frame.id()).await? {
        // Who is never looked at, a doctor in a district's index, leaves no trace in its inputs.
        let scheme = schemes.get(row.round.as_str()).copied();
        let looked_at = wanted.iter().any(|composed| {
            composed
                .closed
                .iter()
                .any(|code| Some(code.as_str()) == scheme)
                && (composed.categories.is_empty() || composed.categories.contains(&row.category))
        });
        if !looked_at {
            continue;
        }
        let Some(region) = frame.regions.get(&row.region_id) else {
            return Err(Fault::internal("a region of a closed round is gone"));
        };
        regions.extend(frame.region_line(row.region_id));
        let of = (row.round, row.subject);
        let sizes = sizes.remove(&of).unwrap_or_default();
        inputs.closed_results.push(inputs::ClosedResult {
            round: of.0,
            subject: of.1,
            category: row.category,
            region: region.code.clone(),
            total: row.total_e4.map(Points::from_e4),
            maximum: Points::from_e4(row.maximum_e4.unwrap_or_default()),
            sizes,
        });
    }
    frame.add_regions(inputs, &regions)
}

/// The composed items of a scheme that look at closed rounds.
fn looks_at(scheme: &Scheme) -> Vec<&Composed> {
    let items = scheme.file.item.iter();
    items
        .flat_map(|item| {
            let parts = item.part.iter().filter_map(|part| part.composed.as_ref());
            item.composed.iter().chain(parts)
        })
        .filter(|composed| !composed.closed.is_empty())
        .collect()
}

async fn list_results(
    connection: &impl ConnectionTrait,
    round: Id<Round>,
) -> Result<Vec<ResultRow>, Fault> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT round.code AS round, s.code AS subject, d.category, d.region_id, d.total_e4, d.maximum_e4
         FROM composition AS c
         JOIN round ON round.id = c.closed_round_id
         JOIN decision AS d ON d.round_id = c.closed_round_id AND d.revision = c.revision
         JOIN subject AS s ON s.id = d.subject_id
         WHERE c.round_id = $1",
        [round.number().into()],
    );
    Ok(ResultRow::find_by_statement(statement)
        .all(connection)
        .await?)
}

/// The inputs of a revision, as they were frozen.
async fn read_inputs(
    connection: &impl ConnectionTrait,
    row: &RevisionRow,
) -> Result<Inputs, Fault> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT inputs FROM revision WHERE round_id = $1 AND number = $2",
        [row.round_id.into(), row.revision.into()],
    );
    let kept = InputsRow::find_by_statement(statement)
        .one(connection)
        .await?
        .ok_or_else(|| Fault::internal("the inputs of a revision are gone"))?;
    Inputs::parse(&kept.inputs).map_err(Fault::internal)
}
