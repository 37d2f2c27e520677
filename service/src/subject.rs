//! Subjects: units, teams, people and families, each in a region and a category.
//!
//! What a round looks at is the roster that was frozen when it opened; changes here reach later rounds only. Removing a
//! subject is deliberately absent, for closed rounds refer to it.

use std::collections::BTreeMap;

use domain::access::{Action, Actor, Scope};
use domain::id::{self, Id};
pub use domain::scheme::file::SubjectKind;
use entity::{round_subject, subject};
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use crate::page::{Page, Part};
use crate::permit::{Permit, ask_somewhere};
use crate::scope::{Place, path_of, within};
use crate::text::{self, Refusals, code_taken};
use crate::{Fault, Refusal, Service, audit};

/// A subject (考评对象).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: Id<id::Subject>,
    /// What it is to be, or is.
    pub content: SubjectDraft,
}

/// What a subject is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectDraft {
    /// Code, unique among subjects.
    pub code: String,
    /// What it is.
    pub kind: SubjectKind,
    /// Its category, by the code that schemes give it.
    pub category: String,
    /// Where it is.
    pub region: Id<id::Region>,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
}

/// A change of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectChange {
    /// Which.
    pub id: Id<id::Subject>,
    /// [`Subject::version`] of what was read before.
    pub version: String,
    /// What it is to be.
    pub draft: SubjectDraft,
}

/// Which subjects to list.
#[derive(Debug, Clone, Default)]
pub struct SubjectFilter {
    /// Only in this very region.
    pub region: Option<Id<id::Region>>,
    /// Only of this category.
    pub category: Option<String>,
}

impl Subject {
    /// Stands for the content; another content has another version. For compare-and-set.
    pub fn version(&self) -> String {
        text::version_of(self.digest())
    }

    fn digest(&self) -> [u8; 32] {
        let SubjectDraft {
            code,
            kind,
            category,
            region,
            name,
            name_en,
        } = &self.content;
        let kind = kind_word(*kind);
        text::digest_of(&[
            &self.id.to_string(),
            code,
            kind,
            category,
            &region.to_string(),
            name,
            name_en,
        ])
    }
}

impl From<subject::Model> for Subject {
    fn from(row: subject::Model) -> Self {
        Self {
            id: Id::new(row.id),
            content: SubjectDraft {
                code: row.code,
                kind: kind_of(row.kind),
                category: row.category,
                region: Id::new(row.region_id),
                name: row.name,
                name_en: row.name_en,
            },
        }
    }
}

/// The ids of the subjects that lie where the actor may do something, as part of another statement.
pub(crate) fn ids_within(actor: &Actor, action: Action) -> SelectStatement {
    subject::Entity::find()
        .select_only()
        .column(subject::Column::Id)
        .filter(within(actor, action, &place()))
        .into_query()
}

fn place() -> Place {
    Place {
        region: Some(Expr::col((subject::Entity, subject::Column::RegionId))),
        category: Some(Expr::col((subject::Entity, subject::Column::Category))),
        round: None,
        subject: Some(Expr::col((subject::Entity, subject::Column::Id))),
    }
}

impl Service {
    /// Subjects that lie in the actor's grants, in the order of their codes. One statement.
    pub async fn list_subjects(
        &self,
        actor: &Actor,
        filter: &SubjectFilter,
        page: Page<String>,
    ) -> Result<Part<Subject>, Fault> {
        ask_somewhere(actor, Action::ReadRound)?;
        let mut query = subject::Entity::find()
            .filter(within(actor, Action::ReadRound, &place()))
            .order_by_asc(subject::Column::Code)
            .limit(page.limit());
        if let Some(region) = filter.region {
            query = query.filter(subject::Column::RegionId.eq(region.number()));
        }
        if let Some(category) = &filter.category {
            query = query.filter(subject::Column::Category.eq(category.as_str()));
        }
        if let Some(after) = &page.after {
            query = query.filter(subject::Column::Code.gt(after.as_str()));
        }
        let rows = query.all(&self.database.reader()).await?;
        Ok(page.cut(rows.into_iter().map(Subject::from).collect()))
    }

    /// The subjects of these ids, those that exist and lie in the actor's grants. One statement.
    pub async fn find_subjects(
        &self,
        actor: &Actor,
        ids: &[Id<id::Subject>],
    ) -> Result<BTreeMap<Id<id::Subject>, Subject>, Fault> {
        ask_somewhere(actor, Action::ReadRound)?;
        let rows = subject::Entity::find()
            .filter(subject::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .filter(within(actor, Action::ReadRound, &place()))
            .all(&self.database.reader())
            .await?;
        Ok(rows
            .into_iter()
            .map(Subject::from)
            .map(|subject| (subject.id, subject))
            .collect())
    }

    /// Adds a subject.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `NAME_UNFIT`, `CODE_UNFIT`, `CODE_TAKEN` or `REGION_UNKNOWN`.
    pub async fn add_subject(&self, actor: &Actor, draft: SubjectDraft) -> Result<Subject, Fault> {
        ask_somewhere(actor, Action::ChangeRoster)?;
        let transaction = self.database.begin_write().await?;
        let permit = ask_for(&transaction, actor, &draft).await?;
        let content = check(&draft)?;
        let added = Subject {
            id: Id::new(self.ids.draw()?),
            content,
        };
        let row = subject::ActiveModel {
            id: Set(added.id.number()),
            code: Set(added.content.code.clone()),
            kind: Set(kind_to(added.content.kind)),
            category: Set(added.content.category.clone()),
            region_id: Set(added.content.region.number()),
            name: Set(added.content.name.clone()),
            name_en: Set(added.content.name_en.clone()),
        };
        subject::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await
            .map_err(|error| code_taken(error, &added.content.code))?;
        let object = added.id.to_string();
        let entry = audit::Entry {
            after: Some(added.digest()),
            ..permit.entry(self.clock.now(), "subject.add", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// Changes a subject, unless somebody else did so since it was read. The actor's grant must take in where it was
    /// and where it is to be.
    ///
    /// # Errors
    /// Those of [`Service::add_subject`] and `KIND_FIXED`; [`Fault::Conflict`], [`Fault::NotFound`].
    pub async fn change_subject(
        &self,
        actor: &Actor,
        change: SubjectChange,
    ) -> Result<Subject, Fault> {
        ask_somewhere(actor, Action::ChangeRoster)?;
        let transaction = self.database.begin_write().await?;
        let row = subject::Entity::find_by_id(change.id.number())
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let before = Subject::from(row.ok_or(Fault::NotFound)?);
        let permit = ask_for(&transaction, actor, &before.content).await?;
        ask_for(&transaction, actor, &change.draft).await?;
        if before.version() != change.version {
            return Err(Fault::Conflict);
        }
        let after = Subject {
            id: before.id,
            content: check(&change.draft)?,
        };
        if after.content.kind != before.content.kind && takes_part(&transaction, before.id).await? {
            let message = "the subject takes part in a round as what it is: add another one with a code of its own";
            return Err(Fault::refused(
                Refusal::new("KIND_FIXED", message).at(["kind"]),
            ));
        }
        subject::Entity::update_many()
            .col_expr(
                subject::Column::Code,
                Expr::value(after.content.code.clone()),
            )
            .col_expr(
                subject::Column::Kind,
                Expr::value(kind_to(after.content.kind)),
            )
            .col_expr(
                subject::Column::Category,
                Expr::value(after.content.category.clone()),
            )
            .col_expr(
                subject::Column::RegionId,
                Expr::value(after.content.region.number()),
            )
            .col_expr(
                subject::Column::Name,
                Expr::value(after.content.name.clone()),
            )
            .col_expr(
                subject::Column::NameEn,
                Expr::value(after.content.name_en.clone()),
            )
            .filter(subject::Column::Id.eq(after.id.number()))
            .exec(&transaction)
            .await
            .map_err(|error| code_taken(error, &after.content.code))?;
        let object = after.id.to_string();
        let entry = audit::Entry {
            before: Some(before.digest()),
            after: Some(after.digest()),
            ..permit.entry(self.clock.now(), "subject.change", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(after)
    }
}

/// Whether a subject is on the roster of any round.
async fn takes_part(connection: &impl ConnectionTrait, id: Id<id::Subject>) -> Result<bool, Fault> {
    let found = round_subject::Entity::find()
        .filter(round_subject::Column::SubjectId.eq(id.number()))
        .limit(1)
        .one(connection)
        .await?;
    Ok(found.is_some())
}

/// Asks whether the actor may change subjects of that category in that region.
async fn ask_for(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    content: &SubjectDraft,
) -> Result<Permit, Fault> {
    let regions = path_of(connection, content.region).await?;
    if regions.is_empty() {
        let message = "there is no such region: add it first";
        return Err(Fault::refused(
            Refusal::new("REGION_UNKNOWN", message).at(["regionId"]),
        ));
    }
    let scope = Scope {
        regions: &regions,
        category: Some(&content.category),
        round: None,
        ..Scope::default()
    };
    Permit::ask(actor, Action::ChangeRoster, &scope)
}

fn check(draft: &SubjectDraft) -> Result<SubjectDraft, Fault> {
    let mut refusals = Refusals::default();
    let checked = SubjectDraft {
        code: refusals.code("code", &draft.code),
        category: refusals.code("category", &draft.category),
        name: refusals.name("name", &draft.name),
        name_en: refusals.name("nameEn", &draft.name_en),
        ..draft.clone()
    };
    refusals.settle()?;
    Ok(checked)
}

/// The kind of a stored one.
pub(crate) const fn kind_of(kind: subject::Kind) -> SubjectKind {
    match kind {
        subject::Kind::Unit => SubjectKind::Unit,
        subject::Kind::Team => SubjectKind::Team,
        subject::Kind::Person => SubjectKind::Person,
        subject::Kind::Family => SubjectKind::Family,
    }
}

const fn kind_to(kind: SubjectKind) -> subject::Kind {
    match kind {
        SubjectKind::Unit => subject::Kind::Unit,
        SubjectKind::Team => subject::Kind::Team,
        SubjectKind::Person => subject::Kind::Person,
        SubjectKind::Family => subject::Kind::Family,
    }
}

/// The word that is stored for a kind.
pub(crate) const fn kind_word(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Unit => "unit",
        SubjectKind::Team => "team",
        SubjectKind::Person => "person",
        SubjectKind::Family => "family",
    }
}
