//! The listener of the figures for a monitoring system, beside a server or a worker.

use tokio::net::TcpListener;

use super::Failure;
use crate::config::{Http, Settings};
use crate::http::{self, shutdown::Shutdown};
use crate::metric::{Metrics, Watched};

/// Connections at once: a monitoring system has one, a person who looks another.
const CONNECTIONS: usize = 16;

/// Figures that are kept, and the address where they are shown.
pub(super) struct Figures {
    metrics: Metrics,
    listener: TcpListener,
    settings: Http,
}

impl Figures {
    /// Takes the address of `metrics.listen` and begins to keep figures; nothing where it is not set.
    ///
    /// # Errors
    /// The address is taken.
    pub(super) async fn open(settings: &Settings) -> Result<Option<Self>, Failure> {
        let Some(listen) = settings.metrics.listen else {
            return Ok(None);
        };
        let fail = |error: &dyn std::fmt::Display| {
            Failure::new(format!(
                "`metrics.listen`: figures cannot be served at {listen}: {error}"
            ))
        };
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| fail(&error))?;
        Ok(Some(Self {
            metrics: Metrics::start().map_err(|error| fail(&error))?,
            listener,
            settings: Http {
                connections: CONNECTIONS,
                ..settings.http.clone()
            },
        }))
    }

    /// Serves them until the end.
    pub(super) async fn serve(figures: Option<Self>, watched: Watched, ended: Shutdown) {
        let Some(figures) = figures else {
            return;
        };
        let routes = figures.metrics.clone().routes(watched);
        let folding = figures.metrics.fold(ended.clone());
        let serving = http::serve(figures.listener, routes, &figures.settings, ended);
        tokio::join!(folding, serving);
    }
}
