//! Figures for a monitoring system, in the form that Prometheus reads, on an address of their own.
//!
//! Every label is one of a list that this program knows: patterns of routes, fields of the schema, codes. Nothing that
//! a client sent becomes a label, for labels are kept, passed on and never erased. What only the present moment has
//! (queues, connections, jobs that wait) is asked when somebody looks.
//!
//! Deliberately absent: figures by account, round, region or survey, and the address of anybody.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{Method, StatusCode, header};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use service::intake::{Booking, Intake, RefusedAnswer};
use service::{Fault, Service, outbox};

use crate::http::shutdown::Shutdown;

const REQUESTS: &str = "mingjian_http_requests_total";
const REQUEST_SECONDS: &str = "mingjian_http_request_seconds";
const OPERATIONS: &str = "mingjian_graphql_operations_total";
const OPERATION_SECONDS: &str = "mingjian_graphql_operation_seconds";
const ANSWERS: &str = "mingjian_intake_answers_total";
const QUEUE: &str = "mingjian_intake_queue";
const OUTBOX: &str = "mingjian_outbox_waiting";
const CONNECTIONS: &str = "mingjian_database_connections";
const RUNS: &str = "mingjian_worker_runs_total";
const JOBS: &str = "mingjian_worker_jobs_total";
const BUILD: &str = "mingjian_build_info";

/// Upper bounds of the histograms, in seconds: from an answer out of memory to a deadline.
const BOUNDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How often what histograms have gathered is folded together; otherwise it would grow until somebody looks.
const FOLD: Duration = Duration::from_secs(10);

/// The figures of this process.
#[derive(Debug, Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// Whose present state is asked when somebody looks.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Its database and its outbox.
    pub service: Service,
    /// Absent in a worker, which takes no answers.
    pub intake: Option<Intake>,
}

impl Metrics {
    /// Begins to keep figures. Once in a process.
    ///
    /// # Errors
    /// It was done already.
    pub fn start() -> Result<Self, BuildError> {
        let handle = PrometheusBuilder::new()
            .set_buckets(&BOUNDS)?
            .install_recorder()?;
        describe_counter!(REQUESTS, "Requests by route, method and status.");
        describe_histogram!(REQUEST_SECONDS, "Time until the head of the answer.");
        describe_counter!(OPERATIONS, "GraphQL operations by kind, field and outcome.");
        describe_histogram!(OPERATION_SECONDS, "Time to execute a query or a mutation.");
        describe_counter!(ANSWERS, "Citizens' answers by what became of them.");
        describe_gauge!(QUEUE, "Answers that wait to be booked.");
        describe_gauge!(OUTBOX, "Jobs that are neither done nor given up.");
        describe_gauge!(
            CONNECTIONS,
            "Connections to the database by pool and state."
        );
        describe_counter!(RUNS, "Runs of the worker by work and outcome.");
        describe_counter!(JOBS, "Jobs of the outbox by kind and outcome.");
        describe_gauge!(BUILD, "1, with the version.");
        gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(Self { handle })
    }

    /// Folds histograms together until the end.
    pub async fn fold(self, shutdown: Shutdown) {
        let mut tick = tokio::time::interval(FOLD);
        loop {
            tokio::select! {
                _ = tick.tick() => self.handle.run_upkeep(),
                () = shutdown.triggered() => return,
            }
        }
    }

    /// The route `/metrics`, for a listener of its own.
    pub fn routes(self, watched: Watched) -> Router {
        Router::new()
            .route("/metrics", get(show))
            .with_state(Arc::new((self, watched)))
    }
}

async fn show(State(desk): State<Arc<(Metrics, Watched)>>) -> Response {
    let (metrics, watched) = &*desk;
    watched.look().await;
    let text = metrics.handle.render();
    let kind = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::OK, kind, text).into_response()
}

impl Watched {
    /// One statement. A database that does not answer leaves its figure as it was: that it does not is seen elsewhere.
    async fn look(&self) {
        if let Some(intake) = &self.intake {
            gauge!(QUEUE).set(real(intake.waiting()));
        }
        let database = &self.service.database;
        for (pool, counts) in database.connections() {
            let idle = counts.idle.min(counts.open);
            gauge!(CONNECTIONS, "pool" => pool, "state" => "idle").set(real(idle));
            gauge!(CONNECTIONS, "pool" => pool, "state" => "busy").set(real(counts.open - idle));
        }
        if let Ok(waiting) = outbox::count_waiting(&database.reader()).await {
            gauge!(OUTBOX).set(real(usize::try_from(waiting).unwrap_or(usize::MAX)));
        }
    }
}

/// Figures of this library are floats.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}

/// Counts a request that was answered. `route` is the pattern of the route, none where there was none.
pub(crate) fn count_request(
    route: Option<&str>,
    method: &Method,
    status: StatusCode,
    took: Duration,
) {
    let route = route.unwrap_or("none").to_owned();
    let method = match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    histogram!(REQUEST_SECONDS, "route" => route.clone()).record(took.as_secs_f64());
    let status = status.as_str().to_owned();
    counter!(REQUESTS, "route" => route, "method" => method, "status" => status).increment(1);
}

/// A GraphQL operation that is over, or that never began.
#[derive(Debug, Clone)]
pub(crate) struct Operation<'a> {
    /// `query`, `mutation`, `subscription`, or `none` where it could not be read.
    pub(crate) kind: &'static str,
    /// The only field at its root, known to be one of the schema.
    pub(crate) field: Option<&'a str>,
    /// `OK`, `ERRORS` where parts of the answer failed, or the code of its refusal.
    pub(crate) outcome: &'static str,
}

/// Counts an operation.
pub(crate) fn count_operation(operation: &Operation<'_>) {
    let field = operation.field.unwrap_or("none").to_owned();
    let (kind, outcome) = (operation.kind, operation.outcome);
    counter!(OPERATIONS, "kind" => kind, "field" => field, "outcome" => outcome).increment(1);
}

/// Notes how long an operation took.
pub(crate) fn time_operation(kind: &'static str, took: Duration) {
    histogram!(OPERATION_SECONDS, "kind" => kind).record(took.as_secs_f64());
}

/// Counts what became of a citizen's answers.
pub(crate) fn count_booking(booked: &Result<Booking, Fault>) {
    let outcome = match booked {
        Ok(Booking::Booked(_)) => "booked",
        Ok(Booking::Refused(RefusedAnswer::Closed)) => "closed",
        Ok(Booking::Refused(RefusedAnswer::AlreadyAnswered)) => "already_answered",
        Ok(Booking::Refused(RefusedAnswer::Unknown)) => "unknown_invitation",
        Ok(Booking::Refused(RefusedAnswer::OtherAnswers)) => "other_answers",
        Ok(Booking::Refused(RefusedAnswer::ForeignForm)) => "foreign_form",
        Ok(Booking::Refused(RefusedAnswer::Changed)) => "changed",
        Err(Fault::Unavailable | Fault::Conflict) => "busy",
        Err(_) => "failed",
    };
    counter!(ANSWERS, "outcome" => outcome).increment(1);
}

/// Counts a run of the worker and passes on what became of it.
pub(crate) fn count_run<T>(work: &'static str, outcome: Result<T, Fault>) -> Result<T, Fault> {
    let word = if outcome.is_ok() { "ok" } else { "failed" };
    counter!(RUNS, "work" => work, "outcome" => word).increment(1);
    outcome
}

/// Counts a job. `kind` is read from the database, hence only the known ones are told apart.
pub(crate) fn count_job(kind: &str, outcome: &'static str) {
    let kind = crate::job::KINDS.into_iter().find(|known| *known == kind);
    counter!(JOBS, "kind" => kind.unwrap_or("other"), "outcome" => outcome).increment(1);
}
