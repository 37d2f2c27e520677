//! Dated relations between subjects.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use domain::id;
use service::relation::{self, RelationChange, RelationDraft};

use super::types::{Subject, SubjectKey};
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::{load_referred, loader};
use crate::graphql::payload::payload;
use crate::graphql::scalar::Date;

/// The ways in which one subject is bound to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "relation::RelationKind")]
pub enum RelationKind {
    /// A person heads a team; a head is also a member.
    Heads,
    /// A person is a member of a team.
    MemberOf,
    /// A person works in a unit.
    WorksIn,
    /// A person belongs to a family.
    BelongsTo,
    /// A team leads a unit.
    Leads,
    /// A unit is part of a unit.
    PartOf,
}

/// A relation.
#[derive(Debug, Clone)]
pub struct Relation(relation::Relation);

impl From<relation::Relation> for Relation {
    fn from(relation: relation::Relation) -> Self {
        Self(relation)
    }
}

/// A relation of one subject to another, from one day to another.
#[Object]
impl Relation {
    /// Global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// In which way.
    async fn kind(&self) -> RelationKind {
        self.0.content.kind.into()
    }

    /// Who heads, works in, leads, …
    async fn from(&self, context: &Context<'_>) -> Option<Result<Subject, GraphqlFault>> {
        Some(load_referred(context, SubjectKey(self.0.content.from)).await)
    }

    /// Who is headed, worked in, led, …
    async fn to(&self, context: &Context<'_>) -> Option<Result<Subject, GraphqlFault>> {
        Some(load_referred(context, SubjectKey(self.0.content.to)).await)
    }

    /// First day.
    async fn from_on(&self) -> Date {
        self.0.content.from_on.into()
    }

    /// Last day; null while it lasts.
    async fn to_on(&self) -> Option<Date> {
        self.0.content.to_on.map(Date)
    }

    /// Stands for the content as it was read; give it back with a change.
    async fn version(&self) -> String {
        self.0.version()
    }
}

loader! {
    /// Loads relations.
    pub RelationKey(id::Relation) -> Relation: find_relations, Relation
}

loader! {
    /// Loads the relations of a subject.
    pub RelationsKey(id::Subject) -> Vec<Relation>: list_relations_of, |list: Vec<_>| list.into_iter().map(Relation).collect()
}

/// A relation to be added.
#[derive(Debug, InputObject)]
pub struct RelationAddInput {
    /// In which way.
    kind: RelationKind,
    /// Who heads, works in, leads, …
    from_id: Key<id::Subject>,
    /// Who is headed, worked in, led, …
    to_id: Key<id::Subject>,
    /// First day.
    from_on: Date,
    /// Last day; leave it out while it lasts.
    to_on: Option<Date>,
}

payload! {
    /// What came of adding a relation.
    RelationAddPayload {
        /// The new relation.
        relation: Relation
    }
}

payload! {
    /// What came of changing a relation.
    RelationChangePayload {
        /// The relation as it is now.
        relation: Relation
    }
}

/// The part of the mutation root about relations.
#[derive(Debug, Default)]
pub struct RelationMutation;

#[Object]
impl RelationMutation {
    /// Adds a relation. Rounds that are open already do not notice.
    async fn relation_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The relation to be.")] input: RelationAddInput,
    ) -> Result<RelationAddPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let draft = RelationDraft {
            kind: input.kind.into(),
            from: input.from_id.0,
            to: input.to_id.0,
            from_on: input.from_on.0,
            to_on: input.to_on.map(|day| day.0),
        };
        RelationAddPayload::of(service(context)?.add_relation(actor, draft).await)
    }

    /// Changes when a relation ends, unless somebody else did so since it was read: then the error `CONFLICT`.
    async fn relation_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which relation.")] id: Key<id::Relation>,
        #[graphql(desc = "`version` of the relation as it was read.")] version: String,
        #[graphql(desc = "Last day; null while it lasts.")] to_on: Option<Date>,
    ) -> Result<RelationChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let change = RelationChange {
            id: id.0,
            version,
            to_on: to_on.map(|day| day.0),
        };
        RelationChangePayload::of(service(context)?.change_relation(actor, change).await)
    }
}
