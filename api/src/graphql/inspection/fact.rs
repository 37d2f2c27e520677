//! Facts.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use domain::id::{self, Id};
use service::inspection::{self, FactDraft, FactPlace};

use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::loader;
use crate::graphql::payload::payload;
use crate::graphql::scalar::{Date, Instant};

/// How far a fact is established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "inspection::FactStatus")]
pub enum FactStatus {
    /// Somebody reported it.
    Reported,
    /// It is established, and counts.
    Confirmed,
    /// It was an error.
    Withdrawn,
}

/// A field of a fact with its value.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "FactFieldInput")]
pub struct FactField {
    /// Code of the field, as the scheme names it.
    code: String,
    /// Its value: a code of the scheme, or a number.
    value: String,
}

/// A fact (事实/案例).
#[derive(Debug, Clone)]
pub struct Fact(inspection::Fact);

impl From<inspection::Fact> for Fact {
    fn from(fact: inspection::Fact) -> Self {
        Self(fact)
    }
}

/// A fact (事实/案例): something that happened to a subject, once on record however often it was sent.
#[Object]
impl Fact {
    /// Global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Whom it concerns.
    async fn subject_id(&self) -> Key<id::Subject> {
        self.0.subject.into()
    }

    /// Its kind, in the words of the schemes.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The number of its file: facts of one kind and subject with the same reference are one case.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// When it happened.
    async fn event_on(&self) -> Option<Date> {
        self.0.event_on.map(|day| day.0.into())
    }

    /// When it was decided on.
    async fn decision_on(&self) -> Option<Date> {
        self.0.decision_on.map(|day| day.0.into())
    }

    /// Its fields.
    async fn fields(&self) -> Vec<FactField> {
        let field = |(code, value): (&String, &String)| FactField {
            code: code.clone(),
            value: value.clone(),
        };
        self.0.fields.iter().map(field).collect()
    }

    /// How many persons were involved.
    async fn persons(&self) -> u32 {
        self.0.persons
    }

    /// How far it is established.
    async fn status(&self) -> FactStatus {
        self.0.status.into()
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> Instant {
        self.0.recorded_at.into()
    }
}

loader! {
    /// Loads facts.
    pub FactKey(id::Fact) -> Fact: find_facts, Fact
}

/// A fact to be recorded.
#[derive(Debug, InputObject)]
pub struct FactInput {
    /// Whom it concerns.
    subject_id: Key<id::Subject>,
    /// Its kind, by the code of the round's scheme.
    kind: String,
    /// The number of its file.
    reference: String,
    /// When it happened.
    event_on: Option<Date>,
    /// When it was decided on.
    decision_on: Option<Date>,
    /// Its fields.
    #[graphql(default)]
    fields: Vec<FactField>,
    /// How many persons were involved.
    #[graphql(default = 1)]
    persons: u32,
    /// Whether it is established already, and counts.
    #[graphql(default)]
    confirmed: bool,
}

impl From<FactInput> for FactDraft {
    fn from(input: FactInput) -> Self {
        Self {
            subject: input.subject_id.0,
            kind: input.kind,
            event_on: input.event_on.map(|day| domain::inputs::Date(day.0)),
            decision_on: input.decision_on.map(|day| domain::inputs::Date(day.0)),
            fields: input
                .fields
                .into_iter()
                .map(|field| (field.code, field.value))
                .collect(),
            persons: input.persons,
            reference: input.reference,
            status: if input.confirmed {
                inspection::FactStatus::Confirmed
            } else {
                inspection::FactStatus::Reported
            },
        }
    }
}

payload! {
    /// What came of recording facts.
    FactsAddPayload {
        /// The facts as they stand, in the order of the input; those that stood already are the old ones.
        facts: Vec<Fact>
    }
}

payload! {
    /// What came of confirming or withdrawing a fact.
    FactChangePayload {
        /// The fact as it is now.
        fact: Fact
    }
}

/// The part of the query root about facts.
#[derive(Debug, Default)]
pub struct FactQuery;

#[Object]
impl FactQuery {
    /// The facts about a subject, of all rounds.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn facts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The subject.")] subject_id: Key<id::Subject>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<Fact>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let place = FactPlace {
            subject: subject_id.0,
        };
        let page = window.page::<Id<id::Fact>>("fact")?;
        let part = service(context)?.list_facts(actor, place, page).await?;
        Ok(Connection::new("fact", &window, part, |fact| fact.id))
    }
}

/// The part of the mutation root about facts.
#[derive(Debug, Default)]
pub struct FactMutation;

#[Object]
impl FactMutation {
    /// Records facts about subjects of a round: all or nothing, at most 250 at once, each once however often it is sent.
    async fn facts_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round, whose scheme says what kinds there are.")] round_id: Key<
            id::Round,
        >,
        #[graphql(desc = "The facts.")] facts: Vec<FactInput>,
    ) -> Result<FactsAddPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let drafts = facts.into_iter().map(FactDraft::from).collect();
        let done = service(context)?.add_facts(actor, round_id.0, drafts).await;
        let shown = done.map(|facts| {
            facts
                .into_iter()
                .map(|one| Fact(one.fact))
                .collect::<Vec<_>>()
        });
        FactsAddPayload::of(shown)
    }

    /// Establishes a reported fact, so that it counts.
    async fn fact_confirm(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which fact.")] id: Key<id::Fact>,
    ) -> Result<FactChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        FactChangePayload::of(service(context)?.confirm_fact(actor, id.0).await)
    }

    /// Takes a fact back as an error. It stays on record and counts no more.
    async fn fact_withdraw(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which fact.")] id: Key<id::Fact>,
        #[graphql(desc = "Why.")] reason: String,
    ) -> Result<FactChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        FactChangePayload::of(service(context)?.withdraw_fact(actor, id.0, &reason).await)
    }
}
