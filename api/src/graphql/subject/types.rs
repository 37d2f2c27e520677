//! A subject as the API shows it.

use async_graphql::{Context, Enum, ID, Object};
use domain::id;
use service::subject::{self, SubjectFilter};

use super::relation::{Relation, RelationsKey};
use super::succession::{Succession, SuccessionsKey};
use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::{load, load_referred, loader};
use crate::graphql::region::{Region, RegionKey};

/// The kinds of subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "subject::SubjectKind")]
pub enum SubjectKind {
    /// 单位: an organ, a street, a village.
    Unit,
    /// 领导班子: a leading team.
    Team,
    /// 个人: a person.
    Person,
    /// 家庭: a family.
    Family,
}

/// A subject as it is now.
#[derive(Debug, Clone)]
pub struct Subject(pub subject::Subject);

impl From<subject::Subject> for Subject {
    fn from(subject: subject::Subject) -> Self {
        Self(subject)
    }
}

/// A subject (考评对象) as it is now. As it was when a round opened it stands on the round's roster.
#[Object]
impl Subject {
    /// Global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Code, unique among subjects.
    async fn code(&self) -> &str {
        &self.0.content.code
    }

    /// What it is.
    async fn kind(&self) -> SubjectKind {
        self.0.content.kind.into()
    }

    /// Its category, by the code that schemes give it.
    async fn category(&self) -> &str {
        &self.0.content.category
    }

    /// Name in Chinese.
    async fn name(&self) -> &str {
        &self.0.content.name
    }

    /// Name in English.
    async fn name_en(&self) -> &str {
        &self.0.content.name_en
    }

    /// Stands for the content as it was read; give it back with a change.
    async fn version(&self) -> String {
        self.0.version()
    }

    /// Where it is.
    async fn region(&self, context: &Context<'_>) -> Result<Region, GraphqlFault> {
        load_referred(context, RegionKey(self.0.content.region)).await
    }

    /// The relations in which it stands, on either side, the earliest first.
    #[graphql(complexity = "10 * child_complexity")]
    async fn relations(&self, context: &Context<'_>) -> Result<Vec<Relation>, GraphqlFault> {
        Ok(load(context, RelationsKey(self.0.id))
            .await?
            .unwrap_or_default())
    }

    /// The renames, mergers and transfers by which it carries on what it or others were, the earliest first.
    #[graphql(complexity = "10 * child_complexity")]
    async fn successions(&self, context: &Context<'_>) -> Result<Vec<Succession>, GraphqlFault> {
        Ok(load(context, SuccessionsKey(self.0.id))
            .await?
            .unwrap_or_default())
    }
}

loader! {
    /// Loads subjects.
    pub SubjectKey(id::Subject) -> Subject: find_subjects, Subject
}

/// The part of the query root about subjects.
#[derive(Debug, Default)]
pub struct SubjectQuery;

#[Object]
impl SubjectQuery {
    /// Subjects that lie in the roles of whoever asks, in the order of their codes. For staff.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn subjects(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those in this very region, not those below it.")] region_id: Option<
            Key<id::Region>,
        >,
        #[graphql(desc = "Only those of this category.")] category: Option<String>,
    ) -> Result<Connection<Subject>, GraphqlFault> {
        let window = Window { first, after };
        let filter = SubjectFilter {
            region: region_id.map(|key| key.0),
            category,
        };
        let actor = &Asker::of(context)?.actor;
        let part = service(context)?
            .list_subjects(actor, &filter, window.page("subject")?)
            .await?;
        Ok(Connection::new("subject", &window, part, |subject| {
            subject.content.code.clone()
        }))
    }
}
