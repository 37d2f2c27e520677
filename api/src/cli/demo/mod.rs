//! `mingjian demo`: a fictional district goes through a whole round before one's eyes, then the server keeps running.
//!
//! Everything is made on the spot in a database of its own, which is marked so that `serve` refuses it. The database,
//! mail and keys of the environment are not looked at, and nobody but this machine can connect. Nothing is put in by
//! another way than the use-cases: tables are imported, answers come through the intake, the close-out decides.

mod answers;
mod district;
mod show;
mod stage;

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use service::{Database, Service};

use super::database::{of_fault, open};
use super::house::House;
use super::{Failure, print};
use crate::config::{Purpose, Settings, Sources};
use crate::http::shutdown;
use crate::telemetry;

/// The scheme that the district is evaluated by.
pub(super) const SCHEME: &str = include_str!("../../../../schemes/ouhai/organ.toml");

/// What a demo may be told.
#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// Address to listen on; loopback only.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Folder for the database, which is kept; without it a temporary one, removed at the end.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Stop once everything was shown, instead of serving.
    #[arg(long)]
    exit: bool,
}

/// Shows a whole round, then serves until the process is asked to stop.
pub(super) async fn run(arguments: &DemoArguments) -> Result<(), Failure> {
    let place = Place::make(arguments.folder.as_deref())?;
    let settings = settings(arguments, &place)?;
    let telemetry = telemetry::start(&settings).map_err(Failure::new)?;
    let outcome = present(arguments, settings).await;
    place.clear();
    telemetry.finish().await;
    outcome
}

async fn present(arguments: &DemoArguments, settings: Settings) -> Result<(), Failure> {
    say(
        "明鉴演示：以下单位、人员、答卷全部虚构。\nMingjian demo: every unit, person and answer below is fictional.\n",
    )?;
    let service = prepare(&settings).await?;
    let house = House::open(settings, service.clone()).await?;
    let staged = stage::play(&service, house.intake()).await?;
    show::result(&service, &staged).await?;
    show::addresses(&house.address().to_string(), &staged)?;
    if arguments.exit {
        house.serve(std::future::ready(())).await;
    } else {
        say("\nCtrl-C 结束。 Press Ctrl-C to stop.")?;
        house.serve(shutdown::signal()).await;
    }
    Ok(())
}

/// A fresh database, marked as a demonstration before anything is in it.
async fn prepare(settings: &Settings) -> Result<Service, Failure> {
    let database: Database = open(&settings.database).await?;
    database
        .migrate()
        .await
        .map_err(|error| Failure::new(error.to_string()))?;
    let service = Service::new(database);
    service
        .mark_as_demo()
        .await
        .map_err(|fault| of_fault(&fault))?;
    Ok(service)
}

/// Settings that owe nothing to the environment but the log: a production address must not be touched by a demo.
fn settings(arguments: &DemoArguments, place: &Place) -> Result<Settings, Failure> {
    let mut sources = Sources::gather(None).map_err(|error| Failure::new(error.to_string()))?;
    sources.file = None;
    sources
        .environment
        .retain(|name, _| name.starts_with("MINGJIAN_LOG_"));
    let quiet = !sources.environment.contains_key("MINGJIAN_LOG_FILTER");
    let mut set = |key: &str, value: String| sources.overrides.insert(key.to_owned(), value);
    set("http.listen", arguments.listen.to_string());
    set("database.url", format!("sqlite:{}", place.file.display()));
    set("mail.transport", "memory".to_owned());
    if quiet {
        set("log.filter", "warn".to_owned());
    }
    Settings::load(sources, Purpose::Demo).map_err(|error| Failure::new(error.to_string()))
}

/// Where the database of this run lies.
struct Place {
    file: PathBuf,
    /// The folder, if it was made for this run alone.
    made: Option<PathBuf>,
}

impl Place {
    /// A file that is not there yet; a folder is never reused for another run's file.
    fn make(folder: Option<&Path>) -> Result<Self, Failure> {
        let mark: [u8; 8] = service::IdSource::system()
            .bytes()
            .map_err(|fault| of_fault(&fault))?;
        let mark = hex::encode(mark);
        let (folder, made) = if let Some(folder) = folder {
            (folder.to_path_buf(), None)
        } else {
            let folder = std::env::temp_dir().join(format!("mingjian-demo-{mark}"));
            (folder.clone(), Some(folder))
        };
        let built = DirBuilder::new()
            .recursive(made.is_none())
            .mode(0o700)
            .create(&folder);
        built.map_err(|error| {
            Failure::new(format!(
                "the folder `{}` cannot be made: {error}",
                folder.display()
            ))
        })?;
        Ok(Self {
            file: folder.join(format!("demo-{mark}.db")),
            made,
        })
    }

    /// Removes what was made for this run alone.
    fn clear(&self) {
        if let Some(folder) = &self.made
            && let Err(error) = std::fs::remove_dir_all(folder)
        {
            tracing::warn!(%error, folder = %folder.display(), "the temporary folder stays");
        }
    }
}

/// Tells the person at the terminal.
fn say(line: &str) -> Result<(), Failure> {
    print(format!("{line}\n").as_bytes())
}
