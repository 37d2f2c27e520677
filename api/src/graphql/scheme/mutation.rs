//! Adding versions of schemes.

use async_graphql::{Context, InputObject, Object};
use domain::id;
use service::scheme::SurveyCopyDraft;

use super::types::SchemeVersion;
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;

payload! {
    /// What came of adding a version of a scheme.
    SchemeVersionAddPayload {
        /// The version.
        scheme_version: SchemeVersion
    }
}

/// A survey to be taken over into another version of a scheme.
#[derive(Debug, InputObject)]
pub struct SurveyCopyInput {
    /// The survey, of whatever round.
    survey_id: Key<id::Survey>,
    /// The version that is to have it, in place of its own survey of that code or behind the others.
    scheme_version_id: Key<id::SchemeVersion>,
    /// What the version that comes of it is called.
    version: String,
}

payload! {
    /// What came of copying a survey.
    SurveyCopyPayload {
        /// The version that has the copy: a draft, until a round is opened under it.
        scheme_version: SchemeVersion
    }
}

/// The part of the mutation root about schemes.
#[derive(Debug, Default)]
pub struct SchemeMutation;

#[Object]
impl SchemeMutation {
    /// Adds a version of a scheme, and the scheme itself if it is the first. Refused with every fault of the file at
    /// once, each with its path, line and column. The same file again gives the version that is there.
    async fn scheme_version_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The scheme file, TOML, as large as a request may be.")] source: String,
    ) -> Result<SchemeVersionAddPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        SchemeVersionAddPayload::of(service(context)?.add_scheme_version(actor, &source).await)
    }

    /// Copies a survey for the next round: takes it over from the scheme of its round into another version, which is
    /// added as a further one. The survey that was frozen stays as it is.
    async fn survey_copy(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The copy to be.")] input: SurveyCopyInput,
    ) -> Result<SurveyCopyPayload, GraphqlFault> {
        let copy = SurveyCopyDraft {
            survey: input.survey_id.0,
            into: input.scheme_version_id.0,
            version: input.version,
        };
        let actor = &Asker::of(context)?.actor;
        SurveyCopyPayload::of(service(context)?.copy_survey(actor, &copy).await)
    }
}
