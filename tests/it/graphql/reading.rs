//! Connections, ids, and how many statements a page costs.

use domain::access::{Actor, Role};
use domain::id::Id;
use serde_json::{Value, json};
use service::region::RegionDraft;
use support::{World, on_both};

use super::{Site, code};

on_both!(
    a_list_is_read_to_its_end_by_cursors,
    an_id_of_another_kind_is_refused_and_says_so,
    a_page_costs_as_many_statements_however_long_it_is,
    the_log_is_for_those_who_may_read_it
);

async fn plant(site: &Site, count: usize) {
    let mut parent = None;
    for number in 0..count {
        let draft = RegionDraft {
            parent,
            code: format!("r{number:03}"),
            name: format!("第{number}区"),
            name_en: format!("Region {number}"),
        };
        let added = site
            .world
            .service
            .add_region(&Actor::Operator, draft)
            .await
            .ok()
            .unwrap();
        parent = Some(added.id);
    }
}

const PAGE: &str = "query($first: Int!, $after: String) { regions(first: $first, after: $after) {
    nodes { id code parent { code } } pageInfo { hasNextPage endCursor } } }";

async fn a_list_is_read_to_its_end_by_cursors(world: World) {
    let site = Site::new(world).await;
    plant(&site, 5).await;
    let mut codes = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = site
            .get(&None, PAGE, json!({ "first": 2, "after": after }))
            .await;
        codes.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["code"].clone()),
        );
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(
        json!(codes),
        json!(["r000", "r001", "r002", "r003", "r004"])
    );
    for wrong in [
        json!({ "first": 0 }),
        json!({ "first": 101 }),
        json!({ "first": 2, "after": "x" }),
    ] {
        let answer = site.ask(&None, PAGE, wrong).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{answer}");
    }
}

async fn an_id_of_another_kind_is_refused_and_says_so(world: World) {
    let site = Site::new(world).await;
    let subject = Id::<domain::id::Subject>::new(7).to_string();
    let answer = site
        .ask(
            &None,
            "query($id: ID!) { round(id: $id) { code } }",
            json!({ "id": subject }),
        )
        .await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("this is the id of a subject, where the id of a round is needed"),
        "{message}"
    );
    let node = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(
        code(&site.ask(&None, node, json!({ "id": "xyz" })).await),
        "BAD_USER_INPUT"
    );
    let round = Id::<domain::id::Round>::new(7).to_string();
    assert_eq!(
        site.get(&None, node, json!({ "id": round })).await,
        Value::Null
    );
}

async fn a_page_costs_as_many_statements_however_long_it_is(world: World) {
    let site = Site::new(world).await;
    plant(&site, 60).await;
    let count = || site.world.service.database.statement_count();
    let mut costs = Vec::new();
    for first in [3, 60] {
        let before = count();
        let page = site.get(&None, PAGE, json!({ "first": first })).await;
        assert_eq!(page["nodes"].as_array().unwrap().len(), first);
        costs.push(count() - before);
    }
    assert_eq!(
        costs,
        [2, 2],
        "one for the page, one for all the regions above"
    );
}

async fn the_log_is_for_those_who_may_read_it(world: World) {
    let site = Site::new(world).await;
    let auditor = site.token(Role::Auditor).await;
    let inspector = site.token(Role::Inspector).await;
    let query = "{ log(first: 100) { nodes { seq body leafHash } } }";
    assert_eq!(
        code(&site.ask(&inspector, query, json!({})).await),
        "FORBIDDEN"
    );
    let log = site.get(&auditor, query, json!({})).await;
    let entries = log["nodes"].as_array().unwrap();
    assert_eq!(entries[0]["seq"], "1");
    assert!(
        entries[0]["body"]
            .as_str()
            .unwrap()
            .contains(r#""action":"staff.add""#)
    );
}
