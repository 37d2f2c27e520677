//! `mingjian subject`: renames, mergers and transfers, and who joins or leaves an open round, by the codes that people
//! type.

use std::path::Path;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use domain::access::Actor;
use domain::id::{self, Id};
use service::Service;
use service::page::Page;
use service::round::RosterStep;
use service::subject::SubjectFilter;
use service::succession::{SuccessionChange, SuccessionDraft};

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print, region, round};
use crate::config::Purpose;

/// What can happen to subjects.
#[derive(Debug, Subcommand)]
pub(super) enum SubjectCommand {
    /// Record that a subject goes by another name.
    Rename {
        /// Its code.
        subject: String,
        /// Its name in Chinese from that day.
        #[arg(long)]
        name: String,
        /// Its name in English from that day.
        #[arg(long)]
        name_en: String,
        #[command(flatten)]
        step: Step,
    },
    /// Record that a subject was merged into another, which carries its cases on.
    Merge {
        /// Its code.
        subject: String,
        /// Code of the subject that it was merged into.
        #[arg(long, value_name = "SUBJECT")]
        into: String,
        /// Its grades continue as those of the other.
        #[arg(long)]
        grades_continue: bool,
        #[command(flatten)]
        step: Step,
    },
    /// Record that a subject came under another region.
    Transfer {
        /// Its code.
        subject: String,
        /// Code of the region.
        #[arg(long, value_name = "REGION")]
        region: String,
        #[command(flatten)]
        step: Step,
    },
    /// Take a merger back that was recorded by mistake.
    TakeMergerBack {
        /// Code of the subject that had ended.
        subject: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Put a subject onto the roster of an open round.
    Join {
        /// Its code.
        subject: String,
        /// Code of the round.
        #[arg(long)]
        round: String,
        #[command(flatten)]
        step: Step,
    },
    /// Take a subject off the roster of an open round.
    Leave {
        /// Its code.
        subject: String,
        /// Code of the round.
        #[arg(long)]
        round: String,
        #[command(flatten)]
        step: Step,
    },
}

/// When and why.
#[derive(Debug, Args)]
pub(super) struct Step {
    /// The day from which, as `2026-07-01`.
    #[arg(long, value_name = "DAY")]
    on: NaiveDate,
    /// Why, such as the decision that ordered it.
    #[arg(long)]
    reason: String,
}

/// Whoever may use the terminal of the machine may do everything; the log says that it was done there.
const OPERATOR: &Actor = &Actor::Operator;

/// Does it.
pub(super) async fn run(config: Option<&Path>, command: SubjectCommand) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings).await?;
    let said = record(&service, command).await?;
    service.database.close().await;
    print(format!("{said}\n").as_bytes())
}

async fn record(service: &Service, command: SubjectCommand) -> Result<String, Failure> {
    let (code, change, step) = match command {
        SubjectCommand::Rename {
            subject,
            name,
            name_en,
            step,
        } => (subject, SuccessionChange::Rename { name, name_en }, step),
        SubjectCommand::Merge {
            subject,
            into,
            grades_continue: grades,
            step,
        } => {
            let into = find(service, &into).await?;
            (subject, SuccessionChange::Merger { into, grades }, step)
        }
        SubjectCommand::Transfer {
            subject,
            region,
            step,
        } => {
            let region = region::get(service, &region).await?.id;
            (subject, SuccessionChange::Transfer { region }, step)
        }
        SubjectCommand::TakeMergerBack { subject, reason } => {
            let id = find(service, &subject).await?;
            let done = service.take_back_merger(OPERATOR, id, &reason).await;
            done.map_err(|fault| of_fault(&fault))?;
            return Ok(format!("{subject}: stands for itself again"));
        }
        SubjectCommand::Join {
            subject,
            round,
            step,
        } => {
            let step = roster_step(service, (&subject, &round), step).await?;
            let done = service.join_round(OPERATOR, &step).await;
            done.map_err(|fault| of_fault(&fault))?;
            return Ok(format!("{subject}: joins {round} on {}", step.on));
        }
        SubjectCommand::Leave {
            subject,
            round,
            step,
        } => {
            let step = roster_step(service, (&subject, &round), step).await?;
            let done = service.leave_round(OPERATOR, &step).await;
            done.map_err(|fault| of_fault(&fault))?;
            return Ok(format!("{subject}: leaves {round} on {}", step.on));
        }
    };
    let draft = SuccessionDraft {
        subject: find(service, &code).await?,
        change,
        on: step.on,
        reason: step.reason,
    };
    let recorded = service
        .record_succession(OPERATOR, draft)
        .await
        .map_err(|fault| of_fault(&fault))?;
    Ok(format!(
        "{code}: {} recorded from {}",
        recorded.kind.word(),
        recorded.on
    ))
}

async fn roster_step(
    service: &Service,
    (subject, code): (&str, &str),
    step: Step,
) -> Result<RosterStep, Failure> {
    Ok(RosterStep {
        round: round::get(service, code).await?.id,
        subject: find(service, subject).await?,
        on: step.on,
        reason: step.reason,
    })
}

/// The subject of a code.
pub(super) async fn find(service: &Service, code: &str) -> Result<Id<id::Subject>, Failure> {
    let filter = SubjectFilter::default();
    let mut after = None;
    loop {
        let page = Page { after, first: 500 };
        let part = service
            .list_subjects(OPERATOR, &filter, page)
            .await
            .map_err(|fault| of_fault(&fault))?;
        if let Some(found) = part.rows.iter().find(|one| one.content.code == code) {
            return Ok(found.id);
        }
        after = part.rows.last().map(|one| one.content.code.clone());
        if !part.has_more {
            return Err(Failure::new(format!("there is no subject `{code}`")));
        }
    }
}
