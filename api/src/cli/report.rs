//! `mingjian report`: a closed round on paper, from the database or from a package.

use std::path::{Path, PathBuf};

use clap::Args;
use domain::access::Actor;
use domain::package::Package;
use service::closeout::PackageKind;

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, explain, print, round};
use crate::config::Purpose;
use crate::report::{Origin, Report};

/// What to write, and where.
#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Code of the round, in the database.
    #[arg(required_unless_present = "package", conflicts_with = "package")]
    round: Option<String>,
    /// A package, written by `mingjian export`, in place of the database.
    #[arg(long, value_name = "FILE")]
    package: Option<PathBuf>,
    /// Number of an earlier revision of the round; without it, the one that stands.
    #[arg(long, value_name = "NUMBER", conflicts_with = "package")]
    revision: Option<u32>,
    /// Folder to write, which must not be there yet or be empty.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
}

/// Writes the sheets and the ranking.
pub(super) async fn run(config: Option<&Path>, arguments: &ReportArguments) -> Result<(), Failure> {
    let (package, origin) = match (&arguments.round, &arguments.package) {
        (Some(code), _) => load(config, code, arguments.revision).await?,
        (None, Some(file)) => (explain::read_package(file)?, Origin::default()),
        (None, None) => return Err(Failure::new("name a round, or a package with --package")),
    };
    let written = Report::new(&package, origin)
        .and_then(|report| report.write(&arguments.folder))
        .map_err(|fault| Failure::new(fault.to_string()))?;
    let place = arguments.folder.display();
    print(format!("{place}: {written} sheets, index.html, ranking.xlsx\n").as_bytes())
}

/// A revision of a round, without a number the one that stands, with the day on which it was closed.
async fn load(
    config: Option<&Path>,
    code: &str,
    number: Option<u32>,
) -> Result<(Package, Origin), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings).await?;
    let found = round::get(&service, code).await?;
    let actor = &Actor::Operator;
    let bytes = service
        .export_revision(actor, (found.id, number), PackageKind::Counts)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let revision = service
        .find_revision(actor, found.id, number)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let demo = service.is_demo().await.map_err(|fault| of_fault(&fault))?;
    service.database.close().await;
    let package: Package = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(format!("a defect: the package cannot be read: {error}")))?;
    let zone = package.inputs.round.time_zone.parse::<chrono_tz::Tz>().ok();
    let closed_on = revision
        .zip(zone)
        .map(|(revision, zone)| revision.closed_at.with_timezone(&zone).date_naive());
    Ok((package, Origin { closed_on, demo }))
}
