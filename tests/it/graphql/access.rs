//! How far a role reaches.

use domain::access::{Grant, Role};
use domain::id::{self, Id};
use serde_json::{Value, json};
use support::{World, on_both};

use super::{Site, Token, code, everywhere};

on_both!(a_grant_reaches_its_own_subtree_and_no_further);

async fn a_grant_reaches_its_own_subtree_and_no_further(world: World) {
    let site = Site::new(world).await;
    let administrator = site.token(Role::RoundAdministrator).await;
    let add = "mutation($code: String!, $parent: ID) { regionAdd(input:
        { code: $code, name: \"地区\", nameEn: \"region\", parentId: $parent }) { region { id version } refusals { code path } } }";
    let region = async |token: &Token, code: &str, parent: &Value| {
        let answer = site
            .ask(token, add, json!({ "code": code, "parent": parent }))
            .await;
        answer["data"]["regionAdd"]["region"]["id"].clone()
    };
    let county = region(&administrator, "county", &Value::Null).await;
    let town = region(&administrator, "town", &county).await;
    let other = region(&administrator, "other", &Value::Null).await;
    let id: Id<id::Region> = county.as_str().unwrap().parse().unwrap();
    let within = Grant {
        region: Some(id),
        ..everywhere(Role::RoundAdministrator)
    };
    site.add("local", vec![within]).await;
    let local = site.log_in("local").await;
    assert!(region(&local, "village", &town).await.is_string());
    for outside in [&other, &Value::Null] {
        assert_eq!(region(&local, "elsewhere", outside).await, Value::Null);
    }
    let subject = "mutation($region: ID!) { subjectAdd(input: { code: \"unit\", kind: UNIT, category: \"organ\",
        regionId: $region, name: \"单位\", nameEn: \"unit\" }) { subject { id } } }";
    let outside = site.ask(&local, subject, json!({ "region": other })).await;
    assert_eq!(code(&outside), "FORBIDDEN");
    site.get(&administrator, subject, json!({ "region": other }))
        .await;
    let list = "{ subjects(first: 10) { nodes { code } } }";
    let seen = site.get(&local, list, json!({})).await;
    assert_eq!(seen["nodes"], json!([]));
    let seen = site.get(&administrator, list, json!({})).await;
    assert_eq!(seen["nodes"], json!([{ "code": "unit" }]));
    // A region below itself, with the path of the field that is wrong.
    let found = site
        .get(
            &administrator,
            "query($id: ID!) { node(id: $id) { ... on Region { version } } }",
            json!({ "id": county }),
        )
        .await;
    let change = "mutation($id: ID!, $version: String!, $parent: ID) { regionChange(id: $id, version: $version, input:
        { code: \"county\", name: \"县\", nameEn: \"county\", parentId: $parent }) { refusals { code path } } }";
    let ring = json!({ "id": county, "version": found["version"], "parent": town });
    let refused = site.get(&administrator, change, ring).await;
    assert_eq!(
        refused["refusals"],
        json!([{ "code": "REGION_BELOW_ITSELF", "path": ["parentId"] }])
    );
}
