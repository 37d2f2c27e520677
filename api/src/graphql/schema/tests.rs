//! The schema as a whole: described everywhere, buildable, and the same as the copy that is reviewed.

use std::fmt::Write;

use async_graphql::{EmptyMutation, EmptySubscription, Request, Value};

use super::*;

const INTROSPECTION: &str = "{ __schema { types { name description
    fields { name description args { name description } }
    inputFields { name description } enumValues { name description } } } }";

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    let Value::Object(object) = value else {
        return &[];
    };
    match object.get(key) {
        Some(Value::List(list)) => list,
        _ => &[],
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    let Value::Object(object) = value else {
        return "";
    };
    match object.get(key) {
        Some(Value::String(text)) => text,
        _ => "",
    }
}

fn judge(owner: &str, members: &[Value], faults: &mut String) {
    for member in members {
        let name = format!("{owner}.{}", text(member, "name"));
        if text(member, "description").trim().is_empty() {
            let _written = writeln!(faults, "{name}");
        }
        judge(&name, list(member, "args"), faults);
    }
}

#[tokio::test]
async fn every_type_field_and_argument_is_described() {
    let schema = Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .finish();
    let response = schema.execute(Request::new(INTROSPECTION)).await;
    assert!(response.is_ok(), "{:?}", response.errors);
    let Value::Object(data) = &response.data else {
        panic!("no data")
    };
    let mut faults = String::new();
    for kind in list(&data["__schema"], "types") {
        let name = text(kind, "name");
        if name.starts_with("__") {
            continue;
        }
        // The specification describes its own scalars; the library leaves this one without words.
        if name != "ID" {
            judge("", std::slice::from_ref(kind), &mut faults);
        }
        for members in ["fields", "inputFields", "enumValues"] {
            judge(name, list(kind, members), &mut faults);
        }
    }
    assert!(faults.is_empty(), "without a description:\n{faults}");
}

#[test]
fn the_copy_at_the_root_is_up_to_date() {
    let copy = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql");
    let copy = std::fs::read_to_string(copy).unwrap_or_default();
    assert!(
        copy.trim_end() == sdl().trim_end(),
        "`schema.graphql` differs from the schema: write it again with `mingjian schema > schema.graphql` and review it"
    );
}

#[test]
fn lists_cost_as_much_as_their_pages() {
    // The bound is a setting of the endpoint; here only that the schema can be built with it.
    let builder =
        async_graphql::Schema::build(region::RegionQuery, EmptyMutation, EmptySubscription);
    let schema = builder.limit_complexity(10).finish();
    let request = Request::new("{ regions(first: 100) { nodes { code } } }");
    let response = schema.execute(request).now_or_never().unwrap();
    assert_eq!(response.errors[0].message, "Query is too complex.");
}
