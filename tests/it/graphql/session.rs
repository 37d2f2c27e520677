//! Logging in, refreshing, logging out.

use std::time::Duration;

use api::config::{Purpose, Settings, Sources};
use domain::access::Role;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use support::{World, on_both};

use super::{PASSWORD, Site, code, everywhere};

on_both!(
    whoever_logs_in_is_the_viewer_until_they_log_out,
    a_wrong_password_and_an_unknown_name_are_answered_alike,
    ten_wrong_passwords_lock_the_account_for_a_while,
    a_spent_refresh_token_ends_the_session_unless_its_successor_was_lost,
    a_withdrawn_account_is_nobody_at_once,
    sessions_that_are_over_are_removed_and_others_are_not,
    the_worker_removes_sessions_that_are_over
);

const VIEWER: &str = "{ viewer { login roles { role region { code } category } } }";

async fn whoever_logs_in_is_the_viewer_until_they_log_out(world: World) {
    let site = Site::new(world).await;
    assert_eq!(site.get(&None, VIEWER, json!({})).await, Value::Null);
    let token = site.token(Role::Auditor).await;
    let viewer = site.get(&token, VIEWER, json!({})).await;
    assert_eq!(viewer["login"], "auditor");
    assert_eq!(viewer["roles"][0]["role"], "AUDITOR");
    let closed = site
        .get(&token, "mutation { sessionClose { closed } }", json!({}))
        .await;
    assert_eq!(closed["closed"], true);
    let answer = site.ask(&token, VIEWER, json!({})).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
}

async fn a_wrong_password_and_an_unknown_name_are_answered_alike(world: World) {
    let site = Site::new(world).await;
    site.add("known", vec![]).await;
    let statements = |site: &Site| site.world.service.database.statement_count();
    let before = statements(&site);
    let wrong = site.open("known", "another password").await;
    let between = statements(&site);
    let unknown = site.open("nobody", "another password").await;
    assert_eq!(wrong, unknown);
    assert_eq!(
        wrong["data"]["sessionOpen"]["refusals"][0]["code"],
        "LOGIN_REFUSED"
    );
    assert_eq!(between - before, statements(&site) - between);
}

async fn ten_wrong_passwords_lock_the_account_for_a_while(world: World) {
    let site = Site::new(world).await;
    site.add("victim", vec![]).await;
    for _ in 0..10 {
        site.open("victim", "guess").await;
    }
    let refusal = "/data/sessionOpen/refusals/0/code";
    let answer = site.open("victim", PASSWORD).await;
    assert_eq!(answer.pointer(refusal), Some(&json!("LOGIN_REFUSED")));
    site.world.clock.advance(Duration::from_secs(15 * 60 + 1));
    let answer = site.open("victim", PASSWORD).await;
    assert_eq!(answer.pointer(refusal), None, "{answer}");
}

async fn a_spent_refresh_token_ends_the_session_unless_its_successor_was_lost(world: World) {
    let site = Site::new(world).await;
    site.add("somebody", vec![everywhere(Role::Inspector)])
        .await;
    let opened = site.open("somebody", PASSWORD).await;
    let first = opened["data"]["sessionOpen"]["session"]["refreshToken"].clone();
    let refresh = async |token: &Value| {
        site.world.clock.advance(Duration::from_secs(1));
        let query = "mutation($t: String!) { sessionRefresh(refreshToken: $t) {
            session { refreshToken } refusals { code } } }";
        site.get(&None, query, json!({ "t": token })).await
    };
    let second = refresh(&first).await["session"]["refreshToken"].clone();
    // The answer with the second was lost on the way, so the first is tried again.
    let third = refresh(&first).await["session"]["refreshToken"].clone();
    assert!(second.is_string() && third.is_string() && second != third);
    let fourth = refresh(&third).await["session"]["refreshToken"].clone();
    assert!(fourth.is_string());
    // Now the first one comes from somebody else: nobody stays logged in.
    for stolen in [&first, &fourth] {
        let answer = refresh(stolen).await;
        assert_eq!(answer["refusals"][0]["code"], "REFRESH_REFUSED");
    }
}

async fn a_withdrawn_account_is_nobody_at_once(world: World) {
    let site = Site::new(world).await;
    let keeper = site.token(Role::SecurityAdministrator).await;
    let token = site.token(Role::Inspector).await;
    let list = "{ staff(first: 10) { nodes { id login rowVersion } } }";
    let staff = site.get(&keeper, list, json!({})).await;
    let find = |login: &str| {
        let nodes = staff["nodes"].as_array().unwrap();
        nodes
            .iter()
            .find(|node| node["login"] == login)
            .unwrap()
            .clone()
    };
    let change = "mutation($id: ID!, $v: String!) { staffChange(id: $id, rowVersion: $v, input: { active: false }) {
        staff { active } refusals { code path } } }";
    let own = find("security_administrator");
    let own = json!({ "id": own["id"], "v": own["rowVersion"] });
    let refused = site.get(&keeper, change, own).await;
    assert_eq!(refused["refusals"][0]["code"], "OWN_ACCOUNT");
    let other = find("inspector");
    let other = json!({ "id": other["id"], "v": other["rowVersion"] });
    let changed = site.get(&keeper, change, other.clone()).await;
    assert_eq!(changed["staff"]["active"], false);
    assert_eq!(
        code(&site.ask(&token, VIEWER, json!({})).await),
        "UNAUTHENTICATED"
    );
    assert_eq!(code(&site.ask(&keeper, change, other).await), "CONFLICT");
}

async fn count_sessions(world: &World) -> i64 {
    let reader = world.service.database.reader();
    let sql = sea_orm::Statement::from_string(
        reader.get_database_backend(),
        "SELECT count(*) AS n FROM session",
    );
    let row = reader.query_one_raw(sql).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

async fn sessions_that_are_over_are_removed_and_others_are_not(world: World) {
    let site = Site::new(world).await;
    let service = site.world.service.clone();
    site.add("early", vec![]).await;
    site.log_in("early").await;
    site.world.clock.advance(Duration::from_mins(1));
    site.log_in("early").await;
    assert_eq!(service.purge_sessions().await.unwrap(), 0);
    let settings = Settings::load(Sources::default(), Purpose::Tool).unwrap();
    let lifetime = settings.auth.refresh_lifetime;
    site.world
        .clock
        .advance(lifetime.checked_sub(Duration::from_mins(1)).unwrap());
    assert_eq!(service.purge_sessions().await.unwrap(), 1);
    assert_eq!(count_sessions(&site.world).await, 1);
    site.world.clock.advance(Duration::from_mins(1));
    assert_eq!(service.purge_sessions().await.unwrap(), 1);
}

async fn the_worker_removes_sessions_that_are_over(world: World) {
    let site = Site::new(world.clone()).await;
    // By the clock of the machine this session is long over.
    site.add("somebody", vec![]).await;
    site.log_in("somebody").await;
    let _server = world.server().await;
    for _ in 0..200 {
        if count_sessions(&world).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the session is still there");
}
