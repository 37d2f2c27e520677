//! Reading regions.

use async_graphql::{Context, Object};

use super::types::Region;
use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;

/// The part of the query root about regions.
#[derive(Debug, Default)]
pub struct RegionQuery;

#[Object]
impl RegionQuery {
    /// All regions, in the order of their codes.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn regions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<Region>, GraphqlFault> {
        let window = Window { first, after };
        let actor = &Asker::of(context)?.actor;
        let part = service(context)?
            .list_regions(actor, window.page("region")?)
            .await?;
        Ok(Connection::new("region", &window, part, |region| {
            region.code.clone()
        }))
    }
}
