//! `mingjian serve`: the server, with a worker inside.

use std::path::Path;

use super::Failure;
use super::database::{load_settings, of_fault, open_migrated};
use super::house::House;
use crate::config::Purpose;
use crate::http::shutdown;
use crate::telemetry;

/// Serves until the process is asked to stop.
pub(super) async fn run(config: Option<&Path>) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Production)?;
    telemetry::start(&settings.log);
    let service = open_migrated(&settings.database).await?;
    if service.is_demo().await.map_err(|fault| of_fault(&fault))? {
        return Err(Failure::new(
            "this database holds a demonstration, and its people and answers are made up: give `database.url` another one",
        ));
    }
    let house = House::open(settings, service).await?;
    house.serve(shutdown::signal()).await;
    Ok(())
}
