//! Everything that runs while the program serves: routes, intake, worker. `serve` and `demo` share it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use service::Service;
use service::intake::{Intake, IntakeSettings};
use tokio::net::TcpListener;

use super::Failure;
use super::database::of_fault;
use super::figures::Figures;
use crate::auth::link::Links;
use crate::auth::password::Passwords;
use crate::auth::provider::Provider;
use crate::auth::session::Sessions;
use crate::auth::token::Tokens;
use crate::config::Settings;
use crate::graphql::persisted::Trusted;
use crate::graphql::{self, Endpoint, StaffGate, graphiql, schema};
use crate::http::{self, Readiness, shutdown};
use crate::job::{Tools, Worker};
use crate::mail::Mailer;
use crate::metric::Watched;
use crate::notary::Notary;
use crate::page;
use crate::upload;

/// The parts, ready to serve; the address is taken already.
pub(super) struct House {
    settings: Settings,
    service: Service,
    intake: Intake,
    mailer: Mailer,
    notary: Notary,
    tokens: Arc<Tokens>,
    sessions: Sessions,
    listener: TcpListener,
    figures: Option<Figures>,
    trusted: Trusted,
}

impl House {
    /// Takes the address and starts the intake.
    ///
    /// # Errors
    /// The address is taken, a key cannot be read, or the database cannot be used.
    pub(super) async fn open(settings: Settings, service: Service) -> Result<Self, Failure> {
        let fail = |fault: &dyn std::fmt::Display| Failure::new(fault.to_string());
        let tokens =
            Tokens::new(&settings.auth, &settings.http.public_url).map_err(|fault| fail(&fault))?;
        let mailer = Mailer::new(&settings.mail).map_err(|fault| fail(&fault))?;
        let notary = Notary::find_or_make(&settings.checkpoint).map_err(|fault| fail(&fault))?;
        let trusted = match &settings.graphql.trusted_documents {
            Some(path) => Trusted::read(path, &settings.graphql.guard)
                .map_err(|fault| Failure::new(format!("`graphql.trusted_documents`: {fault}")))?,
            None => Trusted::default(),
        };
        let listen = settings.http.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::new(format!(
                "`http.listen`: {listen} cannot be listened on: {error}"
            ))
        })?;
        let figures = Figures::open(&settings).await?;
        let intake = Intake::start(service.clone(), IntakeSettings::default())
            .await
            .map_err(|fault| of_fault(&fault))?;
        let tokens = Arc::new(tokens);
        let passwords = Passwords::new().map_err(|fault| fail(&fault))?;
        let sessions = Sessions::new(
            service.clone(),
            Arc::clone(&tokens),
            passwords,
            &settings.auth,
        )
        .map_err(|fault| fail(&fault))?;
        let provider = settings.oidc.as_ref().map(Provider::new).transpose();
        let sessions = sessions.with_provider(provider.map_err(|fault| fail(&fault))?);
        Ok(Self {
            settings,
            service,
            intake,
            mailer,
            notary,
            tokens,
            sessions,
            listener,
            figures,
            trusted,
        })
    }

    /// Where it listens; differs from the setting where that leaves the port open.
    pub(super) fn address(&self) -> SocketAddr {
        self.listener
            .local_addr()
            .unwrap_or(self.settings.http.listen)
    }

    /// The intake, for whoever answers without a page.
    pub(super) fn intake(&self) -> &Intake {
        &self.intake
    }

    /// Serves until `end`, then lets what has begun come to its end: requests, acknowledged answers, jobs.
    pub(super) async fn serve(self, end: impl Future<Output = ()>) {
        let (trigger, ended) = shutdown::channel();
        let address = self.address();
        let routes = http::assemble(
            self.routes(ended.clone()),
            &self.settings.http,
            self.readiness(),
        );
        let tools = Tools {
            mailer: self.mailer,
            notary: self.notary,
            letters: self.settings.sender(),
            links: Links::new(&self.settings),
            kept: self.settings.mail.kept(),
        };
        let worker = Worker::new(self.service.clone(), tools);
        let worker = tokio::spawn(worker.run(ended.clone()));
        tracing::info!(%address, "listening");
        let watched = Watched {
            service: self.service.clone(),
            intake: Some(self.intake.clone()),
        };
        let showing = Figures::serve(self.figures, watched, ended.clone());
        let serving = http::serve(self.listener, routes, &self.settings.http, ended);
        let stopping = async {
            end.await;
            trigger.pull();
        };
        tokio::join!(serving, showing, stopping);
        // Requests are over, so nothing new waits to be booked.
        self.intake.finish().await;
        if let Err(error) = worker.await {
            tracing::error!(%error, "the worker ended early");
        }
        self.service.database.close().await;
        tracing::info!("stopped");
    }

    fn routes(&self, ended: shutdown::Shutdown) -> Router {
        let parts = schema::Parts {
            service: self.service.clone(),
            sessions: self.sessions.clone(),
        };
        let gate = StaffGate::new(
            self.service.clone(),
            Arc::clone(&self.tokens),
            &self.settings.auth,
        );
        let settings = &self.settings.graphql;
        let uploads = upload::routes(
            self.service.clone(),
            gate.clone(),
            self.settings.http.import_bytes,
            self.settings.sender(),
        );
        let endpoint = Endpoint::new(schema::build(parts, settings), gate, settings.clone())
            .trust(self.trusted.clone());
        let shared = uploads.merge(graphql::routes(endpoint, ended));
        let mut routes = Router::new()
            .merge(page::routes(self.intake.clone()))
            .merge(page::factor_routes(
                self.service.clone(),
                self.sessions.clone(),
            ))
            .merge(page::account_routes(
                self.service.clone(),
                self.sessions.clone(),
            ))
            .merge(http::share(shared, &self.settings.http));
        if settings.graphiql {
            routes = routes.merge(graphiql::routes());
        }
        routes
    }

    fn readiness(&self) -> Readiness {
        let (service, intake) = (self.service.clone(), self.intake.clone());
        Arc::new(move || {
            let (service, intake) = (service.clone(), intake.clone());
            Box::pin(async move {
                let mut faults = Vec::new();
                if service.database.ping().await.is_err() {
                    faults.push(("database", "does not answer".to_owned()));
                }
                if !intake.is_ready() {
                    faults.push(("intake", "has no room or has ended".to_owned()));
                }
                faults
            })
        })
    }
}
