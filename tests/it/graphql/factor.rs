//! Second factors and open sessions.

use std::time::Duration;

use domain::access::Role;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use support::{World, on_both};

use super::wire::code_of;
use super::{PASSWORD, Site, Token, code, everywhere};

on_both!(
    whoever_has_a_second_factor_logs_in_with_a_code_that_is_used_once,
    a_recovery_code_stands_in_for_one_code,
    a_role_that_asks_for_a_second_factor_grants_nothing_without,
    confirming_a_second_factor_ends_the_other_sessions,
    wrong_codes_lock_the_account_as_wrong_passwords_do,
    a_secret_is_not_in_the_database,
    what_settles_results_or_gives_rights_asks_for_a_factor_shown_lately,
    sessions_are_listed_and_ended_by_their_owner_and_by_an_administrator,
);

const BEGIN: &str =
    "mutation { secondFactorBegin { secondFactor { secret address qrCode } refusals { code } } }";
const CONFIRM: &str =
    "mutation($c: String!) { secondFactorConfirm(code: $c) { recoveryCodes refusals { code } } }";
const REMOVE: &str =
    "mutation($c: String!) { secondFactorRemove(code: $c) { removed refusals { code } } }";
const SESSIONS: &str = "{ sessions(first: 10) { nodes { id openedAt usedAt current } } }";

/// The next code that was not used yet.
fn next_code(site: &Site, secret: &str) -> String {
    site.world.clock.advance(Duration::from_secs(30));
    code_of(secret, site.world.now())
}

async fn enrol(site: &Site, token: &Token) -> (String, Vec<String>) {
    let begun = site.get(token, BEGIN, json!({})).await;
    let secret = begun["secondFactor"]["secret"].as_str().unwrap().to_owned();
    let confirmed = site
        .get(token, CONFIRM, json!({ "c": next_code(site, &secret) }))
        .await;
    let codes: Vec<String> = serde_json::from_value(confirmed["recoveryCodes"].clone()).unwrap();
    assert_eq!(codes.len(), 10, "{confirmed}");
    (secret, codes)
}

/// The code of the refusal, or nothing.
async fn open_with(site: &Site, login: &str, code: Option<&str>) -> String {
    let query = "mutation($i: SessionOpenInput!) { sessionOpen(input: $i) {
        session { accessToken } refusals { code } } }";
    let input = json!({ "i": { "login": login, "password": PASSWORD, "code": code } });
    let opened = site.get(&None, query, input).await;
    let refusal = opened["refusals"][0]["code"].as_str().unwrap_or_default();
    assert_eq!(opened["session"].is_null(), !refusal.is_empty());
    refusal.to_owned()
}

async fn whoever_has_a_second_factor_logs_in_with_a_code_that_is_used_once(world: World) {
    let site = Site::new(world).await;
    let token = site.token(Role::Inspector).await;
    let begun = site.get(&token, BEGIN, json!({})).await["secondFactor"].clone();
    let secret = begun["secret"].as_str().unwrap();
    let address = begun["address"].as_str().unwrap();
    assert_eq!(
        address,
        format!("otpauth://totp/Mingjian:inspector?secret={secret}&issuer=Mingjian")
    );
    assert!(begun["qrCode"].as_str().unwrap().starts_with("<svg"));
    // Only begun, it asks for nothing; and a wrong code does not confirm it.
    assert_eq!(open_with(&site, "inspector", None).await, "");
    let refused = site.get(&token, CONFIRM, json!({ "c": "000000" })).await;
    assert_eq!(refused["refusals"][0]["code"], "SECOND_FACTOR_REFUSED");
    let used = next_code(&site, secret);
    let done = site.get(&token, CONFIRM, json!({ "c": used })).await;
    assert_eq!(done["refusals"], json!([]));

    assert_eq!(
        open_with(&site, "inspector", None).await,
        "SECOND_FACTOR_NEEDED"
    );
    // The code that confirmed it was used by that.
    let refused = "SECOND_FACTOR_REFUSED";
    assert_eq!(open_with(&site, "inspector", Some(&used)).await, refused);
    let fresh = next_code(&site, secret);
    assert_eq!(open_with(&site, "inspector", Some(&fresh)).await, "");
    assert_eq!(open_with(&site, "inspector", Some(&fresh)).await, refused);
    // Of two at once with one code, one comes in.
    let fresh = next_code(&site, secret);
    let (one, other) = tokio::join!(
        open_with(&site, "inspector", Some(&fresh)),
        open_with(&site, "inspector", Some(&fresh))
    );
    let mut both = [one.as_str(), other.as_str()];
    both.sort_unstable();
    assert_eq!(both, ["", refused]);
    // With a wrong password nothing is told of the second factor.
    let answer = site.open("inspector", "another password").await;
    let refusal = answer.pointer("/data/sessionOpen/refusals/0/code");
    assert_eq!(refusal, Some(&json!("LOGIN_REFUSED")));

    let token = log_in_with(&site, "inspector", secret).await;
    let begun = site.get(&token, BEGIN, json!({})).await;
    assert_eq!(begun["refusals"][0]["code"], "SECOND_FACTOR_PRESENT");
    let removed = site
        .get(&token, REMOVE, json!({ "c": next_code(&site, secret) }))
        .await;
    assert_eq!(removed["removed"], true);
    assert_eq!(open_with(&site, "inspector", None).await, "");
}

async fn log_in_with(site: &Site, login: &str, secret: &str) -> Token {
    let query =
        "mutation($i: SessionOpenInput!) { sessionOpen(input: $i) { session { accessToken } } }";
    let input =
        json!({ "i": { "login": login, "password": PASSWORD, "code": next_code(site, secret) } });
    let opened = site.get(&None, query, input).await;
    Some(
        opened["session"]["accessToken"]
            .as_str()
            .unwrap_or_else(|| panic!("{opened}"))
            .to_owned(),
    )
}

async fn what_settles_results_or_gives_rights_asks_for_a_factor_shown_lately(world: World) {
    const SHOW: &str =
        "mutation($c: String!) { secondFactorShow(code: $c) { shown refusals { code } } }";
    let site = Site::new(world).await;
    let keeper = site.token(Role::SecurityAdministrator).await;
    let add = |login: &str| {
        let input = format!(
            "login: \"{login}\", name: \"x\", password: \"a long password of tests\", roles: []"
        );
        format!("staffAdd(input: {{ {input} }}) {{ refusals {{ code }} }}")
    };
    let ask = async |token: &Token, query: String| {
        let answer = site.ask(token, &query, json!({})).await;
        code(&answer).to_owned()
    };
    // Whoever has none is not asked.
    site.world.clock.advance(Duration::from_secs(200));
    assert_eq!(
        ask(&keeper, format!("mutation {{ {} }}", add("one"))).await,
        ""
    );
    let (secret, _) = enrol(&site, &keeper).await;
    assert_eq!(
        ask(&keeper, format!("mutation {{ {} }}", add("two"))).await,
        ""
    );

    let opened = site.open("security_administrator", PASSWORD).await;
    let refusal = opened.pointer("/data/sessionOpen/refusals/0/code");
    assert_eq!(refusal, Some(&json!("SECOND_FACTOR_NEEDED")));
    let query =
        "mutation($i: SessionOpenInput!) { sessionOpen(input: $i) { session { refreshToken } } }";
    let input = json!({ "i": { "login": "security_administrator", "password": PASSWORD, "code": next_code(&site, &secret) } });
    let mut session = site.get(&None, query, input).await["session"].clone();
    let mut refreshed = async || {
        let query = "mutation($t: String!) { sessionRefresh(refreshToken: $t) { session { accessToken refreshToken } } }";
        let token = json!({ "t": session["refreshToken"] });
        session = site.get(&None, query, token).await["session"].clone();
        Some(session["accessToken"].as_str().unwrap().to_owned())
    };
    let keeper: Token = refreshed().await;
    assert_eq!(
        ask(&keeper, format!("mutation {{ {} }}", add("three"))).await,
        ""
    );
    // Refreshing is no proof.
    site.world.clock.advance(Duration::from_mins(15));
    let keeper = refreshed().await;
    let stale = "SECOND_FACTOR_STALE";
    assert_eq!(
        ask(&keeper, format!("mutation {{ {} }}", add("four"))).await,
        stale
    );
    let hidden = format!(
        "mutation {{ ...F }} fragment F on Mutation {{ other: {} }}",
        add("four")
    );
    assert_eq!(ask(&keeper, hidden).await, stale);
    let hand_out = async |keeper: &Token| {
        let request = site.post("/contacts/ctl_0000000000001/hand-out", keeper);
        request.send().await.unwrap().text().await.unwrap()
    };
    assert!(hand_out(&keeper).await.contains(stale));
    // Before anybody asks whether the account may do it at all.
    for step in ["roundProposeVersion", "roundMoveVersion"] {
        let call = format!(
            "mutation {{ {step}(input: {{ roundId: \"rnd_0000000000001\", rowVersion: \"1\", \
             schemeVersionId: \"scv_0000000000001\", reason: \"r\" }}) {{ refusals {{ code }} }} }}"
        );
        assert_eq!(ask(&keeper, call).await, stale, "{step}");
    }
    // What is read, and what is done in need, asks for nothing.
    assert_eq!(
        ask(
            &keeper,
            "{ staff(first: 9) { nodes { login } } }".to_owned()
        )
        .await,
        ""
    );

    let wrong = site.get(&keeper, SHOW, json!({ "c": "000000" })).await;
    assert_eq!(wrong["refusals"][0]["code"], "SECOND_FACTOR_REFUSED");
    assert_eq!(
        ask(&keeper, format!("mutation {{ {} }}", add("four"))).await,
        stale
    );
    let used = next_code(&site, &secret);
    let shown = site.get(&keeper, SHOW, json!({ "c": used })).await;
    assert_eq!(shown["shown"], true);
    assert!(!hand_out(&keeper).await.contains(stale));
    assert_eq!(
        ask(&keeper, format!("mutation {{ {} }}", add("four"))).await,
        ""
    );
    let again = site.get(&keeper, SHOW, json!({ "c": used })).await;
    assert_eq!(again["shown"], false);
    let none = site.token(Role::Auditor).await;
    let absent = site.get(&none, SHOW, json!({ "c": "123456" })).await;
    assert_eq!(absent["refusals"][0]["code"], "SECOND_FACTOR_REFUSED");
}

async fn a_recovery_code_stands_in_for_one_code(world: World) {
    let site = Site::new(world).await;
    let token = site.token(Role::Inspector).await;
    let (_, codes) = enrol(&site, &token).await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    assert_eq!(open_with(&site, "inspector", Some(&typed)).await, "");
    let refused = "SECOND_FACTOR_REFUSED";
    assert_eq!(open_with(&site, "inspector", Some(&typed)).await, refused);
    assert_eq!(
        open_with(&site, "inspector", Some("AAAA-AAAA")).await,
        refused
    );
    // Somebody else's code is no code.
    let other = site.token(Role::Auditor).await;
    enrol(&site, &other).await;
    assert_eq!(open_with(&site, "auditor", Some(&codes[4])).await, refused);

    // Lost altogether: a security administrator removes it.
    let keeper = site.token(Role::SecurityAdministrator).await;
    let list = "{ staff(first: 10) { nodes { id login secondFactor } } }";
    let staff = site.get(&keeper, list, json!({})).await;
    let inspector = staff["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["login"] == "inspector")
        .unwrap();
    assert_eq!(inspector["secondFactor"], true);
    let remove = "mutation($id: ID!) { staffRemoveSecondFactor(id: $id) { removed } }";
    let removed = site
        .get(&keeper, remove, json!({ "id": inspector["id"] }))
        .await;
    assert_eq!(removed["removed"], true);
    let answer = site.ask(&token, "{ viewer { login } }", json!({})).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
    assert_eq!(open_with(&site, "inspector", None).await, "");
}

async fn a_role_that_asks_for_a_second_factor_grants_nothing_without(world: World) {
    let asks = |auth: &mut api::config::Auth| {
        auth.factor_roles = [Role::SecurityAdministrator].into();
    };
    let site = Site::with(world, asks).await;
    let list = "{ staff(first: 10) { nodes { login } } }";
    let keeper = site.token(Role::SecurityAdministrator).await;
    let auditor = site.token(Role::Auditor).await;
    assert_eq!(code(&site.ask(&keeper, list, json!({})).await), "FORBIDDEN");
    assert_eq!(code(&site.ask(&auditor, list, json!({})).await), "");
    // The way to a second factor is open, and opens the rest.
    let (secret, _) = enrol(&site, &keeper).await;
    assert_eq!(code(&site.ask(&keeper, list, json!({})).await), "");
    let removed = site
        .get(&keeper, REMOVE, json!({ "c": next_code(&site, &secret) }))
        .await;
    assert_eq!(removed["removed"], true);
    assert_eq!(code(&site.ask(&keeper, list, json!({})).await), "FORBIDDEN");
}

async fn confirming_a_second_factor_ends_the_other_sessions(world: World) {
    let site = Site::new(world).await;
    let token = site.token(Role::Inspector).await;
    let stolen = site.log_in("inspector").await;
    enrol(&site, &token).await;
    let viewer = "{ viewer { login } }";
    let answer = site.ask(&stolen, viewer, json!({})).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
    assert_eq!(
        site.get(&token, viewer, json!({})).await["login"],
        "inspector"
    );
}

async fn wrong_codes_lock_the_account_as_wrong_passwords_do(world: World) {
    let site = Site::new(world).await;
    let token = site.token(Role::Inspector).await;
    let (secret, _) = enrol(&site, &token).await;
    for _ in 0..10 {
        let refused = open_with(&site, "inspector", Some("000000")).await;
        assert_eq!(refused, "SECOND_FACTOR_REFUSED");
    }
    let fresh = next_code(&site, &secret);
    assert_eq!(
        open_with(&site, "inspector", Some(&fresh)).await,
        "LOGIN_REFUSED"
    );
    site.world.clock.advance(Duration::from_mins(16));
    let fresh = next_code(&site, &secret);
    assert_eq!(open_with(&site, "inspector", Some(&fresh)).await, "");
}

async fn a_secret_is_not_in_the_database(world: World) {
    let site = Site::new(world).await;
    let token = site.token(Role::Inspector).await;
    let (secret, _) = enrol(&site, &token).await;
    let bytes = totp_rs::Secret::Encoded(secret).to_bytes().unwrap();
    let reader = site.world.service.database.reader();
    let statement = Statement::from_string(
        reader.get_database_backend(),
        "SELECT sealed FROM staff_factor",
    );
    let row = reader.query_one_raw(statement).await.unwrap().unwrap();
    let sealed: Vec<u8> = row.try_get("", "sealed").unwrap();
    assert!(!sealed.windows(8).any(|part| part == &bytes[..8]));
}

async fn sessions_are_listed_and_ended_by_their_owner_and_by_an_administrator(world: World) {
    let site = Site::new(world).await;
    let token = site.token(Role::Inspector).await;
    site.world.clock.advance(Duration::from_secs(90));
    let opened = site.open("inspector", PASSWORD).await;
    let session = &opened["data"]["sessionOpen"]["session"];
    let other: Token = Some(session["accessToken"].as_str().unwrap().to_owned());
    let refresh = session["refreshToken"].clone();
    let nodes = async |token: &Token| {
        let list = site.get(token, SESSIONS, json!({})).await;
        list["nodes"].as_array().unwrap().clone()
    };
    let listed = nodes(&token).await;
    assert_eq!(listed.len(), 2);
    let is_current = |session: &&Value| session["current"] == true;
    assert_eq!(listed.iter().filter(is_current).count(), 1);
    // To the hour, whatever the minute.
    for session in &listed {
        assert_eq!(session["openedAt"], "2026-03-02T01:00:00.000000Z");
    }
    let second = listed.iter().find(|session| !is_current(session)).unwrap();

    let end = "mutation($id: ID!) { sessionEnd(id: $id) { ended refusals { code } } }";
    let id = json!({ "id": second["id"] });
    assert_eq!(site.get(&token, end, id.clone()).await["ended"], 1);
    assert_eq!(site.get(&token, end, id).await["ended"], 0);
    let viewer = "{ viewer { login } }";
    let answer = site.ask(&other, viewer, json!({})).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
    let query = "mutation($t: String!) { sessionRefresh(refreshToken: $t) { refusals { code } } }";
    let refused = site.get(&None, query, json!({ "t": refresh })).await;
    assert_eq!(refused["refusals"][0]["code"], "REFRESH_REFUSED");
    assert_eq!(nodes(&token).await.len(), 1);

    // Nobody else's, unless one keeps accounts.
    site.add("auditor", vec![everywhere(Role::Auditor)]).await;
    let auditor = site.log_in("auditor").await;
    let own = nodes(&auditor).await[0]["id"].clone();
    let own = json!({ "id": own });
    assert_eq!(code(&site.ask(&token, end, own.clone()).await), "FORBIDDEN");
    let unknown = json!({ "id": "ses_0000000000009" });
    assert_eq!(code(&site.ask(&token, end, unknown).await), "FORBIDDEN");
    let keeper = site.token(Role::SecurityAdministrator).await;
    let id = site.get(&auditor, "{ viewer { id } }", json!({})).await["id"].clone();
    let all = "mutation($id: ID!) { sessionEndAll(staffId: $id) { ended } }";
    let id = json!({ "id": id });
    let listed = "query($id: ID!) { sessions(first: 5, staffId: $id) { nodes { id } } }";
    assert_eq!(
        code(&site.ask(&token, listed, id.clone()).await),
        "FORBIDDEN"
    );
    let shown = site.get(&keeper, listed, id.clone()).await;
    assert_eq!(shown["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(site.get(&keeper, all, id).await["ended"], 1);
    let answer = site.ask(&auditor, viewer, json!({})).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
}

#[test]
fn every_step_that_asks_for_a_fresh_factor_is_in_the_schema() {
    let root = support::project::root();
    let source = support::project::read(&root.join("api/src/graphql/operation.rs"));
    let (_, list) = source.split_once("const SENSITIVE").unwrap();
    let (_, list) = list.split_once("= [").unwrap();
    let (list, _) = list.split_once("];").unwrap();
    let named: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(named.len() > 10, "{named:?}");
    let schema = support::project::read(&root.join("schema.graphql"));
    let (_, mutation) = schema.split_once("type Mutation {").unwrap();
    let unknown = named
        .iter()
        .filter(|name| !mutation.contains(&format!("\n\t{name}(")));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&&str>::new());
}
