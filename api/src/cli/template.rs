//! `mingjian template scores ROUND`: the sheet that inspectors fill in and `import scores` reads.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use domain::access::Actor;
use service::Service;
use service::page::Page;
use service::round::{RosterFilter, Round};

use super::database::{load_settings, of_fault, open_migrated};
use super::export::write_new;
use super::{Failure, round};
use crate::config::Purpose;
use crate::sheet::{ScoreRound, ScoreSheet, ScoreSubject};

/// What sheets there are.
#[derive(Debug, Subcommand)]
pub(super) enum TemplateCommand {
    /// Units below, items across, each with its maximum and step.
    Scores {
        /// Code of the round.
        round: String,
        /// File to write, which must not be there yet: CSV if its name ends so, else a workbook (.xlsx).
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Writes the sheet.
pub(super) async fn run(config: Option<&Path>, command: &TemplateCommand) -> Result<(), Failure> {
    let TemplateCommand::Scores { round: code, out } = command;
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings).await?;
    let round = round::get(&service, code).await?;
    let version = round.content.scheme_version;
    let schemes = service
        .find_compiled_schemes(&Actor::Operator, &[version])
        .await
        .map_err(|fault| of_fault(&fault))?;
    let scheme = schemes
        .get(&version)
        .ok_or_else(|| Failure::new("the round's scheme cannot be read"))?;
    let subjects = list_roster(&service, &round).await?;
    if subjects.is_empty() {
        return Err(Failure::new(format!(
            "the round `{code}` has no roster yet: open it first"
        )));
    }
    service.database.close().await;
    let about = ScoreRound {
        name: round.content.name.clone(),
        period_from: round.content.period_from,
        period_to: round.content.period_to,
    };
    let sheet = ScoreSheet::new(scheme, about, subjects);
    let is_csv = out
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("csv"));
    let written = if is_csv {
        sheet.write_csv().map_err(|error| error.to_string())
    } else {
        sheet.write().map_err(|error| error.to_string())
    };
    let bytes =
        written.map_err(|error| Failure::new(format!("the sheet cannot be written: {error}")))?;
    write_new(out, &bytes)
}

async fn list_roster(service: &Service, round: &Round) -> Result<Vec<ScoreSubject>, Failure> {
    let mut subjects = Vec::new();
    let mut after = None;
    loop {
        let page = Page { after, first: 500 };
        let part = service
            .list_round_subjects(&Actor::Operator, round.id, &RosterFilter::default(), page)
            .await
            .map_err(|fault| of_fault(&fault))?;
        subjects.extend(part.rows.iter().map(|subject| ScoreSubject {
            code: subject.code.clone(),
            name: subject.name.clone(),
            category: subject.category.clone(),
        }));
        after = part.rows.last().map(|subject| subject.code.clone());
        if !part.has_more {
            return Ok(subjects);
        }
    }
}
