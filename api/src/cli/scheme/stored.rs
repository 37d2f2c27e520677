//! Versions of schemes and closed rounds that live in the database, where the command line names them.

use std::path::Path;
use std::sync::Arc;

use domain::access::Actor;
use domain::id::{Id, SchemeVersion};
use domain::package::Package;
use domain::scheme::Scheme;
use service::Service;
use service::closeout::PackageKind;

use super::super::database::{load_settings, of_fault, open_migrated};
use super::super::{Failure, round, wait};
use crate::config::Purpose;

/// Before the code of a round: the version that the round is under, or the closed round itself.
const ROUND: &str = "round:";
/// Before the code of a scheme that is in the database.
const STORED: &str = "stored:";

/// A version that is named as one of the database; nothing where it is named otherwise.
pub(super) fn find(config: Option<&Path>, name: &str) -> Option<Result<Scheme, Failure>> {
    if let Some(code) = name.strip_prefix(ROUND) {
        return Some(wait(of_round(config, code)));
    }
    let name = name.strip_prefix(STORED)?;
    let (code, version) = match name.split_once('@') {
        Some((code, version)) => (code, Some(version)),
        None => (name, None),
    };
    Some(wait(of_code(config, code, version)))
}

/// A closed round that is named as one of the database, with every count; nothing where it is named otherwise.
pub(super) fn find_closed(config: Option<&Path>, name: &str) -> Option<Result<Package, Failure>> {
    let code = name.strip_prefix(ROUND)?;
    Some(wait(closed_round(config, code)))
}

async fn open(config: Option<&Path>) -> Result<Service, Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    open_migrated(&settings).await
}

async fn of_round(config: Option<&Path>, code: &str) -> Result<Scheme, Failure> {
    let service = open(config).await?;
    let version = round::get(&service, code).await?.content.scheme_version;
    let scheme = compiled(&service, version).await;
    service.database.close().await;
    scheme
}

async fn of_code(
    config: Option<&Path>,
    code: &str,
    version: Option<&str>,
) -> Result<Scheme, Failure> {
    let service = open(config).await?;
    let known = service
        .list_versions_of_scheme(&Actor::Operator, code)
        .await
        .map_err(|fault| of_fault(&fault))?;
    if known.is_empty() {
        return Err(Failure::new(format!(
            "there is no scheme `{code}` in the database"
        )));
    }
    let mut wanted = known
        .iter()
        .filter(|one| version.is_none_or(|version| version == one.version));
    let (Some(found), None) = (wanted.next(), wanted.next()) else {
        let versions: Vec<String> = (known.iter())
            .map(|one| format!("`{STORED}{code}@{}`", one.version))
            .collect();
        return Err(Failure::new(format!(
            "name one version of `{code}`: {}",
            versions.join(", ")
        )));
    };
    let scheme = compiled(&service, found.id).await;
    service.database.close().await;
    scheme
}

async fn compiled(service: &Service, version: Id<SchemeVersion>) -> Result<Scheme, Failure> {
    let mut found = service
        .find_compiled_schemes(&Actor::Operator, &[version])
        .await
        .map_err(|fault| of_fault(&fault))?;
    let scheme = found.remove(&version).map(Arc::unwrap_or_clone);
    scheme.ok_or_else(|| Failure::new("the version is not in the database any more"))
}

async fn closed_round(config: Option<&Path>, code: &str) -> Result<Package, Failure> {
    let service = open(config).await?;
    let round = round::get(&service, code).await?;
    let bytes = service
        .export_round(&Actor::Operator, round.id, PackageKind::Counts)
        .await
        .map_err(|fault| of_fault(&fault))?;
    service.database.close().await;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(format!("the round `{code}` cannot be read: {error}")))
}
