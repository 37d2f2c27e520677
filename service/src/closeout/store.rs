//! Revisions and their decisions: written once, read ever after.

use chrono::{DateTime, Utc};
use domain::access::CombinedRoles;
use domain::id::{Id, Staff};
use domain::outcome::ENGINE;
use entity::{decision, revision};
use sea_orm::{ActiveValue::Set, EntityTrait, FromQueryResult};

use super::{Decided, Revision};
use crate::database::WriteTransaction;
use crate::frame::Frame;
use crate::{Fault, clock};

/// Rows of one statement: eleven values each, below what SQLite binds at once.
const ROWS: usize = 2_000;

/// Who closes, when, and as which revision.
pub(super) struct Signature {
    pub number: u32,
    pub at: DateTime<Utc>,
    pub by: Option<Id<Staff>>,
    /// Why it was closed again; present from the second revision on.
    pub reason: Option<String>,
    /// The roles that one person may hold together just now.
    pub combined_roles: Option<CombinedRoles>,
}

/// Stores a close-out with all of its decisions.
pub(super) async fn insert(
    transaction: &WriteTransaction,
    frame: &Frame,
    decided: &Decided,
    signature: Signature,
) -> Result<Revision, Fault> {
    let number = i64::from(signature.number);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(Fault::internal);
    let row = revision::Model {
        round_id: frame.round.id,
        number,
        parent: (number > 1).then_some(number - 1),
        scheme_version_id: frame.round.scheme_version_id,
        engine_version: ENGINE.to_owned(),
        inputs: text(&decided.inputs)?,
        inputs_digest: decided.inputs_digest.to_vec(),
        outcome: text(&decided.outcome_bytes)?,
        outcome_digest: decided.outcome_digest.to_vec(),
        closed_at: clock::micros(signature.at),
        closed_by: signature.by.map(Id::number),
        reason: signature.reason,
        combined_roles: (signature.combined_roles.as_ref())
            .map(serde_json_canonicalizer::to_string)
            .transpose()
            .map_err(Fault::internal)?,
    };
    let stored = Head::of(&row).read()?;
    revision::Entity::insert(revision::ActiveModel::from(row))
        .exec_without_returning(transaction)
        .await?;
    let subjects = frame.by_code();
    let mut rows = Vec::with_capacity(decided.outcome.decisions.len());
    for one in &decided.outcome.decisions {
        let subject = subjects
            .get(one.subject.as_ref())
            .ok_or_else(|| Fault::internal("a decision about nobody"))?;
        rows.push(decision::ActiveModel {
            round_id: Set(frame.round.id),
            revision: Set(number),
            subject_id: Set(subject.id),
            category: Set(one.category.to_string()),
            region_id: Set(subject.region_id),
            total_e4: Set(one.total.map(domain::number::Points::e4)),
            maximum_e4: Set(Some(one.maximum.e4())),
            grade: Set(one.grade.as_deref().map(str::to_owned)),
            rank: Set(one.rank.map(i64::from)),
            eligible: Set(one.eligible),
            body: Set(serde_json_canonicalizer::to_string(one).map_err(Fault::internal)?),
        });
    }
    for part in rows.chunks(ROWS) {
        decision::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(stored)
}

/// A revision without its documents, which are large.
#[derive(FromQueryResult)]
pub(super) struct Head {
    round_id: i64,
    number: i64,
    engine_version: String,
    inputs_digest: Vec<u8>,
    outcome_digest: Vec<u8>,
    closed_at: i64,
    closed_by: Option<i64>,
    reason: Option<String>,
    combined_roles: Option<String>,
}

/// The roles that one person might hold together, as a revision keeps them.
pub(super) fn read_combined(stored: Option<&str>) -> Result<Option<CombinedRoles>, Fault> {
    stored
        .map(serde_json::from_str)
        .transpose()
        .map_err(Fault::internal)
}

impl Head {
    fn of(row: &revision::Model) -> Self {
        Self {
            round_id: row.round_id,
            number: row.number,
            engine_version: row.engine_version.clone(),
            inputs_digest: row.inputs_digest.clone(),
            outcome_digest: row.outcome_digest.clone(),
            closed_at: row.closed_at,
            closed_by: row.closed_by,
            reason: row.reason.clone(),
            combined_roles: row.combined_roles.clone(),
        }
    }

    pub(super) fn read(self) -> Result<Revision, Fault> {
        Ok(Revision {
            round: Id::new(self.round_id),
            number: u32::try_from(self.number).map_err(Fault::internal)?,
            engine: self.engine_version,
            inputs_digest: hex::encode(&self.inputs_digest),
            outcome_digest: hex::encode(&self.outcome_digest),
            closed_at: clock::instant(self.closed_at)?,
            closed_by: self.closed_by.map(Id::new),
            reason: self.reason,
            combined_roles: read_combined(self.combined_roles.as_deref())?,
        })
    }
}
