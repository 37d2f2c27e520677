//! A change of lists that is being made: whom they are about, what is fit, and how it is stored.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, Scope};
use domain::correction::InputKind;
use domain::id::{self, Id};
use domain::scheme::{OwnList, Scheme};
use entity::{duty_list, round, round_subject, subject};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QuerySelect, RelationTrait,
};

use super::{DutyList, DutyListChange, DutyListKey, KEY};
use crate::database::WriteTransaction;
use crate::frame::{self, get_round, staff_of, who};
use crate::freeze::{Touch, touch};
use crate::inspection::Put;
use crate::permit::ask_somewhere;
use crate::scope::paths_of;
use crate::{Fault, Refusal, Service, audit, clock};

/// Tasks that one list may have: the longest known has 60.
const MOST_TASKS: usize = 200;
/// Longest task, in characters.
const TASK: usize = 500;

/// A subject that a list is about, as it is now.
struct About {
    code: String,
    own: BTreeSet<OwnList>,
}

/// What a change of lists stands on.
pub(super) struct Desk {
    pub(super) transaction: WriteTransaction,
    round: Id<id::Round>,
    is_open: bool,
    subjects: BTreeMap<i64, About>,
    now: DateTime<Utc>,
}

impl Service {
    /// Takes the round, for as long as its lists can change, and reads whom the lists are about.
    pub(super) async fn begin_duties(
        &self,
        actor: &Actor,
        (action, round): (Action, Id<id::Round>),
        subjects: &BTreeSet<i64>,
    ) -> Result<Desk, Fault> {
        ask_somewhere(actor, action)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let is_open = !hold_draft(&transaction, round).await?;
        if is_open {
            let roster = Touch::Change(&[InputKind::Roster]);
            touch(&transaction, round, roster, now).await?;
        }
        let row = get_round(&transaction, round).await?;
        let scheme = frame::get_scheme(&transaction, &row).await?;
        let found = find_subjects(&transaction, round, is_open, subjects).await?;
        let regions = found.iter().map(|one| Id::new(one.region_id));
        let regions = paths_of(&transaction, regions).await?;
        let mut about = BTreeMap::new();
        for one in found {
            let scope = Scope {
                regions: regions
                    .get(&Id::new(one.region_id))
                    .map_or(&[], Vec::as_slice),
                category: Some(&one.category),
                round: Some(round),
                ..Scope::default()
            };
            if !actor.may(action, &scope) {
                return Err(Fault::Denied);
            }
            let own = own_lists(&scheme, one.kind, &one.category);
            about.insert(
                one.id,
                About {
                    code: one.code,
                    own,
                },
            );
        }
        Ok(Desk {
            transaction,
            round,
            is_open,
            subjects: about,
            now,
        })
    }
}

#[derive(FromQueryResult)]
struct Found {
    id: i64,
    code: String,
    kind: subject::Kind,
    category: String,
    region_id: i64,
}

/// Whom lists are about: before the round opens as they are, later as its roster has them. One statement for each
/// thousands.
async fn find_subjects(
    connection: &impl ConnectionTrait,
    round: Id<id::Round>,
    is_open: bool,
    subjects: &BTreeSet<i64>,
) -> Result<Vec<Found>, Fault> {
    let ids: Vec<i64> = subjects.iter().copied().collect();
    let mut found = Vec::new();
    // Below the number of values that SQLite binds in one statement.
    for part in ids.chunks(20_000) {
        let mut query = subject::Entity::find()
            .select_only()
            .columns([
                subject::Column::Id,
                subject::Column::Code,
                subject::Column::Kind,
            ])
            .filter(subject::Column::Id.is_in(part.iter().copied()));
        if is_open {
            query = query
                .columns([
                    round_subject::Column::Category,
                    round_subject::Column::RegionId,
                ])
                .join_rev(JoinType::InnerJoin, round_subject::Relation::Subject.def())
                .filter(round_subject::Column::RoundId.eq(round.number()))
                .filter(round_subject::Column::LeftOn.is_null());
        } else {
            query = query.columns([subject::Column::Category, subject::Column::RegionId]);
        }
        found.extend(query.into_model::<Found>().all(connection).await?);
    }
    Ok(found)
}

fn own_lists(scheme: &Scheme, kind: subject::Kind, category: &str) -> BTreeSet<OwnList> {
    let mut categories = scheme.file.category.iter();
    let is_known = categories.any(|one| one.code == category && one.kind == frame::kind_of(kind));
    let own = is_known.then(|| scheme.own_lists(category));
    own.into_iter().flatten().collect()
}

/// Takes part in setting a round up: whether it is still a draft, which it then stays until the transaction ends.
async fn hold_draft(transaction: &WriteTransaction, round: Id<id::Round>) -> Result<bool, Fault> {
    let held = round::Entity::update_many()
        .col_expr(round::Column::State, Expr::value(round::State::Draft))
        .filter(round::Column::Id.eq(round.number()))
        .filter(round::Column::State.eq(round::State::Draft))
        .exec(transaction)
        .await?;
    Ok(held.rows_affected == 1)
}

pub(super) fn among(keys: impl IntoIterator<Item = DutyListKey>) -> Condition {
    let places = keys.into_iter().map(|DutyListKey(subject, item, part)| {
        sea_orm::sea_query::ValueTuple::Many(vec![subject.into(), item.into(), part.into()])
    });
    Condition::all().add(Expr::tuple(KEY.map(Expr::col)).in_tuples(places))
}

impl Desk {
    pub(super) async fn list_known(
        &self,
        subjects: &BTreeSet<i64>,
    ) -> Result<BTreeMap<DutyListKey, duty_list::Model>, Fault> {
        let ids: Vec<i64> = subjects.iter().copied().collect();
        let mut known = BTreeMap::new();
        for part in ids.chunks(20_000) {
            let rows = duty_list::Entity::find()
                .filter(duty_list::Column::RoundId.eq(self.round.number()))
                .filter(duty_list::Column::SubjectId.is_in(part.iter().copied()))
                .all(&self.transaction)
                .await?;
            known.extend(rows.into_iter().map(|row| {
                let key = DutyListKey(row.subject_id, row.item.clone(), row.part.clone());
                (key, row)
            }));
        }
        Ok(known)
    }

    /// What is to be stored and what to be taken back, if all of it can be.
    pub(super) fn check(
        &self,
        changes: Vec<DutyListChange>,
        before: &BTreeMap<DutyListKey, duty_list::Model>,
    ) -> Result<(Vec<DutyList>, Vec<DutyList>), Fault> {
        let (mut refusals, mut seen) = (Vec::new(), BTreeSet::new());
        let (mut put, mut taken_back) = (Vec::new(), Vec::new());
        for (row, change) in changes.into_iter().enumerate() {
            let mut refuse = |field: &str, code: &'static str, message: String| {
                let path = ["lists".to_owned(), row.to_string(), field.to_owned()];
                refusals.push(Refusal::new(code, message).at(path));
            };
            let (Put::Put(list) | Put::TakeBack(list)) = &change;
            let key = DutyListKey::of(list);
            let Some(about) = self.subjects.get(&list.subject.number()) else {
                let message = "there is no such subject, or it takes no part in the round";
                refuse("subject", "SUBJECT_OUTSIDE_ROUND", message.to_owned());
                continue;
            };
            if !seen.insert(key.clone()) {
                let message = "this list is there twice: keep one of them";
                refuse("item", "ROW_TWICE", message.to_owned());
            }
            let stands = before.get(&key).filter(|row| row.approved_at.is_some());
            if self.is_open && stands.is_some_and(|row| !is_same(row, &change)) {
                let message = "this list was approved, and the round is open: it stays as it is";
                refuse("item", "DUTY_LIST_FROZEN", message.to_owned());
            }
            match change {
                Put::TakeBack(list) => taken_back.push(list),
                Put::Put(list) => {
                    let own = OwnList {
                        item: list.item.clone(),
                        part: list.part.clone(),
                    };
                    if !about.own.contains(&own) {
                        let named: Vec<String> =
                            about.own.iter().map(ToString::to_string).collect();
                        let message = format!(
                            "`{}` has no list of its own here; of its own are: {}",
                            about.code,
                            named.join(", ")
                        );
                        refuse("item", "NO_OWN_LIST", message);
                    }
                    if let Some(tasks) = clean(&list.tasks) {
                        put.push(DutyList { tasks, ..list });
                    } else {
                        let message = format!(
                            "write 1 to {MOST_TASKS} tasks of 1 to {TASK} characters each, on one line, without control characters"
                        );
                        refuse("tasks", "TASKS_UNFIT", message);
                    }
                }
            }
        }
        if refusals.is_empty() {
            Ok((put, taken_back))
        } else {
            Err(Fault::Refused(refusals))
        }
    }

    /// Stores lists; one that says what it said before stays approved.
    pub(super) async fn store(&self, lists: &[DutyList], actor: &Actor) -> Result<(), Fault> {
        let rows = lists.iter().map(|list| {
            Ok(duty_list::ActiveModel {
                round_id: Set(self.round.number()),
                subject_id: Set(list.subject.number()),
                item: Set(list.item.clone()),
                part: Set(list.part.clone().unwrap_or_default()),
                tasks: Set(written(&list.tasks)?),
                recorded_by_id: Set(staff_of(actor).map(Id::number)),
                recorded_at: Set(clock::micros(self.now)),
                approved_by_id: Set(None),
                approved_at: Set(None),
            })
        });
        let rows: Vec<duty_list::ActiveModel> = rows.collect::<Result<_, Fault>>()?;
        let other = Expr::col((duty_list::Entity, duty_list::Column::Tasks))
            .ne(Expr::cust("excluded.tasks"));
        let conflict = OnConflict::columns([
            duty_list::Column::RoundId,
            duty_list::Column::SubjectId,
            duty_list::Column::Item,
            duty_list::Column::Part,
        ])
        .update_columns([
            duty_list::Column::Tasks,
            duty_list::Column::RecordedById,
            duty_list::Column::RecordedAt,
            duty_list::Column::ApprovedById,
            duty_list::Column::ApprovedAt,
        ])
        .action_and_where(other)
        .to_owned();
        duty_list::Entity::insert_many(rows)
            .on_conflict(conflict)
            .exec_without_returning(&self.transaction)
            .await?;
        Ok(())
    }

    pub(super) async fn approve(&self, keys: Vec<DutyListKey>, actor: &Actor) -> Result<(), Fault> {
        let by = staff_of(actor).map(Id::number);
        let at = clock::micros(self.now);
        duty_list::Entity::update_many()
            .col_expr(duty_list::Column::ApprovedById, Expr::value(by))
            .col_expr(duty_list::Column::ApprovedAt, Expr::value(at))
            .filter(duty_list::Column::RoundId.eq(self.round.number()))
            .filter(among(keys))
            .exec(&self.transaction)
            .await?;
        Ok(())
    }

    pub(super) async fn finish(
        self,
        actor: &Actor,
        (action, digest, approver): (&str, [u8; 32], Option<&str>),
    ) -> Result<(), Fault> {
        let entry = audit::Entry {
            at: self.now,
            who: &who(actor),
            action,
            object: &self.round.to_string(),
            after: Some(digest),
            approver,
            ..audit::Entry::default()
        };
        audit::append(&self.transaction, &entry).await?;
        self.transaction.commit().await
    }
}

/// Whether a change says what is on record.
fn is_same(row: &duty_list::Model, change: &DutyListChange) -> bool {
    match change {
        Put::TakeBack(_) => false,
        Put::Put(list) => {
            let cleaned = clean(&list.tasks).and_then(|tasks| written(&tasks).ok());
            cleaned.as_deref() == Some(row.tasks.as_str())
        }
    }
}

fn written(tasks: &[String]) -> Result<String, Fault> {
    serde_json::to_string(tasks).map_err(Fault::internal)
}

/// Tasks in one spelling, if all of them are fit to be shown.
fn clean(tasks: &[String]) -> Option<Vec<String>> {
    if tasks.is_empty() || tasks.len() > MOST_TASKS {
        return None;
    }
    let fits =
        |task: &String| !task.is_empty() && !task.contains('\n') && task.chars().count() <= TASK;
    tasks
        .iter()
        .map(|task| domain::survey::clean(task).filter(fits))
        .collect()
}
