//! Tokens of programs: what they read beside the denial matrix, what is kept of their use, and what is refused.

use std::time::Duration;

use domain::access::Role;
use serde_json::{Value, json};
use support::{World, on_both};

use super::{Site, Token, code};

on_both!(
    a_program_is_nobody_that_can_be_named_and_its_use_is_kept_by_the_day,
    a_token_that_cannot_be_is_refused_with_all_that_is_wrong,
    a_token_ends_with_its_days,
);

const ADD: &str = "mutation($i: ServiceTokenAddInput!) { serviceTokenAdd(input: $i) {
    secret serviceToken { id usedOn revoked } refusals { code path } } }";
const LIST: &str = "{ serviceTokens(first: 5) { nodes { name usedOn revoked } } }";
const VIEWER: &str = "{ viewer { login } }";

async fn add(site: &Site, keeper: &Token, input: Value) -> Value {
    site.get(keeper, ADD, json!({ "i": input })).await
}

async fn a_program_is_nobody_that_can_be_named_and_its_use_is_kept_by_the_day(world: World) {
    let site = Site::new(world).await;
    let keeper = site.token(Role::SecurityAdministrator).await;
    let made = add(
        &site,
        &keeper,
        json!({ "name": "site", "live": true, "days": 90 }),
    )
    .await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("mjt_"), "{secret}");
    let program: Token = Some(secret);
    assert_eq!(made["serviceToken"]["usedOn"], Value::Null);

    let statements = || site.world.service.database.statement_count();
    assert_eq!(site.get(&program, VIEWER, json!({})).await, Value::Null);
    let before = statements();
    site.get(&program, VIEWER, json!({})).await;
    assert_eq!(statements() - before, 1, "the day is kept already");
    let listed = site.get(&keeper, LIST, json!({})).await["nodes"][0].clone();
    assert_eq!(listed["usedOn"], "2026-03-02");
    site.world.clock.advance(Duration::from_hours(24));
    site.get(&program, VIEWER, json!({})).await;
    let keeper = site.log_in(Role::SecurityAdministrator.word()).await;
    let listed = site.get(&keeper, LIST, json!({})).await["nodes"][0].clone();
    assert_eq!(listed["usedOn"], "2026-03-03");
}

async fn a_token_that_cannot_be_is_refused_with_all_that_is_wrong(world: World) {
    let site = Site::new(world).await;
    let keeper = site.token(Role::SecurityAdministrator).await;
    let codes = async |input: Value| {
        let refused = add(&site, &keeper, input).await;
        assert_eq!(refused["secret"], Value::Null);
        let refusals = refused["refusals"].as_array().unwrap().clone();
        let codes: Vec<String> = refusals
            .iter()
            .map(|refusal| refusal["code"].as_str().unwrap().to_owned())
            .collect();
        codes
    };
    let nowhere = "reg_0000000000009";
    let wrong = json!({ "name": "a b", "live": false, "regionId": nowhere, "days": 367 });
    let expected = ["CODE_UNFIT", "DAYS_OUT_OF_RANGE", "SCOPE_WITHOUT_LIVE"];
    assert_eq!(codes(wrong).await, expected);
    let nowhere = json!({ "name": "site", "live": true, "regionId": nowhere, "days": 1 });
    assert_eq!(codes(nowhere).await, ["SCOPE_UNKNOWN"]);
    let good = json!({ "name": "site", "live": true, "days": 1 });
    assert_eq!(
        add(&site, &keeper, good.clone()).await["refusals"],
        json!([])
    );
    assert_eq!(codes(good).await, ["CODE_TAKEN"]);

    // No person is a program.
    let add = "mutation($i: StaffAddInput!) { staffAdd(input: $i) { refusals { code } } }";
    let input = json!({ "i": { "login": "p", "name": "p", "password": "a long password of tests",
        "roles": [{ "role": "PROGRAM" }] } });
    let refused = site.get(&keeper, add, input).await;
    assert_eq!(refused["refusals"][0]["code"], "ROLE_NOT_FOR_PEOPLE");
}

async fn a_token_ends_with_its_days(world: World) {
    let site = Site::new(world).await;
    let keeper = site.token(Role::SecurityAdministrator).await;
    let made = add(
        &site,
        &keeper,
        json!({ "name": "site", "live": false, "days": 1 }),
    )
    .await;
    let program: Token = Some(made["secret"].as_str().unwrap().to_owned());
    assert_eq!(code(&site.ask(&program, VIEWER, json!({})).await), "");
    site.world.clock.advance(Duration::from_hours(24));
    assert_eq!(
        code(&site.ask(&program, VIEWER, json!({})).await),
        "UNAUTHENTICATED"
    );
    let unknown: Token = Some(format!("mjt_{}", "0".repeat(32)));
    assert_eq!(
        code(&site.ask(&unknown, VIEWER, json!({})).await),
        "UNAUTHENTICATED"
    );
}
