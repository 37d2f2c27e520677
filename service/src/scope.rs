//! Scopes in SQL: which rows lie in the regions, categories and rounds of an actor's grants.

use std::collections::BTreeMap;

use domain::access::{Action, Actor, Grant, may};
use domain::id::{Id, Region};
use sea_orm::sea_query::{BinOper, Condition, Expr, ExprTrait};
use sea_orm::{ConnectionTrait, Statement};

use crate::Fault;

/// The columns that say where a row belongs; one that is absent lies in no narrow grant of that kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// The region.
    pub region: Option<Expr>,
    /// The category.
    pub category: Option<Expr>,
    /// The round.
    pub round: Option<Expr>,
    /// The subject.
    pub subject: Option<Expr>,
}

/// The condition under which a row lies where the actor may do something.
pub(crate) fn within(actor: &Actor, action: Action, place: &Place) -> Condition {
    let always =
        |holds: bool| Condition::all().add(Expr::cust(if holds { "1 = 1" } else { "1 = 0" }));
    if may(None, action) {
        return always(true);
    }
    match actor {
        Actor::Anonymous => always(false),
        Actor::Operator => always(true),
        Actor::Staff { grants, .. } | Actor::Program { grants, .. } => grants
            .iter()
            .filter(|grant| may(Some(grant.role), action))
            .map(|grant| within_grant(grant, place))
            .fold(Condition::any().add(Expr::cust("1 = 0")), Condition::add),
    }
}

fn within_grant(grant: &Grant, place: &Place) -> Condition {
    let never = || Expr::cust("1 = 0");
    let mut all = Condition::all();
    if let Some(region) = grant.region {
        all = all.add(match &place.region {
            Some(column) => below(column.clone(), region),
            None => never(),
        });
    }
    if let Some(category) = &grant.category {
        all = all.add(match &place.category {
            Some(column) => column.clone().eq(category.as_str()),
            None => never(),
        });
    }
    if let Some(round) = grant.round {
        all = all.add(match &place.round {
            Some(column) => column.clone().eq(round.number()),
            None => never(),
        });
    }
    if let Some(subject) = grant.subject {
        all = all.add(match &place.subject {
            Some(column) => column.clone().eq(subject.number()),
            None => never(),
        });
    }
    all
}

/// Whether a column holds the region or one below it. `UNION` rather than `UNION ALL`: it ends even if rows formed a
/// ring.
fn below(column: Expr, region: Id<Region>) -> Expr {
    // A number cannot break out of a statement, so it may stand in the text.
    let sql = format!(
        "(WITH RECURSIVE below (id) AS (SELECT CAST({} AS BIGINT) UNION \
         SELECT region.id FROM region JOIN below ON region.parent_id = below.id) SELECT id FROM below)",
        region.number()
    );
    column.binary(BinOper::In, Expr::cust(sql))
}

/// A region, then each above it up to the root; empty if there is no such region. One statement.
pub(crate) async fn path_of(
    connection: &impl ConnectionTrait,
    region: Id<Region>,
) -> Result<Vec<Id<Region>>, Fault> {
    let mut paths = paths_of(connection, [region]).await?;
    Ok(paths.remove(&region).unwrap_or_default())
}

/// The same for several regions, those that exist. One statement.
pub(crate) async fn paths_of(
    connection: &impl ConnectionTrait,
    regions: impl IntoIterator<Item = Id<Region>>,
) -> Result<BTreeMap<Id<Region>, Vec<Id<Region>>>, Fault> {
    let mut numbers: Vec<String> = regions
        .into_iter()
        .map(|id| id.number().to_string())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    // Numbers cannot break out of a statement. Nothing is below nobody: ids are positive.
    let list = if numbers.is_empty() {
        "0".to_owned()
    } else {
        numbers.join(", ")
    };
    let sql = format!(
        "WITH RECURSIVE above (start_id, id, parent_id, steps) AS (
            SELECT id, id, parent_id, 0 FROM region WHERE id IN ({list})
            UNION ALL
            SELECT above.start_id, region.id, region.parent_id, above.steps + 1
            FROM region JOIN above ON region.id = above.parent_id WHERE above.steps < 64)
        SELECT start_id, id FROM above ORDER BY start_id, steps"
    );
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let mut paths: BTreeMap<Id<Region>, Vec<Id<Region>>> = BTreeMap::new();
    for row in connection.query_all_raw(statement).await? {
        let start = Id::new(row.try_get("", "start_id")?);
        paths
            .entry(start)
            .or_default()
            .push(Id::new(row.try_get("", "id")?));
    }
    Ok(paths)
}
