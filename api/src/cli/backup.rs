//! `mingjian backup` and `mingjian restore`: copies of a SQLite database, looked through before they count.

use std::path::{Path, PathBuf};

use clap::Args;
use service::database::backup::{self, Inspected, Kept};

use super::database::load_settings;
use super::{Failure, print, tell};
use crate::config::Purpose;

/// Where to copy to.
#[derive(Debug, Args)]
pub(super) struct BackupArguments {
    /// File to write, which must not be there yet.
    file: PathBuf,
}

/// What to put back.
#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    /// A file that `mingjian backup` wrote. It is put where `database.url` says, if nothing is there.
    file: PathBuf,
    /// A checkpoint that was kept elsewhere, as `mingjian log checkpoint --short` prints it: the log must go on from it.
    #[arg(long, value_name = "CHECKPOINT", value_parser = parse_kept)]
    kept: Option<Kept>,
}

fn parse_kept(text: &str) -> Result<Kept, String> {
    Kept::parse(text).ok_or_else(|| "it is a number and a hash, as `12 6e340b9c-…`".to_owned())
}

/// Copies the database while it is in use.
pub(super) async fn back_up(
    config: Option<&Path>,
    arguments: &BackupArguments,
) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let done = backup::back_up(settings.database.url.expose(), &arguments.file).await;
    let done = done.map_err(|fault| Failure::new(fault.to_string()))?;
    report(&arguments.file, &done)
}

/// Puts a copy in place.
pub(super) async fn restore(
    config: Option<&Path>,
    arguments: &RestoreArguments,
) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let url = settings.database.url.expose();
    let done = backup::restore(&arguments.file, url, arguments.kept).await;
    let done = done.map_err(|fault| Failure::new(fault.to_string()))?;
    report(&arguments.file, &done)?;
    if !done.missing.is_empty() {
        tell("it is of an earlier version: run `mingjian migrate`");
    }
    if arguments.kept.is_none() {
        tell(
            "nothing says that it is the latest: give a checkpoint that was kept elsewhere as `--kept`",
        );
    }
    Ok(())
}

fn report(file: &Path, inspected: &Inspected) -> Result<(), Failure> {
    let (words, _) = inspected.log_root.as_chunks::<4>();
    let words: Vec<String> = words.iter().map(hex::encode).collect();
    let line = format!(
        "{}: whole; its log has {} entries, {}\n",
        file.display(),
        inspected.log_size,
        words.join("-")
    );
    print(line.as_bytes())
}
