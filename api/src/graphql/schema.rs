//! The schema: its three roots, put together from the slices in the folders beside this file.
//!
//! A slice plugs in with one line in each root that it has fields for. Everything a resolver needs from outside is in
//! [`Parts`]; who asks is put into each operation by the gate.

use async_graphql::{MergedObject, MergedSubscription, Request, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use service::Service;

use super::extension::fence;
use super::{
    closeout, inspection, log, node, region, round, scheme, session, staff, subject, survey,
};
use crate::auth::session::Sessions;
use crate::config;

/// Everything that can be read. Lists are connections in pages of 1 to 100.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    session::ViewerQuery,
    session::SessionQuery,
    region::RegionQuery,
    subject::SubjectQuery,
    scheme::SchemeQuery,
    round::RoundQuery,
    survey::SurveyQuery,
    survey::WordsQuery,
    inspection::FactQuery,
    staff::StaffQuery,
    staff::ServiceTokenQuery,
    log::LogQuery,
);

/// Everything that can be changed, one change in an operation. Each field is named after the object it changes, then
/// the verb, and answers with a payload: what was done, or the refusals for which nothing was.
#[derive(MergedObject, Default)]
pub struct Mutation(
    session::SessionMutation,
    session::PasswordMutation,
    session::SecondFactorMutation,
    session::ProviderMutation,
    session::SessionEndMutation,
    region::RegionMutation,
    subject::SubjectMutation,
    subject::RelationMutation,
    subject::SuccessionMutation,
    scheme::SchemeMutation,
    round::RoundMutation,
    survey::SurveyMutations,
    inspection::InspectionMutation,
    inspection::FactMutation,
    inspection::InvestigationMutation,
    inspection::WaiverMutation,
    inspection::CompositionMutation,
    closeout::CloseoutMutation,
    staff::StaffMutation,
    staff::ServiceTokenMutation,
);

/// Everything that can be watched, over a WebSocket with the subprotocol `graphql-transport-ws`.
#[derive(MergedSubscription, Default)]
pub struct Subscription(closeout::ProgressSubscription);

/// The whole schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// What resolvers need from outside.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The use-cases.
    pub service: Service,
    /// Logging in.
    pub sessions: Sessions,
}

/// The schema, ready to be served behind a gate.
pub fn build(parts: Parts, settings: &config::Graphql) -> Schema {
    let builder = Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    );
    fence(builder, settings)
        .data(parts.service)
        .data(parts.sessions)
        .finish()
}

/// Answers a request by a schema, without a gate before it. Boxed here, so that whoever asks need not build all resolvers
/// again to know how large the answer's future is.
pub fn answer(schema: &Schema, request: Request) -> BoxFuture<'_, Response> {
    schema.execute(request).boxed()
}

/// The schema in GraphQL's own language, as `schema.graphql` holds it.
pub fn sdl() -> String {
    let schema = Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .finish();
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items();
    schema.sdl_with_options(options)
}

#[cfg(test)]
mod tests;
