//! Lists of people whom a survey is sent to: stored as a draft, confirmed, sent out or handed out, reminded, withdrawn
//! and in the end erased.
//!
//! Which invitation belongs to which contact is written nowhere: it follows from the secret of the list and the number
//! of the contact, so a mail that has to be sent again carries the same link, and once the secret is erased nobody can
//! tell any more. Whether somebody has answered is asked of the invitation alone, at the moment when a reminder is
//! about to leave, and kept nowhere either; from an invitation to a sheet nothing leads.
//!
//! Deliberately absent: reading tables, which is the import's, and what a mail or a letter says.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use domain::access::{Action, Actor, Scope};
use domain::correction::InputKind;
use domain::id::{self, Id};
use domain::scheme::file::Words;
use domain::survey::Definition;
use entity::contact::Delivery as StoredDelivery;
use entity::{contact, contact_list, invitation, round, survey};
use sea_orm::sea_query::{Expr, IntoCondition, JoinType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait,
};
use serde::{Deserialize, Serialize};

use super::channel_word;
use super::invitation::{Change, Issue, count_issued, insert_invitations};
use crate::database::WriteTransaction;
use crate::frame::{Frame, Participant, Whom};
use crate::freeze::{Touch, touch};
use crate::intake::InvitationToken;
use crate::outbox::{self, NewJob};
use crate::permit::{Permit, ask_somewhere};
use crate::{Fault, Refusal, Service, audit, clock};

/// The kind of the jobs that [`Service::find_invitation_mail`] is asked about.
pub const MAIL_JOB: &str = "invitation";

/// Between two mails to the same people.
const BETWEEN_MAILS: TimeDelta = TimeDelta::days(1);

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

/// Somebody to be put on a list; checked by the import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewContact {
    pub subject: i64,
    pub panel: String,
    pub name: String,
    pub address: String,
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

/// A list to be stored.
pub(crate) struct NewList {
    pub survey: i64,
    pub way: Way,
    pub contacts: Vec<NewContact>,
    pub drawn: Option<Drawn>,
}

/// A personal link on its way to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalLink {
    /// How the person is addressed; empty where nobody said.
    pub name: String,
    /// Telephone number or postal address.
    pub address: String,
    /// Whom the answer is about.
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

/// A mail that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationMail {
    /// To whom, with the link.
    pub link: PersonalLink,
    /// What it asks for.
    pub about: About,
    /// Whether the person was written to before.
    pub is_reminder: bool,
}

/// What a job of the kind [`MAIL_JOB`] holds: no address, so that none outlives its contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailJob {
    contact: String,
    reminder: bool,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The mail server has taken it, or it is no longer needed.
    Sent,
    /// The mail server does not take it and will not.
    Failed,
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

/// Stores a list as a draft. A statement for some thousand contacts.
///
/// # Errors
/// [`Fault::Conflict`] if somebody stored one of the contacts at the same time.
pub(crate) async fn add_list(
    service: &Service,
    transaction: &WriteTransaction,
    new: NewList,
) -> Result<Id<id::ContactList>, Fault> {
    let id = service.ids.draw()?;
    let secret: [u8; 32] = service.ids.bytes()?;
    let row = contact_list::ActiveModel {
        id: Set(id),
        survey_id: Set(new.survey),
        way: Set(new.way.stored()),
        state: Set(contact_list::State::Draft),
        contacts: Set(i64::try_from(new.contacts.len()).map_err(Fault::internal)?),
        seed: Set(new.drawn.as_ref().map(|drawn| drawn.seed.clone())),
        drawn_from: Set(new
            .drawn
            .as_ref()
            .map(|drawn| i64::try_from(drawn.from))
            .transpose()
            .map_err(Fault::internal)?),
        secret: Set(Some(secret.to_vec())),
        added_at: Set(clock::micros(service.clock.now())),
        mailed_at: Set(None),
        handed_out_at: Set(None),
    };
    contact_list::Entity::insert(row)
        .exec_without_returning(transaction)
        .await?;
    let mut rows = Vec::with_capacity(new.contacts.len());
    for one in new.contacts {
        rows.push(contact::ActiveModel {
            id: Set(service.ids.draw()?),
            list_id: Set(id),
            survey_id: Set(new.survey),
            subject_id: Set(one.subject),
            panel: Set(one.panel),
            name: Set(one.name),
            address: Set(one.address),
            delivery: Set(StoredDelivery::None),
        });
    }
    // Not in the order of the table that they came in.
    rows.sort_by(|one, other| one.id.as_ref().cmp(other.id.as_ref()));
    for part in rows.chunks(ROWS) {
        contact::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(Id::new(id))
}

/// A change of a list that is being made.
struct ListChange<'a> {
    service: &'a Service,
    transaction: WriteTransaction,
    frame: Frame,
    survey: survey::Model,
    list: contact_list::Model,
    permit: Permit,
    now: DateTime<Utc>,
}

impl<'a> ListChange<'a> {
    /// Takes the round, reads the list, and asks about everybody whom its contacts are asked about.
    async fn begin(
        service: &'a Service,
        actor: &Actor,
        id: Id<id::ContactList>,
    ) -> Result<Self, Fault> {
        ask_somewhere(actor, Action::RunSurvey)?;
        let now = service.clock.now();
        let transaction = service.database.begin_write().await?;
        let found = contact_list::Entity::find_by_id(id.number())
            .one(&transaction)
            .await?;
        let list = found.ok_or(Fault::NotFound)?;
        let survey = survey::Entity::find_by_id(list.survey_id)
            .one(&transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        let round = Id::new(survey.round_id);
        let answers = [InputKind::Survey(survey.code.clone())];
        touch(&transaction, round, Touch::Change(&answers), now).await?;
        let frame = Frame::load(&transaction, round, Whom::Everybody).await?;
        let subjects: Vec<i64> = contact::Entity::find()
            .select_only()
            .column(contact::Column::SubjectId)
            .distinct()
            .filter(contact::Column::ListId.eq(list.id))
            .into_tuple()
            .all(&transaction)
            .await?;
        let permit = ask_about(&frame, actor, &subjects)?;
        Ok(Self {
            service,
            transaction,
            frame,
            survey,
            list,
            permit,
            now,
        })
    }

    fn refuse_unless(&self, state: contact_list::State) -> Result<(), Fault> {
        if self.list.state == state {
            return Ok(());
        }
        let (code, message) = match self.list.state {
            contact_list::State::Draft => (
                "LIST_NOT_CONFIRMED",
                "the list is a draft: confirm it first",
            ),
            contact_list::State::Confirmed => (
                "LIST_CONFIRMED",
                "the list was confirmed before; its invitations are made",
            ),
            contact_list::State::Withdrawn => (
                "LIST_WITHDRAWN",
                "the list was withdrawn: import it again to send it",
            ),
            contact_list::State::Erased => (
                "LIST_ERASED",
                "the contacts of this list were erased after the survey ended",
            ),
        };
        Err(Fault::refused(Refusal::new(code, message).at(["id"])))
    }

    /// Whether the survey takes answers, now or as soon as its hours begin.
    fn refuse_unless_open(&self) -> Result<(), Fault> {
        let is_over =
            (self.survey.closes_at).is_some_and(|closes_at| clock::micros(self.now) >= closes_at);
        match self.survey.state {
            survey::State::Open if !is_over => Ok(()),
            survey::State::Draft => Err(Fault::refused(Refusal::new(
                "SURVEY_NOT_OPEN",
                "open the survey first: its links would lead to nothing",
            ))),
            survey::State::Open | survey::State::Closed => Err(Fault::refused(Refusal::new(
                "SURVEY_CLOSED",
                "the survey is closed and takes no more answers",
            ))),
        }
    }

    async fn contacts(&self) -> Result<Vec<contact::Model>, Fault> {
        let rows = contact::Entity::find()
            .filter(contact::Column::ListId.eq(self.list.id))
            .order_by_asc(contact::Column::Id)
            .all(&self.transaction)
            .await?;
        Ok(rows)
    }

    fn token(&self, contact: &contact::Model) -> Result<InvitationToken, Fault> {
        token_of(&self.list, contact)
    }

    /// Queues a mail for each contact none of whose mails is waiting. Whether the person has answered is asked when it
    /// leaves.
    async fn queue_mails(
        &self,
        contacts: &[contact::Model],
        is_reminder: bool,
    ) -> Result<(), Fault> {
        let waiting = |one: &&contact::Model| one.delivery == StoredDelivery::Waiting;
        let bodies: Vec<MailJob> = contacts
            .iter()
            .filter(|one| !waiting(one))
            .map(|one| MailJob {
                contact: one.id.to_string(),
                reminder: is_reminder,
            })
            .collect();
        let opens_at = self.survey.opens_at.map(clock::instant).transpose()?;
        let due_at = opens_at.map_or(self.now, |opens_at| opens_at.max(self.now));
        let jobs = bodies.iter().map(|body| NewJob {
            kind: MAIL_JOB,
            body,
            due_at,
        });
        outbox::add_all(&self.transaction, &self.service.ids, jobs).await?;
        contact::Entity::update_many()
            .col_expr(
                contact::Column::Delivery,
                Expr::val(StoredDelivery::Waiting),
            )
            .filter(contact::Column::ListId.eq(self.list.id))
            .exec(&self.transaction)
            .await?;
        self.change([(
            contact_list::Column::MailedAt,
            Expr::val(clock::micros(self.now)),
        )])
        .await
    }

    async fn change(
        &self,
        values: impl IntoIterator<Item = (contact_list::Column, Expr)>,
    ) -> Result<(), Fault> {
        let mut update = contact_list::Entity::update_many();
        for (column, value) in values {
            update = update.col_expr(column, value);
        }
        update
            .filter(contact_list::Column::Id.eq(self.list.id))
            .exec(&self.transaction)
            .await?;
        Ok(())
    }

    /// The log names the list and how many, never an address.
    async fn finish(self, action: &str, reason: Option<&str>) -> Result<ContactList, Fault> {
        let this = contact_list::Column::Id.eq(self.list.id);
        let list = read_lists(&self.transaction, this).await?.pop();
        let object = Id::<id::ContactList>::new(self.list.id).to_string();
        let entry = audit::Entry {
            reason,
            ..self.permit.entry(self.now, action, &object)
        };
        audit::append(&self.transaction, &entry).await?;
        self.transaction.commit().await?;
        list.ok_or_else(|| Fault::internal("a list went away while it was changed"))
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
    subject: &Participant,
) -> Result<PersonalLink, Fault> {
    Ok(PersonalLink {
        token: token_of(list, &contact)?,
        name: contact.name,
        address: contact.address,
        subject: subject.words(),
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

impl Service {
    /// Makes the invitations of a stored list and, for addresses, queues their mails. Nothing leaves before this.
    /// Statements grow with thousands of contacts.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LIST_CONFIRMED`, `LIST_WITHDRAWN`, `LIST_ERASED`, `SURVEY_NOT_OPEN`, `SURVEY_CLOSED`,
    /// `ROUND_NOT_OPEN`; [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn confirm_contact_list(
        &self,
        actor: &Actor,
        id: Id<id::ContactList>,
    ) -> Result<ContactList, Fault> {
        let change = ListChange::begin(self, actor, id).await?;
        change.refuse_unless(contact_list::State::Draft)?;
        change.refuse_unless_open()?;
        let contacts = change.contacts().await?;
        let mut rows = Vec::with_capacity(contacts.len());
        let mut issued: BTreeMap<Issue, i64> = BTreeMap::new();
        for one in &contacts {
            rows.push(invitation::ActiveModel {
                survey_id: Set(change.list.survey_id),
                token_hash: Set(change.token(one)?.hash().to_vec()),
                subject_id: Set(one.subject_id),
                panel: Set(one.panel.clone()),
                state: Set(invitation::State::Issued),
            });
            let issue = Issue {
                survey: one.survey_id,
                subject: one.subject_id,
                panel: one.panel.clone(),
                channel: channel_word(domain::scheme::file::Channel::Web),
            };
            *issued.entry(issue).or_default() += 1;
        }
        insert_invitations(&change.transaction, rows).await?;
        count_issued(&change.transaction, issued, Change::Issued).await?;
        change
            .change([(
                contact_list::Column::State,
                Expr::val(contact_list::State::Confirmed),
            )])
            .await?;
        if change.list.way == contact_list::Way::Mail {
            change.queue_mails(&contacts, false).await?;
        }
        let reason = format!("{} invitations", contacts.len());
        change.finish("contact_list.confirm", Some(&reason)).await
    }

    /// Queues a reminder for each person of a list of mail addresses. It leaves only to those who have not answered by
    /// then; who that is, is told to nobody.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LIST_NOT_CONFIRMED`, `LIST_WITHDRAWN`, `LIST_ERASED`, `NOT_BY_MAIL`,
    /// `REMINDED_TOO_SOON` within a day of the last mails, `SURVEY_CLOSED`, `ROUND_NOT_OPEN`; [`Fault::NotFound`],
    /// [`Fault::Denied`].
    pub async fn remind_contact_list(
        &self,
        actor: &Actor,
        id: Id<id::ContactList>,
    ) -> Result<ContactList, Fault> {
        let change = ListChange::begin(self, actor, id).await?;
        change.refuse_unless(contact_list::State::Confirmed)?;
        change.refuse_unless_open()?;
        if change.list.way != contact_list::Way::Mail {
            let message =
                "this list has no mail addresses; hand a reminder out the way the links went";
            return Err(Fault::refused(
                Refusal::new("NOT_BY_MAIL", message).at(["id"]),
            ));
        }
        let last = change.list.mailed_at.map(clock::instant).transpose()?;
        if let Some(last) = last
            && change.now < last + BETWEEN_MAILS
        {
            let message = format!(
                "these people were written to at {}: remind them a day later at the earliest",
                last.format("%Y-%m-%d %H:%M UTC")
            );
            return Err(Fault::refused(
                Refusal::new("REMINDED_TOO_SOON", message).at(["id"]),
            ));
        }
        let contacts = change.contacts().await?;
        change.queue_mails(&contacts, true).await?;
        change.finish("contact_list.remind", None).await
    }

    /// Tells the personal links of a list of telephone numbers or postal addresses, this once; the log keeps who asked.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `HANDED_OUT_BEFORE`, `SENT_BY_MAIL`, `LIST_NOT_CONFIRMED`, `LIST_WITHDRAWN`,
    /// `LIST_ERASED`, `SURVEY_CLOSED`, `ROUND_NOT_OPEN`; [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn hand_out_contact_list(
        &self,
        actor: &Actor,
        id: Id<id::ContactList>,
    ) -> Result<HandedOut, Fault> {
        let change = ListChange::begin(self, actor, id).await?;
        change.refuse_unless(contact_list::State::Confirmed)?;
        change.refuse_unless_open()?;
        if change.list.way == contact_list::Way::Mail {
            let message = "the links of this list leave by mail and are shown to nobody";
            return Err(Fault::refused(
                Refusal::new("SENT_BY_MAIL", message).at(["id"]),
            ));
        }
        if let Some(before) = change.list.handed_out_at.map(clock::instant).transpose()? {
            let message = format!(
                "the links were handed out at {} and are told once; if they were lost, withdraw the list, import it \
                 again and confirm it: the old links are void then",
                before.format("%Y-%m-%d %H:%M UTC")
            );
            return Err(Fault::refused(
                Refusal::new("HANDED_OUT_BEFORE", message).at(["id"]),
            ));
        }
        let mut links = Vec::new();
        for one in change.contacts().await? {
            let subject = change
                .frame
                .participants
                .get(&one.subject_id)
                .ok_or_else(|| Fault::internal("a contact is asked about nobody of the round"))?;
            links.push(link_of(&change.list, one, subject)?);
        }
        let handed_out = HandedOut {
            way: Way::of(change.list.way),
            about: about(&change.frame, &change.survey)?,
            links,
        };
        change
            .change([(
                contact_list::Column::HandedOutAt,
                Expr::val(clock::micros(change.now)),
            )])
            .await?;
        let reason = format!("{} personal links", handed_out.links.len());
        change
            .finish("contact_list.hand_out", Some(&reason))
            .await?;
        Ok(handed_out)
    }

    /// Makes the unused invitations of a list void and erases its contacts; answers that were given stay. They are no
    /// longer counted as issued.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_NEEDED`, `LIST_WITHDRAWN`, `LIST_ERASED`, `ROUND_NOT_OPEN`; [`Fault::NotFound`],
    /// [`Fault::Denied`].
    pub async fn withdraw_contact_list(
        &self,
        actor: &Actor,
        id: Id<id::ContactList>,
        reason: &str,
    ) -> Result<ContactList, Fault> {
        let reason = reason.trim();
        let change = ListChange::begin(self, actor, id).await?;
        if reason.is_empty() {
            let message = "say why: the reason stays in the log";
            return Err(Fault::refused(
                Refusal::new("REASON_NEEDED", message).at(["reason"]),
            ));
        }
        if change.list.state != contact_list::State::Draft {
            change.refuse_unless(contact_list::State::Confirmed)?;
            change.revoke_unused().await?;
        }
        erase(
            &change.transaction,
            &[change.list.id],
            contact_list::State::Withdrawn,
        )
        .await?;
        change.finish("contact_list.withdraw", Some(reason)).await
    }

    /// The lists of a survey, oldest first, for those who run all of it. Three statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn list_contact_lists(
        &self,
        actor: &Actor,
        id: Id<id::Survey>,
    ) -> Result<Vec<ContactList>, Fault> {
        let snapshot = self.database.begin_read().await?;
        super::run::ask_for_survey(&snapshot, actor, Action::RunSurvey, id).await?;
        let lists = read_lists(&snapshot, contact_list::Column::SurveyId.eq(id.number())).await?;
        snapshot.finish().await?;
        Ok(lists)
    }

    /// The mail of a job of the kind [`MAIL_JOB`]; nothing if none is to be sent any more: the person has answered, the
    /// survey is over, or the contact was erased. Eight statements.
    ///
    /// # Errors
    /// [`Fault::Internal`] if the job is none.
    pub async fn find_invitation_mail(&self, body: &str) -> Result<Option<InvitationMail>, Fault> {
        let job: MailJob = serde_json::from_str(body).map_err(Fault::internal)?;
        let contact: i64 = job.contact.parse().map_err(Fault::internal)?;
        let snapshot = self.database.begin_read().await?;
        let found = contact::Entity::find_by_id(contact)
            .find_also_related(contact_list::Entity)
            .one(&snapshot)
            .await?;
        let Some((contact, Some(list))) = found else {
            return Ok(None);
        };
        let hash = token_of(&list, &contact)?.hash().to_vec();
        let invitation = invitation::Entity::find_by_id((list.survey_id, hash))
            .one(&snapshot)
            .await?;
        let survey = survey::Entity::find_by_id(list.survey_id)
            .one(&snapshot)
            .await?;
        let (Some(invitation), Some(survey)) = (invitation, survey) else {
            return Ok(None);
        };
        let now = clock::micros(self.clock.now());
        if invitation.state != invitation::State::Issued
            || survey.state != survey::State::Open
            || survey.closes_at.is_some_and(|closes_at| now >= closes_at)
        {
            return Ok(None);
        }
        let whom = BTreeSet::from([contact.subject_id]);
        let frame = Frame::load(&snapshot, Id::new(survey.round_id), Whom::These(&whom)).await?;
        snapshot.finish().await?;
        let Some(subject) = frame.participants.get(&contact.subject_id) else {
            return Ok(None);
        };
        Ok(Some(InvitationMail {
            link: link_of(&list, contact, subject)?,
            about: about(&frame, &survey)?,
            is_reminder: job.reminder,
        }))
    }

    /// Notes what became of the mail of a job of the kind [`MAIL_JOB`]. One statement.
    ///
    /// # Errors
    /// [`Fault::Internal`] if the job is none.
    pub async fn note_invitation_mail(&self, body: &str, became: Delivery) -> Result<(), Fault> {
        let job: MailJob = serde_json::from_str(body).map_err(Fault::internal)?;
        let contact: i64 = job.contact.parse().map_err(Fault::internal)?;
        let delivery = match became {
            Delivery::Sent => StoredDelivery::Sent,
            Delivery::Failed => StoredDelivery::Failed,
        };
        let transaction = self.database.begin_write().await?;
        contact::Entity::update_many()
            .col_expr(contact::Column::Delivery, Expr::val(delivery))
            .filter(contact::Column::Id.eq(contact))
            .exec(&transaction)
            .await?;
        transaction.commit().await
    }

    /// Erases the addresses and numbers of surveys that ended so long ago, and with them the only way from a person to
    /// an invitation. Returns how many lists were erased.
    pub async fn erase_contacts(&self, after: TimeDelta) -> Result<u64, Fault> {
        let now = self.clock.now();
        let limit = clock::micros(now - after);
        let transaction = self.database.begin_write().await?;
        let due: Vec<i64> = contact_list::Entity::find()
            .select_only()
            .column(contact_list::Column::Id)
            .join(JoinType::InnerJoin, contact_list::Relation::Survey.def())
            .join(JoinType::InnerJoin, survey::Relation::Round.def())
            .filter(contact_list::Column::Secret.is_not_null())
            .filter(
                Condition::any()
                    .add(survey::Column::ClosedAt.lte(limit))
                    .add(survey::Column::ClosesAt.lte(limit))
                    .add(round::Column::ClosedAt.lte(limit)),
            )
            .order_by_asc(contact_list::Column::Id)
            .into_tuple()
            .all(&transaction)
            .await?;
        if due.is_empty() {
            return Ok(0);
        }
        erase(&transaction, &due, contact_list::State::Erased).await?;
        let objects: Vec<String> = due
            .iter()
            .map(|id| Id::<id::ContactList>::new(*id).to_string())
            .collect();
        let reason = format!("the survey ended more than {} days ago", after.num_days());
        let entry = audit::Entry {
            at: now,
            who: "worker",
            action: "contact_list.erase",
            object: &objects.join(" "),
            reason: Some(&reason),
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        u64::try_from(due.len()).map_err(Fault::internal)
    }
}

/// Addresses of failed mails that are told at once.
const MOST_FAILED: u64 = 100;

/// Lists, oldest first. Three statements.
async fn read_lists(
    connection: &impl ConnectionTrait,
    which: impl IntoCondition,
) -> Result<Vec<ContactList>, Fault> {
    let lists = contact_list::Entity::find()
        .filter(which)
        .order_by_asc(contact_list::Column::AddedAt)
        .order_by_asc(contact_list::Column::Id)
        .all(connection)
        .await?;
    let ids: Vec<i64> = lists.iter().map(|list| list.id).collect();
    let waiting: Vec<(i64, i64)> = contact::Entity::find()
        .select_only()
        .column(contact::Column::ListId)
        .column_as(contact::Column::Id.count(), "count")
        .filter(contact::Column::ListId.is_in(ids.clone()))
        .filter(contact::Column::Delivery.eq(StoredDelivery::Waiting))
        .group_by(contact::Column::ListId)
        .into_tuple()
        .all(connection)
        .await?;
    let failed: Vec<(i64, String)> = contact::Entity::find()
        .select_only()
        .column(contact::Column::ListId)
        .column(contact::Column::Address)
        .filter(contact::Column::ListId.is_in(ids))
        .filter(contact::Column::Delivery.eq(StoredDelivery::Failed))
        .order_by_asc(contact::Column::Address)
        .limit(MOST_FAILED)
        .into_tuple()
        .all(connection)
        .await?;
    let waiting: BTreeMap<i64, i64> = waiting.into_iter().collect();
    let mut failures: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (list, address) in failed {
        failures.entry(list).or_default().push(address);
    }
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let show = |row: contact_list::Model| {
        Ok(ContactList {
            id: Id::new(row.id),
            survey: Id::new(row.survey_id),
            way: Way::of(row.way),
            state: match row.state {
                contact_list::State::Draft => ListState::Draft,
                contact_list::State::Confirmed => ListState::Confirmed,
                contact_list::State::Withdrawn => ListState::Withdrawn,
                contact_list::State::Erased => ListState::Erased,
            },
            contacts: count(row.contacts),
            drawn: (row.seed.zip(row.drawn_from)).map(|(seed, from)| Drawn {
                seed,
                from: count(from),
            }),
            added_at: clock::instant(row.added_at)?,
            mailed_at: row.mailed_at.map(clock::instant).transpose()?,
            handed_out_at: row.handed_out_at.map(clock::instant).transpose()?,
            waiting: waiting.get(&row.id).copied().map_or(0, count),
            failed: failures.remove(&row.id).unwrap_or_default(),
        })
    };
    lists.into_iter().map(show).collect()
}

impl ListChange<'_> {
    /// Two statements, and one for some thousand contacts.
    async fn revoke_unused(&self) -> Result<(), Fault> {
        let mut hashes: BTreeMap<Vec<u8>, Issue> = BTreeMap::new();
        for one in self.contacts().await? {
            let issue = Issue {
                survey: one.survey_id,
                subject: one.subject_id,
                panel: one.panel.clone(),
                channel: channel_word(domain::scheme::file::Channel::Web),
            };
            hashes.insert(self.token(&one)?.hash().to_vec(), issue);
        }
        let unused: Vec<Vec<u8>> = invitation::Entity::find()
            .select_only()
            .column(invitation::Column::TokenHash)
            .filter(invitation::Column::SurveyId.eq(self.list.survey_id))
            .filter(invitation::Column::State.eq(invitation::State::Issued))
            .into_tuple()
            .all(&self.transaction)
            .await?;
        let mut fewer: BTreeMap<Issue, i64> = BTreeMap::new();
        let mine: Vec<Vec<u8>> = unused
            .into_iter()
            .filter(|hash| hashes.contains_key(hash))
            .collect();
        for part in mine.chunks(ROWS) {
            let revoked: Vec<Vec<u8>> = invitation::Entity::update_many()
                .col_expr(
                    invitation::Column::State,
                    Expr::val(invitation::State::Revoked),
                )
                .filter(invitation::Column::SurveyId.eq(self.list.survey_id))
                .filter(invitation::Column::TokenHash.is_in(part.to_vec()))
                // Whoever answered meanwhile has answered.
                .filter(invitation::Column::State.eq(invitation::State::Issued))
                .exec_with_returning(&self.transaction)
                .await?
                .into_iter()
                .map(|row| row.token_hash)
                .collect();
            for issue in revoked.iter().filter_map(|hash| hashes.get(hash)) {
                *fewer.entry(issue.clone()).or_default() += 1;
            }
        }
        count_issued(&self.transaction, fewer, Change::Revoked).await
    }
}

/// Erases the contacts of these lists with the secrets that lead to their invitations.
async fn erase(
    transaction: &WriteTransaction,
    lists: &[i64],
    state: contact_list::State,
) -> Result<(), Fault> {
    contact::Entity::delete_many()
        .filter(contact::Column::ListId.is_in(lists.iter().copied()))
        .exec(transaction)
        .await?;
    contact_list::Entity::update_many()
        .col_expr(contact_list::Column::State, Expr::val(state))
        .col_expr(contact_list::Column::Secret, Expr::value(None::<Vec<u8>>))
        .filter(contact_list::Column::Id.is_in(lists.iter().copied()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// The contacts of a survey as an import compares them: subject and address in small letters. One statement.
pub(crate) async fn known_contacts(
    connection: &impl ConnectionTrait,
    survey: Id<id::Survey>,
) -> Result<BTreeSet<(i64, String)>, Fault> {
    let rows: Vec<(i64, String)> = contact::Entity::find()
        .select_only()
        .column(contact::Column::SubjectId)
        .column(contact::Column::Address)
        .filter(contact::Column::SurveyId.eq(survey.number()))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(subject, address)| (subject, address.to_lowercase()))
        .collect())
}
