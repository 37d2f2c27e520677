//! `mingjian survey`: opens and closes the surveys of a round and makes the links and invitations to them.

use std::path::Path;

use clap::{Args, Subcommand};
use domain::access::Actor;
use domain::id::{Id, Subject, Survey};
use service::Service;
use service::page::Page;
use service::round::RosterFilter;
use service::survey::{BallotFor, LinkFor, NewBallotInvitations, NewInvitations, RoundSurvey};

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print, round};
use crate::config::{Purpose, Settings};
use crate::notary::Notary;

/// What can be done with surveys from the terminal.
#[derive(Debug, Subcommand)]
pub(super) enum SurveyCommand {
    /// Let a survey take answers.
    Open(SurveyArguments),
    /// End a survey for good.
    Close(SurveyArguments),
    /// Make an open link for each unit, or for each ballot, printed as CSV.
    Links {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// Code of the panel that the links are given to.
        #[arg(long)]
        panel: String,
    },
    /// Make one-time invitations for each unit, or for each ballot, printed as CSV, this once.
    Invite {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// Code of the panel to which the invited belong.
        #[arg(long)]
        panel: String,
        /// How many for each unit or ballot.
        #[arg(long)]
        count: usize,
    },
}

/// A survey of a round.
#[derive(Debug, Args)]
pub(super) struct SurveyArguments {
    /// Code of the round.
    round: String,
    /// Code of the survey in the scheme.
    survey: String,
}

const OPERATOR: &Actor = &Actor::Operator;

/// Does it.
pub(super) async fn run(config: Option<&Path>, command: &SurveyCommand) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings.database).await?;
    let base = &settings.http.public_url;
    let said = match command {
        SurveyCommand::Open(which) => {
            let survey = find(&service, which).await?.id;
            let done = service.open_survey(OPERATOR, survey).await;
            done.map_err(|fault| of_fault(&fault))?;
            format!("{}: open\n", which.survey)
        }
        SurveyCommand::Close(which) => {
            let survey = find(&service, which).await?.id;
            let done = service.close_survey(OPERATOR, survey).await;
            done.map_err(|fault| of_fault(&fault))?;
            seal(&service, &settings, survey).await?;
            format!("{}: closed\n", which.survey)
        }
        SurveyCommand::Links { survey, panel } => {
            let addresses = make_links(&service, survey, panel).await?;
            list(
                addresses
                    .iter()
                    .map(|(unit, code)| (unit, format!("{base}/s/{code}"))),
            )?
        }
        SurveyCommand::Invite {
            survey,
            panel,
            count,
        } => {
            let addresses = invite(&service, survey, (panel, *count)).await?;
            list(
                addresses
                    .iter()
                    .map(|(unit, token)| (unit, format!("{base}/i/{token}"))),
            )?
        }
    };
    service.database.close().await;
    print(said.as_bytes())
}

/// Seals what was closed at once where the key is at hand; otherwise a worker does.
async fn seal(service: &Service, settings: &Settings, survey: Id<Survey>) -> Result<(), Failure> {
    let notary = Notary::find(&settings.checkpoint);
    if let Some(notary) = notary.map_err(|fault| Failure::new(fault.to_string()))? {
        let sealed = service.seal_survey(notary.signer(), survey).await;
        sealed.map_err(|fault| of_fault(&fault))?;
    }
    Ok(())
}

/// A table of units and addresses.
fn list<'a>(rows: impl Iterator<Item = (&'a String, String)>) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let broken = |error: &dyn std::fmt::Display| {
        Failure::new(format!("the table cannot be written: {error}"))
    };
    writer
        .write_record(["subject", "address"])
        .map_err(|error| broken(&error))?;
    for (unit, address) in rows {
        writer
            .write_record([unit, &address])
            .map_err(|error| broken(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| broken(&error))?;
    String::from_utf8(bytes).map_err(|error| broken(&error))
}

async fn find(service: &Service, which: &SurveyArguments) -> Result<RoundSurvey, Failure> {
    let round = round::get(service, &which.round).await?;
    let mut surveys = service
        .list_surveys_of(OPERATOR, &[round.id])
        .await
        .map_err(|fault| of_fault(&fault))?;
    surveys
        .remove(&round.id)
        .unwrap_or_default()
        .into_iter()
        .find(|survey| survey.definition.code == which.survey)
        .ok_or_else(|| {
            Failure::new(format!(
                "the round `{}` has no survey `{}`; surveys are made when it opens",
                which.round, which.survey
            ))
        })
}

async fn list_units(service: &Service, code: &str) -> Result<Vec<(String, Id<Subject>)>, Failure> {
    let round = round::get(service, code).await?;
    let mut units = Vec::new();
    let mut after = None;
    loop {
        let page = Page { after, first: 500 };
        let part = service
            .list_round_subjects(OPERATOR, round.id, &RosterFilter::default(), page)
            .await
            .map_err(|fault| of_fault(&fault))?;
        after = part.rows.last().map(|subject| subject.code.clone());
        units.extend(
            part.rows
                .into_iter()
                .map(|subject| (subject.code, subject.subject)),
        );
        if !part.has_more {
            return Ok(units);
        }
    }
}

/// The ballots of a survey, called by their numbers; none where a sheet is about one subject.
async fn list_ballots(
    service: &Service,
    survey: &RoundSurvey,
    panel: &str,
) -> Result<Vec<(String, BallotFor)>, Failure> {
    let mut found = service
        .list_ballots_of(OPERATOR, &[survey.id])
        .await
        .map_err(|fault| of_fault(&fault))?;
    let ballots = found.remove(&survey.id).unwrap_or_default().into_iter();
    let wanted = ballots.map(|ballot| {
        let wanted = BallotFor {
            survey: survey.id,
            ballot: ballot.number,
            panel: panel.to_owned(),
        };
        (format!("ballot-{}", ballot.number), wanted)
    });
    Ok(wanted.collect())
}

async fn make_links(
    service: &Service,
    which: &SurveyArguments,
    panel: &str,
) -> Result<Vec<(String, String)>, Failure> {
    let survey = find(service, which).await?;
    let mut links = Vec::new();
    for (name, ballot) in list_ballots(service, &survey, panel).await? {
        let made = service.add_ballot_link(OPERATOR, &ballot).await;
        links.push((name, made.map_err(|fault| of_fault(&fault))?.code));
    }
    if survey.definition.ballot.is_some() {
        return Ok(links);
    }
    for (code, subject) in list_units(service, &which.round).await? {
        let wanted = LinkFor {
            subject,
            panel: panel.to_owned(),
        };
        let made = service.add_survey_link(OPERATOR, survey.id, wanted).await;
        links.push((code, made.map_err(|fault| of_fault(&fault))?.code));
    }
    Ok(links)
}

async fn invite(
    service: &Service,
    which: &SurveyArguments,
    (panel, count): (&str, usize),
) -> Result<Vec<(String, String)>, Failure> {
    let survey = find(service, which).await?;
    let mut invitations = Vec::new();
    for (name, wanted) in list_ballots(service, &survey, panel).await? {
        let new = NewBallotInvitations { wanted, count };
        let issued = service.issue_ballot_invitations(OPERATOR, &new).await;
        for one in issued.map_err(|fault| of_fault(&fault))? {
            invitations.push((name.clone(), one.token.expose()));
        }
    }
    if survey.definition.ballot.is_some() {
        return Ok(invitations);
    }
    for (code, subject) in list_units(service, &which.round).await? {
        let new = NewInvitations {
            survey: survey.id,
            subject,
            panel: panel.to_owned(),
            count,
        };
        let issued = service.issue_survey_invitations(OPERATOR, &new).await;
        for one in issued.map_err(|fault| of_fault(&fault))? {
            invitations.push((code.clone(), one.token.expose()));
        }
    }
    Ok(invitations)
}
