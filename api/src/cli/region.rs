//! `mingjian region add`: the tree of places, root first.

use std::path::Path;

use clap::Subcommand;
use domain::access::Actor;
use service::Service;
use service::page::Page;
use service::region::{Region, RegionDraft};

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print};
use crate::config::Purpose;

/// What can be done with regions from the terminal.
#[derive(Debug, Subcommand)]
pub(super) enum RegionCommand {
    /// Add a region.
    Add {
        /// Its code.
        code: String,
        /// Its name in Chinese.
        #[arg(long)]
        name: String,
        /// Its name in English.
        #[arg(long)]
        name_en: String,
        /// Code of the region above; without it, the region is a root.
        #[arg(long, value_name = "CODE")]
        parent: Option<String>,
    },
}

/// Does it.
pub(super) async fn run(config: Option<&Path>, command: RegionCommand) -> Result<(), Failure> {
    let RegionCommand::Add {
        code,
        name,
        name_en,
        parent,
    } = command;
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings).await?;
    let parent = match parent {
        Some(parent) => Some(get(&service, &parent).await?.id),
        None => None,
    };
    let draft = RegionDraft {
        parent,
        code,
        name,
        name_en,
    };
    let added = service
        .add_region(&Actor::Operator, draft)
        .await
        .map_err(|fault| of_fault(&fault))?;
    service.database.close().await;
    print(format!("{}: {}\n", added.code, added.id).as_bytes())
}

/// The region of a code.
pub(super) async fn get(service: &Service, code: &str) -> Result<Region, Failure> {
    let mut after = None;
    loop {
        let page = Page { after, first: 500 };
        let part = service
            .list_regions(&Actor::Operator, page)
            .await
            .map_err(|fault| of_fault(&fault))?;
        after = part.rows.last().map(|region| region.code.clone());
        if let Some(found) = part.rows.into_iter().find(|region| region.code == code) {
            return Ok(found);
        }
        if !part.has_more {
            return Err(Failure::new(format!("there is no region `{code}`")));
        }
    }
}
