//! A fresh, migrated database for each test.
//!
//! On PostgreSQL it is a copy of a template that the first test of a run migrates; on SQLite a file
//! in a folder of its own. Either is reached by URLs, as in production: one for the role that runs,
//! one for the role that migrates.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use crate::cluster::{Cluster, SUPERUSER};
use crate::project;

/// The role that owns the tables and migrates them.
const OWNER: &str = "mingjian_owner";
/// The role that runs the service.
const RUNNING: &str = "mingjian";
/// Only one process makes the roles and the template; the number means nothing.
const LOCK: &str = "SELECT pg_advisory_lock(5570193)";

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// The cluster of the tests.
    Postgresql,
}

/// A migrated database with nothing in it.
#[derive(Debug)]
pub struct Database {
    /// What it is.
    pub backend: Backend,
    /// For the role that runs.
    pub url: String,
    /// For the role that migrates; on SQLite the same.
    pub migrate_url: String,
    name: String,
    /// Goes with it.
    folder: Option<TempDir>,
}

impl Database {
    /// A new database.
    ///
    /// # Panics
    /// It cannot be made; nothing can be tested then.
    pub async fn fresh(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let mut database = Self::fresh_at(&folder.path().join("mingjian.db")).await;
                database.folder = Some(folder);
                database
            }
            Backend::Postgresql => {
                let cluster = Cluster::get();
                let name = format!("test_{}", unique());
                let template = template(cluster).await;
                execute(
                    &mut superuser(cluster).await,
                    &format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}"),
                )
                .await;
                Self {
                    backend,
                    url: cluster.url(RUNNING, &name),
                    migrate_url: cluster.url(OWNER, &name),
                    name,
                    folder: None,
                }
            }
        }
    }

    /// A new SQLite database in this file, which stays behind.
    ///
    /// # Panics
    /// It cannot be made; nothing can be tested then.
    pub async fn fresh_at(file: &Path) -> Self {
        let url = format!("sqlite://{}", file.display());
        migrate(&url, None).await;
        Self::at(url)
    }

    /// The SQLite database of this address, which goes with the folder that somebody else keeps.
    pub fn at(url: String) -> Self {
        Self {
            backend: Backend::Sqlite,
            migrate_url: url.clone(),
            url,
            name: String::new(),
            folder: None,
        }
    }

    /// A PostgreSQL database without tables, beside one that [`Database::fresh`] made.
    ///
    /// # Panics
    /// It cannot be made.
    pub async fn empty() -> Self {
        let cluster = Cluster::get();
        let name = format!("empty_{}", unique());
        let mut connection = superuser(cluster).await;
        execute(
            &mut connection,
            &format!("CREATE DATABASE {name} OWNER {OWNER}"),
        )
        .await;
        Self {
            backend: Backend::Postgresql,
            url: cluster.url(RUNNING, &name),
            migrate_url: cluster.url(OWNER, &name),
            name,
            folder: None,
        }
    }

    /// A new database in a cluster of its own, which takes the database along when it goes.
    ///
    /// # Panics
    /// It cannot be made; nothing can be measured then.
    pub async fn fresh_in(cluster: &Cluster) -> Self {
        let name = format!("figures_{}", unique());
        let mut connection = superuser(cluster).await;
        make_roles(&mut connection).await;
        execute(
            &mut connection,
            &format!("CREATE DATABASE {name} OWNER {OWNER}"),
        )
        .await;
        let url = cluster.url(RUNNING, &name);
        let migrate_url = cluster.url(OWNER, &name);
        migrate(&url, Some(migrate_url.clone())).await;
        Self {
            backend: Backend::Postgresql,
            url,
            migrate_url,
            name,
            folder: None,
        }
    }

    /// Its name on the server; empty on SQLite.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Throws it away. A database that a failed test leaves behind goes with the cluster.
    pub async fn remove(self) {
        if self.backend == Backend::Postgresql {
            let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
            execute(&mut superuser(Cluster::get()).await, &sql).await;
        }
    }
}

/// Unlike any name that another test process draws.
fn unique() -> String {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("{}_{count}", std::process::id())
}

async fn superuser(cluster: &Cluster) -> PgConnection {
    let url = cluster.url(SUPERUSER, "postgres");
    PgConnection::connect(&url)
        .await
        .unwrap_or_else(|error| panic!("{url}: {error}"))
}

async fn execute(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The name of the migrated database that others are copied from, made if it is not there yet. It
/// carries a digest of the migrations, for the cluster may outlive a change of them.
async fn template(cluster: &Cluster) -> String {
    let name = format!("template_{:016x}", digest_of_migrations());
    let mut connection = superuser(cluster).await;
    execute(&mut connection, LOCK).await;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut connection)
            .await
            .expect("PostgreSQL lists its databases");
    if !exists {
        make_roles(&mut connection).await;
        // Under another name until it is whole: a killed test must not leave half a template.
        let unfinished = format!("unfinished_{}", unique());
        execute(
            &mut connection,
            &format!("CREATE DATABASE {unfinished} OWNER {OWNER}"),
        )
        .await;
        migrate(
            &cluster.url(RUNNING, &unfinished),
            Some(cluster.url(OWNER, &unfinished)),
        )
        .await;
        execute(
            &mut connection,
            &format!("ALTER DATABASE {unfinished} RENAME TO {name}"),
        )
        .await;
    }
    // The lock ends with the connection.
    connection.close().await.expect("PostgreSQL lets go");
    name
}

async fn make_roles(connection: &mut PgConnection) {
    for role in [OWNER, RUNNING] {
        let sql = format!(
            "DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
        );
        execute(connection, &sql).await;
    }
}

async fn migrate(url: &str, migrate_url: Option<String>) {
    let mut settings = service::database::DatabaseSettings::new(url);
    settings.migrate_url = migrate_url;
    let database = service::Database::open(settings)
        .await
        .expect("the database opens");
    database.migrate().await.expect("the migrations apply");
    database.close().await;
}

fn digest_of_migrations() -> u64 {
    let mut hasher = DefaultHasher::new();
    for folder in ["migration/src", "service/src/database"] {
        for path in project::files(&project::root().join(folder)) {
            (project::relative(&path), project::read(&path)).hash(&mut hasher);
        }
    }
    hasher.finish()
}
