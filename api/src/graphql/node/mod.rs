//! Anything by its global id, as Relay's clients need it.

use async_graphql::{Context, ID, Interface, Object};
use domain::id::{Id, Kind};

use super::error::GraphqlFault;
use super::inspection::{Fact, FactKey, Investigation, InvestigationKey};
use super::loader::load;
use super::region::{Region, RegionKey};
use super::round::{Round, RoundKey};
use super::scheme::{Scheme, SchemeKey, SchemeVersion, SchemeVersionKey};
use super::staff::{Staff, StaffKey};
use super::subject::{Relation, RelationKey, Subject, SubjectKey};
use super::survey::{Survey, SurveyKey};

/// Anything with a global id.
#[derive(Debug, Clone, Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The global id: three letters for the kind, then 13 characters."
))]
pub enum Node {
    /// A region.
    Region(Region),
    /// A subject.
    Subject(Subject),
    /// A relation between subjects.
    Relation(Relation),
    /// A scheme.
    Scheme(Scheme),
    /// A version of a scheme.
    SchemeVersion(SchemeVersion),
    /// A round.
    Round(Round),
    /// A survey.
    Survey(Survey),
    /// A fact.
    Fact(Fact),
    /// An investigation.
    Investigation(Investigation),
    /// An account.
    Staff(Staff),
}

/// The part of the query root that knows every kind.
#[derive(Debug, Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The thing with this global id, of whatever kind; null if there is none or it may not be seen.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A global id, from the field `id` of anything.")] id: ID,
    ) -> Option<Result<Node, GraphqlFault>> {
        find(context, &id).await.transpose()
    }
}

async fn find(context: &Context<'_>, id: &str) -> Result<Option<Node>, GraphqlFault> {
    let prefix = id.split_once('_').map_or("", |(prefix, _)| prefix);
    let node = match prefix {
        domain::id::Region::PREFIX => load(context, RegionKey(parse(id)?))
            .await?
            .map(Node::Region),
        domain::id::Subject::PREFIX => load(context, SubjectKey(parse(id)?))
            .await?
            .map(Node::Subject),
        domain::id::Relation::PREFIX => load(context, RelationKey(parse(id)?))
            .await?
            .map(Node::Relation),
        domain::id::Scheme::PREFIX => load(context, SchemeKey(parse(id)?))
            .await?
            .map(Node::Scheme),
        domain::id::SchemeVersion::PREFIX => load(context, SchemeVersionKey(parse(id)?))
            .await?
            .map(Node::SchemeVersion),
        domain::id::Round::PREFIX => load(context, RoundKey(parse(id)?)).await?.map(Node::Round),
        domain::id::Survey::PREFIX => load(context, SurveyKey(parse(id)?))
            .await?
            .map(Node::Survey),
        domain::id::Fact::PREFIX => load(context, FactKey(parse(id)?)).await?.map(Node::Fact),
        domain::id::Investigation::PREFIX => load(context, InvestigationKey(parse(id)?))
            .await?
            .map(Node::Investigation),
        domain::id::Staff::PREFIX => load(context, StaffKey(parse(id)?)).await?.map(Node::Staff),
        _ => {
            return Err(GraphqlFault::bad_input(
                "`id` is no global id: take it from the field `id` of anything",
            ));
        }
    };
    Ok(node)
}

fn parse<K: Kind>(id: &str) -> Result<Id<K>, GraphqlFault> {
    id.parse()
        .map_err(|fault: domain::id::IdError| GraphqlFault::bad_input(fault.to_string()))
}
