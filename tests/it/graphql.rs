//! The GraphQL API over HTTP, with the real gate, on both databases.

mod access;
mod reading;
mod round;
mod session;

use std::sync::Arc;

use api::auth::password::Passwords;
use api::auth::session::Sessions;
use api::auth::token::Tokens;
use api::config::{Purpose, Secret, Settings, Sources};
use api::graphql::{Endpoint, StaffGate, schema};
use domain::access::{Actor, Grant, Role};
use serde_json::{Value, json};
use service::staff::StaffDraft;
use support::World;

/// The password of every account here.
const PASSWORD: &str = "一个足够长的测试口令!";

/// The endpoint, served on a port of its own.
pub struct Site {
    pub world: World,
    client: reqwest::Client,
    url: String,
    sessions: Sessions,
}

/// Somebody's access token; nobody's is absent.
pub type Token = Option<String>;

impl Site {
    pub async fn new(world: World) -> Self {
        let mut settings = Settings::load(Sources::default(), Purpose::Tool).unwrap();
        settings.auth.account_logins_per_minute = 1_000;
        settings.auth.address_logins_per_minute = 1_000;
        settings.graphql.cost_per_second = 0;
        let tokens = Arc::new(Tokens::new(&settings.auth, &settings.http.public_url).unwrap());
        let passwords = Passwords::new().unwrap();
        let service = world.service.clone();
        let sessions = Sessions::new(service.clone(), tokens.clone(), passwords, &settings.auth);
        let parts = schema::Parts {
            service: service.clone(),
            sessions: sessions.clone(),
        };
        let executor = schema::build(parts, &settings.graphql);
        let endpoint = Endpoint::new(
            executor,
            StaffGate::new(service, tokens),
            settings.graphql.clone(),
        );
        let (trigger, shutdown) = api::http::shutdown::channel();
        let routes = api::graphql::routes(endpoint, shutdown.clone());
        let router = api::http::assemble(routes, &settings.http, api::http::always_ready());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        tokio::spawn(async move {
            // As long as the test runs: the task ends with its runtime.
            let _kept = trigger;
            api::http::serve(listener, router, &settings.http, shutdown).await;
        });
        Self {
            world,
            client: reqwest::Client::new(),
            url,
            sessions,
        }
    }

    /// An account with these roles.
    pub async fn add(&self, login: &str, grants: Vec<Grant>) {
        let password_hash = self
            .sessions
            .hash(Secret::new(PASSWORD.to_owned()))
            .await
            .unwrap();
        let draft = StaffDraft {
            login: login.to_owned(),
            name: login.to_owned(),
            password_hash,
            grants,
        };
        self.world
            .service
            .add_staff(&Actor::Operator, draft)
            .await
            .unwrap();
    }

    /// An account with a role everywhere, logged in.
    pub async fn token(&self, role: Role) -> Token {
        self.add(role.word(), vec![everywhere(role)]).await;
        self.log_in(role.word()).await
    }

    pub async fn log_in(&self, login: &str) -> Token {
        let answer = self.open(login, PASSWORD).await;
        let token = answer["data"]["sessionOpen"]["session"]["accessToken"].as_str();
        Some(token.unwrap_or_else(|| panic!("{answer}")).to_owned())
    }

    pub async fn open(&self, login: &str, password: &str) -> Value {
        let query = "mutation($input: SessionOpenInput!) { sessionOpen(input: $input) {
            session { accessToken refreshToken } refusals { code path } } }";
        let input = json!({ "input": { "login": login, "password": password } });
        self.ask(&None, query, input).await
    }

    /// Sends an operation and returns the whole answer.
    pub async fn ask(&self, token: &Token, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let mut request = self.client.post(&self.url).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Sends an operation that must not fail and returns what its only field gives.
    pub async fn get(&self, token: &Token, query: &str, variables: Value) -> Value {
        let answer = self.ask(token, query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        let data = answer["data"].as_object().unwrap();
        data.values().next().unwrap().clone()
    }
}

/// A role without limits.
pub fn everywhere(role: Role) -> Grant {
    Grant {
        role,
        region: None,
        category: None,
        round: None,
    }
}

/// The code of the first error.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}
