//! `mingjian migrate`: brings the tables up to date, all steps or none.

use std::path::Path;

use super::database::{describe, load_settings, open};
use super::{Failure, print};
use crate::config::Purpose;

/// Applies what is missing and prints the name of each step.
pub(super) async fn run(config: Option<&Path>) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let database = open(&settings.database).await?;
    let applied = database
        .migrate()
        .await
        .map_err(|error| Failure::new(describe(&error)))?;
    database.close().await;
    if applied.is_empty() {
        print(b"the tables are up to date\n")
    } else {
        print(format!("{}\n", applied.join("\n")).as_bytes())
    }
}
