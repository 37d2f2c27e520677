//! `mingjian log …`: the log of changes as evidence, for whoever checks it without this program.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use domain::access::Actor;
use service::Service;

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print, tell};
use crate::config::{self, Purpose};
use crate::notary::{Notary, write_text};

/// What to do with the log.
#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Write the log with its checkpoints into a file that `mingjian-verify log` checks.
    Export {
        /// File to write, which must not be there yet.
        file: PathBuf,
    },
    /// Print the last checkpoint, to be kept elsewhere; with `checkpoint.key_file` a new one is made first.
    Checkpoint {
        /// On one line that can be written down by hand: the size and the hash.
        #[arg(long)]
        short: bool,
    },
}

/// Does it.
pub(super) async fn run(config: Option<&Path>, command: LogCommand) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let notary = find_notary(&settings.checkpoint)?;
    let service = open_migrated(&settings).await?;
    let done = match command {
        LogCommand::Export { file } => export(&service, notary.as_ref(), &file).await,
        LogCommand::Checkpoint { short } => checkpoint(&service, notary.as_ref(), short).await,
    };
    service.database.close().await;
    done
}

fn find_notary(settings: &config::Checkpoint) -> Result<Option<Notary>, Failure> {
    Notary::find(settings).map_err(|fault| Failure::new(fault.to_string()))
}

async fn export(service: &Service, notary: Option<&Notary>, file: &Path) -> Result<(), Failure> {
    let place = file.display();
    let fail =
        |error: std::io::Error| Failure::new(format!("`{place}` cannot be written: {error}"));
    let mut out = BufWriter::new(File::create_new(file).map_err(fail)?);
    let signer = notary.map(Notary::signer);
    let exported = service.export_log(&Actor::Operator, signer, &mut out).await;
    let exported = match exported {
        Ok(exported) => exported,
        Err(fault) => {
            // Half a log is no evidence.
            drop(out);
            std::fs::remove_file(file).map_err(fail)?;
            return Err(of_fault(&fault));
        }
    };
    out.flush().map_err(fail)?;
    out.get_ref().sync_all().map_err(fail)?;
    tell(&format!(
        "{place}: {} entries, sealed by the checkpoint {}",
        exported.entries,
        exported.checkpoint.to_short()
    ));
    Ok(())
}

async fn checkpoint(
    service: &Service,
    notary: Option<&Notary>,
    is_short: bool,
) -> Result<(), Failure> {
    if let Some(notary) = notary {
        (notary.make(service).await).map_err(|fault| of_fault(&fault))?;
    }
    let last = service
        .find_last_checkpoint(&Actor::Operator)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let Some(last) = last else {
        return Err(Failure::new(
            "the log has no checkpoint yet: give `checkpoint.key_file`, and one is made as soon as something is logged",
        ));
    };
    let text = if is_short {
        format!("{}\n", last.to_short())
    } else {
        write_text(&last)
    };
    print(text.as_bytes())
}
