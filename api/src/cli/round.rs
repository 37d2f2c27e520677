//! `mingjian round`: sets rounds up, opens, checks, closes and publishes them, by the codes that people type.

use std::path::Path;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use domain::access::Actor;
use service::Service;
use service::closeout::Preflight;
use service::composition::Composition;
use service::page::Page;
use service::round::{Round, RoundAt, RoundDraft, RoundOpening};

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print, read_text};
use crate::config::Purpose;

/// What can be done with rounds from the terminal.
#[derive(Debug, Subcommand)]
pub(super) enum RoundCommand {
    /// Set a round up under a scheme file, which is added if it is new.
    Add(RoundAddArguments),
    /// Freeze the roster and make the surveys.
    Open {
        /// Code of the round.
        round: String,
    },
    /// Name the revision of a closed round whose results a round is composed of.
    Compose(RoundComposeArguments),
    /// Say what closing now would give and what stands in its way; changes nothing.
    Preflight {
        /// Code of the round.
        round: String,
    },
    /// Propose to close, where the scheme asks for two people; another person then closes in the console.
    ProposeClose {
        /// Code of the round.
        round: String,
    },
    /// Decide, and freeze everything.
    Close {
        /// Code of the round.
        round: String,
    },
    /// Let everybody read the results of a closed round.
    Publish {
        /// Code of the round.
        round: String,
    },
}

/// A round to be.
#[derive(Debug, Args)]
pub(super) struct RoundAddArguments {
    /// Its code.
    round: String,
    /// The scheme file (TOML).
    #[arg(long, value_name = "FILE")]
    scheme: std::path::PathBuf,
    /// Its name in Chinese.
    #[arg(long)]
    name: String,
    /// Its name in English.
    #[arg(long)]
    name_en: String,
    /// The series of rounds that it continues.
    #[arg(long)]
    series: String,
    /// First day of its period, as `2026-01-01`.
    #[arg(long, value_name = "DAY")]
    from: NaiveDate,
    /// Last day of its period.
    #[arg(long, value_name = "DAY")]
    to: NaiveDate,
    /// Time zone of its days.
    #[arg(long, default_value = "Asia/Shanghai")]
    time_zone: String,
}

/// A revision of a closed round to be used.
#[derive(Debug, Args)]
pub(super) struct RoundComposeArguments {
    /// Code of the round that is composed.
    round: String,
    /// Code of the closed round.
    #[arg(long, value_name = "ROUND")]
    of: String,
    /// Number of its revision.
    #[arg(long, value_name = "NUMBER")]
    revision: u32,
}

/// Does it.
pub(super) async fn run(config: Option<&Path>, command: RoundCommand) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings.database).await?;
    let said = match command {
        RoundCommand::Add(arguments) => add(&service, arguments).await?,
        RoundCommand::Open { round } => open(&service, &round).await?,
        RoundCommand::Compose(arguments) => compose(&service, &arguments).await?,
        RoundCommand::Preflight { round } => preflight(&service, &round).await?,
        RoundCommand::ProposeClose { round } => propose_close(&service, &round).await?,
        RoundCommand::Close { round } => close(&service, &round).await?,
        RoundCommand::Publish { round } => publish(&service, &round).await?,
    };
    service.database.close().await;
    print(format!("{said}\n").as_bytes())
}

/// Whoever may use the terminal of the machine may do everything; the log says that it was done there.
const OPERATOR: &Actor = &Actor::Operator;

async fn add(service: &Service, arguments: RoundAddArguments) -> Result<String, Failure> {
    // Faults of the file with their places, before anything is stored.
    super::scheme::read(&arguments.scheme)?;
    let source = read_text(&arguments.scheme)?;
    let version = service
        .add_scheme_version(OPERATOR, &source)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let draft = RoundDraft {
        code: arguments.round,
        series: arguments.series,
        name: arguments.name,
        name_en: arguments.name_en,
        scheme_version: version.id,
        period_from: arguments.from,
        period_to: arguments.to,
        time_zone: arguments.time_zone,
    };
    let added = service
        .add_round(OPERATOR, draft)
        .await
        .map_err(|fault| of_fault(&fault))?;
    Ok(format!("{}: {} is a draft", added.content.code, added.id))
}

async fn open(service: &Service, code: &str) -> Result<String, Failure> {
    let round = get(service, code).await?;
    let opening = RoundOpening {
        at: RoundAt {
            id: round.id,
            row_version: round.row_version,
        },
        region: None,
    };
    service
        .open_round(OPERATOR, &opening)
        .await
        .map_err(|fault| of_fault(&fault))?;
    Ok(format!("{code}: open, roster and surveys are frozen"))
}

async fn compose(service: &Service, arguments: &RoundComposeArguments) -> Result<String, Failure> {
    let round = get(service, &arguments.round).await?;
    let closed = get(service, &arguments.of).await?;
    let draft = Composition {
        round: round.id,
        closed: closed.id,
        revision: arguments.revision,
    };
    let named = service
        .add_composition(OPERATOR, draft)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let later = if named.latest == arguments.revision {
        String::new()
    } else {
        format!(", which is not its latest: that is {}", named.latest)
    };
    Ok(format!(
        "{}: composed of {} in revision {}{later}",
        arguments.round, arguments.of, arguments.revision
    ))
}

async fn preflight(service: &Service, code: &str) -> Result<String, Failure> {
    let round = get(service, code).await?;
    let found = service
        .preflight(OPERATOR, round.id)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let mut lines = list_gaps(&found);
    lines.push(if found.may_close() {
        format!("{code}: can be closed")
    } else {
        format!(
            "{code}: {} in the way of closing",
            found.outcome.blocking().count()
        )
    });
    Ok(lines.join("\n"))
}

fn list_gaps(found: &Preflight) -> Vec<String> {
    let explainer = found.words.explainer();
    let gaps = found.outcome.gaps.iter();
    gaps.map(|gap| {
        let mark = if gap.blocks { "!" } else { " " };
        let words = explainer.gap(gap);
        format!("{mark} {} / {}", words.zh, words.en)
    })
    .collect()
}

async fn close(service: &Service, code: &str) -> Result<String, Failure> {
    let round = get(service, code).await?;
    let closing = service
        .close_round(OPERATOR, round.id)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let revision = closing.revision;
    let state = if closing.by_this_request {
        "closed"
    } else {
        "was closed before"
    };
    Ok(format!(
        "{code}: {state}, revision {}\ninputs  sha256:{}\noutcome sha256:{}",
        revision.number, revision.inputs_digest, revision.outcome_digest
    ))
}

async fn propose_close(service: &Service, code: &str) -> Result<String, Failure> {
    let round = get(service, code).await?;
    let proposal = service
        .propose_closing(OPERATOR, round.id)
        .await
        .map_err(|fault| of_fault(&fault))?;
    Ok(format!(
        "{code}: proposed, another person closes\ninputs  sha256:{}",
        proposal.inputs_digest
    ))
}

async fn publish(service: &Service, code: &str) -> Result<String, Failure> {
    let round = get(service, code).await?;
    service
        .publish_round(OPERATOR, round.id)
        .await
        .map_err(|fault| of_fault(&fault))?;
    Ok(format!("{code}: everybody may read the results"))
}

/// The round of a code.
pub(super) async fn get(service: &Service, code: &str) -> Result<Round, Failure> {
    let mut page = Page {
        after: None,
        first: 500,
    };
    loop {
        let part = service
            .list_rounds(&Actor::Operator, page)
            .await
            .map_err(|fault| of_fault(&fault))?;
        let last = part.rows.last().map(|round| round.content.code.clone());
        if let Some(found) = part
            .rows
            .into_iter()
            .find(|round| round.content.code == code)
        {
            return Ok(found);
        }
        if !part.has_more {
            return Err(Failure::new(format!("there is no round `{code}`")));
        }
        page = Page {
            after: last,
            first: 500,
        };
    }
}
