//! `mingjian worker`: a worker without a server.

use std::path::Path;

use super::Failure;
use super::database::{load_settings, open_migrated};
use super::figures::Figures;
use crate::auth::link::Links;
use crate::config::Purpose;
use crate::http::shutdown;
use crate::job::{Tools, Worker};
use crate::mail::Mailer;
use crate::metric::Watched;
use crate::notary::Notary;
use crate::telemetry;

/// Works until the process is asked to stop.
pub(super) async fn run(config: Option<&Path>) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Production)?;
    let telemetry = telemetry::start(&settings).map_err(Failure::new)?;
    let mailer = Mailer::new(&settings.mail).map_err(|fault| Failure::new(fault.to_string()))?;
    let notary = Notary::find_or_make(&settings.checkpoint)
        .map_err(|fault| Failure::new(fault.to_string()))?;
    let service = open_migrated(&settings).await?;
    let database = service.database.clone();
    let (trigger, end) = shutdown::channel();
    let tools = Tools {
        mailer,
        notary,
        letters: settings.sender(),
        links: Links::new(&settings),
        kept: settings.mail.kept(),
    };
    let watched = Watched {
        service: service.clone(),
        intake: None,
    };
    let figures = Figures::open(&settings).await?;
    let showing = tokio::spawn(Figures::serve(figures, watched, end.clone()));
    let worker = tokio::spawn(Worker::new(service, tools).run(end));
    tracing::info!("working");
    shutdown::signal().await;
    trigger.pull();
    if let Err(error) = showing.await {
        tracing::error!(%error, "figures were served no longer");
    }
    let ended = worker.await;
    database.close().await;
    telemetry.finish().await;
    ended.map_err(|error| Failure::new(format!("the worker ended early: {error}")))
}
