//! `mingjian import KIND FILE`: a whole table, or nothing of it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use domain::access::Actor;
use service::inspection::import::{ImportKind, Request, Sample};

use super::database::{load_settings, of_fault, open_migrated};
use super::survey::find;
use super::{Failure, print, round};
use crate::config::Purpose;
use crate::sheet::{describe, name_inspector, read_table};

/// What to import.
#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// What the table holds.
    kind: Kind,
    /// CSV (UTF-8 or GB18030) or XLSX, at most 50,000 rows and 10 MB.
    file: PathBuf,
    /// Code of the round; needed for duty lists, scores, measures and facts.
    #[arg(long)]
    round: Option<String>,
    /// Log-in name of the inspector whose scores these are, where the table names none.
    #[arg(long, value_name = "LOGIN")]
    inspector: Option<String>,
    /// Code of the survey in the scheme; needed for contacts, answers and issues.
    #[arg(long, requires = "round")]
    survey: Option<String>,
    /// Leave rows out whose address cannot be used, instead of refusing the table.
    #[arg(long)]
    leave_out: bool,
    /// Of contacts, draw so many at random for each subject and panel.
    #[arg(long, value_name = "COUNT")]
    sample: Option<usize>,
    /// With what to draw them, so that anybody can draw them again; drawn itself where it is not given.
    #[arg(long, requires = "sample")]
    seed: Option<String>,
    /// Check everything, store nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Units, teams, persons and families.
    Roster,
    /// Tasks that subjects have of their own, one row for each; recorded before the round opens.
    DutyLists,
    /// Points and tasks done.
    Scores,
    /// Reported measures.
    Measures,
    /// Facts and cases.
    Facts,
    /// Grades of earlier rounds.
    History,
    /// Mail addresses, telephone numbers or postal addresses that a survey is sent to. Nothing is sent until
    /// `survey confirm`.
    Contacts,
    /// Sheets from paper, from the telephone, or from whoever else held the survey.
    Answers,
    /// How many were invited, issued, attending and entitled.
    Issues,
}

impl From<Kind> for ImportKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Roster => Self::Roster,
            Kind::DutyLists => Self::DutyLists,
            Kind::Scores => Self::Scores,
            Kind::Measures => Self::Measures,
            Kind::Facts => Self::Facts,
            Kind::History => Self::History,
            Kind::Contacts => Self::Contacts,
            Kind::Answers => Self::Answers,
            Kind::Issues => Self::Issues,
        }
    }
}

/// Imports it and says what became of each row that is wrong.
pub(super) async fn run(config: Option<&Path>, arguments: &ImportArguments) -> Result<(), Failure> {
    let place = arguments.file.display();
    let bytes = std::fs::read(&arguments.file)
        .map_err(|error| Failure::new(format!("`{place}` cannot be read: {error}")))?;
    let kind = ImportKind::from(arguments.kind);
    let mut table =
        read_table(&bytes, kind).map_err(|fault| Failure::new(format!("{place}: {fault}")))?;
    if let (ImportKind::Scores, Some(login)) = (kind, &arguments.inspector) {
        name_inspector(&mut table, login);
    }
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings).await?;
    let round = match &arguments.round {
        Some(code) => Some(round::get(&service, code).await?.id),
        None => None,
    };
    let survey = match (&arguments.round, &arguments.survey) {
        (Some(round), Some(survey)) => Some(find(&service, round, survey).await?.id),
        _ => None,
    };
    let request = Request {
        round,
        survey,
        kind,
        table,
        dry_run: arguments.dry_run,
        leave_out: arguments.leave_out,
        sample: arguments.sample.map(|size| Sample {
            size,
            seed: arguments.seed.clone(),
        }),
    };
    let report = service
        .import(&Actor::Operator, request)
        .await
        .map_err(|fault| of_fault(&fault))?;
    service.database.close().await;
    let lines: Vec<String> = describe(&report, arguments.dry_run)
        .into_iter()
        .map(|line| format!("{place}: {line}"))
        .collect();
    if report.faults.is_empty() || report.stored {
        print(format!("{}\n", lines.join("\n")).as_bytes())
    } else {
        Err(Failure::of_lines(lines))
    }
}
