//! Schemes and their versions. A version is its file, word for word, and never changes; what it means is read from the
//! file by the domain each time.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::id::{self, Id};
use domain::scheme::Scheme as Compiled;
use entity::{scheme, scheme_version};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::page::{Page, Part};
use crate::permit::{Permit, ask_somewhere};
use crate::{Fault, Refusal, Service, audit, clock, frame};

/// Longest scheme file, in bytes.
pub const LONGEST: usize = 1 << 20;

/// A scheme (评价体系).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// Its id.
    pub id: Id<id::Scheme>,
    /// Code, as its files state it.
    pub code: String,
    /// Name in Chinese, as its first file states it.
    pub name: String,
    /// Name in English.
    pub name_en: String,
}

/// A version of a scheme, without its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeVersion {
    /// Its id.
    pub id: Id<id::SchemeVersion>,
    /// The scheme.
    pub scheme: Id<id::Scheme>,
    /// The version as the file states it.
    pub version: String,
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// When it was added.
    pub added_at: DateTime<Utc>,
}

/// A survey to be taken over into another version.
#[derive(Debug, Clone)]
pub struct SurveyCopyDraft {
    /// The survey, of whatever round.
    pub survey: Id<id::Survey>,
    /// The version that is to have it too.
    pub into: Id<id::SchemeVersion>,
    /// What the version that comes of it is called.
    pub version: String,
}

/// The columns of a version without the file, which is large.
#[derive(Debug, FromQueryResult)]
struct VersionRow {
    id: i64,
    scheme_id: i64,
    version: String,
    digest: Vec<u8>,
    added_at: i64,
}

impl VersionRow {
    const COLUMNS: [scheme_version::Column; 5] = [
        scheme_version::Column::Id,
        scheme_version::Column::SchemeId,
        scheme_version::Column::Version,
        scheme_version::Column::Digest,
        scheme_version::Column::AddedAt,
    ];

    fn read(self) -> Result<SchemeVersion, Fault> {
        Ok(SchemeVersion {
            id: Id::new(self.id),
            scheme: Id::new(self.scheme_id),
            version: self.version,
            digest: hex::encode(self.digest),
            added_at: clock::instant(self.added_at)?,
        })
    }
}

impl From<scheme::Model> for Scheme {
    fn from(row: scheme::Model) -> Self {
        Self {
            id: Id::new(row.id),
            code: row.code,
            name: row.name,
            name_en: row.name_en,
        }
    }
}

impl Service {
    /// Schemes in the order of their codes. One statement.
    pub async fn list_schemes(
        &self,
        actor: &Actor,
        page: Page<String>,
    ) -> Result<Part<Scheme>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let mut query = scheme::Entity::find()
            .order_by_asc(scheme::Column::Code)
            .limit(page.limit());
        if let Some(after) = &page.after {
            query = query.filter(scheme::Column::Code.gt(after.as_str()));
        }
        let rows = query.all(&self.database.reader()).await?;
        Ok(page.cut(rows.into_iter().map(Scheme::from).collect()))
    }

    /// The schemes of these ids, those that exist. One statement.
    pub async fn find_schemes(
        &self,
        actor: &Actor,
        ids: &[Id<id::Scheme>],
    ) -> Result<BTreeMap<Id<id::Scheme>, Scheme>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows = scheme::Entity::find()
            .filter(scheme::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .all(&self.database.reader())
            .await?;
        Ok(rows
            .into_iter()
            .map(Scheme::from)
            .map(|scheme| (scheme.id, scheme))
            .collect())
    }

    /// The versions of these ids, those that exist. One statement.
    pub async fn find_scheme_versions(
        &self,
        actor: &Actor,
        ids: &[Id<id::SchemeVersion>],
    ) -> Result<BTreeMap<Id<id::SchemeVersion>, SchemeVersion>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows = scheme_version::Entity::find()
            .select_only()
            .columns(VersionRow::COLUMNS)
            .filter(scheme_version::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .into_model::<VersionRow>()
            .all(&self.database.reader())
            .await?;
        let read = rows
            .into_iter()
            .map(|row| row.read().map(|version| (version.id, version)));
        read.collect()
    }

    /// All versions of these schemes, the latest first, by scheme. One statement.
    pub async fn list_scheme_versions_of(
        &self,
        actor: &Actor,
        schemes: &[Id<id::Scheme>],
    ) -> Result<BTreeMap<Id<id::Scheme>, Vec<SchemeVersion>>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows = scheme_version::Entity::find()
            .select_only()
            .columns(VersionRow::COLUMNS)
            .filter(scheme_version::Column::SchemeId.is_in(schemes.iter().map(|id| id.number())))
            .order_by_desc(scheme_version::Column::AddedAt)
            .order_by_desc(scheme_version::Column::Version)
            .into_model::<VersionRow>()
            .all(&self.database.reader())
            .await?;
        let mut found: BTreeMap<Id<id::Scheme>, Vec<SchemeVersion>> = BTreeMap::new();
        for row in rows {
            let version = row.read()?;
            found.entry(version.scheme).or_default().push(version);
        }
        Ok(found)
    }

    /// All versions of the scheme of this code, the latest first; none where there is no such scheme. One statement.
    pub async fn list_versions_of_scheme(
        &self,
        actor: &Actor,
        code: &str,
    ) -> Result<Vec<SchemeVersion>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows = scheme_version::Entity::find()
            .select_only()
            .columns(VersionRow::COLUMNS)
            .inner_join(scheme::Entity)
            .filter(scheme::Column::Code.eq(code))
            .order_by_desc(scheme_version::Column::AddedAt)
            .order_by_desc(scheme_version::Column::Version)
            .into_model::<VersionRow>()
            .all(&self.database.reader())
            .await?;
        rows.into_iter().map(VersionRow::read).collect()
    }

    /// The files of these versions, those that exist. One statement.
    pub async fn find_scheme_sources(
        &self,
        actor: &Actor,
        ids: &[Id<id::SchemeVersion>],
    ) -> Result<BTreeMap<Id<id::SchemeVersion>, String>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows: Vec<(i64, String)> = scheme_version::Entity::find()
            .select_only()
            .columns([scheme_version::Column::Id, scheme_version::Column::Source])
            .filter(scheme_version::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .into_tuple()
            .all(&self.database.reader())
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, source)| (Id::new(id), source))
            .collect())
    }

    /// What these versions mean, those that exist. One statement; a version that was compiled before is not again.
    pub async fn find_compiled_schemes(
        &self,
        actor: &Actor,
        ids: &[Id<id::SchemeVersion>],
    ) -> Result<BTreeMap<Id<id::SchemeVersion>, Arc<Compiled>>, Fault> {
        let sources = self.find_scheme_sources(actor, ids).await?;
        let compiled = sources
            .into_iter()
            .map(|(id, source)| frame::compile(&source).map(|scheme| (id, scheme)));
        compiled.collect()
    }

    /// Adds a version of a scheme from its file, and the scheme if it is the first. The same file again changes nothing
    /// and gives the version that is there.
    ///
    /// # Errors
    /// [`Fault::Refused`] with every fault of the file, each as `SCHEME_<FAULT>` with its path below `source` and line
    /// and column in the message; `VERSION_TAKEN` if another file has that version; `SCHEME_TOO_LONG`.
    pub async fn add_scheme_version(
        &self,
        actor: &Actor,
        source: &str,
    ) -> Result<SchemeVersion, Fault> {
        let permit = Permit::ask_everywhere(actor, Action::AddScheme)?;
        let compiled = compile(source)?;
        let digest = hex::decode(compiled.digest.as_ref()).map_err(Fault::internal)?;
        let transaction = self.database.begin_write().await?;
        let scheme = self.find_or_add_scheme(&transaction, &compiled).await?;
        let known = scheme_version::Entity::find()
            .select_only()
            .columns(VersionRow::COLUMNS)
            .filter(scheme_version::Column::SchemeId.eq(scheme.number()))
            .filter(scheme_version::Column::Version.eq(compiled.version()))
            .into_model::<VersionRow>()
            .one(&transaction)
            .await?;
        if let Some(known) = known {
            if known.digest == digest {
                return known.read();
            }
            let message = format!(
                "version `{}` of `{}` is there already with another text: give the file a new version",
                compiled.version(),
                compiled.code()
            );
            return Err(Fault::refused(
                Refusal::new("VERSION_TAKEN", message).at(["source", "version"]),
            ));
        }
        let now = self.clock.now();
        let id = self.ids.draw()?;
        let row = scheme_version::ActiveModel {
            id: Set(id),
            scheme_id: Set(scheme.number()),
            version: Set(compiled.version().to_owned()),
            source: Set(source.to_owned()),
            digest: Set(digest.clone()),
            added_at: Set(clock::micros(now)),
        };
        scheme_version::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await?;
        let object = Id::<id::SchemeVersion>::new(id).to_string();
        let entry = audit::Entry {
            after: digest.as_slice().try_into().ok(),
            ..permit.entry(now, "scheme.add_version", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(SchemeVersion {
            id: Id::new(id),
            scheme,
            version: compiled.version().to_owned(),
            digest: hex::encode(digest),
            added_at: now,
        })
    }

    /// Takes a survey over from the scheme of its round into another version, as a further version that a round to come
    /// can be held under. The survey itself stays as it is.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `NOT_COPIED` if it does not fit, and as [`Service::add_scheme_version`];
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn copy_survey(
        &self,
        actor: &Actor,
        copy: &SurveyCopyDraft,
    ) -> Result<SchemeVersion, Fault> {
        Permit::ask_everywhere(actor, Action::AddScheme)?;
        let found = self
            .find_surveys(actor, &[copy.survey])
            .await?
            .remove(&copy.survey);
        let survey = found.ok_or(Fault::NotFound)?;
        let rounds = self.find_rounds(actor, &[survey.round]).await?;
        let round = rounds.get(&survey.round).ok_or(Fault::NotFound)?;
        let from = round.content.scheme_version;
        let sources = self.find_scheme_sources(actor, &[from, copy.into]).await?;
        let (Some(from), Some(into)) = (sources.get(&from), sources.get(&copy.into)) else {
            return Err(Fault::NotFound);
        };
        let copied = domain::scheme::copy_survey(&domain::scheme::SurveyCopy {
            from,
            survey: &survey.definition.code,
            into,
            version: &copy.version,
        });
        let source = copied.map_err(|fault| {
            Fault::refused(Refusal::new("NOT_COPIED", fault.to_string()).at(["surveyId"]))
        })?;
        self.add_scheme_version(actor, &source).await
    }

    async fn find_or_add_scheme(
        &self,
        connection: &impl ConnectionTrait,
        compiled: &Compiled,
    ) -> Result<Id<id::Scheme>, Fault> {
        let known = scheme::Entity::find()
            .filter(scheme::Column::Code.eq(compiled.code()))
            .one(connection)
            .await?;
        if let Some(known) = known {
            return Ok(Id::new(known.id));
        }
        let id = self.ids.draw()?;
        let row = scheme::ActiveModel {
            id: Set(id),
            code: Set(compiled.code().to_owned()),
            name: Set(compiled.file.name.zh.clone()),
            name_en: Set(compiled.file.name.en.clone()),
        };
        scheme::Entity::insert(row)
            .exec_without_returning(connection)
            .await?;
        Ok(Id::new(id))
    }
}

/// Reads a scheme file, with every fault as a refusal.
fn compile(source: &str) -> Result<Compiled, Fault> {
    if source.len() > LONGEST {
        let message = format!("a scheme file has at most {LONGEST} bytes");
        return Err(Fault::refused(
            Refusal::new("SCHEME_TOO_LONG", message).at(["source"]),
        ));
    }
    let review = Compiled::review(source);
    review.scheme.ok_or_else(|| {
        let refusals = review.faults.into_iter().map(|fault| {
            let message = format!(
                "line {}, column {}: {}",
                fault.line, fault.column, fault.message.en
            );
            let path = std::iter::once("source")
                .chain(fault.path.split('/'))
                .filter(|part| !part.is_empty());
            Refusal::new(format!("SCHEME_{}", fault.code.to_uppercase()), message).at(path)
        });
        Fault::Refused(refusals.collect())
    })
}
