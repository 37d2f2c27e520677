//! Reads for all nodes of a page at once.
//!
//! There is one loader for each operation, so nothing read for one person is ever shown to another. A slice plugs in by
//! declaring a key of its own with [`loader!`]: each is one batched read of `service`.

use std::hash::Hash;
use std::sync::Arc;

use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use domain::access::Actor;
use service::Service;

use super::asker::data;
use super::error::GraphqlFault;

/// Reads on behalf of one actor.
#[derive(Debug)]
pub struct Batch {
    /// The use-cases.
    pub service: Service,
    /// On whose behalf.
    pub actor: Arc<Actor>,
}

/// The loader of one operation.
pub type Loaders = DataLoader<Batch, HashMapCache>;

/// A loader for one operation.
pub fn loaders(service: Service, actor: Actor) -> Loaders {
    let batch = Batch {
        service,
        actor: Arc::new(actor),
    };
    DataLoader::with_cache(batch, tokio::spawn, HashMapCache::default())
}

/// What belongs to a key; `None` if there is nothing or the actor may not see it.
///
/// # Errors
/// Those of the read.
pub async fn load<K>(
    context: &Context<'_>,
    key: K,
) -> Result<Option<<Batch as Loader<K>>::Value>, GraphqlFault>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Batch: Loader<K, Error = GraphqlFault>,
{
    data::<Loaders>(context)?.load_one(key).await
}

/// What belongs to a key that must be there, because a row refers to it.
///
/// # Errors
/// Those of the read, and that it is not there or may not be seen.
pub async fn load_referred<K>(
    context: &Context<'_>,
    key: K,
) -> Result<<Batch as Loader<K>>::Value, GraphqlFault>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Batch: Loader<K, Error = GraphqlFault>,
{
    load(context, key)
        .await?
        .ok_or_else(|| service::Fault::NotFound.into())
}

/// Declares a key and how what belongs to it is read: the use-case that takes the ids of all keys at once, and what
/// makes its result fit for the schema.
///
/// ```ignore
/// loader! {
///     /// Loads regions.
///     pub RegionKey(id::Region) -> Region: find_regions, Region
/// }
/// ```
macro_rules! loader {
    ($(#[$doc:meta])* $vis:vis $key:ident($kind:ty) -> $value:ty: $method:ident, $show:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis struct $key($vis domain::id::Id<$kind>);

        impl async_graphql::dataloader::Loader<$key> for $crate::graphql::loader::Batch {
            type Value = $value;
            type Error = $crate::graphql::GraphqlFault;

            async fn load(
                &self,
                keys: &[$key],
            ) -> Result<std::collections::HashMap<$key, $value>, $crate::graphql::GraphqlFault> {
                let ids: Vec<domain::id::Id<$kind>> = keys.iter().map(|key| key.0).collect();
                let found = self.service.$method(&self.actor, &ids).await?;
                Ok(found.into_iter().map(|(id, one)| ($key(id), ($show)(one))).collect())
            }
        }
    };
}
pub(crate) use loader;
