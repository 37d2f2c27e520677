//! What another stored version of a scheme would make of a closed round. Nothing of it is stored.

use std::collections::BTreeMap;

use domain::access::{Action, Actor};
use domain::id::{Id, Round, SchemeVersion};
use domain::package::{FORMAT, Package};
use domain::trial::{Trial, try_on};
use entity::scheme_version;
use sea_orm::{EntityTrait, QuerySelect};

use super::allow;
use super::revision::{list_heads, read_documents, unknown_revision};
use crate::decision::Vocabulary;
use crate::frame::{Frame, Whom, compile};
use crate::{Fault, Refusal, Service};

/// What is tried on what.
#[derive(Debug, Clone, Copy)]
pub struct TrialOf {
    /// The closed round.
    pub round: Id<Round>,
    /// Number of one of its revisions; without it the one that stands.
    pub revision: Option<u32>,
    /// The version that is tried.
    pub version: Id<SchemeVersion>,
}

/// What came of a trial.
#[derive(Debug)]
pub struct SchemeTrial {
    /// Number of the revision that it was tried on.
    pub revision: u32,
    /// What would be otherwise.
    pub trial: Trial,
    /// What puts what was decided into words.
    pub before: Vocabulary,
    /// What puts into words what would be decided.
    pub after: Vocabulary,
}

impl Service {
    /// Tries a stored version of a scheme on a closed round: as dear as a close-out whose sheets are counted already.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `ROUND_NOT_CLOSED`, `REVISION_UNKNOWN`, `SCHEME_VERSION_UNKNOWN`, or `SCHEME_UNFIT` where
    /// the round itself contradicts the version; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn try_scheme(&self, actor: &Actor, wanted: TrialOf) -> Result<SchemeTrial, Fault> {
        allow(actor, Action::Preflight, wanted.round)?;
        let reading = self.database.begin_long_read().await?;
        let frame = Frame::load(&reading, wanted.round, Whom::Everybody).await?;
        let heads = list_heads(&reading, wanted.round).await?;
        let last = heads.first().ok_or_else(|| {
            let message = "a version is tried on a closed round: close it, or ask for a dry run";
            Fault::refused(Refusal::new("ROUND_NOT_CLOSED", message).at(["round"]))
        })?;
        let number = wanted.revision.unwrap_or(last.number);
        let mut heads = heads.iter();
        let head = heads.find(|one| one.number == number);
        let head = head.ok_or_else(|| unknown_revision(number))?;
        let (inputs, outcome) = read_documents(&reading, wanted.round, number).await?;
        let source: Option<String> = scheme_version::Entity::find_by_id(wanted.version.number())
            .select_only()
            .column(scheme_version::Column::Source)
            .into_tuple()
            .one(&reading)
            .await?;
        reading.finish().await?;
        let source = source.ok_or_else(|| {
            let message = format!("there is no version `{}` of a scheme", wanted.version);
            Fault::refused(Refusal::new("SCHEME_VERSION_UNKNOWN", message).at(["schemeVersion"]))
        })?;
        let names: BTreeMap<String, String> = (frame.participants.values())
            .map(|one| (one.code.clone(), one.name.clone()))
            .collect();
        let package = Package {
            format: FORMAT.to_owned(),
            engine: head.engine.clone(),
            revision: number,
            scheme: frame.source,
            inputs,
            outcome,
            combined_roles: None,
            public_of: None,
            sheets: None,
        };
        let before = Vocabulary {
            scheme: frame.scheme,
            names: names.clone(),
        };
        let tried = tokio::task::spawn_blocking(move || {
            let after = Vocabulary {
                scheme: compile(&source)?,
                names,
            };
            let trial = try_on(&after.scheme, &package).map_err(|why| {
                let unfit = Refusal::new("SCHEME_UNFIT", why.to_string());
                Fault::refused(unfit.at(["schemeVersion"]))
            })?;
            Ok(SchemeTrial {
                revision: number,
                trial,
                before,
                after,
            })
        });
        tried.await.map_err(Fault::internal)?
    }
}
