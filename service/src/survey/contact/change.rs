//! What staff do with a list: confirm it, remind, hand it out, withdraw it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::{Action, Actor};
use domain::correction::InputKind;
use domain::id::{self, Id};
use entity::{contact, contact_list, survey};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::erasure::erase;
use super::list::read_lists;
use super::{Asked, ContactList, HandedOut, ROWS, Way, about, ask_about, link_of, token_of};
use crate::database::WriteTransaction;
use crate::frame::{Frame, Whom};
use crate::freeze::{Touch, touch};
use crate::intake::InvitationToken;
use crate::permit::{Permit, ask_somewhere};
use crate::survey::invitation::{Change, Issue, count_issued, refuse_few};
use crate::{Fault, Refusal, Service, audit, clock};

/// Between two mails to the same people.
const BETWEEN_MAILS: TimeDelta = TimeDelta::days(1);

/// A change of a list that is being made.
pub(super) struct ListChange<'a> {
    pub(super) service: &'a Service,
    pub(super) transaction: WriteTransaction,
    pub(super) frame: Frame,
    asked: Asked,
    pub(super) survey: survey::Model,
    pub(super) list: contact_list::Model,
    pub(super) permit: Permit,
    pub(super) now: DateTime<Utc>,
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
        let definition = serde_json::from_str(&survey.definition).map_err(Fault::internal)?;
        let asked = Asked::of(&transaction, &survey, &definition).await?;
        let permit = ask_about(&frame, actor, &asked.all_subjects(subjects))?;
        Ok(Self {
            service,
            transaction,
            frame,
            asked,
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

    pub(super) async fn change(
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

impl Service {
    /// Makes the invitations of a stored list and, for addresses, queues their mails. Nothing leaves before this.
    /// Statements grow with thousands of contacts.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `LIST_CONFIRMED`, `LIST_WITHDRAWN`, `LIST_ERASED`, `SURVEY_NOT_OPEN`, `SURVEY_CLOSED`,
    /// `PANEL_TOO_SMALL`, `ROUND_NOT_OPEN`; [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn confirm_contact_list(
        &self,
        actor: &Actor,
        id: Id<id::ContactList>,
    ) -> Result<ContactList, Fault> {
        let change = ListChange::begin(self, actor, id).await?;
        change.refuse_unless(contact_list::State::Draft)?;
        change.refuse_unless_open()?;
        let contacts = change.contacts().await?;
        let mut invited = Vec::with_capacity(contacts.len());
        let mut issued: BTreeMap<Issue, i64> = BTreeMap::new();
        for one in &contacts {
            invited.push((one, change.token(one)?.hash()));
            for issue in change.asked.issues(one) {
                *issued.entry(issue).or_default() += 1;
            }
        }
        change.asked.invite(&change.transaction, invited).await?;
        count_issued(&change.transaction, issued, Change::Issued).await?;
        change
            .change([(
                contact_list::Column::State,
                Expr::val(contact_list::State::Confirmed),
            )])
            .await?;
        let asked = contacts
            .iter()
            .map(|one| (one.subject_id, one.panel.clone()));
        refuse_few(self, &change.transaction, change.list.survey_id, asked).await?;
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
            let subject = change.asked.words(&change.frame, one.subject_id);
            let subject = subject
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
}

impl ListChange<'_> {
    /// Two statements, and one for some thousand contacts.
    async fn revoke_unused(&self) -> Result<(), Fault> {
        let mut hashes: BTreeMap<Vec<u8>, Vec<Issue>> = BTreeMap::new();
        for one in self.contacts().await? {
            hashes.insert(self.token(&one)?.hash().to_vec(), self.asked.issues(&one));
        }
        let survey = self.list.survey_id;
        let unused = self
            .asked
            .list_unused(&self.transaction, (survey, None))
            .await?;
        let mut fewer: BTreeMap<Issue, i64> = BTreeMap::new();
        let mine: Vec<Vec<u8>> = unused
            .into_iter()
            .filter(|hash| hashes.contains_key(hash))
            .collect();
        for part in mine.chunks(ROWS) {
            let revoked = self.asked.revoke(&self.transaction, (survey, part)).await?;
            for issue in revoked.iter().filter_map(|hash| hashes.get(hash)).flatten() {
                *fewer.entry(issue.clone()).or_default() += 1;
            }
        }
        count_issued(&self.transaction, fewer, Change::Revoked).await
    }
}
