//! Lists of tasks that subjects have of their own (责任清单): recorded while a round is set up, approved by another
//! person, frozen when it opens.
//!
//! Whoever joins an open round gets a list in the same two steps; a list that was approved never changes then.

mod desk;
mod need;

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::id::{self, Id};
use entity::{duty_list, subject};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};
use serde::{Deserialize, Serialize};

use crate::frame::staff_of;
use crate::inspection::{Put, digest, refuse_too_many};
use crate::page::{Page, Part};
use crate::permit::ask_somewhere;
use crate::proposal::name_of;
use crate::scope::{Place, within};
use crate::{Fault, Refusal, Service, clock, text};

pub(crate) use need::list_approved;
pub(in crate::round) use need::require_approved;

/// Rows of one statement: seven values each, below what SQLite binds at once.
const ROWS: usize = 4_000;

const KEY: [duty_list::Column; 3] = [
    duty_list::Column::SubjectId,
    duty_list::Column::Item,
    duty_list::Column::Part,
];

/// The tasks that a subject has of its own for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyList {
    /// The subject.
    pub subject: Id<id::Subject>,
    /// Code of the item.
    pub item: String,
    /// Code of the part, where the item has parts.
    pub part: Option<String>,
    /// The tasks in their order, which numbers them from 1.
    pub tasks: Vec<String>,
}

/// Records a list in place of an earlier one, or takes it back.
pub type DutyListChange = Put<DutyList>;

/// A list as it is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDutyList {
    /// The list.
    pub list: DutyList,
    /// Code of the subject.
    pub code: String,
    /// Name of the subject in Chinese.
    pub name: String,
    /// Name of the subject in English.
    pub name_en: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// When another person approved it; absent while nobody did.
    pub approved_at: Option<DateTime<Utc>>,
}

impl RecordedDutyList {
    /// Stands for the tasks as they were read, for approving just these.
    pub fn version(&self) -> String {
        version_of(&self.list.tasks)
    }

    /// The list as it was read here.
    pub fn at(&self) -> DutyListAt {
        DutyListAt {
            subject: self.list.subject,
            item: self.list.item.clone(),
            part: self.list.part.clone(),
            version: self.version(),
        }
    }
}

/// A list as somebody read it, to be approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyListAt {
    /// The subject.
    pub subject: Id<id::Subject>,
    /// Code of the item.
    pub item: String,
    /// Code of the part, where the item has parts.
    pub part: Option<String>,
    /// [`RecordedDutyList::version`] of what was read.
    pub version: String,
}

/// Where a list stands among those of a round: by subject, item and part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DutyListKey(i64, String, String);

impl DutyListKey {
    /// Of a list.
    pub fn of(list: &DutyList) -> Self {
        Self::new(list.subject.number(), &list.item, list.part.as_deref())
    }

    fn new(subject: i64, item: &str, part: Option<&str>) -> Self {
        Self(
            subject,
            item.to_owned(),
            part.unwrap_or_default().to_owned(),
        )
    }
}

impl Display for DutyListKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for DutyListKey {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}

impl Service {
    /// Records lists of tasks that subjects have of their own, or takes them back, all or nothing, at most
    /// [`crate::inspection::MOST_ROWS`]. A list that says what the recorded one says stays approved; any other has to be approved anew.
    ///
    /// # Errors
    /// [`Fault::Refused`] with a path `lists/<row>/<field>` and `SUBJECT_OUTSIDE_ROUND`, `NO_OWN_LIST`, `TASKS_UNFIT` or
    /// `DUTY_LIST_FROZEN`, or with `ROW_TWICE`, `TOO_MANY_ROWS`, `ROUND_NOT_OPEN`; [`Fault::Denied`];
    /// [`Fault::NotFound`].
    pub async fn change_duty_lists(
        &self,
        actor: &Actor,
        round: Id<id::Round>,
        changes: Vec<DutyListChange>,
    ) -> Result<(), Fault> {
        refuse_too_many(changes.len(), "lists")?;
        self.store_duty_lists(actor, round, changes).await
    }

    /// The same for however many.
    pub(crate) async fn store_duty_lists(
        &self,
        actor: &Actor,
        round: Id<id::Round>,
        changes: Vec<DutyListChange>,
    ) -> Result<(), Fault> {
        let lists = changes.iter().map(|change| {
            let (Put::Put(list) | Put::TakeBack(list)) = change;
            list.subject.number()
        });
        let subjects: BTreeSet<i64> = lists.collect();
        let desk = self
            .begin_duties(actor, (Action::ChangeRound, round), &subjects)
            .await?;
        let before = desk.list_known(&subjects).await?;
        let digest = digest(&changes);
        let (put, taken_back) = desk.check(changes, &before)?;
        for part in put.chunks(ROWS) {
            desk.store(part, actor).await?;
        }
        if !taken_back.is_empty() {
            let keys = taken_back.iter().map(DutyListKey::of);
            duty_list::Entity::delete_many()
                .filter(duty_list::Column::RoundId.eq(round.number()))
                .filter(desk::among(keys))
                .exec(&desk.transaction)
                .await?;
        }
        desk.finish(actor, ("round.change_duty_lists", digest, None))
            .await
    }

    /// Approves lists that another person recorded, all or nothing, at most [`crate::inspection::MOST_ROWS`]. One that is approved already
    /// stays as it is.
    ///
    /// # Errors
    /// [`Fault::Refused`] with a path `lists/<row>` and `DUTY_LIST_MISSING`, `DUTY_LIST_CHANGED` or `SAME_PERSON`, or with
    /// `TOO_MANY_ROWS`, `ROUND_NOT_OPEN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn approve_duty_lists(
        &self,
        actor: &Actor,
        round: Id<id::Round>,
        lists: Vec<DutyListAt>,
    ) -> Result<(), Fault> {
        refuse_too_many(lists.len(), "lists")?;
        let subjects: BTreeSet<i64> = lists.iter().map(|list| list.subject.number()).collect();
        let desk = self
            .begin_duties(actor, (Action::Confirm, round), &subjects)
            .await?;
        let known = desk.list_known(&subjects).await?;
        let (mut refusals, mut keys, mut recorders) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (row, list) in lists.iter().enumerate() {
            let key = DutyListKey::new(list.subject.number(), &list.item, list.part.as_deref());
            let mut refuse = |code: &'static str, message: &'static str| {
                let path = ["lists".to_owned(), row.to_string()];
                refusals.push(Refusal::new(code, message).at(path));
            };
            match known.get(&key) {
                None => refuse(
                    "DUTY_LIST_MISSING",
                    "there is no such list: record it first",
                ),
                Some(found) if version_of(&parse(&found.tasks)?) != list.version => refuse(
                    "DUTY_LIST_CHANGED",
                    "the list is another now: read it again, then approve what it says",
                ),
                Some(found) if found.approved_at.is_some() => {}
                Some(found) if found.recorded_by_id.map(Id::new) == staff_of(actor) => refuse(
                    "SAME_PERSON",
                    "whoever recorded a list does not approve it: another person has to",
                ),
                Some(found) => {
                    recorders.insert(found.recorded_by_id);
                    keys.push(key);
                }
            }
        }
        if !refusals.is_empty() {
            return Err(Fault::Refused(refusals));
        }
        if !keys.is_empty() {
            desk.approve(keys, actor).await?;
        }
        let recorders: Vec<String> = recorders
            .into_iter()
            .map(|by| name_of(by.map(Id::new)))
            .collect();
        let by = recorders.join(", ");
        let done = (
            "round.approve_duty_lists",
            digest(&lists),
            Some(by.as_str()),
        );
        desk.finish(actor, done).await
    }

    /// Lists of a round, of one subject or of all, as far as the actor may read what is reported about them. One
    /// statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_duty_lists(
        &self,
        actor: &Actor,
        (round, subject): (Id<id::Round>, Option<Id<id::Subject>>),
        page: Page<DutyListKey>,
    ) -> Result<Part<RecordedDutyList>, Fault> {
        ask_somewhere(actor, Action::ReadEvidence)?;
        let column = |column| Expr::col((subject::Entity, column));
        let place = Place {
            region: Some(column(subject::Column::RegionId)),
            category: Some(column(subject::Column::Category)),
            round: Some(Expr::col((duty_list::Entity, duty_list::Column::RoundId))),
            subject: Some(column(subject::Column::Id)),
        };
        let mut query = duty_list::Entity::find()
            .join(JoinType::InnerJoin, duty_list::Relation::Subject.def())
            .columns([
                subject::Column::Code,
                subject::Column::Name,
                subject::Column::NameEn,
            ])
            .filter(duty_list::Column::RoundId.eq(round.number()))
            .filter(within(actor, Action::ReadEvidence, &place))
            .order_by_asc(duty_list::Column::SubjectId)
            .order_by_asc(duty_list::Column::Item)
            .order_by_asc(duty_list::Column::Part)
            .limit(page.limit());
        if let Some(subject) = subject {
            query = query.filter(duty_list::Column::SubjectId.eq(subject.number()));
        }
        if let Some(DutyListKey(subject, item, part)) = &page.after {
            let key = Expr::tuple(KEY.map(|column| Expr::col((duty_list::Entity, column))));
            let behind = Expr::tuple([
                Expr::value(*subject),
                Expr::value(item.as_str()),
                Expr::value(part.as_str()),
            ]);
            query = query.filter(key.gt(behind));
        }
        let rows = query
            .into_model::<Listed>()
            .all(&self.database.reader())
            .await?;
        page.cut(rows).try_map(RecordedDutyList::try_from)
    }
}

fn version_of(tasks: &[String]) -> String {
    let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
    text::version_of(text::digest_of(&tasks))
}

/// The tasks of a column.
fn parse(tasks: &str) -> Result<Vec<String>, Fault> {
    serde_json::from_str(tasks).map_err(Fault::internal)
}

#[derive(FromQueryResult)]
struct Listed {
    subject_id: i64,
    item: String,
    part: String,
    tasks: String,
    recorded_at: i64,
    approved_at: Option<i64>,
    code: String,
    name: String,
    name_en: String,
}

impl TryFrom<Listed> for RecordedDutyList {
    type Error = Fault;

    fn try_from(row: Listed) -> Result<Self, Fault> {
        Ok(Self {
            list: DutyList {
                subject: Id::new(row.subject_id),
                item: row.item,
                part: Some(row.part).filter(|part| !part.is_empty()),
                tasks: parse(&row.tasks)?,
            },
            code: row.code,
            name: row.name,
            name_en: row.name_en,
            recorded_at: clock::instant(row.recorded_at)?,
            approved_at: row.approved_at.map(clock::instant).transpose()?,
        })
    }
}
