//! `mingjian investigation`: opens what rules ask for, and records what was found.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Subcommand, ValueEnum};
use domain::access::Actor;
use domain::correction::CarriedKind;
use domain::id::{self, Id};
use domain::scheme::file;
use service::closeout::Confirmation;
use service::investigation::FindingDraft;

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print, round};
use crate::config::Purpose;

/// What can be done with investigations from the terminal.
#[derive(Debug, Subcommand)]
pub(super) enum InvestigationCommand {
    /// Open every investigation that a rule of the round asks for, and print the ids.
    OpenDue {
        /// Code of the round.
        round: String,
    },
    /// Confirm a finding that a correction of the round carries over.
    Confirm {
        /// Its id, as it was printed.
        investigation: Id<id::Investigation>,
    },
    /// Take a finding back that a correction of the round carries over; the investigation is open again.
    Withdraw {
        /// Its id, as it was printed.
        investigation: Id<id::Investigation>,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Record what an investigation found, once and for good.
    Record {
        /// Its id, as it was printed.
        investigation: Id<id::Investigation>,
        /// What it found.
        finding: Finding,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Finding {
    /// What was complained about is true.
    Verified,
    /// It is not.
    Unfounded,
}

/// Does it.
pub(super) async fn run(
    config: Option<&Path>,
    command: InvestigationCommand,
) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings).await?;
    let said = match command {
        InvestigationCommand::OpenDue { round: code } => {
            let round = round::get(&service, &code).await?;
            let opened = service
                .open_due_investigations(&Actor::Operator, round.id)
                .await
                .map_err(|fault| of_fault(&fault))?;
            let mut lines = String::new();
            for one in &opened {
                let _never_fails = writeln!(lines, "{} {} {}", one.id, one.subject, one.rule);
            }
            lines
        }
        InvestigationCommand::Confirm { investigation } => {
            let found = service
                .find_investigations(&Actor::Operator, &[investigation])
                .await
                .map_err(|fault| of_fault(&fault))?;
            let Some(found) = found.get(&investigation) else {
                return Err(Failure::new(format!(
                    "there is no investigation `{investigation}`"
                )));
            };
            let draft = Confirmation {
                round: found.round,
                subject: found.subject,
                kind: CarriedKind::Finding,
                place: found.rule.clone(),
            };
            service
                .confirm_carried(&Actor::Operator, &draft)
                .await
                .map_err(|fault| of_fault(&fault))?;
            format!("{investigation}: confirmed\n")
        }
        InvestigationCommand::Withdraw {
            investigation,
            reason,
        } => {
            let withdrawn = service
                .withdraw_finding(&Actor::Operator, investigation, &reason)
                .await
                .map_err(|fault| of_fault(&fault))?;
            format!("{}: open again\n", withdrawn.id)
        }
        InvestigationCommand::Record {
            investigation,
            finding,
            reason,
        } => {
            let finding = match finding {
                Finding::Verified => file::Finding::Verified,
                Finding::Unfounded => file::Finding::Unfounded,
            };
            let draft = FindingDraft {
                id: investigation,
                finding,
                reason,
            };
            let recorded = service
                .record_finding(&Actor::Operator, draft)
                .await
                .map_err(|fault| of_fault(&fault))?;
            format!("{}: recorded\n", recorded.id)
        }
    };
    service.database.close().await;
    print(said.as_bytes())
}
