//! `mingjian serve`: the server, with a worker inside.

use std::path::Path;

use super::Failure;
use super::database::{load_settings, of_fault, open_migrated};
use super::house::House;
use super::print;
use crate::auth::link::Links;
use crate::config::Purpose;
use crate::http::shutdown;
use crate::telemetry;

/// Serves until the process is asked to stop.
pub(super) async fn run(config: Option<&Path>) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Production)?;
    let telemetry = telemetry::start(&settings).map_err(Failure::new)?;
    let service = open_migrated(&settings).await?;
    if service.is_demo().await.map_err(|fault| of_fault(&fault))? {
        return Err(Failure::new(
            "this database holds a demonstration, and its people and answers are made up: give `database.url` another one",
        ));
    }
    let links = Links::new(&settings);
    let first = service
        .make_first_link(links.lifetimes().invitation)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let house = House::open(settings, service).await?;
    if let Some(token) = first {
        // On standard output and not in the log, which is kept and passed on.
        print(
            format!(
                "还没有任何账号。请在浏览器打开下面的链接，设立第一个管理员（只能用一次）：\n\
                 There is no account yet. Open this link to make the first administrator; it can be used once:\n{}\n",
                links.address(&token)
            )
            .as_bytes(),
        )?;
    }
    house.serve(shutdown::signal()).await;
    telemetry.finish().await;
    Ok(())
}
