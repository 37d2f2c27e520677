//! What only the inside of the library can tell: what an operation costs, and whether its execution began.
//!
//! Every schema must be built through [`fence`].

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextValidation,
};
use async_graphql::parser::types::{BaseType, ExecutableDocument, Type};
use async_graphql::registry::Registry;
use async_graphql::{
    Response, SchemaBuilder, ServerError, ServerResult, ValidationResult, Value, Variables, value,
};

use super::error::GraphqlFault;
use crate::auth::limit::Limiter;
use crate::config;

/// Saved-up spending: an office that opens its pages in the morning does so all at once.
const SAVED_SECONDS: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Who pays for an operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Payer {
    /// Somebody who is logged in.
    Account(i64),
    /// Everybody else from one place.
    Network(IpAddr),
}

/// The buckets of all payers; `None` where the settings set no bound.
#[derive(Debug)]
pub(super) struct Budget(Option<Limiter<Payer>>);

impl Budget {
    pub(super) fn new(cost_per_second: u32) -> Self {
        Self(NonZeroU32::new(cost_per_second).map(|cost| Limiter::per_second(cost, SAVED_SECONDS)))
    }
}

/// Travels in the request's data.
#[derive(Debug, Clone)]
pub(super) struct Purse {
    pub(super) budget: Arc<Budget>,
    pub(super) payer: Payer,
}

/// Travels in the request's data: whether fields are being resolved, and what the operation costs.
#[derive(Debug, Clone, Default)]
pub(super) struct Begun(Arc<(AtomicBool, AtomicUsize)>);

impl Begun {
    pub(super) fn is_set(&self) -> bool {
        self.0.0.load(Ordering::Relaxed)
    }

    /// What clients are told of it: how far they are from the bound of one operation.
    pub(super) fn cost(&self, limit: usize) -> Value {
        let complexity = self.0.1.load(Ordering::Relaxed);
        value!({ "complexity": complexity, "limit": limit })
    }
}

/// The extension of the library.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Edge;

impl ExtensionFactory for Edge {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

/// Gives a schema under construction what the endpoint relies on.
///
/// Complexities written in the schema (`first as usize * child_complexity`) must saturate: a product that wraps around
/// is a small number.
pub fn fence<Q, M, S>(
    builder: SchemaBuilder<Q, M, S>,
    settings: &config::Graphql,
) -> SchemaBuilder<Q, M, S> {
    let builder = builder
        .extension(Edge)
        .limit_complexity(settings.complexity);
    // The guard counts a little differently and comes first; the library's own bound must not be the tighter one.
    let builder = builder.limit_recursive_depth(settings.guard.depth.saturating_mul(2));
    if settings.suggestions {
        builder
    } else {
        builder.disable_suggestions()
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Edge {
    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(context, query, variables).await?;
        refuse_unknown_lists(&document, &context.schema_env.registry)?;
        Ok(document)
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(context).await?;
        if let Some(begun) = context.data_opt::<Begun>() {
            begun.0.1.store(result.complexity, Ordering::Relaxed);
        }
        let Some(purse) = context.data_opt::<Purse>() else {
            return Ok(result);
        };
        let Some(limiter) = &purse.budget.0 else {
            return Ok(result);
        };
        let cost = u32::try_from(result.complexity).unwrap_or(u32::MAX).max(1);
        match limiter.spend(&purse.payer, cost) {
            Ok(()) => Ok(result),
            Err(wait) => Err(vec![GraphqlFault::rate_limited(wait).into_server_error()]),
        }
    }

    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if let Some(begun) = context.data_opt::<Begun>() {
            begun.0.0.store(true, Ordering::Relaxed);
        }
        next.run(context, operation_name).await
    }
}

/// The library's rule about defaults panics where the type of a variable is a list of what there is not.
fn refuse_unknown_lists(document: &ExecutableDocument, registry: &Registry) -> ServerResult<()> {
    fn innermost(of: &Type) -> &str {
        match &of.base {
            BaseType::Named(name) => name,
            BaseType::List(inner) => innermost(inner),
        }
    }
    let operations = document.operations.iter().map(|(_, operation)| operation);
    let mut variables = operations.flat_map(|operation| &operation.node.variable_definitions);
    let unknown = variables.find_map(|variable| {
        let name = innermost(&variable.node.var_type.node);
        (!registry.types.contains_key(name)).then_some((name, variable.pos))
    });
    match unknown {
        // In the library's own words.
        Some((name, at)) => Err(ServerError::new(
            format!("Unknown type \"{name}\""),
            Some(at),
        )),
        None => Ok(()),
    }
}
