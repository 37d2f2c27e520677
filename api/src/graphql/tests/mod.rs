//! GraphQL over HTTP and WebSocket, on a schema that is just large enough to fail in every way.

#![expect(
    clippy::unused_async,
    reason = "resolvers are async whether they wait or not"
)]

mod hostile;
mod named;
mod over_events;
mod over_http;
mod over_socket;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::{Context, EmptySubscription, Object, Schema, Subscription};
use futures_util::Stream;

use super::{Admission, Caller, Endpoint, ErrorCode, Gate, GraphqlFault};
use crate::config::{self, Purpose, Settings, Sources};
use crate::http::shutdown;

pub(super) struct Query;

/// As often does `panics` fail; a variable, or the compiler would know.
static PANICS: usize = 1;

#[Object]
impl Query {
    async fn echo(&self, text: String) -> String {
        text
    }

    async fn number(&self, n: i32) -> i32 {
        n
    }

    async fn bounded(&self, #[graphql(validator(maximum = 100))] first: i32) -> i32 {
        first
    }

    async fn who(&self, context: &Context<'_>) -> String {
        context
            .data_opt::<Actor>()
            .map_or("nobody".to_owned(), |actor| actor.0.clone())
    }

    async fn broken(&self) -> Option<Result<i32, GraphqlFault>> {
        Some(Err(GraphqlFault::internal(&std::io::Error::other(
            "secret path",
        ))))
    }

    async fn needed(&self) -> Result<i32, GraphqlFault> {
        Err(GraphqlFault::new(
            ErrorCode::NotFound,
            "there is no such round",
        ))
    }

    /// What a careless resolver does.
    async fn careless(&self, context: &Context<'_>) -> async_graphql::Result<i32> {
        context.data::<f32>().map(|_| 1)
    }

    async fn panics(&self) -> i32 {
        assert_eq!(PANICS, 0, "secret panic");
        1
    }

    async fn slow(&self) -> i32 {
        tokio::time::sleep(Duration::from_mins(1)).await;
        1
    }

    #[graphql(complexity = "count.max(0) as usize * child_complexity")]
    async fn many(&self, count: i32) -> Vec<Query> {
        (0..count).map(|_| Query).collect()
    }

    async fn me(&self) -> Query {
        Query
    }
}

struct Actor(String);

#[derive(Default)]
pub(super) struct Mutation {
    begun: Arc<AtomicUsize>,
    done: Arc<AtomicUsize>,
}

#[Object]
impl Mutation {
    async fn change(&self, millis: u64) -> usize {
        self.begun.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        self.done.fetch_add(1, Ordering::SeqCst) + 1
    }
}

pub(super) struct Events;

#[Subscription]
impl Events {
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        futures_util::stream::iter(0..to)
    }

    async fn forever(&self) -> impl Stream<Item = i32> {
        futures_util::stream::pending()
    }

    async fn refused(&self) -> Result<futures_util::stream::Empty<i32>, GraphqlFault> {
        Err(GraphqlFault::new(
            ErrorCode::Forbidden,
            "only inspectors may watch",
        ))
    }
}

/// Tokens are names; the name `expired` is refused.
#[derive(Clone)]
pub(super) struct Names;

impl Gate for Names {
    async fn admit(&self, caller: Caller) -> Result<Admission, GraphqlFault> {
        let mut admission = Admission::default();
        match caller.token.as_ref().map(config::Secret::expose) {
            None => {}
            Some("expired" | "") => {
                return Err(GraphqlFault::new(
                    ErrorCode::Unauthenticated,
                    "the token has expired: log in again",
                ));
            }
            Some(name) => {
                admission.data.insert(Actor(name.to_owned()));
                admission.account = Some(i64::try_from(name.len()).unwrap());
            }
        }
        Ok(admission)
    }
}

fn settings() -> config::Graphql {
    Settings::load(Sources::default(), Purpose::Tool)
        .unwrap()
        .graphql
}

fn schema(mutation: Mutation, settings: &config::Graphql) -> Schema<Query, Mutation, Events> {
    super::fence(Schema::build(Query, mutation, Events), settings).finish()
}

fn routes_with(mutation: Mutation, settings: config::Graphql) -> (axum::Router, shutdown::Trigger) {
    let (trigger, shutdown) = shutdown::channel();
    let schema = schema(mutation, &settings);
    (
        super::routes(Endpoint::new(schema, Names, settings), shutdown),
        trigger,
    )
}

#[test]
fn any_executor_can_stand_behind_the_endpoint() {
    let schema = Schema::build(Query, Mutation::default(), EmptySubscription).finish();
    let (_trigger, shutdown) = shutdown::channel();
    let _routes = super::routes(Endpoint::new(schema, Names, settings()), shutdown);
}
