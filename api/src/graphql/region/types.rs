//! A region as the API shows it.

use async_graphql::{Context, ID, Object};
use domain::id;
use service::region;

use crate::graphql::error::GraphqlFault;
use crate::graphql::loader::{load_referred, loader};

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

loader! {
    /// Loads regions.
    pub RegionKey(id::Region) -> Region: find_regions, Region
}
