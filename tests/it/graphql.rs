//! The GraphQL API over HTTP, with the real gate, on both databases.

mod access;
mod corrected;
mod denial;
mod factor;
mod frozen;
mod kept;
mod looks;
mod reading;
mod refusal;
mod reporter;
mod round;
mod scene;
mod sdl;
mod session;
mod socket;
mod survey;
mod token;
mod trial;
mod watched;
pub mod wire;

use std::net::SocketAddr;
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
use tokio::sync::OnceCell;

pub use scene::SCHEME as SCENE_SCHEME;

use crate::stand::subject;

/// The password of every account here.
const PASSWORD: &str = "一个足够长的测试口令!";

/// The endpoint, served on a port of its own.
pub struct Site {
    pub world: World,
    pub client: reqwest::Client,
    address: SocketAddr,
    passwords: Passwords,
    /// Made once: a hash takes long on purpose.
    password_hash: OnceCell<String>,
}

/// Somebody's access token; nobody's is absent.
pub type Token = Option<String>;

impl Site {
    /// Where GraphQL is served.
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    pub async fn new(world: World) -> Self {
        Self::with(world, |_| {}).await
    }

    /// With other settings of logging in.
    pub async fn with(world: World, change: impl FnOnce(&mut api::config::Auth)) -> Self {
        let mut settings = Settings::load(Sources::default(), Purpose::Tool).unwrap();
        settings.auth.account_logins_per_minute = 1_000;
        settings.auth.address_logins_per_minute = 1_000;
        settings.auth.factor_key = Some(Secret::new("07".repeat(32)));
        settings.graphql.cost_per_second = 0;
        change(&mut settings.auth);
        let tokens = Arc::new(Tokens::new(&settings.auth, &settings.http.public_url).unwrap());
        let passwords = Passwords::new().unwrap();
        let service = world.service.clone();
        let sessions = Sessions::new(
            service.clone(),
            tokens.clone(),
            passwords.clone(),
            &settings.auth,
        )
        .unwrap();
        let parts = schema::Parts {
            service: service.clone(),
            sessions,
        };
        let executor = schema::build(parts, &settings.graphql);
        let gate = StaffGate::new(service.clone(), tokens, &settings.auth);
        let endpoint = Endpoint::new(executor, gate.clone(), settings.graphql.clone());
        let (trigger, shutdown) = api::http::shutdown::channel();
        let uploads =
            api::upload::routes(service, gate, settings.http.import_bytes, settings.sender());
        let routes = api::graphql::routes(endpoint, shutdown.clone()).merge(uploads);
        let router = api::http::assemble(routes, &settings.http, api::http::always_ready());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            // As long as the test runs: the task ends with its runtime.
            let _kept = trigger;
            api::http::serve(listener, router, &settings.http, shutdown).await;
        });
        Self {
            world,
            client: reqwest::Client::new(),
            address,
            passwords,
            password_hash: OnceCell::new(),
        }
    }

    /// An account with these roles.
    pub async fn add(&self, login: &str, grants: Vec<Grant>) {
        let hash = || self.passwords.hash(Secret::new(PASSWORD.to_owned()));
        let password_hash = self
            .password_hash
            .get_or_try_init(hash)
            .await
            .unwrap()
            .clone();
        let draft = StaffDraft {
            login: login.to_owned(),
            name: login.to_owned(),
            email: None,
            password_hash: Some(password_hash),
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
        let request = self.post("/graphql", token).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// A request that is not sent yet.
    pub fn post(&self, path: &str, token: &Token) -> reqwest::RequestBuilder {
        let request = self.client.post(format!("http://{}{path}", self.address));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends an operation that must not fail and returns what its only field gives.
    pub async fn get(&self, token: &Token, query: &str, variables: Value) -> Value {
        let answer = self.ask(token, query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        let data = answer["data"].as_object().unwrap();
        data.values().next().unwrap().clone()
    }
}

/// A role without limits; whoever speaks for a unit does so for the first one.
pub fn everywhere(role: Role) -> Grant {
    Grant {
        role,
        region: None,
        category: None,
        round: None,
        subject: (role == Role::UnitReporter).then(|| subject(1)),
    }
}

/// The code of the first error.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}
