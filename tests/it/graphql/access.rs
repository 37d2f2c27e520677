//! Who is denied what: a row for each mutation of the slices here. Those about scores, evidence and closing are held to
//! their rows with their own slices.

use std::collections::BTreeSet;

use domain::access::{Grant, Role};
use domain::id::{self, Id};
use serde_json::{Value, json};
use support::{World, on_both};

use super::{Site, Token, code, everywhere};

on_both!(
    every_change_is_denied_to_those_who_may_not_make_it,
    a_grant_reaches_its_own_subtree_and_no_further
);

/// Roles that may make a change.
struct Row {
    field: &'static str,
    call: &'static str,
    allowed: &'static [Role],
}

const ADMINISTRATOR: &[Role] = &[Role::RoundAdministrator];
const KEEPER: &[Role] = &[Role::SecurityAdministrator];

/// With ids of things that do not exist: whoever may gets another answer than `FORBIDDEN`.
const MATRIX: [Row; 16] = [
    row(
        "regionAdd",
        "regionAdd(input: {code: \"r\", name: \"区\", nameEn: \"r\"}) { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "regionChange",
        "regionChange(id: \"reg_0000000000001\", version: \"\", input: {code: \"r\", name: \"区\", nameEn: \"r\"}) { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "subjectAdd",
        "subjectAdd(input: {code: \"s\", kind: UNIT, category: \"c\", regionId: \"reg_0000000000001\", name: \"单\", nameEn: \"s\"}) { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "subjectChange",
        "subjectChange(id: \"sub_0000000000001\", version: \"\", input: {code: \"s\", kind: UNIT, category: \"c\", regionId: \"reg_0000000000001\", name: \"单\", nameEn: \"s\"}) { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "relationAdd",
        "relationAdd(input: {kind: HEADS, fromId: \"sub_0000000000001\", toId: \"sub_0000000000002\", fromOn: \"2026-01-01\"}) { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "relationChange",
        "relationChange(id: \"rel_0000000000001\", version: \"\") { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "schemeVersionAdd",
        "schemeVersionAdd(source: \"\") { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "roundAdd",
        "roundAdd(input: {code: \"r\", series: \"s\", name: \"轮\", nameEn: \"r\", schemeVersionId: \"scv_0000000000001\", periodFrom: \"2026-01-01\", periodTo: \"2026-12-31\"}) { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "roundChange",
        "roundChange(id: \"rnd_0000000000001\", rowVersion: \"1\", input: {code: \"r\", series: \"s\", name: \"轮\", nameEn: \"r\", schemeVersionId: \"scv_0000000000001\", periodFrom: \"2026-01-01\", periodTo: \"2026-12-31\"}) { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "roundOpen",
        "roundOpen(id: \"rnd_0000000000001\", rowVersion: \"1\") { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "surveyOpen",
        "surveyOpen(id: \"sur_0000000000001\") { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "surveyClose",
        "surveyClose(id: \"sur_0000000000001\") { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "surveyInvite",
        "surveyInvite(input: {surveyId: \"sur_0000000000001\", subjectId: \"sub_0000000000001\", panel: \"p\", count: 1}) { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "surveyAddLinks",
        "surveyAddLinks(input: {surveyId: \"sur_0000000000001\", subjectIds: [\"sub_0000000000001\"], panel: \"p\"}) { refusals { code } }",
        ADMINISTRATOR,
    ),
    row(
        "staffAdd",
        "staffAdd(input: {login: \"new\", name: \"新\", password: \"too short\", roles: []}) { refusals { code } }",
        KEEPER,
    ),
    row(
        "staffChange",
        "staffChange(id: \"stf_0000000000001\", rowVersion: \"1\", input: {}) { refusals { code } }",
        KEEPER,
    ),
];

/// Open to everybody by their nature, or tested with their slice.
const ELSEWHERE: [&str; 3] = ["sessionOpen", "sessionRefresh", "sessionClose"];

const fn row(field: &'static str, call: &'static str, allowed: &'static [Role]) -> Row {
    Row {
        field,
        call,
        allowed,
    }
}

async fn every_change_is_denied_to_those_who_may_not_make_it(world: World) {
    let site = Site::new(world).await;
    let query = "{ __schema { mutationType { fields { name } } } }";
    let schema = site.get(&None, query, json!({})).await;
    let fields = schema["mutationType"]["fields"].as_array().unwrap();
    let fields: BTreeSet<&str> = fields
        .iter()
        .filter_map(|field| field["name"].as_str())
        .collect();
    for row in &MATRIX {
        assert!(fields.contains(row.field), "`{}` is gone", row.field);
    }
    assert!(ELSEWHERE.iter().all(|field| fields.contains(field)));

    let mut people: Vec<(Option<Role>, Token)> = vec![(None, None)];
    for role in Role::ALL {
        people.push((Some(role), site.token(role).await));
    }
    for row in &MATRIX {
        let query = format!("mutation {{ {} }}", row.call);
        for (role, token) in &people {
            let answer = site.ask(token, &query, json!({})).await;
            let may = role.is_some_and(|role| row.allowed.contains(&role));
            assert_eq!(
                code(&answer) != "FORBIDDEN",
                may,
                "{role:?}, {}: {answer}",
                row.field
            );
        }
    }
}

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
