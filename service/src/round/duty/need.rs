//! Which approved lists there are, and which are lacking.

use std::collections::BTreeMap;

use domain::id::{self, Id};
use domain::inputs;
use domain::scheme::{OwnList, Scheme};
use entity::{duty_list, round_subject, subject};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};

use super::{DutyListKey, KEY, parse};
use crate::database::WriteTransaction;
use crate::frame::{Frame, Whom};
use crate::{Fault, Refusal};

/// Lists that are named when a round cannot be opened without them.
const MOST_NAMED: usize = 100;

/// Approved lists of participants, those that the scheme asks for. One statement.
///
/// # Errors
/// [`Fault::Internal`] if a list cannot be read.
pub(crate) async fn list_approved(
    connection: &impl ConnectionTrait,
    frame: &Frame,
    whom: Whom<'_>,
) -> Result<Vec<inputs::DutyList>, Fault> {
    let mut query = duty_list::Entity::find()
        .filter(duty_list::Column::RoundId.eq(frame.round.id))
        .filter(duty_list::Column::ApprovedAt.is_not_null());
    if let Whom::These(ids) = whom {
        query = query.filter(duty_list::Column::SubjectId.is_in(ids.iter().copied()));
    }
    let mut own: BTreeMap<&str, Vec<OwnList>> = BTreeMap::new();
    let mut lists = Vec::new();
    for row in query.all(connection).await? {
        let Some(one) = frame.participants.get(&row.subject_id) else {
            continue;
        };
        let place = OwnList {
            item: row.item,
            part: Some(row.part).filter(|part| !part.is_empty()),
        };
        let asked = own
            .entry(one.category.as_str())
            .or_insert_with(|| frame.scheme.own_lists(&one.category));
        // A later version of the scheme may have done away with it.
        if asked.contains(&place) {
            lists.push(inputs::DutyList {
                subject: one.code.clone(),
                item: place.item,
                part: place.part,
                tasks: parse(&row.tasks)?,
            });
        }
    }
    Ok(lists)
}

/// Refuses to open a round while a subject of its roster lacks an approved list that the scheme asks for. Two statements,
/// none where it asks for no list.
pub(in crate::round) async fn require_approved(
    transaction: &WriteTransaction,
    scheme: &Scheme,
    round: Id<id::Round>,
) -> Result<(), Fault> {
    let categories = scheme.file.category.iter();
    let asked: BTreeMap<&str, Vec<OwnList>> = categories
        .map(|category| (category.code.as_str(), scheme.own_lists(&category.code)))
        .filter(|(_, lists)| !lists.is_empty())
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let roster: Vec<(i64, String, String)> = round_subject::Entity::find()
        .select_only()
        .columns([
            round_subject::Column::SubjectId,
            round_subject::Column::Category,
        ])
        .column(subject::Column::Code)
        .join(JoinType::InnerJoin, round_subject::Relation::Subject.def())
        .filter(round_subject::Column::RoundId.eq(round.number()))
        .filter(round_subject::Column::Category.is_in(asked.keys().copied()))
        .order_by_asc(subject::Column::Code)
        .into_tuple()
        .all(transaction)
        .await?;
    let known: Vec<(i64, String, String, Option<i64>)> = duty_list::Entity::find()
        .select_only()
        .columns(KEY)
        .column(duty_list::Column::ApprovedAt)
        .filter(duty_list::Column::RoundId.eq(round.number()))
        .into_tuple()
        .all(transaction)
        .await?;
    let known: BTreeMap<DutyListKey, bool> = known
        .into_iter()
        .map(|(subject, item, part, at)| (DutyListKey(subject, item, part), at.is_some()))
        .collect();
    let mut refusals = Vec::new();
    for (subject, category, code) in roster {
        for list in asked.get(category.as_str()).into_iter().flatten() {
            let key = DutyListKey::new(subject, &list.item, list.part.as_deref());
            let place = list.to_string();
            let (refusal, what) = match known.get(&key) {
                Some(true) => continue,
                Some(false) => (
                    "DUTY_LIST_NOT_APPROVED",
                    "its list of tasks is not approved yet: let another person than its recorder approve it",
                ),
                None => (
                    "DUTY_LIST_MISSING",
                    "it has no list of tasks of its own: record one and have it approved",
                ),
            };
            let message = format!("`{code}`, `{place}`: {what}");
            refusals.push(Refusal::new(refusal, message).at(["dutyLists", &code, &place]));
        }
    }
    refusals.truncate(MOST_NAMED);
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(Fault::Refused(refusals))
    }
}
