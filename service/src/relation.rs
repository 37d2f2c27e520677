//! Dated relations between subjects: who heads, works in, leads or belongs to whom.
//!
//! A round looks at the copy that was frozen when it opened. Removing a relation is deliberately absent: it ends on a
//! day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::access::{Action, Actor, Scope};
use domain::id::{self, Id, Subject};
pub use domain::inputs::RelationKind;
use entity::{relation, subject};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::permit::{Permit, ask_somewhere};
use crate::scope::path_of;
use crate::subject::ids_within;
use crate::text;
use crate::{Fault, Refusal, Service, audit, fault};

/// A relation of one subject to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its id.
    pub id: Id<id::Relation>,
    /// What it says.
    pub content: RelationDraft,
}

/// What a relation is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationDraft {
    /// In which way.
    pub kind: RelationKind,
    /// Who heads, works in, leads, …
    pub from: Id<Subject>,
    /// Who is headed, worked in, led, …
    pub to: Id<Subject>,
    /// First day.
    pub from_on: NaiveDate,
    /// Last day; none while it lasts.
    pub to_on: Option<NaiveDate>,
}

/// A change of a relation: only its end can be changed, for the rest says who and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationChange {
    /// Which.
    pub id: Id<id::Relation>,
    /// [`Relation::version`] of what was read before.
    pub version: String,
    /// Last day; none while it lasts.
    pub to_on: Option<NaiveDate>,
}

impl Relation {
    /// Stands for the content; another content has another version. For compare-and-set.
    pub fn version(&self) -> String {
        text::version_of(self.digest())
    }

    fn digest(&self) -> [u8; 32] {
        let RelationDraft {
            kind,
            from,
            to,
            from_on,
            to_on,
        } = &self.content;
        let to_on = to_on.map(|day| day.to_string()).unwrap_or_default();
        text::digest_of(&[
            &self.id.to_string(),
            &format!("{kind:?}"),
            &from.to_string(),
            &to.to_string(),
            &from_on.to_string(),
            &to_on,
        ])
    }

    fn of(row: &relation::Model) -> Result<Self, Fault> {
        Ok(Self {
            id: Id::new(row.id),
            content: RelationDraft {
                kind: kind_of(row.kind),
                from: Id::new(row.from_subject_id),
                to: Id::new(row.to_subject_id),
                from_on: text::parse_day(&row.from_on)?,
                to_on: row.to_on.as_deref().map(text::parse_day).transpose()?,
            },
        })
    }
}

impl Service {
    /// The relations in which these subjects stand, on either side, by subject; at most 10,000 in all. One statement.
    /// Left out are those of which the actor may not see both sides.
    pub async fn list_relations_of(
        &self,
        actor: &Actor,
        subjects: &[Id<Subject>],
    ) -> Result<BTreeMap<Id<Subject>, Vec<Relation>>, Fault> {
        ask_somewhere(actor, Action::ReadRound)?;
        let numbers = || subjects.iter().map(|subject| subject.number());
        let rows = relation::Entity::find()
            .filter(
                Condition::any()
                    .add(relation::Column::FromSubjectId.is_in(numbers()))
                    .add(relation::Column::ToSubjectId.is_in(numbers())),
            )
            .filter(readable(actor))
            .order_by_asc(relation::Column::FromOn)
            .order_by_asc(relation::Column::Id)
            .limit(10_000)
            .all(&self.database.reader())
            .await?;
        let mut found: BTreeMap<Id<Subject>, Vec<Relation>> = BTreeMap::new();
        for row in rows {
            let relation = Relation::of(&row)?;
            for side in [relation.content.from, relation.content.to] {
                if subjects.contains(&side) {
                    found.entry(side).or_default().push(relation.clone());
                }
            }
        }
        Ok(found)
    }

    /// The relations of these ids, those that exist and of which the actor may see both sides. One statement.
    pub async fn find_relations(
        &self,
        actor: &Actor,
        ids: &[Id<id::Relation>],
    ) -> Result<BTreeMap<Id<id::Relation>, Relation>, Fault> {
        ask_somewhere(actor, Action::ReadRound)?;
        let rows = relation::Entity::find()
            .filter(relation::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .filter(readable(actor))
            .all(&self.database.reader())
            .await?;
        rows.iter()
            .map(|row| Relation::of(row).map(|relation| (relation.id, relation)))
            .collect()
    }

    /// Adds a relation. The actor's grants must take in both subjects.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SUBJECT_UNKNOWN`, `RELATION_TO_ITSELF`, `RELATION_KNOWN`, `ENDS_BEFORE_IT_BEGINS`.
    pub async fn add_relation(
        &self,
        actor: &Actor,
        draft: RelationDraft,
    ) -> Result<Relation, Fault> {
        ask_somewhere(actor, Action::ChangeRoster)?;
        let transaction = self.database.begin_write().await?;
        let permit = ask_for(&transaction, actor, &draft).await?;
        check(&draft)?;
        let added = Relation {
            id: Id::new(self.ids.draw()?),
            content: draft,
        };
        let row = relation::ActiveModel {
            id: Set(added.id.number()),
            kind: Set(kind_to(added.content.kind)),
            from_subject_id: Set(added.content.from.number()),
            to_subject_id: Set(added.content.to.number()),
            from_on: Set(added.content.from_on.to_string()),
            to_on: Set(added.content.to_on.map(|day| day.to_string())),
        };
        relation::Entity::insert(row).exec_without_returning(&transaction).await.map_err(|error| {
            if fault::is_duplicate(&error) {
                let message = "the same relation from the same day is known already: change its end instead";
                return Fault::refused(Refusal::new("RELATION_KNOWN", message).at(["fromOn"]));
            }
            error.into()
        })?;
        let object = added.id.to_string();
        let entry = audit::Entry {
            after: Some(added.digest()),
            ..permit.entry(self.clock.now(), "relation.add", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// Changes when a relation ends, unless somebody else did so since it was read.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `ENDS_BEFORE_IT_BEGINS`; [`Fault::Conflict`], [`Fault::NotFound`].
    pub async fn change_relation(
        &self,
        actor: &Actor,
        change: RelationChange,
    ) -> Result<Relation, Fault> {
        ask_somewhere(actor, Action::ChangeRoster)?;
        let transaction = self.database.begin_write().await?;
        let row = relation::Entity::find_by_id(change.id.number())
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let before = Relation::of(&row.ok_or(Fault::NotFound)?)?;
        let permit = ask_for(&transaction, actor, &before.content).await?;
        if before.version() != change.version {
            return Err(Fault::Conflict);
        }
        let mut after = before.clone();
        after.content.to_on = change.to_on;
        check(&after.content)?;
        relation::Entity::update_many()
            .col_expr(
                relation::Column::ToOn,
                Expr::value(change.to_on.map(|day| day.to_string())),
            )
            .filter(relation::Column::Id.eq(after.id.number()))
            .exec(&transaction)
            .await?;
        let object = after.id.to_string();
        let entry = audit::Entry {
            before: Some(before.digest()),
            after: Some(after.digest()),
            ..permit.entry(self.clock.now(), "relation.change", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(after)
    }
}

/// The condition under which the actor may see both sides of a relation.
fn readable(actor: &Actor) -> Condition {
    let seen = || ids_within(actor, Action::ReadRound);
    Condition::all()
        .add(relation::Column::FromSubjectId.in_subquery(seen()))
        .add(relation::Column::ToSubjectId.in_subquery(seen()))
}

/// Asks for both sides.
async fn ask_for(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    content: &RelationDraft,
) -> Result<Permit, Fault> {
    ask_for_side(
        connection,
        actor,
        Side {
            subject: content.from,
            path: "fromId",
        },
    )
    .await?;
    ask_for_side(
        connection,
        actor,
        Side {
            subject: content.to,
            path: "toId",
        },
    )
    .await
}

struct Side {
    subject: Id<Subject>,
    path: &'static str,
}

async fn ask_for_side(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    side: Side,
) -> Result<Permit, Fault> {
    let Some(row) = subject::Entity::find_by_id(side.subject.number())
        .one(connection)
        .await?
    else {
        let refusal = Refusal::new("SUBJECT_UNKNOWN", "there is no such subject: add it first");
        return Err(Fault::refused(refusal.at([side.path])));
    };
    let regions = path_of(connection, Id::new(row.region_id)).await?;
    let scope = Scope {
        regions: &regions,
        category: Some(&row.category),
        round: None,
        ..Scope::default()
    };
    Permit::ask(actor, Action::ChangeRoster, &scope)
}

fn check(draft: &RelationDraft) -> Result<(), Fault> {
    if draft.from == draft.to {
        let message = "a subject has no relation to itself: choose another";
        return Err(Fault::refused(
            Refusal::new("RELATION_TO_ITSELF", message).at(["toId"]),
        ));
    }
    if draft.to_on.is_some_and(|to_on| to_on < draft.from_on) {
        let message = "the last day is before the first: give a later one";
        return Err(Fault::refused(
            Refusal::new("ENDS_BEFORE_IT_BEGINS", message).at(["toOn"]),
        ));
    }
    Ok(())
}

const fn kind_of(kind: relation::Kind) -> RelationKind {
    match kind {
        relation::Kind::Heads => RelationKind::Heads,
        relation::Kind::MemberOf => RelationKind::MemberOf,
        relation::Kind::WorksIn => RelationKind::WorksIn,
        relation::Kind::BelongsTo => RelationKind::BelongsTo,
        relation::Kind::Leads => RelationKind::Leads,
        relation::Kind::PartOf => RelationKind::PartOf,
    }
}

const fn kind_to(kind: RelationKind) -> relation::Kind {
    match kind {
        RelationKind::Heads => relation::Kind::Heads,
        RelationKind::MemberOf => relation::Kind::MemberOf,
        RelationKind::WorksIn => relation::Kind::WorksIn,
        RelationKind::BelongsTo => relation::Kind::BelongsTo,
        RelationKind::Leads => relation::Kind::Leads,
        RelationKind::PartOf => relation::Kind::PartOf,
    }
}
