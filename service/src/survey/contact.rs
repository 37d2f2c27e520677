//! Lists of people whom a survey is sent to: stored as a draft, confirmed, sent out or handed out, reminded, withdrawn
//! and in the end erased.
//!
//! Which invitation belongs to which contact is written nowhere: it follows from the secret of the list and the number
//! of the contact, so a mail that has to be sent again carries the same link, and once the secret is erased nobody can
//! tell any more. Whether somebody has answered is asked of the invitation alone, at the moment when a reminder is
//! about to leave, and kept nowhere either; from an invitation to a sheet nothing leads.
//!
//! Deliberately absent: reading tables, which is the import's, and what a mail or a letter says.

mod asked;
mod change;
mod erasure;
mod list;
mod mail;

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::access::{Action, Actor, Scope};
use domain::id::{self, Id};
use domain::scheme::file::Words;
use domain::survey::Definition;
use entity::{contact, contact_list, survey};

use crate::frame::Frame;
use crate::intake::InvitationToken;
use crate::permit::Permit;
use crate::{Fault, clock};

pub(crate) use asked::Asked;
pub(crate) use list::{NewContact, NewList, add_list, known_contacts};
pub use mail::{Delivery, InvitationMail, MAIL_JOB};

/// Contacts in one statement, below the number of values that SQLite binds.
const ROWS: usize = 4_000;

/// How the people of a list are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Mails that leave by themselves.
    Mail,
    /// Telephone numbers with links, for a service that sends short messages.
    Phone,
    /// Letters to print.
    Letter,
}

/// How far a list has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListState {
    /// Stored; nobody has heard of it.
    Draft,
    /// Its invitations are made.
    Confirmed,
    /// Its unused invitations are void and its contacts erased.
    Withdrawn,
    /// The survey ended long ago and its contacts are erased.
    Erased,
}

/// A list as staff see it: never who has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactList {
    /// Its id.
    pub id: Id<id::ContactList>,
    /// The survey.
    pub survey: Id<id::Survey>,
    /// How its people are reached.
    pub way: Way,
    /// How far it has come.
    pub state: ListState,
    /// How many people it had when it was stored.
    pub contacts: u64,
    /// How it was drawn at random; absent where everybody is on it.
    pub drawn: Option<Drawn>,
    /// When it was stored.
    pub added_at: DateTime<Utc>,
    /// When mails to them were queued last.
    pub mailed_at: Option<DateTime<Utc>>,
    /// When its numbers or letters were handed out.
    pub handed_out_at: Option<DateTime<Utc>>,
    /// How many mails have not left yet.
    pub waiting: u64,
    /// Addresses that the mail server does not take, until they are erased. At most a hundred are told.
    pub failed: Vec<String>,
}

/// How a list was drawn at random: anybody who has the table can draw it again. Its rows stand in the order of SHA-256
/// over seed, code of the subject, panel and address in small letters, each with its length and a colon before it; of
/// each subject and panel the first ones are on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// With what.
    pub seed: String,
    /// From how many contacts.
    pub from: u64,
}

/// A personal link on its way to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalLink {
    /// How the person is addressed; empty where nobody said.
    pub name: String,
    /// Telephone number or postal address.
    pub address: String,
    /// Whom the answer is about; of a ballot the first on it, and how many more.
    pub subject: Words,
    /// Whoever has it may answer once.
    pub token: InvitationToken,
}

/// The links of a list, told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOut {
    /// How the people are reached.
    pub way: Way,
    /// What they are asked about.
    pub about: About,
    /// In no order that means anything.
    pub links: Vec<PersonalLink>,
}

/// What a mail, a letter or a poster says about a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The round.
    pub round: Words,
    /// The survey.
    pub survey: Words,
    /// Until when it can be answered, on the clock of the round.
    pub until: Option<NaiveDateTime>,
}

impl Way {
    const fn stored(self) -> contact_list::Way {
        match self {
            Self::Mail => contact_list::Way::Mail,
            Self::Phone => contact_list::Way::Phone,
            Self::Letter => contact_list::Way::Letter,
        }
    }

    const fn of(stored: contact_list::Way) -> Self {
        match stored {
            contact_list::Way::Mail => Self::Mail,
            contact_list::Way::Phone => Self::Phone,
            contact_list::Way::Letter => Self::Letter,
        }
    }
}

/// Asks about each of these subjects, or about the whole round where there are none.
pub(crate) fn ask_about(frame: &Frame, actor: &Actor, subjects: &[i64]) -> Result<Permit, Fault> {
    frame.allow(actor, Action::RunSurvey, subjects.iter().copied())?;
    let first = subjects.iter().find_map(|id| frame.participants.get(id));
    let regions = first.map_or_else(Vec::new, |one| frame.region_line(one.region_id));
    let scope = Scope {
        regions: &regions,
        category: first.map(|one| one.category.as_str()),
        round: Some(frame.id()),
        ..Scope::default()
    };
    Permit::ask(actor, Action::RunSurvey, &scope)
}

fn token_of(
    list: &contact_list::Model,
    contact: &contact::Model,
) -> Result<InvitationToken, Fault> {
    let secret = list
        .secret
        .as_deref()
        .ok_or_else(|| Fault::internal("a list has contacts and no secret"))?;
    Ok(InvitationToken::derive(
        Id::new(list.survey_id),
        secret,
        contact.id,
    ))
}

fn link_of(
    list: &contact_list::Model,
    contact: contact::Model,
    subject: Words,
) -> Result<PersonalLink, Fault> {
    Ok(PersonalLink {
        token: token_of(list, &contact)?,
        name: contact.name,
        address: contact.address,
        subject,
    })
}

/// What is said about a survey of a round.
pub(super) fn about(frame: &Frame, survey: &survey::Model) -> Result<About, Fault> {
    let definition: Definition =
        serde_json::from_str(&survey.definition).map_err(Fault::internal)?;
    let zone: chrono_tz::Tz = (frame.round.time_zone.parse())
        .map_err(|_| Fault::internal("the time zone of a round is none"))?;
    let until = survey.closes_at.map(clock::instant).transpose()?;
    Ok(About {
        round: Words {
            zh: frame.round.name.clone(),
            en: frame.round.name_en.clone(),
        },
        survey: definition.name,
        until: until.map(|until| until.with_timezone(&zone).naive_local()),
    })
}
