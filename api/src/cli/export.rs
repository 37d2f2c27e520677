//! `mingjian export ROUND`: a closed round as a package that `replay` recomputes.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::access::Actor;
use service::closeout::PackageKind;

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print, round};
use crate::config::Purpose;

/// What to take out.
#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// Code of the round.
    round: String,
    /// With every count, those of few answers too: for staff alone. Without this and `--sheets` they are withheld, so
    /// that everybody may read the package.
    #[arg(long, conflicts_with = "sheets")]
    counts: bool,
    /// With every answer sheet, so that the counts can be made again: for auditors.
    #[arg(long)]
    sheets: bool,
    /// Number of an earlier revision; without it, the one that stands.
    #[arg(long, value_name = "NUMBER")]
    revision: Option<u32>,
    /// File to write, which must not be there yet; without it, standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the package.
pub(super) async fn run(config: Option<&Path>, arguments: &ExportArguments) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings).await?;
    let round = round::get(&service, &arguments.round).await?;
    let kind = match (arguments.sheets, arguments.counts) {
        (true, _) => PackageKind::Sheets,
        (false, true) => PackageKind::Counts,
        (false, false) => PackageKind::Public,
    };
    let mut bytes = service
        .export_revision(&Actor::Operator, (round.id, arguments.revision), kind)
        .await
        .map_err(|fault| of_fault(&fault))?;
    service.database.close().await;
    bytes.push(b'\n');
    match &arguments.out {
        Some(file) => write_new(file, &bytes),
        None => print(&bytes),
    }
}

/// Writes a file that is not there yet: a package is evidence, and so is a sheet that somebody has begun to fill in.
pub(super) fn write_new(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = std::fs::File::create_new(file)
        .and_then(|mut open| open.write_all(bytes).and_then(|()| open.sync_all()));
    written
        .map_err(|error| Failure::new(format!("`{}` cannot be written: {error}", file.display())))
}
