//! Changing regions.

use async_graphql::{Context, InputObject, Object};
use domain::id;
use service::region::{RegionChange, RegionDraft};

use super::types::Region;
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;

/// What a region is to be.
#[derive(Debug, InputObject)]
pub struct RegionInput {
    /// Code, unique among regions: 1 to 64 letters, digits, `-`, `_` and `.`.
    code: String,
    /// Name in Chinese, 1 to 200 characters.
    name: String,
    /// Name in English, 1 to 200 characters.
    name_en: String,
    /// The region above; leave it out for a root.
    parent_id: Option<Key<id::Region>>,
}

impl From<RegionInput> for RegionDraft {
    fn from(input: RegionInput) -> Self {
        let RegionInput {
            code,
            name,
            name_en,
            parent_id,
        } = input;
        Self {
            parent: parent_id.map(|key| key.0),
            code,
            name,
            name_en,
        }
    }
}

payload! {
    /// What came of adding a region.
    RegionAddPayload {
        /// The new region.
        region: Region
    }
}

payload! {
    /// What came of changing a region.
    RegionChangePayload {
        /// The region as it is now.
        region: Region
    }
}

/// The part of the mutation root about regions.
#[derive(Debug, Default)]
pub struct RegionMutation;

#[Object]
impl RegionMutation {
    /// Adds a region. For round administrators whose grant takes in the region above.
    async fn region_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The region to be.")] input: RegionInput,
    ) -> Result<RegionAddPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        RegionAddPayload::of(service(context)?.add_region(actor, input.into()).await)
    }

    /// Changes a region, unless somebody else did so since it was read: then the error `CONFLICT`.
    async fn region_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which region.")] id: Key<id::Region>,
        #[graphql(desc = "`version` of the region as it was read.")] version: String,
        #[graphql(desc = "What the region is to be, all of it.")] input: RegionInput,
    ) -> Result<RegionChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let change = RegionChange {
            id: id.0,
            version,
            draft: input.into(),
        };
        RegionChangePayload::of(service(context)?.change_region(actor, change).await)
    }
}
