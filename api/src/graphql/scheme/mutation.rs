//! Adding versions of schemes.

use async_graphql::{Context, Object};

use super::types::SchemeVersion;
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::payload::payload;

payload! {
    /// What came of adding a version of a scheme.
    SchemeVersionAddPayload {
        /// The version.
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
}
