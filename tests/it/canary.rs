//! Words that stand for people and for what they say go through every route and every transport of the real program;
//! none of them may be found in its log, whatever its level, or in the figures for a monitoring system.
//!
//! That the words did arrive is seen where they belong: in mails, in pages and in the database.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::access::{Actor, Role};
use futures_util::{SinkExt, StreamExt};
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use service::staff::StaffDraft;
use support::collector::Collector;
use support::mail::Trouble;
use support::poll::Poll;
use support::server::{Server, free_address};
use support::{World, on_both, project};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::graphql::{everywhere, wire::code_of};
use crate::staff::{body, link_in};

on_both!(nothing_of_people_and_answers_reaches_log_figures_or_traces);

/// In everything that a person typed.
const MARK: &str = "kanarie";

/// The same in Chinese.
const NAME: &str = "甲丝雀";

const PASSWORD: &str = "kanarie password that is long";

/// Where the browser stands, as the proxy says.
const ADDRESS: &str = "203.0.113.77";

/// A browser, and all that must stay between it and the server.
struct Visitor {
    client: Client,
    server: Server,
    secrets: BTreeSet<String>,
}

impl Visitor {
    async fn send(&self, request: RequestBuilder) -> Response {
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.send(self.client.get(self.server.url(path))).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = self.client.post(self.server.url(path)).form(fields);
        self.send(request).await
    }

    async fn upload(&self, path: &str, token: &str, file: &str) -> Response {
        let request = self.client.post(self.server.url(path)).bearer_auth(token);
        self.send(request.body(file.to_owned())).await
    }

    async fn ask(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables, "operationName": null });
        let request = self.client.post(self.server.url("/graphql")).json(&body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        self.send(request).await.json().await.unwrap()
    }

    /// What a JSON document says there, which nobody else may know.
    fn learn(&mut self, document: &Value, pointer: &str) -> String {
        let found = document.pointer(pointer).and_then(Value::as_str);
        let found = found
            .unwrap_or_else(|| panic!("no {pointer} in {document}"))
            .to_owned();
        self.secrets.insert(found.clone());
        found
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

async fn add(poll: &Poll, login: &str, role: Role) {
    let hash = api::auth::password::Passwords::new()
        .unwrap()
        .hash(api::config::Secret::new(PASSWORD.to_owned()))
        .await
        .unwrap();
    let draft = StaffDraft {
        login: login.to_owned(),
        name: NAME.to_owned(),
        email: Some(format!("{login}@example.com")),
        password_hash: Some(hash),
        grants: vec![everywhere(role)],
    };
    let added = poll.service.add_staff(&Actor::Operator, draft).await;
    added.unwrap();
}

async fn nothing_of_people_and_answers_reaches_log_figures_or_traces(world: World) {
    let poll = Poll::open(&world.database, 1).await;
    add(&poll, "kanarie-chief", Role::RoundAdministrator).await;
    add(&poll, "kanarie-keeper", Role::SecurityAdministrator).await;
    let link = poll.link().await;
    let invitations = poll.invite(2).await;
    let figures = free_address().unwrap();
    let collector = Collector::start().await;
    let keys = tempfile::tempdir().unwrap();
    let factor_key = keys.path().join("factor");
    std::fs::write(&factor_key, "07".repeat(32)).unwrap();
    let server = Server::start_with(
        &world.database,
        &[
            ("MINGJIAN_METRICS_LISTEN", &figures.to_string()),
            ("MINGJIAN_LOG_FILTER", "trace"),
            (
                "MINGJIAN_TRACES_ENDPOINT",
                &format!("http://{}/v1/traces", collector.address),
            ),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("MINGJIAN_HTTP_TRUSTED_PROXIES", "127.0.0.1"),
            (
                "MINGJIAN_AUTH_FACTOR_KEY_FILE",
                &factor_key.to_string_lossy(),
            ),
        ],
    )
    .await;
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-for", ADDRESS.parse().unwrap());
    headers.insert("user-agent", "kanarie browser".parse().unwrap());
    headers.insert("referer", "https://kanarie.example.com/".parse().unwrap());
    let client = Client::builder().default_headers(headers).build().unwrap();
    let secrets = [MARK, NAME, ADDRESS].map(str::to_owned).into();
    let mut visitor = Visitor {
        client,
        server,
        secrets,
    };

    walk_the_pages(&mut visitor, &link, &invitations[0].expose()).await;
    visitor.secrets.insert(invitations[1].expose());
    let tokens = log_in(&mut visitor).await;
    follow_links(&mut visitor).await;
    upload(&mut visitor, &poll, &tokens.0).await;
    talk_over_a_socket(&mut visitor, &tokens.0).await;
    forget_and_fail(&mut visitor, &tokens.1).await;

    let shown = figures_at_rest(&format!("http://{figures}/metrics")).await;
    assert_every_route_was_taken(&shown);
    for figure in [
        "mingjian_intake_answers_total{outcome=\"booked\"} 2",
        "mingjian_intake_answers_total{outcome=\"already_answered\"} 1",
        "mingjian_intake_queue 0",
        "mingjian_outbox_waiting 0",
        "mingjian_database_connections{pool=\"write\",state=\"idle\"}",
        "mingjian_worker_runs_total{work=\"outbox\",outcome=\"ok\"}",
        "mingjian_worker_jobs_total{kind=\"staff_reset\",outcome=\"done\"} 2",
        "mingjian_graphql_operations_total{kind=\"mutation\",field=\"sessionOpen\",outcome=\"OK\"} 3",
        "mingjian_graphql_operations_total{kind=\"none\",field=\"none\",outcome=\"GRAPHQL_PARSE_FAILED\"} 1",
        "mingjian_graphql_operations_total{kind=\"query\",field=\"none\",outcome=\"GRAPHQL_VALIDATION_FAILED\"} 1",
        "mingjian_http_request_seconds_bucket{route=\"/s/{code}\",le=\"10\"}",
    ] {
        assert!(shown.contains(figure), "{figure}\n{shown}");
    }

    let traces = traces_at_rest(&collector).await;
    visitor.server.kill().await;
    let log = visitor.server.log();
    assert!(log.contains("answered"), "{log}");
    for (what, text) in [("log", &log), ("figures", &shown), ("traces", &traces)] {
        for secret in &visitor.secrets {
            assert!(
                secret.len() >= 6,
                "`{secret}` is too short to be told apart"
            );
            let found = text
                .lines()
                .find(|line| line.to_lowercase().contains(&secret.to_lowercase()));
            assert_eq!(found, None, "`{secret}` in the {what}");
        }
    }
    poll.service.database.close().await;
}

/// The traces, once those of the last requests have come: each request with its method, route and status.
async fn traces_at_rest(collector: &Collector) -> String {
    let wanted = [
        "request",
        "/s/{code}",
        "/i/{token}",
        "/graphql",
        "/receipt",
        "status",
    ];
    for _ in 0..200 {
        let text = collector.text();
        if wanted.iter().all(|part| text.contains(part)) {
            tokio::time::sleep(Duration::from_millis(500)).await;
            return collector.text();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no such traces: {}", collector.text());
}

/// The figures, once the worker has nothing left to do.
async fn figures_at_rest(address: &str) -> String {
    let mut shown = String::new();
    for _ in 0..200 {
        let answer = Client::new().get(address).send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        shown = answer.text().await.unwrap();
        if shown.contains("mingjian_outbox_waiting 0\n") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    shown
}

/// Citizens: answers by a link and by an invitation, wrong ones among them, and receipts.
async fn walk_the_pages(visitor: &mut Visitor, link: &str, invitation: &str) {
    visitor.secrets.insert(invitation.to_owned());
    visitor.secrets.insert(link.replace("/s/", ""));
    let path = format!("/i/{invitation}");
    let page = visitor.get(&path).await.text().await.unwrap();
    let other_key = between(&page, "name=\"key\" value=\"", "\"").to_owned();
    for path in [link, &path] {
        let page = visitor.get(path).await.text().await.unwrap();
        let key = between(&page, "name=\"key\" value=\"", "\"").to_owned();
        visitor.secrets.insert(key.clone());
        let mut fields = vec![("key", key.as_str()), ("q.words", "kanarie says so")];
        let page = visitor.post(path, &fields).await;
        assert_eq!(page.status(), 422);
        assert!(page.text().await.unwrap().contains(MARK));
        let names: Vec<String> = (0..10).map(|number| format!("q.q{number}")).collect();
        fields.extend(names.iter().map(|name| (name.as_str(), "4")));
        let page = visitor.post(path, &fields).await;
        assert_eq!(page.status(), 200);
        let page = page.text().await.unwrap();
        let receipt = between(&page, "class=\"receipt\"", "</p>");
        let parts = receipt.split('<').filter_map(|part| part.split_once('>'));
        let receipt: String = parts.map(|(_, text)| text.trim()).collect();
        assert!(receipt.len() >= 16, "{page}");
        visitor.secrets.insert(receipt.clone());
        visitor.post("/receipt", &[("code", &receipt)]).await;
        let codes = [("code", receipt.as_str()), ("change", MARK)];
        visitor.post("/change", &codes).await;
    }
    let page = visitor.post(&path, &[("key", MARK)]).await;
    assert!(!page.status().is_success());
    let names: Vec<String> = (0..10).map(|number| format!("q.q{number}")).collect();
    let mut fields = vec![("key", other_key.as_str()), ("q.words", "kanarie again")];
    fields.extend(names.iter().map(|name| (name.as_str(), "4")));
    let page = visitor.post(&path, &fields).await;
    assert_eq!(page.status(), 409);
    let page = visitor.get(&path).await;
    assert_eq!(page.status(), 409);
    for path in [
        "/receipt",
        "/reset",
        "/second-factor",
        "/healthz",
        "/readyz",
        "/graphiql",
    ] {
        assert!(visitor.get(path).await.status().is_success(), "{path}");
    }
    visitor.get("/graphiql/graphiql.js").await;
    visitor.get("/graphiql/graphiql.css").await;
    for path in [
        "/s/kanarie",
        "/i/kanarie",
        "/assets/kanarie.css",
        "/account/kanarie",
        "/preview/load/kanarie",
        "/kanarie?kanarie=1",
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status(), 404, "{path}");
        visitor.post(path, &[(MARK, MARK)]).await;
    }
    visitor.post("/receipt", &[("code", MARK)]).await;
}

/// Staff: passwords right and wrong, a second factor, and documents that are wrong in every way. The token of the
/// administrator of rounds, and that of accounts.
async fn log_in(visitor: &mut Visitor) -> (String, String) {
    let open = "mutation Kanarie($i: SessionOpenInput!) { sessionOpen(input: $i) {
        session { accessToken refreshToken } refusals { code } } }";
    let input =
        |login: &str, password: &str| json!({ "i": { "login": login, "password": password } });
    visitor
        .ask(None, open, input("kanarie-chief", "kanarie wrong"))
        .await;
    let session = "/data/sessionOpen/session/accessToken";
    let opened = visitor
        .ask(None, open, input("kanarie-keeper", PASSWORD))
        .await;
    let keeper = visitor.learn(&opened, session);
    let opened = visitor
        .ask(None, open, input("kanarie-chief", PASSWORD))
        .await;
    visitor.learn(&opened, "/data/sessionOpen/session/refreshToken");
    let fields = [("login", "kanarie-keeper"), ("password", PASSWORD)];
    let page = visitor.post("/second-factor", &fields).await;
    let page = page.text().await.unwrap();
    let token = between(&page, "name=\"token\" value=\"", "\"");
    let secret = between(&page, "<p class=\"receipt\">", "</p>");
    let told = [token.to_owned(), secret.to_owned(), secret.replace(' ', "")];
    visitor.secrets.extend(told);
    let chief = visitor.learn(&opened, session);

    let begin = "mutation { secondFactorBegin { secondFactor { secret } } }";
    let begun = visitor.ask(Some(&chief), begin, json!({})).await;
    let secret = visitor.learn(&begun, "/data/secondFactorBegin/secondFactor/secret");
    let confirm = "mutation($c: String!) { secondFactorConfirm(code: $c) { recoveryCodes } }";
    let code = code_of(&secret, service::Clock::now(&service::clock::SystemClock));
    let confirmed = visitor
        .ask(Some(&chief), confirm, json!({ "c": code }))
        .await;
    visitor.learn(&confirmed, "/data/secondFactorConfirm/recoveryCodes/3");

    let token = "mutation($i: ServiceTokenAddInput!) { serviceTokenAdd(input: $i) { secret } }";
    let input = json!({ "i": { "name": "kanarie-site", "live": false, "days": 1 } });
    let made = visitor.ask(Some(&keeper), token, input).await;
    let program = visitor.learn(&made, "/data/serviceTokenAdd/secret");
    let invite = "mutation($i: StaffInviteInput!) { staffInvite(input: $i) { refusals { code } } }";
    let input = json!({ "i": { "login": "kanarie-guest", "name": NAME, "email": "kanarie-guest@example.com",
        "roles": [] } });
    let invited = visitor.ask(Some(&keeper), invite, input).await;
    assert_eq!(
        invited["data"]["staffInvite"]["refusals"],
        json!([]),
        "{invited}"
    );

    for token in [Some(program.as_str()), Some("kanarie.token"), None] {
        visitor
            .ask(token, "{ viewer { login } }", json!({ MARK: NAME }))
            .await;
    }
    for query in [
        "{ kanarie }",
        "{ kanarie(",
        "query($kanarie: ID!) { node(id: $kanarie) { id } }",
        "{ round(id: \"kanarie\") { code } }",
    ] {
        visitor
            .ask(Some(&chief), query, json!({ "other": MARK }))
            .await;
    }
    visitor
        .get("/graphql?query=%7Bkanarie%7D&variables=kanarie")
        .await;
    (chief, keeper)
}

/// Links in mails: the invitation that was just made.
async fn follow_links(visitor: &mut Visitor) {
    visitor
        .post("/reset", &[("login", "kanarie-keeper@example.com")])
        .await;
    visitor.post("/reset", &[("login", "kanarie-nobody")]).await;
    for message in visitor.server.mail.wait_for(2).await {
        let text = body(&message);
        let link = link_in(&text).to_owned();
        let token = link.rsplit('/').next().unwrap().to_owned();
        visitor.secrets.insert(token.clone());
        let path = format!("/account/{token}");
        assert_eq!(visitor.get(&path).await.status(), 200);
        for (password, status) in [("kanarie", 422), ("kanarie, a second long one", 200)] {
            let fields = [("password", password), ("again", password)];
            assert_eq!(visitor.post(&path, &fields).await.status(), status);
        }
    }
}

/// Files: a list of addresses of which the mail server takes one and refuses the other.
async fn upload(visitor: &mut Visitor, poll: &Poll, chief: &str) {
    let table = "subject,panel,name,mail\nu-001,users,甲丝雀,kanarie1@example.com\nu-001,users,kanarie,kanarie2@example.com\n";
    let path = format!("/import/contacts?survey={}", poll.survey);
    let report = visitor.upload(&path, chief, table).await;
    let report: Value = report.json().await.unwrap();
    let list = report["made"]
        .as_str()
        .unwrap_or_else(|| panic!("{report}"));
    let confirmed = (poll.service).confirm_contact_list(&Actor::Operator, list.parse().unwrap());
    visitor.server.mail.fail_next([Trouble::NoSuchAddress]);
    confirmed.await.unwrap();
    visitor.server.mail.wait_for(3).await;
    visitor
        .upload(&format!("/contacts/{list}/hand-out"), chief, "")
        .await;

    let wrong = "subject,panel,name,mail\nkanarie,kanarie,kanarie,kanarie\n";
    for (path, file) in [
        (path.as_str(), wrong),
        (path.as_str(), "\0kanarie"),
        ("/import/kanarie?round=kanarie", wrong),
        ("/schemes", "kanarie = 甲丝雀"),
        ("/contacts/kanarie/hand-out", MARK),
    ] {
        for token in [chief, MARK] {
            let answer = visitor.upload(path, token, file).await;
            assert!(answer.status().is_client_error() || path.starts_with("/import/contacts"));
        }
    }
}

/// The same over a WebSocket, up to a message that ends it.
async fn talk_over_a_socket(visitor: &mut Visitor, chief: &str) {
    let url = visitor.server.url("/graphql").replace("http:", "ws:");
    let mut request = url.into_client_request().unwrap();
    for (name, value) in [
        ("sec-websocket-protocol", "graphql-transport-ws"),
        ("x-forwarded-for", ADDRESS),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let query = "query($id: ID!) { node(id: $id) { id } }";
    for message in [
        json!({ "type": "connection_init", "payload": { "token": chief } }),
        json!({ "type": "subscribe", "id": MARK, "payload": { "query": query, "variables": { "id": MARK } } }),
        json!({ "type": "subscribe", "id": "1", "payload": { "query": "subscription { kanarie }" } }),
        json!({ "type": MARK }),
    ] {
        let text = Message::Text(message.to_string().into());
        socket.send(text).await.unwrap();
        socket.next().await.unwrap().unwrap();
    }
}

/// A session that ends, and a refresh token that was never one.
async fn forget_and_fail(visitor: &mut Visitor, keeper: &str) {
    let refresh =
        "mutation($t: String!) { sessionRefresh(refreshToken: $t) { refusals { code } } }";
    visitor.ask(None, refresh, json!({ "t": MARK })).await;
    visitor
        .ask(
            Some(keeper),
            "mutation { sessionClose { closed } }",
            json!({}),
        )
        .await;
}

/// Every pattern of a route that the source names was taken; figures are told by pattern.
fn assert_every_route_was_taken(shown: &str) {
    let mut written = BTreeSet::new();
    for path in project::files_ending(&project::root().join("api/src"), "rs") {
        if path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        for rest in project::read(&path).split(".route(").skip(1) {
            if let Some(text) = rest.trim_start().strip_prefix('"') {
                written.insert(text.split_once('"').unwrap().0.to_owned());
            }
        }
    }
    // On a listener of its own, where nobody sends anything.
    assert!(written.remove("/metrics"));
    assert!(written.len() > 10, "{written:?}");
    let taken: BTreeSet<String> = shown
        .lines()
        .filter(|line| line.starts_with("mingjian_http_requests_total"))
        .map(|line| between(line, "route=\"", "\"").to_owned())
        .collect();
    let missed: Vec<&String> = written.difference(&taken).collect();
    assert_eq!(missed, Vec::<&String>::new());
    // What matched no route shows no path.
    let others: Vec<&String> = taken.difference(&written).collect();
    assert_eq!(others, ["none"]);
}
