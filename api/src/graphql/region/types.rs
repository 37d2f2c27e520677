//! A region as the API shows it.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Object};
use domain::id::{self, Id};
use service::region;

use crate::graphql::error::GraphqlFault;
use crate::graphql::loader::{Batch, load_referred};

/// A region (地区).
#[derive(Debug, Clone)]
pub struct Region(pub region::Region);

impl From<region::Region> for Region {
    fn from(region: region::Region) -> Self {
        Self(region)
    }
}

/// A region (地区): a node of the tree in which subjects lie.
#[Object]
impl Region {
    /// Global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Code, unique among regions; it may be changed.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Name in Chinese.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Name in English.
    async fn name_en(&self) -> &str {
        &self.0.name_en
    }

    /// Stands for the content as it was read; give it back with a change.
    async fn version(&self) -> String {
        self.0.version()
    }

    /// The region above; null at a root.
    async fn parent(&self, context: &Context<'_>) -> Option<Result<Region, GraphqlFault>> {
        Some(load_referred(context, RegionKey(self.0.parent?)).await)
    }
}

/// Loads regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RegionKey(pub Id<id::Region>);

impl Loader<RegionKey> for Batch {
    type Value = Region;
    type Error = GraphqlFault;

    async fn load(&self, keys: &[RegionKey]) -> Result<HashMap<RegionKey, Region>, GraphqlFault> {
        let ids: Vec<Id<id::Region>> = keys.iter().map(|key| key.0).collect();
        let found = self.service.find_regions(&self.actor, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, region)| (RegionKey(id), Region(region)))
            .collect())
    }
}
