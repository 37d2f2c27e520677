//! Schemes and versions as the API shows them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use domain::id;
use service::closeout::TrialOf;
use service::scheme;

use super::change::SchemeDiff;
use super::table::{SchemeCategory, SchemeSection, SchemeSurvey, sections_of};
use crate::graphql::asker::{Asker, service};
use crate::graphql::closeout::SchemeTrial;
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::{load, load_referred, loader};
use crate::graphql::scalar::Instant;

/// A scheme.
#[derive(Debug, Clone)]
pub struct Scheme(pub scheme::Scheme);

impl From<scheme::Scheme> for Scheme {
    fn from(scheme: scheme::Scheme) -> Self {
        Self(scheme)
    }
}

/// A scheme (评价体系): what rounds are judged by, in versions.
#[Object]
impl Scheme {
    /// Global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Code, as its files state it.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Name in Chinese, as its first file states it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Name in English, as its first file states it.
    async fn name_en(&self) -> &str {
        &self.0.name_en
    }

    /// All its versions, the latest first.
    #[graphql(complexity = "10 * child_complexity")]
    async fn versions(&self, context: &Context<'_>) -> Result<Vec<SchemeVersion>, GraphqlFault> {
        Ok(load(context, VersionsKey(self.0.id))
            .await?
            .unwrap_or_default())
    }
}

/// A version of a scheme.
#[derive(Debug, Clone)]
pub struct SchemeVersion(pub scheme::SchemeVersion);

impl From<scheme::SchemeVersion> for SchemeVersion {
    fn from(version: scheme::SchemeVersion) -> Self {
        Self(version)
    }
}

/// A version of a scheme: one file, word for word, which never changes.
#[Object]
impl SchemeVersion {
    /// Global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The scheme.
    async fn scheme(&self, context: &Context<'_>) -> Result<Scheme, GraphqlFault> {
        load_referred(context, SchemeKey(self.0.scheme)).await
    }

    /// The version as the file states it.
    async fn version(&self) -> &str {
        &self.0.version
    }

    /// SHA-256 of the file, in hexadecimal.
    async fn digest(&self) -> &str {
        &self.0.digest
    }

    /// When it was added.
    async fn added_at(&self) -> Instant {
        self.0.added_at.into()
    }

    /// What changed since another version, part by part; null if there is none of that id.
    #[graphql(complexity = "100 + 20 * child_complexity")]
    async fn changes_since(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The older version.")] version: Key<id::SchemeVersion>,
    ) -> Option<Result<SchemeDiff, GraphqlFault>> {
        let old = match load(context, CompiledKey(version.0)).await {
            Ok(old) => old?,
            Err(fault) => return Some(Err(fault)),
        };
        let new = load_referred(context, CompiledKey(self.0.id)).await;
        Some(new.map(|new| SchemeDiff::of(&old, &new)))
    }

    /// The file itself, TOML.
    #[graphql(complexity = 50)]
    async fn source(&self, context: &Context<'_>) -> Result<String, GraphqlFault> {
        load_referred(context, SourceKey(self.0.id)).await
    }

    /// The categories of subjects that it judges.
    #[graphql(complexity = "5 * child_complexity")]
    async fn categories(&self, context: &Context<'_>) -> Result<Vec<SchemeCategory>, GraphqlFault> {
        let compiled = load_referred(context, CompiledKey(self.0.id)).await?;
        Ok(compiled
            .file
            .category
            .iter()
            .cloned()
            .map(SchemeCategory)
            .collect())
    }

    /// The table: sections with their indicators and items, in the order of the file.
    #[graphql(complexity = "10 * child_complexity")]
    async fn sections(&self, context: &Context<'_>) -> Result<Vec<SchemeSection>, GraphqlFault> {
        Ok(sections_of(
            &load_referred(context, CompiledKey(self.0.id)).await?,
        ))
    }

    /// The surveys that a round makes when it opens.
    #[graphql(complexity = "5 * child_complexity")]
    async fn surveys(&self, context: &Context<'_>) -> Result<Vec<SchemeSurvey>, GraphqlFault> {
        let compiled = load_referred(context, CompiledKey(self.0.id)).await?;
        Ok(compiled
            .file
            .survey
            .iter()
            .cloned()
            .map(SchemeSurvey)
            .collect())
    }
}

loader! {
    /// Loads schemes.
    pub SchemeKey(id::Scheme) -> Scheme: find_schemes, Scheme
}

loader! {
    /// Loads versions.
    pub SchemeVersionKey(id::SchemeVersion) -> SchemeVersion: find_scheme_versions, SchemeVersion
}

loader! {
    /// Loads all versions of a scheme.
    VersionsKey(id::Scheme) -> Vec<SchemeVersion>: list_scheme_versions_of, |list: Vec<_>| list.into_iter().map(SchemeVersion).collect()
}

loader! {
    /// Loads files.
    SourceKey(id::SchemeVersion) -> String: find_scheme_sources, std::convert::identity
}

loader! {
    /// Loads what versions mean.
    pub CompiledKey(id::SchemeVersion) -> Arc<domain::scheme::Scheme>: find_compiled_schemes, std::convert::identity
}

async fn try_scheme(context: &Context<'_>, wanted: TrialOf) -> Result<SchemeTrial, GraphqlFault> {
    let actor = &Asker::of(context)?.actor;
    let tried = service(context)?.try_scheme(actor, wanted).await?;
    Ok(SchemeTrial(tried))
}

/// The part of the query root about schemes.
#[derive(Debug, Default)]
pub struct SchemeQuery;

#[Object]
impl SchemeQuery {
    /// All schemes, in the order of their codes.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn schemes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<Scheme>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let part = service(context)?
            .list_schemes(actor, window.page("scheme")?)
            .await?;
        Ok(Connection::new("scheme", &window, part, |scheme| {
            scheme.code.clone()
        }))
    }

    /// What a stored version of a scheme would make of a closed round: who would get something else, and why. Decides the
    /// whole round again, so it costs much, and stores nothing.
    #[graphql(complexity = "1000 + child_complexity")]
    async fn scheme_trial(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The closed round.")] round_id: Key<id::Round>,
        #[graphql(desc = "The version that is tried.")] scheme_version_id: Key<id::SchemeVersion>,
        #[graphql(desc = "Number of a revision; without it the one that stands.")] revision: Option<
            u32,
        >,
    ) -> Option<Result<SchemeTrial, GraphqlFault>> {
        let wanted = TrialOf {
            round: round_id.0,
            revision,
            version: scheme_version_id.0,
        };
        Some(try_scheme(context, wanted).await)
    }

    /// One version of a scheme; null if there is none of that id.
    async fn scheme_version(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which version.")] id: Key<id::SchemeVersion>,
    ) -> Option<Result<SchemeVersion, GraphqlFault>> {
        load(context, SchemeVersionKey(id.0)).await.transpose()
    }
}
