//! `mingjian round`: sets rounds up, opens, checks, closes and publishes them, by the codes that people type.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use domain::access::Actor;
use domain::correction::InputKind;
use domain::explain;
use domain::id::{self, Id};
use domain::scheme::diff::LostBecause;
use domain::scheme::file::Words;
use service::Service;
use service::closeout::{Preflight, ReopeningDraft};
use service::composition::Composition;
use service::page::Page;
use service::round::{
    DutyListAt, DutyListKey, LostScores, RecordedDutyList, Round, RoundAt, RoundDraft,
    RoundOpening, VersionMove,
};

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print, read_text};
use crate::config::Purpose;

/// What can be done with rounds from the terminal.
#[derive(Debug, Subcommand)]
pub(super) enum RoundCommand {
    /// Set a round up under a scheme file, which is added if it is new.
    Add(RoundAddArguments),
    /// Approve the lists of tasks that people recorded for subjects. Those that were imported on the command line another
    /// person approves in the console.
    ApproveLists {
        /// Code of the round.
        round: String,
    },
    /// Freeze the roster, the lists of tasks and the relations, and make the surveys.
    Open {
        /// Code of the round.
        round: String,
    },
    /// Propose to move an open round to a corrected version of its scheme, and list the scores that would become missing;
    /// another person then moves it in the console.
    ProposeVersion(RoundVersionArguments),
    /// Move an open round to the version that another person proposed, for the same reason.
    MoveVersion(RoundVersionArguments),
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
    /// Reopen a closed round for a correction, or name more that may change in one.
    Reopen(RoundReopenArguments),
    /// Propose to reopen, where the scheme asks for two people; another person then reopens in the console.
    ProposeReopen(RoundReopenArguments),
    /// List the revisions of a round, and what of them rests on something that was corrected since.
    Revisions {
        /// Code of the round.
        round: String,
    },
    /// Say in what a later revision differs from an earlier one, and why.
    Compare(RoundCompareArguments),
    /// Let everybody read the results of a closed round, in the revision that stands.
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
    scheme: PathBuf,
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

/// What is to be reopened, and why.
#[derive(Debug, Args)]
pub(super) struct RoundReopenArguments {
    /// Code of the round.
    round: String,
    /// What may change, once for each: `roster`, `relations`, `scores`, `checklists`, `measures`, `facts`,
    /// `proposed_grades`, `investigations`, `waivers`, `adjustments`, `history`, `closed_rounds` or `survey:CODE`.
    #[arg(long = "change", value_name = "INPUTS", required = true)]
    changes: Vec<InputKind>,
    /// Why; it stays on the next revision.
    #[arg(long)]
    reason: String,
}

/// To which version a round is to move, and why.
#[derive(Debug, Args)]
pub(super) struct RoundVersionArguments {
    /// Code of the round.
    round: String,
    /// The corrected scheme file (TOML), which is added as a version if it is new.
    #[arg(long, value_name = "FILE")]
    scheme: PathBuf,
    /// Why; it stays in the log.
    #[arg(long)]
    reason: String,
}

/// Two revisions of a round.
#[derive(Debug, Args)]
pub(super) struct RoundCompareArguments {
    /// Code of the round.
    round: String,
    /// Number of the earlier revision.
    #[arg(long, value_name = "NUMBER")]
    from: u32,
    /// Number of the later revision.
    #[arg(long, value_name = "NUMBER")]
    to: u32,
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
    let service = open_migrated(&settings).await?;
    let said = match command {
        RoundCommand::Add(arguments) => add(&service, arguments).await?,
        RoundCommand::ApproveLists { round } => approve_lists(&service, &round).await?,
        RoundCommand::Open { round } => open(&service, &round).await?,
        RoundCommand::ProposeVersion(arguments) => propose_version(&service, arguments).await?,
        RoundCommand::MoveVersion(arguments) => move_version(&service, arguments).await?,
        RoundCommand::Compose(arguments) => compose(&service, &arguments).await?,
        RoundCommand::Preflight { round } => preflight(&service, &round).await?,
        RoundCommand::ProposeClose { round } => propose_close(&service, &round).await?,
        RoundCommand::Close { round } => close(&service, &round).await?,
        RoundCommand::Reopen(arguments) => reopen(&service, arguments).await?,
        RoundCommand::ProposeReopen(arguments) => propose_reopen(&service, arguments).await?,
        RoundCommand::Revisions { round } => list_revisions(&service, &round).await?,
        RoundCommand::Compare(arguments) => compare(&service, &arguments).await?,
        RoundCommand::Publish { round } => publish(&service, &round).await?,
    };
    service.database.close().await;
    print(format!("{said}\n").as_bytes())
}

/// Lists that are read, and approved, at once.
const LISTS: u32 = 100;

/// Whoever may use the terminal of the machine may do everything; the log says that it was done there.
const OPERATOR: &Actor = &Actor::Operator;

async fn add(service: &Service, arguments: RoundAddArguments) -> Result<String, Failure> {
    let scheme_version = take_on(service, &arguments.scheme).await?;
    let draft = RoundDraft {
        code: arguments.round,
        series: arguments.series,
        name: arguments.name,
        name_en: arguments.name_en,
        scheme_version,
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

/// The version of a scheme file, which is added if it is new.
async fn take_on(service: &Service, file: &Path) -> Result<Id<id::SchemeVersion>, Failure> {
    // Faults of the file with their places, before anything is stored.
    super::scheme::read(file)?;
    let version = service
        .add_scheme_version(OPERATOR, &read_text(file)?)
        .await
        .map_err(|fault| of_fault(&fault))?;
    Ok(version.id)
}

async fn version_move(
    service: &Service,
    arguments: RoundVersionArguments,
) -> Result<VersionMove, Failure> {
    let round = get(service, &arguments.round).await?;
    Ok(VersionMove {
        at: RoundAt {
            id: round.id,
            row_version: round.row_version,
        },
        version: take_on(service, &arguments.scheme).await?,
        reason: arguments.reason,
    })
}

fn list_lost(lost: &[LostScores]) -> impl Iterator<Item = String> + '_ {
    lost.iter().map(|lost| {
        let why = match lost.why {
            LostBecause::Gone => "is gone",
            LostBecause::Maximum => "is worth another maximum",
            LostBecause::Way => "is awarded in another way",
            LostBecause::Categories => "is no longer for every category",
        };
        format!("  {} scores of {}, which {why}", lost.rows, lost.item)
    })
}

async fn propose_version(
    service: &Service,
    arguments: RoundVersionArguments,
) -> Result<String, Failure> {
    let code = arguments.round.clone();
    let wanted = version_move(service, arguments).await?;
    let (_, lost) = service
        .propose_version(OPERATOR, &wanted)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let mut lines = vec![format!(
        "{code}: proposed; another person moves it, and these become missing:"
    )];
    lines.extend(list_lost(&lost));
    if lost.is_empty() {
        lines.push("  no score".to_owned());
    }
    Ok(lines.join("\n"))
}

async fn move_version(
    service: &Service,
    arguments: RoundVersionArguments,
) -> Result<String, Failure> {
    let code = arguments.round.clone();
    let wanted = version_move(service, arguments).await?;
    let moved = service
        .move_version(OPERATOR, &wanted)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let mut lines = vec![format!("{code}: moved")];
    lines.extend(list_lost(&moved.lost));
    Ok(lines.join("\n"))
}

async fn approve_lists(service: &Service, code: &str) -> Result<String, Failure> {
    let round = get(service, code).await?;
    let (mut after, mut count) = (None, 0);
    loop {
        let page = Page {
            after,
            first: LISTS,
        };
        let part = service
            .list_duty_lists(OPERATOR, (round.id, None), page)
            .await
            .map_err(|fault| of_fault(&fault))?;
        let open = part.rows.iter().filter(|one| one.approved_at.is_none());
        let lists: Vec<DutyListAt> = open.map(RecordedDutyList::at).collect();
        count += lists.len();
        if !lists.is_empty() {
            service
                .approve_duty_lists(OPERATOR, round.id, lists)
                .await
                .map_err(|fault| of_fault(&fault))?;
        }
        after = part.rows.last().map(|one| DutyListKey::of(&one.list));
        if !part.has_more {
            return Ok(format!("{code}: {count} lists approved"));
        }
    }
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

/// What is to be reopened, of the round as it is now.
async fn draft(
    service: &Service,
    arguments: RoundReopenArguments,
) -> Result<ReopeningDraft, Failure> {
    let round = get(service, &arguments.round).await?;
    Ok(ReopeningDraft {
        at: RoundAt {
            id: round.id,
            row_version: round.row_version,
        },
        inputs: arguments.changes.into_iter().collect(),
        reason: arguments.reason,
    })
}

async fn reopen(service: &Service, arguments: RoundReopenArguments) -> Result<String, Failure> {
    let code = arguments.round.clone();
    let draft = draft(service, arguments).await?;
    let reopening = service
        .reopen_round(OPERATOR, &draft)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let resting = service
        .list_resting_on(OPERATOR, draft.at.id)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let mut lines = vec![format!(
        "{code}: reopened, revision {} stands until it is closed again; may change: {}",
        reopening.revision,
        words_of(&reopening.inputs)
    )];
    for one in &resting {
        lines.push(format!(
            "{}: rests on revision {} of {code}, and is not recomputed by itself",
            one.code, one.used
        ));
    }
    Ok(lines.join("\n"))
}

async fn propose_reopen(
    service: &Service,
    arguments: RoundReopenArguments,
) -> Result<String, Failure> {
    let code = arguments.round.clone();
    let draft = draft(service, arguments).await?;
    let proposal = service
        .propose_reopening(OPERATOR, &draft)
        .await
        .map_err(|fault| of_fault(&fault))?;
    Ok(format!(
        "{code}: proposed to correct revision {}, another person reopens it for {}",
        proposal.revision,
        words_of(&proposal.inputs)
    ))
}

fn words_of(inputs: &BTreeSet<InputKind>) -> String {
    let words: Vec<String> = inputs.iter().map(ToString::to_string).collect();
    words.join(", ")
}

async fn list_revisions(service: &Service, code: &str) -> Result<String, Failure> {
    let id = get(service, code).await?.id;
    let revisions = service
        .list_revisions(OPERATOR, id)
        .await
        .map_err(|fault| of_fault(&fault))?;
    let mut lines: Vec<String> = (revisions.iter())
        .map(|one| {
            let why = one.reason.as_ref().map(|reason| format!(": {reason}"));
            format!(
                "{code} revision {} of {}, outcome sha256:{}{}",
                one.number,
                one.closed_at.format("%Y-%m-%d"),
                one.outcome_digest,
                why.unwrap_or_default()
            )
        })
        .collect();
    let reopening = service
        .find_reopening(OPERATOR, id)
        .await
        .map_err(|fault| of_fault(&fault))?;
    if let Some(one) = reopening {
        lines.push(format!(
            "{code} is reopened ({}); may change: {}",
            one.reason,
            words_of(&one.inputs)
        ));
    }
    let outdated = service
        .list_outdated_sources(OPERATOR, id)
        .await
        .map_err(|fault| of_fault(&fault))?;
    for one in &outdated {
        let later = if one.latest > one.used {
            format!("there is a revision {} by now", one.latest)
        } else {
            "it is being corrected".to_owned()
        };
        lines.push(format!(
            "{code} rests on revision {} of {}, and {later}: nothing is recomputed by itself",
            one.used, one.source_code
        ));
    }
    if lines.is_empty() {
        lines.push(format!("{code}: not closed yet, so there is no revision"));
    }
    Ok(lines.join("\n"))
}

async fn compare(service: &Service, arguments: &RoundCompareArguments) -> Result<String, Failure> {
    let id = get(service, &arguments.round).await?.id;
    let found = service
        .compare_revisions(OPERATOR, id, (arguments.from, arguments.to))
        .await
        .map_err(|fault| of_fault(&fault))?;
    let explainer = found.words.explainer();
    let mut lines = vec![format!(
        "{}: {} subjects get something else in revision {} than in {}",
        arguments.round,
        found.changed.len(),
        arguments.to,
        arguments.from
    )];
    let both = |words: Words| format!("{} / {}", words.zh, words.en);
    for one in &found.changed {
        let words = explain::trial::changed(&explainer, &explainer, one);
        lines.push(both(words));
        for because in &one.because {
            let words = explain::trial::because(&explainer, &explainer, because);
            lines.push(format!("  {}", both(words)));
        }
    }
    for one in &found.inputs {
        let mark = if one.is_new { "+" } else { "-" };
        lines.push(format!("{mark} {} {}", one.list, one.row));
    }
    Ok(lines.join("\n"))
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
