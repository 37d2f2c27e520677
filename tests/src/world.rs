//! Everything that one test has: a database, a clock that stands still, ids that repeat, a service.

use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use service::clock::FixedClock;
use service::database::DatabaseSettings;
use service::{IdSource, Service};

use crate::database::{Backend, Database};
use crate::server::Server;

/// When every test begins: a Monday morning in Kunming.
const START: &str = "2026-03-02T01:00:00Z";
/// Where the ids of every test begin.
const SEED: u64 = 20_260_302;

/// What a test is given.
#[derive(Debug, Clone)]
pub struct World {
    /// The database that all of it stands on.
    pub database: Arc<Database>,
    /// Stands at 2026-03-02, nine in the morning in China, until the test moves it.
    pub clock: Arc<FixedClock>,
    /// The use-cases, on that database, clock and a seeded source of ids.
    pub service: Service,
}

impl World {
    /// Another one, for a test that needs several.
    pub async fn fresh(backend: Backend) -> Self {
        Self::new(backend).await
    }

    async fn new(backend: Backend) -> Self {
        let database = Database::fresh(backend).await;
        let clock = Arc::new(FixedClock::at(START.parse().expect("an instant")));
        let mut settings = DatabaseSettings::new(&database.url);
        settings.migrate_url = Some(database.migrate_url.clone());
        let service = Service {
            database: service::Database::open(settings)
                .await
                .expect("the database opens"),
            clock: clock.clone(),
            ids: Arc::new(IdSource::seeded(SEED)),
            smallest_panel: 1,
            combined_roles: None,
        };
        Self {
            database: Arc::new(database),
            clock,
            service,
        }
    }

    /// Which database this test runs on.
    pub fn backend(&self) -> Backend {
        self.database.backend
    }

    /// What time it is in this test.
    pub fn now(&self) -> DateTime<Utc> {
        service::Clock::now(&*self.clock)
    }

    /// The real program on this test's database, with the clock of the machine.
    pub async fn server(&self) -> Server {
        Server::start(&self.database).await
    }
}

/// Runs one test on one database. Called by [`on_both!`](crate::on_both).
///
/// # Panics
/// The test does.
pub fn run<Running>(backend: Backend, test: impl FnOnce(World) -> Running)
where
    Running: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let world = World::new(backend).await;
        let service = world.service.clone();
        let database = world.database.clone();
        test(world).await;
        service.database.close().await;
        if let Some(database) = Arc::into_inner(database) {
            database.remove().await;
        }
    });
}
