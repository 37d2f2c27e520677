//! Facts (事实/案例): recorded once however often they are sent, confirmed or withdrawn.
//!
//! A fact belongs to its subject and outlives rounds. It is put in through a round, whose scheme says what kinds there
//! are and what is recorded with them; every open round in which the subject takes part is marked as changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, Scope};
use domain::correction::InputKind;
use domain::id::{self, Id, Round, Staff, Subject};
use domain::inputs::{self, Date};
use entity::{fact, region, subject};
use sea_orm::sea_query::{BinOper, Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value,
};

use super::check::{Named, find_faults, outside, refuse, settle};
use super::{Change, Done, Request, digest, refuse_too_many};
use crate::database::WriteTransaction;
use crate::frame::{Frame, parse_date, staff_of, who};
use crate::freeze::{Touch, takes};
use crate::page::{Page, Part};
use crate::permit::ask_somewhere;
use crate::subject::ids_within;
use crate::{Fault, Refusal, Service, audit, clock, succession};

/// Rows of one statement: eleven values each, below what SQLite binds at once.
const ROWS: usize = 2_000;

/// How far a fact is established. Only confirmed ones count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactStatus {
    /// Somebody reported it.
    Reported,
    /// It is established.
    Confirmed,
    /// It was an error.
    Withdrawn,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its id.
    pub id: Id<id::Fact>,
    /// Whom it concerns.
    pub subject: Id<Subject>,
    /// Its kind, in the words of the schemes.
    pub kind: String,
    /// When it happened.
    pub event_on: Option<Date>,
    /// When it was decided on.
    pub decision_on: Option<Date>,
    /// Its fields.
    pub fields: BTreeMap<String, String>,
    /// How many persons were involved.
    pub persons: u32,
    /// Its case: facts of one kind and subject with the same reference are one.
    pub reference: String,
    /// How far it is established.
    pub status: FactStatus,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it; absent after an import from the command line.
    pub recorded_by: Option<Id<Staff>>,
}

/// A fact to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactDraft {
    /// Whom it concerns.
    pub subject: Id<Subject>,
    /// Its kind.
    pub kind: String,
    /// When it happened.
    pub event_on: Option<Date>,
    /// When it was decided on.
    pub decision_on: Option<Date>,
    /// Its fields.
    pub fields: BTreeMap<String, String>,
    /// How many persons were involved.
    pub persons: u32,
    /// Its case.
    pub reference: String,
    /// [`FactStatus::Reported`] or [`FactStatus::Confirmed`].
    pub status: FactStatus,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedFact {
    /// The fact as it stands.
    pub fact: Fact,
    /// Whether it stood already.
    pub known: bool,
}

/// What a fact is found by beside its id.
type Case = (String, i64, String);

impl FactDraft {
    fn case(&self) -> Case {
        (
            self.kind.clone(),
            self.subject.number(),
            self.reference.clone(),
        )
    }

    /// As the check of the close-out reads it.
    pub(super) fn to_input(&self, subject: &str) -> inputs::Fact {
        inputs::Fact {
            subject: subject.to_owned(),
            kind: self.kind.clone(),
            reference: self.reference.clone(),
            event_on: self.event_on,
            decision_on: self.decision_on,
            persons: self.persons,
            fields: self.fields.clone(),
        }
    }

    fn agrees(&self, fact: &Fact) -> bool {
        (self.event_on, self.decision_on, self.persons)
            == (fact.event_on, fact.decision_on, fact.persons)
            && self.fields == fact.fields
    }
}

/// Which facts to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Those about this subject.
    pub subject: Id<Subject>,
}

impl Service {
    /// Records facts, all or nothing, at most [`super::MOST_ROWS`]. A fact that stands already with the same content
    /// is returned as it is.
    ///
    /// # Errors
    /// [`Fault::Refused`] with a path `facts/<row>/<field>`: `SUBJECT_OUTSIDE_ROUND`, `UNKNOWN_NAME`, `DATE_MISSING`,
    /// `FIELD_MISSING`, `WRONG_SCALE`, `REFERENCE_MISSING`, `FACT_DIFFERS`; with `ROUND_NOT_OPEN`, `TOO_MANY_ROWS`.
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn add_facts(
        &self,
        actor: &Actor,
        round: Id<Round>,
        drafts: Vec<FactDraft>,
    ) -> Result<Vec<AddedFact>, Fault> {
        refuse_too_many(drafts.len(), "facts")?;
        let request = Request {
            actor,
            action: Action::ReportEvidence,
            round,
            subjects: drafts.iter().map(|one| one.subject.number()).collect(),
            touch: Touch::Change(&[InputKind::Facts]),
        };
        let change = Change::begin(self, &request).await?;
        check(&change.frame, &drafts)?;
        let added = store(self, actor, &change, &drafts).await?;
        touch_rounds_of(&change.transaction, &request.subjects, change.now).await?;
        let done = Done {
            action: "round.add_facts",
            digest: digest(&drafts),
            reason: None,
            approver: None,
        };
        change.finish(&request, done).await?;
        Ok(added)
    }

    /// Establishes a reported fact. Confirming twice is no fault.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `FACT_WITHDRAWN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn confirm_fact(&self, actor: &Actor, id: Id<id::Fact>) -> Result<Fact, Fault> {
        self.change_status(
            actor,
            id,
            Step {
                to: fact::Status::Confirmed,
                action: "fact.confirm",
                reason: None,
            },
        )
        .await
    }

    /// Takes a fact back as an error, with the reason. It stays on record and counts no more.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_MISSING`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn withdraw_fact(
        &self,
        actor: &Actor,
        id: Id<id::Fact>,
        reason: &str,
    ) -> Result<Fact, Fault> {
        if reason.trim().is_empty() {
            return Err(Fault::refused(
                Refusal::new("REASON_MISSING", "say why the fact is withdrawn").at(["reason"]),
            ));
        }
        self.change_status(
            actor,
            id,
            Step {
                to: fact::Status::Withdrawn,
                action: "fact.withdraw",
                reason: Some(reason),
            },
        )
        .await
    }

    async fn change_status(
        &self,
        actor: &Actor,
        id: Id<id::Fact>,
        step: Step<'_>,
    ) -> Result<Fact, Fault> {
        if !actor.may_somewhere(Action::ReportEvidence) {
            return Err(Fault::Denied);
        }
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let row = fact::Entity::find_by_id(id.number())
            .one(&transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        // Rounds before the fact, as everywhere: two that lock in one order never wait for each other.
        touch_rounds_of(&transaction, &BTreeSet::from([row.subject_id]), now).await?;
        allow(&transaction, actor, Action::ReportEvidence, row.subject_id).await?;
        let changed = fact::Entity::update_many()
            .col_expr(fact::Column::Status, Expr::val(step.to))
            .filter(fact::Column::Id.eq(id.number()))
            .filter(fact::Column::Status.ne(fact::Status::Withdrawn))
            .exec(&transaction)
            .await?;
        if changed.rows_affected == 0 && step.to != fact::Status::Withdrawn {
            transaction.rollback().await?;
            return Err(Fault::refused(Refusal::new(
                "FACT_WITHDRAWN",
                "the fact was withdrawn; record it anew under another reference",
            )));
        }
        audit::append(
            &transaction,
            &audit::Entry {
                at: now,
                who: &who(actor),
                action: step.action,
                object: &id.to_string(),
                reason: step.reason,
                ..audit::Entry::default()
            },
        )
        .await?;
        transaction.commit().await?;
        read(fact::Model {
            status: step.to,
            ..row
        })
    }

    /// The facts of these ids, those that exist and about whose subjects the actor may read evidence. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn find_facts(
        &self,
        actor: &Actor,
        ids: &[Id<id::Fact>],
    ) -> Result<BTreeMap<Id<id::Fact>, Fact>, Fault> {
        ask_somewhere(actor, Action::ReadEvidence)?;
        let rows = fact::Entity::find()
            .filter(fact::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .filter(fact::Column::SubjectId.in_subquery(ids_within(actor, Action::ReadEvidence)))
            .all(&self.database.reader())
            .await?;
        rows.into_iter()
            .map(|row| read(row).map(|fact| (fact.id, fact)))
            .collect()
    }

    /// The facts about a subject, in the order of their ids. Four statements.
    ///
    /// # Errors
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn list_facts(
        &self,
        actor: &Actor,
        place: Place,
        page: Page<Id<id::Fact>>,
    ) -> Result<Part<Fact>, Fault> {
        if !actor.may_somewhere(Action::ReadEvidence) {
            return Err(Fault::Denied);
        }
        let reading = self.database.begin_read().await?;
        allow(
            &reading,
            actor,
            Action::ReadEvidence,
            place.subject.number(),
        )
        .await?;
        let mut query = fact::Entity::find()
            .filter(fact::Column::SubjectId.eq(place.subject.number()))
            .order_by_asc(fact::Column::Id)
            .limit(page.limit());
        if let Some(after) = page.after {
            query = query.filter(fact::Column::Id.gt(after.number()));
        }
        let rows = query.all(&reading).await?;
        reading.finish().await?;
        page.cut(rows).try_map(read)
    }
}

struct Step<'a> {
    to: fact::Status,
    action: &'a str,
    reason: Option<&'a str>,
}

/// Asks for permission by where the subject lies now. Two statements.
async fn allow(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    action: Action,
    subject: i64,
) -> Result<(), Fault> {
    let subject = subject::Entity::find_by_id(subject)
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)?;
    let parents: BTreeMap<i64, Option<i64>> = region::Entity::find()
        .all(connection)
        .await?
        .into_iter()
        .map(|row| (row.id, row.parent_id))
        .collect();
    let mut line = Vec::new();
    let mut next = Some(subject.region_id);
    while let Some(id) = next.filter(|_| line.len() <= parents.len()) {
        line.push(Id::new(id));
        next = parents.get(&id).copied().flatten();
    }
    let scope = Scope {
        regions: &line,
        category: Some(&subject.category),
        round: None,
        ..Scope::default()
    };
    if actor.may(action, &scope) {
        Ok(())
    } else {
        Err(Fault::Denied)
    }
}

/// Refuses drafts that the round's scheme does not take.
fn check(frame: &Frame, drafts: &[FactDraft]) -> Result<(), Fault> {
    let mut refusals = Vec::new();
    let (mut rows, mut inputs) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for (row, draft) in drafts.iter().enumerate() {
        let named = Named {
            list: "facts",
            rows: &[],
        };
        let place = row.to_string();
        let Some(subject) = frame.code(draft.subject.number()) else {
            refusals.push(outside(named, row));
            continue;
        };
        if !seen.insert(draft.case()) {
            refusals.push(
                Refusal::new("ROW_TWICE", "this case is in the list twice").at([
                    "facts",
                    &place,
                    "reference",
                ]),
            );
        }
        inputs.push(draft.to_input(subject));
        rows.push(row);
    }
    let faults = find_faults(frame, |all| all.facts = inputs)?;
    let named = Named {
        list: "facts",
        rows: &rows,
    };
    refusals.extend(refuse(faults, named));
    settle(refusals)
}

/// Stores what does not stand yet, and returns all as they stand. Refuses a case that stands with another content.
pub(super) async fn store(
    service: &Service,
    actor: &Actor,
    change: &Change,
    drafts: &[FactDraft],
) -> Result<Vec<AddedFact>, Fault> {
    let known = list_known(change, drafts).await?;
    let mut added = Vec::with_capacity(drafts.len());
    let (mut rows, mut refusals) = (Vec::new(), Vec::new());
    for (place, draft) in drafts.iter().enumerate() {
        if let Some(fact) = known.get(&draft.case()) {
            if !draft.agrees(fact) {
                refusals.push(
                    Refusal::new(
                        "FACT_DIFFERS",
                        "this case is on record with another content; withdraw it first, or give the other one its own reference",
                    )
                    .at(["facts", &place.to_string(), "reference"]),
                );
            }
            added.push(AddedFact {
                fact: fact.clone(),
                known: true,
            });
            continue;
        }
        let row = fact::Model {
            id: service.ids.draw()?,
            subject_id: draft.subject.number(),
            kind: draft.kind.clone(),
            event_on: draft.event_on.map(|day| day.to_string()),
            decision_on: draft.decision_on.map(|day| day.to_string()),
            fields: serde_json_canonicalizer::to_string(&draft.fields).map_err(Fault::internal)?,
            persons: i64::from(draft.persons),
            reference: draft.reference.clone(),
            status: status_row(draft.status),
            recorded_at: clock::micros(change.now),
            recorded_by: staff_of(actor).map(Id::number),
        };
        added.push(AddedFact {
            fact: read(row.clone())?,
            known: false,
        });
        rows.push(set(row));
    }
    settle(refusals)?;
    for part in rows.chunks(ROWS) {
        fact::Entity::insert_many(part.to_vec())
            .exec_without_returning(&change.transaction)
            .await?;
    }
    Ok(added)
}

fn set(row: fact::Model) -> fact::ActiveModel {
    fact::ActiveModel {
        id: Set(row.id),
        subject_id: Set(row.subject_id),
        kind: Set(row.kind),
        event_on: Set(row.event_on),
        decision_on: Set(row.decision_on),
        fields: Set(row.fields),
        persons: Set(row.persons),
        reference: Set(row.reference),
        status: Set(row.status),
        recorded_at: Set(row.recorded_at),
        recorded_by: Set(row.recorded_by),
    }
}

/// Facts that stand already about the round's participants, of the kinds in question. One statement.
async fn list_known(change: &Change, drafts: &[FactDraft]) -> Result<BTreeMap<Case, Fact>, Fault> {
    let kinds: BTreeSet<&str> = drafts.iter().map(|draft| draft.kind.as_str()).collect();
    let mut values: Vec<Value> = vec![change.frame.round.id.into()];
    let places: Vec<String> = (2..kinds.len() + 2).map(|n| format!("${n}")).collect();
    values.extend(kinds.iter().map(|kind| Value::from((*kind).to_owned())));
    if places.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT fact.* FROM fact JOIN round_subject AS r ON r.subject_id = fact.subject_id
         WHERE r.round_id = $1 AND fact.kind IN ({})",
        places.join(", ")
    );
    let backend = change.transaction.get_database_backend();
    let rows = fact::Entity::find()
        .from_raw_sql(Statement::from_sql_and_values(backend, sql, values))
        .all(&change.transaction)
        .await?;
    rows.into_iter()
        .map(|row| {
            let case = (row.kind.clone(), row.subject_id, row.reference.clone());
            Ok((case, read(row)?))
        })
        .collect()
}

/// Moves the mark of change of every round that facts may be put into and in which one of these subjects takes part, or whoever carries it on, and
/// locks those rounds. One statement.
pub(crate) async fn touch_rounds_of(
    transaction: &WriteTransaction,
    subjects: &BTreeSet<i64>,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    use entity::{round, round_subject};
    use sea_orm::QueryTrait;
    let heirs = Expr::cust(format!("({})", succession::heirs_of(subjects)));
    let rounds = round_subject::Entity::find()
        .select_only()
        .column(round_subject::Column::RoundId)
        .filter(Expr::col(round_subject::Column::SubjectId).binary(BinOper::In, heirs))
        .into_query();
    let at = clock::micros(now);
    let mark = Expr::case(
        Expr::col(round::Column::InputsChangedAt).gte(at),
        Expr::col(round::Column::InputsChangedAt).add(1_i64),
    )
    .finally(at);
    round::Entity::update_many()
        .col_expr(round::Column::InputsChangedAt, mark.into())
        .filter(takes(&InputKind::Facts))
        .filter(round::Column::Id.in_subquery(rounds))
        .exec(transaction)
        .await?;
    Ok(())
}

fn status_row(status: FactStatus) -> fact::Status {
    match status {
        FactStatus::Reported => fact::Status::Reported,
        FactStatus::Confirmed => fact::Status::Confirmed,
        FactStatus::Withdrawn => fact::Status::Withdrawn,
    }
}

fn read(row: fact::Model) -> Result<Fact, Fault> {
    let date = |text: Option<String>| text.as_deref().map(parse_date).transpose();
    Ok(Fact {
        id: Id::new(row.id),
        subject: Id::new(row.subject_id),
        kind: row.kind,
        event_on: date(row.event_on)?,
        decision_on: date(row.decision_on)?,
        fields: serde_json::from_str(&row.fields).map_err(Fault::internal)?,
        persons: u32::try_from(row.persons).map_err(Fault::internal)?,
        reference: row.reference,
        status: match row.status {
            fact::Status::Reported => FactStatus::Reported,
            fact::Status::Confirmed => FactStatus::Confirmed,
            fact::Status::Withdrawn => FactStatus::Withdrawn,
        },
        recorded_at: clock::instant(row.recorded_at)?,
        recorded_by: row.recorded_by.map(Id::new),
    })
}
