//! Lists of people as they are stored and shown.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Actor};
use domain::id::{self, Id};
use domain::survey::Marks;
use entity::contact::Delivery as StoredDelivery;
use entity::{contact, contact_list};
use sea_orm::sea_query::IntoCondition;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{ContactList, Drawn, ListState, ROWS, Way};
use crate::database::WriteTransaction;
use crate::survey::run::ask_for_survey;
use crate::{Fault, Service, clock};

/// Somebody to be put on a list; checked by the import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewContact {
    pub subject: i64,
    pub panel: String,
    pub marks: Marks,
    pub name: String,
    pub address: String,
}

/// A list to be stored.
pub(crate) struct NewList {
    pub survey: i64,
    pub way: Way,
    pub contacts: Vec<NewContact>,
    pub drawn: Option<Drawn>,
}

/// Stores a list as a draft. A statement for some thousand contacts.
///
/// # Errors
/// [`Fault::Conflict`] if somebody stored one of the contacts at the same time.
pub(crate) async fn add_list(
    service: &Service,
    transaction: &WriteTransaction,
    new: NewList,
) -> Result<Id<id::ContactList>, Fault> {
    let id = service.ids.draw()?;
    let secret: [u8; 32] = service.ids.bytes()?;
    let row = contact_list::ActiveModel {
        id: Set(id),
        survey_id: Set(new.survey),
        way: Set(new.way.stored()),
        state: Set(contact_list::State::Draft),
        contacts: Set(i64::try_from(new.contacts.len()).map_err(Fault::internal)?),
        seed: Set(new.drawn.as_ref().map(|drawn| drawn.seed.clone())),
        drawn_from: Set(new
            .drawn
            .as_ref()
            .map(|drawn| i64::try_from(drawn.from))
            .transpose()
            .map_err(Fault::internal)?),
        secret: Set(Some(secret.to_vec())),
        added_at: Set(clock::micros(service.clock.now())),
        mailed_at: Set(None),
        handed_out_at: Set(None),
    };
    contact_list::Entity::insert(row)
        .exec_without_returning(transaction)
        .await?;
    let mut rows = Vec::with_capacity(new.contacts.len());
    for one in new.contacts {
        rows.push(contact::ActiveModel {
            id: Set(service.ids.draw()?),
            list_id: Set(id),
            survey_id: Set(new.survey),
            subject_id: Set(one.subject),
            panel: Set(one.panel),
            marks: Set(one.marks.number()),
            name: Set(one.name),
            address: Set(one.address),
            delivery: Set(StoredDelivery::None),
        });
    }
    // Not in the order of the table that they came in.
    rows.sort_by(|one, other| one.id.as_ref().cmp(other.id.as_ref()));
    for part in rows.chunks(ROWS) {
        contact::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(Id::new(id))
}

impl Service {
    /// The lists of a survey, oldest first, for those who run all of it. Three statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn list_contact_lists(
        &self,
        actor: &Actor,
        id: Id<id::Survey>,
    ) -> Result<Vec<ContactList>, Fault> {
        let snapshot = self.database.begin_read().await?;
        ask_for_survey(&snapshot, actor, Action::RunSurvey, id).await?;
        let lists = read_lists(&snapshot, contact_list::Column::SurveyId.eq(id.number())).await?;
        snapshot.finish().await?;
        Ok(lists)
    }
}

/// Addresses of failed mails that are told at once.
const MOST_FAILED: u64 = 100;

/// Lists, oldest first. Three statements.
pub(super) async fn read_lists(
    connection: &impl ConnectionTrait,
    which: impl IntoCondition,
) -> Result<Vec<ContactList>, Fault> {
    let lists = contact_list::Entity::find()
        .filter(which)
        .order_by_asc(contact_list::Column::AddedAt)
        .order_by_asc(contact_list::Column::Id)
        .all(connection)
        .await?;
    let ids: Vec<i64> = lists.iter().map(|list| list.id).collect();
    let waiting: Vec<(i64, i64)> = contact::Entity::find()
        .select_only()
        .column(contact::Column::ListId)
        .column_as(contact::Column::Id.count(), "count")
        .filter(contact::Column::ListId.is_in(ids.clone()))
        .filter(contact::Column::Delivery.eq(StoredDelivery::Waiting))
        .group_by(contact::Column::ListId)
        .into_tuple()
        .all(connection)
        .await?;
    let failed: Vec<(i64, String)> = contact::Entity::find()
        .select_only()
        .column(contact::Column::ListId)
        .column(contact::Column::Address)
        .filter(contact::Column::ListId.is_in(ids))
        .filter(contact::Column::Delivery.eq(StoredDelivery::Failed))
        .order_by_asc(contact::Column::Address)
        .limit(MOST_FAILED)
        .into_tuple()
        .all(connection)
        .await?;
    let waiting: BTreeMap<i64, i64> = waiting.into_iter().collect();
    let mut failures: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (list, address) in failed {
        failures.entry(list).or_default().push(address);
    }
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let show = |row: contact_list::Model| {
        Ok(ContactList {
            id: Id::new(row.id),
            survey: Id::new(row.survey_id),
            way: Way::of(row.way),
            state: match row.state {
                contact_list::State::Draft => ListState::Draft,
                contact_list::State::Confirmed => ListState::Confirmed,
                contact_list::State::Withdrawn => ListState::Withdrawn,
                contact_list::State::Erased => ListState::Erased,
            },
            contacts: count(row.contacts),
            drawn: (row.seed.zip(row.drawn_from)).map(|(seed, from)| Drawn {
                seed,
                from: count(from),
            }),
            added_at: clock::instant(row.added_at)?,
            mailed_at: row.mailed_at.map(clock::instant).transpose()?,
            handed_out_at: row.handed_out_at.map(clock::instant).transpose()?,
            waiting: waiting.get(&row.id).copied().map_or(0, count),
            failed: failures.remove(&row.id).unwrap_or_default(),
        })
    };
    lists.into_iter().map(show).collect()
}

/// The contacts of a survey as an import compares them: subject and address in small letters. One statement.
pub(crate) async fn known_contacts(
    connection: &impl ConnectionTrait,
    survey: Id<id::Survey>,
) -> Result<BTreeSet<(i64, String)>, Fault> {
    let rows: Vec<(i64, String)> = contact::Entity::find()
        .select_only()
        .column(contact::Column::SubjectId)
        .column(contact::Column::Address)
        .filter(contact::Column::SurveyId.eq(survey.number()))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(subject, address)| (subject, address.to_lowercase()))
        .collect())
}
