//! `mingjian survey`: opens and closes the surveys of a round, makes the links and invitations to them, and brings them
//! to people by mail, telephone, letter and poster.

mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};
use clap::{Args, Subcommand};
use domain::access::Actor;
use domain::id::{ContactList, Id, Subject, Survey};
use domain::scheme::file::Words;
use service::Service;
use service::intake::PreviewWanted;
use service::page::Page;
use service::round::RosterFilter;
use service::scheme::SurveyCopyDraft;
use service::survey::{
    About, BallotFor, LinkFor, ListState, NewBallotInvitations, NewHours, NewInvitations,
    NotATextId, PersonalLink, PosterLink, RoundSurvey, SheetDecision, TextDecision,
    TextDecisionDraft, Way, WordsWanted,
};

use self::table::{find_days, find_results, find_version, find_words, write_table};
use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, interference, print, round};
use crate::config::{Purpose, Settings};
use crate::letter::{
    PaperForm, PaperLine, Sender, draw_forms, draw_letters, draw_posters, draw_svg,
    write_handed_out,
};
use crate::notary::Notary;
use crate::report::folder::Making;

/// What can be done with surveys from the terminal.
#[derive(Debug, Subcommand)]
pub(super) enum SurveyCommand {
    /// Let a survey take answers.
    Open(SurveyArguments),
    /// Set the hours of a survey, or move its end while it runs. At its end it is closed by itself.
    Hours {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// When it begins, on the clock of the round, such as `2026-03-02T09:00`; without it as soon as it is open.
        #[arg(long, value_parser = read_time)]
        from: Option<NaiveDateTime>,
        /// When it ends, on the clock of the round; without it when it is closed.
        #[arg(long, value_parser = read_time)]
        until: Option<NaiveDateTime>,
        /// Why; needed once the survey is open. It stays in the log.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Make an address under which its form can be looked at as citizens will see it, for an hour, until it opens.
    Preview(SurveyArguments),
    /// End a survey for good.
    Close {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// Why; needed where it is before the survey's time. It stays in the log.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Make an open link for each unit, or for each ballot, printed as CSV.
    Links {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// Code of the panel that the links are given to.
        #[arg(long)]
        panel: String,
        /// Code of a mark that those who get the links bear; may be given several times.
        #[arg(long = "mark")]
        marks: Vec<String>,
    },
    /// Make one-time invitations for each unit, or for each ballot, printed as CSV, this once.
    Invite {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// Code of the panel to which the invited belong.
        #[arg(long)]
        panel: String,
        /// Code of a mark that all of them bear; may be given several times.
        #[arg(long = "mark")]
        marks: Vec<String>,
        /// How many for each unit or ballot.
        #[arg(long)]
        count: usize,
        /// Letters to print, one to a page, instead of CSV.
        #[arg(long)]
        letters: bool,
        /// The questions to be answered on paper, one copy for each invitation with its code, instead of CSV.
        #[arg(long, conflicts_with = "letters")]
        forms: bool,
    },
    /// Tell what a closed survey found, printed as CSV; groups of fewer than ten answers are withheld.
    Results {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// File to write, as CSV or, if its name ends so, as XLSX.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Tell signs of interference with a survey, printed as CSV: many answers from one network or within a quarter of an
    /// hour, days on which they change their way, whole sheets that are alike, and what respondents said of being told what
    /// to answer. None says that anything is wrong.
    Interference(SurveyArguments),
    /// Tell the sheets that are held back, for a program seems to have sent them, printed as CSV. What they say is not
    /// shown.
    Held(SurveyArguments),
    /// Decide about sheets that are held back.
    Decide {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// The names of the sheets, as `survey held` tells them.
        #[arg(required = true)]
        sheets: Vec<String>,
        /// They count, if no rule of validity speaks against them; without it they are set aside.
        #[arg(long)]
        count: bool,
        /// Why; it stays in the log.
        #[arg(long)]
        reason: String,
    },
    /// Tell on which days the sheets of a closed survey came in, printed as CSV.
    Days {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// File to write, as CSV or, if its name ends so, as XLSX.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Tell what people wrote in a closed survey, printed as CSV; what points at a person is removed. The reading is
    /// logged.
    Words {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// File to write, as CSV or, if its name ends so, as XLSX.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Hide an answer in words, release it as it was written, or leave it to the rule.
    Text {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// Code of the subject that it is about.
        subject: String,
        /// Code of the question.
        question: String,
        /// Its name, as `survey words` tells it.
        text: String,
        /// What holds.
        decision: Decision,
        /// Why; it stays in the log.
        #[arg(long)]
        reason: String,
    },
    /// Copy it into another version of a scheme, as a further version for a round to come.
    Copy {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// The version that is to have it, as `scheme@version`.
        #[arg(long)]
        into: String,
        /// What the version that comes of it is called.
        #[arg(long)]
        version: String,
    },
    /// Draw a QR poster for each open link: a picture each, and a file to print all of them.
    Posters {
        /// Which survey.
        #[command(flatten)]
        survey: SurveyArguments,
        /// A folder that is not there yet.
        #[arg(long)]
        folder: PathBuf,
    },
    /// Tell the lists of people that the survey is sent to, printed as CSV. They are put in by `import contacts`.
    Contacts(SurveyArguments),
    /// Make the invitations of a list and, for mail addresses, send them. Nothing is sent before.
    Confirm {
        /// Id of the list, such as `lst_…`.
        list: String,
    },
    /// Remind those on a list of mail addresses who have not answered by the time the mail leaves.
    Remind {
        /// Id of the list, such as `lst_…`.
        list: String,
    },
    /// Print the personal links of a list of telephone numbers (CSV) or postal addresses (letters), this once.
    HandOut {
        /// Id of the list, such as `lst_…`.
        list: String,
    },
    /// Make the unused invitations of a list void and erase its addresses.
    Withdraw {
        /// Id of the list, such as `lst_…`.
        list: String,
        /// Why; it stays in the log.
        #[arg(long)]
        reason: String,
    },
}

/// What is decided about an answer in words.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Decision {
    /// Nobody reads it.
    Hide,
    /// It is read as it was written.
    Release,
    /// As the rule has it.
    ByRule,
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
    let service = open_migrated(&settings).await?;
    let base = &settings.http.public_url;
    let sender = settings.sender();
    let said = match command {
        SurveyCommand::Open(which) => {
            let survey = find(&service, &which.round, &which.survey).await?.id;
            let done = service.open_survey(OPERATOR, survey).await;
            done.map_err(|fault| of_fault(&fault))?;
            format!("{}: open\n", which.survey)
        }
        SurveyCommand::Preview(which) => {
            let wanted = PreviewWanted {
                round: round::get(&service, &which.round).await?.id,
                survey: which.survey.clone(),
                subject: None,
            };
            let pass = service.make_preview(OPERATOR, &wanted).await;
            let pass = pass.map_err(|fault| of_fault(&fault))?;
            format!("{base}{}\n", pass.path)
        }
        SurveyCommand::Hours {
            survey,
            from,
            until,
            reason,
        } => {
            let id = find(&service, &survey.round, &survey.survey).await?.id;
            let zone = round::get(&service, &survey.round).await?.content.time_zone;
            let new = NewHours {
                survey: id,
                opens_at: from.map(|at| instant(at, &zone)).transpose()?,
                closes_at: until.map(|at| instant(at, &zone)).transpose()?,
                reason: reason.clone(),
            };
            let done = service.set_survey_hours(OPERATOR, &new).await;
            done.map_err(|fault| of_fault(&fault))?;
            format!("{}: its hours are set\n", survey.survey)
        }
        SurveyCommand::Close {
            survey: which,
            reason,
        } => {
            let survey = find(&service, &which.round, &which.survey).await?.id;
            let done = service
                .close_survey(OPERATOR, survey, reason.as_deref())
                .await;
            done.map_err(|fault| of_fault(&fault))?;
            seal(&service, &settings, survey).await?;
            format!("{}: closed\n", which.survey)
        }
        SurveyCommand::Links {
            survey,
            panel,
            marks,
        } => {
            let given = Given { panel, marks };
            let addresses = make_links(&service, survey, &given).await?;
            list(
                addresses
                    .iter()
                    .map(|(unit, code)| (unit, format!("{base}/s/{code}"))),
            )?
        }
        SurveyCommand::Invite {
            survey,
            panel,
            marks,
            count,
            letters,
            forms,
        } => {
            let which = find(&service, &survey.round, &survey.survey).await?;
            let invited = invite(&service, survey, (&Given { panel, marks }, *count)).await?;
            if *letters || *forms {
                let posters = service.list_posters(OPERATOR, which.id).await;
                let about: About = posters.map_err(|fault| of_fault(&fault))?.about;
                if *forms {
                    let lines = list_lines(&service, (&survey.round, which.id)).await?;
                    let papers = invited.into_iter().map(|(name, link)| PaperForm {
                        link,
                        lines: lines.get(&name).cloned().unwrap_or_default(),
                    });
                    let papers: Vec<PaperForm> = papers.collect();
                    draw_forms((&about, &which.definition), &papers, &sender).map_err(broken)?
                } else {
                    let links = invited.into_iter().map(|(_, link)| link);
                    let links: Vec<PersonalLink> = links.collect();
                    draw_letters(&about, &links, &sender).map_err(broken)?
                }
            } else {
                list(invited.iter().map(|(unit, link)| (unit, sender.link(link))))?
            }
        }
        SurveyCommand::Results { survey, out } => {
            let table = find_results(&service, survey).await?;
            match write_table(&table, out.as_deref())? {
                Some(said) => said,
                None => return Ok(()),
            }
        }
        SurveyCommand::Days { survey, out } => {
            let table = find_days(&service, survey).await?;
            match write_table(&table, out.as_deref())? {
                Some(said) => said,
                None => return Ok(()),
            }
        }
        SurveyCommand::Words { survey, out } => {
            let table = find_words(&service, survey).await?;
            match write_table(&table, out.as_deref())? {
                Some(said) => said,
                None => return Ok(()),
            }
        }
        SurveyCommand::Text {
            survey,
            subject,
            question,
            text,
            decision,
            reason,
        } => {
            let id = find(&service, &survey.round, &survey.survey).await?.id;
            let units = list_units(&service, &survey.round).await?;
            let unit = units.into_iter().find(|unit| unit.code == *subject);
            let unit = unit.ok_or_else(|| {
                Failure::new(format!("`{subject}` is not on the roster of the round"))
            })?;
            let draft = TextDecisionDraft {
                of: WordsWanted {
                    survey: id,
                    subject: unit.subject,
                    question: question.clone(),
                },
                text: (text.parse())
                    .map_err(|error: NotATextId| Failure::new(error.to_string()))?,
                decision: match decision {
                    Decision::Hide => TextDecision::Hide,
                    Decision::Release => TextDecision::Release,
                    Decision::ByRule => TextDecision::ByRule,
                },
                reason: reason.clone(),
            };
            let decided = service.decide_text(OPERATOR, &draft).await;
            let decided = decided.map_err(|fault| of_fault(&fault))?;
            format!("{}\n", decided.text.as_deref().unwrap_or("hidden"))
        }
        SurveyCommand::Copy {
            survey,
            into,
            version,
        } => {
            let id = find(&service, &survey.round, &survey.survey).await?.id;
            let copy = SurveyCopyDraft {
                survey: id,
                into: find_version(&service, into).await?,
                version: version.clone(),
            };
            let made = service.copy_survey(OPERATOR, &copy).await;
            let made = made.map_err(|fault| of_fault(&fault))?;
            format!("{}: version {} is added\n", survey.survey, made.version)
        }
        SurveyCommand::Interference(which) => {
            let id = find(&service, &which.round, &which.survey).await?.id;
            let zone = round::get(&service, &which.round).await?.content.time_zone;
            let units = list_units(&service, &which.round).await?.into_iter();
            let codes = units.map(|unit| (unit.subject, unit.code)).collect();
            let signs = interference::list(&service, id, (&zone, &codes)).await?;
            table(interference::HEAD, signs.into_iter())?
        }
        SurveyCommand::Held(which) => {
            let id = find(&service, &which.round, &which.survey).await?.id;
            let units = list_units(&service, &which.round).await?.into_iter();
            let codes = units.map(|unit| (unit.subject, unit.code)).collect();
            let held = interference::list_held(&service, id, &codes).await?;
            table(interference::HELD_HEAD, held.into_iter())?
        }
        SurveyCommand::Decide {
            survey,
            sheets,
            count,
            reason,
        } => {
            let decision = SheetDecision {
                survey: find(&service, &survey.round, &survey.survey).await?.id,
                sheets: sheets.clone(),
                count: *count,
                reason: reason.clone(),
            };
            let counted = service.decide_sheets(OPERATOR, &decision).await;
            let counted = counted.map_err(|fault| of_fault(&fault))?;
            let of = sheets.len();
            counted.map_or_else(
                || format!("{}: {of} sheets are decided about\n", survey.survey),
                |counted| format!("{}: {counted} of {of} sheets count now\n", survey.survey),
            )
        }
        SurveyCommand::Posters { survey, folder } => {
            let id = find(&service, &survey.round, &survey.survey).await?.id;
            write_posters(&service, id, (folder, &sender)).await?
        }
        SurveyCommand::Contacts(which) => {
            let id = find(&service, &which.round, &which.survey).await?.id;
            list_contacts(&service, id).await?
        }
        SurveyCommand::Confirm { list } => {
            let made = service.confirm_contact_list(OPERATOR, parse(list)?).await;
            let made = made.map_err(|fault| of_fault(&fault))?;
            format!("{list}: {} invitations\n", made.contacts)
        }
        SurveyCommand::Remind { list } => {
            let done = service.remind_contact_list(OPERATOR, parse(list)?).await;
            done.map_err(|fault| of_fault(&fault))?;
            format!("{list}: reminders wait to be sent\n")
        }
        SurveyCommand::HandOut { list } => {
            let links = service.hand_out_contact_list(OPERATOR, parse(list)?).await;
            let links = links.map_err(|fault| of_fault(&fault))?;
            let file = write_handed_out(&links, &sender).map_err(broken)?;
            service.database.close().await;
            return print(&file);
        }
        SurveyCommand::Withdraw { list, reason } => {
            let done = service.withdraw_contact_list(OPERATOR, parse(list)?, reason);
            done.await.map_err(|fault| of_fault(&fault))?;
            format!("{list}: withdrawn\n")
        }
    };
    service.database.close().await;
    print(said.as_bytes())
}

/// A time to the minute.
fn read_time(text: &str) -> Result<NaiveDateTime, String> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .map_err(|_| "a time is written as `2026-03-02T09:00`".to_owned())
}

/// A time on the clock of the round.
fn instant(at: NaiveDateTime, zone: &str) -> Result<DateTime<Utc>, Failure> {
    let zone: chrono_tz::Tz =
        (zone.parse()).map_err(|_| Failure::new(format!("`{zone}` is no time zone")))?;
    // Where clocks are set back an hour comes twice, where they are set forward one is left out.
    let single = at.and_local_timezone(zone).single();
    let found = single.ok_or_else(|| {
        Failure::new(format!(
            "{at} does not come exactly once in {zone}: name another hour"
        ))
    })?;
    Ok(found.with_timezone(&Utc))
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
    let rows = rows.map(|(unit, address)| [unit.clone(), address]);
    table(["subject", "address"], rows)
}

/// A table as CSV.
fn table<const N: usize>(
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head).map_err(broken)?;
    for row in rows {
        writer.write_record(row).map_err(broken)?;
    }
    let bytes = writer.into_inner().map_err(broken)?;
    String::from_utf8(bytes).map_err(broken)
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("the result cannot be written: {error}"))
}

fn parse(list: &str) -> Result<Id<ContactList>, Failure> {
    list.parse()
        .map_err(|error: domain::id::IdError| Failure::new(error.to_string()))
}

/// Everything about the lists but who is on them; addresses that mail servers do not take are told, to be mended.
async fn list_contacts(service: &Service, survey: Id<Survey>) -> Result<String, Failure> {
    let lists = service.list_contact_lists(OPERATOR, survey).await;
    let lists = lists.map_err(|fault| of_fault(&fault))?;
    let head = [
        "list",
        "way",
        "state",
        "contacts",
        "drawn_from",
        "seed",
        "waiting",
        "failed",
    ];
    table(
        head,
        lists.into_iter().map(|list| {
            let way = match list.way {
                Way::Mail => "mail",
                Way::Phone => "phone",
                Way::Letter => "letter",
            };
            let state = match list.state {
                ListState::Draft => "draft",
                ListState::Confirmed => "confirmed",
                ListState::Withdrawn => "withdrawn",
                ListState::Erased => "erased",
            };
            [
                list.id.to_string(),
                way.to_owned(),
                state.to_owned(),
                list.contacts.to_string(),
                list.drawn
                    .as_ref()
                    .map_or_else(String::new, |drawn| drawn.from.to_string()),
                list.drawn.map_or_else(String::new, |drawn| drawn.seed),
                list.waiting.to_string(),
                list.failed.join(" "),
            ]
        }),
    )
}

/// A picture for each link, and `posters.html` to print all of them.
async fn write_posters(
    service: &Service,
    survey: Id<Survey>,
    (folder, sender): (&Path, &Sender),
) -> Result<String, Failure> {
    let posters = service.list_posters(OPERATOR, survey).await;
    let mut posters = posters.map_err(|fault| of_fault(&fault))?;
    let ballots = service.list_ballot_links(OPERATOR, survey).await;
    for link in ballots.map_err(|fault| of_fault(&fault))? {
        posters.links.push(PosterLink {
            code: link.code,
            panel: link.panel,
            subject_code: name_ballot(link.ballot),
            subject: describe_ballot(link.ballot),
        });
    }
    if posters.links.is_empty() {
        return Err(Failure::new(
            "the survey has no open links: make them with `survey links`",
        ));
    }
    let making = Making::begin(folder).map_err(broken)?;
    for link in &posters.links {
        let address = sender.open_link(&link.code);
        let picture = draw_svg(&address, &address).map_err(broken)?;
        // The code of a link is a name that every system takes.
        making
            .add(&format!("{}.svg", link.code), picture.as_bytes())
            .map_err(broken)?;
    }
    let page = draw_posters(&posters.about, &posters.links, sender).map_err(broken)?;
    making
        .add("posters.html", page.as_bytes())
        .map_err(broken)?;
    making.finish().map_err(broken)?;
    let rows = posters.links.iter().map(|link| {
        [
            link.subject_code.clone(),
            link.panel.clone(),
            format!("{}.svg", link.code),
        ]
    });
    table(["subject", "panel", "file"], rows)
}

/// The survey of a round by its code.
pub(super) async fn find(
    service: &Service,
    round_code: &str,
    survey_code: &str,
) -> Result<RoundSurvey, Failure> {
    let round = round::get(service, round_code).await?;
    let mut surveys = service
        .list_surveys_of(OPERATOR, &[round.id])
        .await
        .map_err(|fault| of_fault(&fault))?;
    surveys
        .remove(&round.id)
        .unwrap_or_default()
        .into_iter()
        .find(|survey| survey.definition.code == survey_code)
        .ok_or_else(|| {
            Failure::new(format!(
                "the round `{round_code}` has no survey `{survey_code}`; surveys are made when it opens"
            ))
        })
}

struct Unit {
    code: String,
    subject: Id<Subject>,
    name: Words,
}

async fn list_units(service: &Service, code: &str) -> Result<Vec<Unit>, Failure> {
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
        units.extend(part.rows.into_iter().map(|subject| Unit {
            code: subject.code,
            subject: subject.subject,
            name: Words {
                zh: subject.name,
                en: subject.name_en,
            },
        }));
        if !part.has_more {
            return Ok(units);
        }
    }
}

/// To whom links and invitations are given.
struct Given<'a> {
    panel: &'a str,
    marks: &'a [String],
}

/// The ballots of a survey, called by their numbers; none where a sheet is about one subject.
async fn list_ballots(
    service: &Service,
    survey: &RoundSurvey,
    given: &Given<'_>,
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
            panel: given.panel.to_owned(),
            marks: given.marks.to_owned(),
        };
        (name_ballot(ballot.number), wanted)
    });
    Ok(wanted.collect())
}

/// Whom the lines of each ballot of a survey are about, by the name of the ballot; nothing where a sheet is about one
/// subject.
async fn list_lines(
    service: &Service,
    (round, survey): (&str, Id<Survey>),
) -> Result<BTreeMap<String, Vec<PaperLine>>, Failure> {
    let found = service.list_ballots_of(OPERATOR, &[survey]).await;
    let mut found = found.map_err(|fault| of_fault(&fault))?;
    let units = list_units(service, round).await?.into_iter();
    let units: BTreeMap<Id<Subject>, PaperLine> = units
        .map(|unit| {
            let line = PaperLine {
                code: unit.code,
                name: unit.name,
            };
            (unit.subject, line)
        })
        .collect();
    let ballots = found.remove(&survey).unwrap_or_default().into_iter();
    let named = ballots.map(|ballot| {
        let lines = ballot
            .subjects
            .iter()
            .filter_map(|one| units.get(one).cloned());
        (name_ballot(ballot.number), lines.collect())
    });
    Ok(named.collect())
}

/// How a ballot is called in tables, where units are called by their codes.
pub(super) fn name_ballot(number: i64) -> String {
    format!("ballot-{number}")
}

/// Whom a sheet of a ballot is about.
fn describe_ballot(number: i64) -> Words {
    Words {
        zh: format!("第 {number} 号评议票所列对象"),
        en: format!("those on ballot {number}"),
    }
}

async fn make_links(
    service: &Service,
    which: &SurveyArguments,
    given: &Given<'_>,
) -> Result<Vec<(String, String)>, Failure> {
    let survey = find(service, &which.round, &which.survey).await?;
    let mut links = Vec::new();
    for (name, ballot) in list_ballots(service, &survey, given).await? {
        let made = service.add_ballot_link(OPERATOR, &ballot).await;
        links.push((name, made.map_err(|fault| of_fault(&fault))?.code));
    }
    if survey.definition.ballot.is_some() {
        return Ok(links);
    }
    for unit in list_units(service, &which.round).await? {
        let wanted = LinkFor {
            subject: unit.subject,
            panel: given.panel.to_owned(),
            marks: given.marks.to_owned(),
        };
        let made = service.add_survey_link(OPERATOR, survey.id, wanted).await;
        links.push((unit.code, made.map_err(|fault| of_fault(&fault))?.code));
    }
    Ok(links)
}

async fn invite(
    service: &Service,
    which: &SurveyArguments,
    (given, count): (&Given<'_>, usize),
) -> Result<Vec<(String, PersonalLink)>, Failure> {
    let survey = find(service, &which.round, &which.survey).await?;
    let mut invitations = Vec::new();
    let letter = |subject: Words, token| PersonalLink {
        name: String::new(),
        address: String::new(),
        subject,
        token,
    };
    for (name, wanted) in list_ballots(service, &survey, given).await? {
        let number = wanted.ballot;
        let new = NewBallotInvitations { wanted, count };
        let issued = service.issue_ballot_invitations(OPERATOR, &new).await;
        for one in issued.map_err(|fault| of_fault(&fault))? {
            let subject = describe_ballot(number);
            invitations.push((name.clone(), letter(subject, one.token)));
        }
    }
    if survey.definition.ballot.is_some() {
        return Ok(invitations);
    }
    for unit in list_units(service, &which.round).await? {
        let new = NewInvitations {
            survey: survey.id,
            subject: unit.subject,
            panel: given.panel.to_owned(),
            marks: given.marks.to_owned(),
            count,
        };
        let issued = service.issue_survey_invitations(OPERATOR, &new).await;
        for one in issued.map_err(|fault| of_fault(&fault))? {
            invitations.push((unit.code.clone(), letter(unit.name.clone(), one.token)));
        }
    }
    Ok(invitations)
}
