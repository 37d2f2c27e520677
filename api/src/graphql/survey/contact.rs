//! Lists of people whom a survey is sent to. They are put in and handed out by routes for files.

use async_graphql::{Context, Enum, ID, Object};
use domain::id;
use service::survey::{self, ListState, Way};

use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;
use crate::graphql::scalar::Instant;

/// How the people of a list are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Way")]
pub enum ContactWay {
    /// By mails that leave by themselves.
    Mail,
    /// By a service that sends short messages, which is given numbers and links once.
    Phone,
    /// By letters that are printed once.
    Letter,
}

/// How far a list has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ListState")]
pub enum ContactListState {
    /// Stored; nobody has heard of it.
    Draft,
    /// Its invitations are made, and its mails leave.
    Confirmed,
    /// Its unused invitations are void and its addresses erased.
    Withdrawn,
    /// The survey ended long ago and its addresses are erased.
    Erased,
}

/// A list of people whom a survey is sent to. Never says who of them has answered.
#[derive(Debug, Clone)]
pub struct ContactList(pub survey::ContactList);

impl From<survey::ContactList> for ContactList {
    fn from(list: survey::ContactList) -> Self {
        Self(list)
    }
}

/// A list of people whom a survey is sent to. Never says who of them has answered.
#[Object]
impl ContactList {
    /// Global id.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// How its people are reached.
    async fn way(&self) -> ContactWay {
        self.0.way.into()
    }

    /// How far it has come.
    async fn state(&self) -> ContactListState {
        self.0.state.into()
    }

    /// How many people it had when it was stored.
    async fn contacts(&self) -> i32 {
        i32::try_from(self.0.contacts).unwrap_or(i32::MAX)
    }

    /// From how many people it was drawn at random; null where everybody is on it.
    async fn drawn_from(&self) -> Option<i32> {
        let drawn = self.0.drawn.as_ref()?;
        Some(i32::try_from(drawn.from).unwrap_or(i32::MAX))
    }

    /// With what it was drawn, so that anybody who has the table can draw it again.
    async fn seed(&self) -> Option<&str> {
        self.0.drawn.as_ref().map(|drawn| drawn.seed.as_str())
    }

    /// When it was stored.
    async fn added_at(&self) -> Instant {
        Instant(self.0.added_at)
    }

    /// When mails to its people were queued last.
    async fn mailed_at(&self) -> Option<Instant> {
        self.0.mailed_at.map(Instant)
    }

    /// When its links were handed out.
    async fn handed_out_at(&self) -> Option<Instant> {
        self.0.handed_out_at.map(Instant)
    }

    /// How many mails have not left yet.
    async fn waiting(&self) -> i32 {
        i32::try_from(self.0.waiting).unwrap_or(i32::MAX)
    }

    /// Addresses that mail servers do not take, at most a hundred.
    async fn failed(&self) -> &[String] {
        &self.0.failed
    }
}

payload! {
    /// What came of confirming a list.
    ContactListConfirmPayload {
        /// The list, confirmed.
        contact_list: ContactList
    }
}

payload! {
    /// What came of reminding the people of a list.
    ContactListRemindPayload {
        /// The list.
        contact_list: ContactList
    }
}

payload! {
    /// What came of withdrawing a list.
    ContactListWithdrawPayload {
        /// The list, without its addresses.
        contact_list: ContactList
    }
}

/// The part of the mutation root about lists of contacts.
#[derive(Debug, Default)]
pub struct ContactMutation;

#[Object]
impl ContactMutation {
    /// Makes the invitations of a list and, for mail addresses, queues their mails. Nothing leaves before.
    async fn contact_list_confirm(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which list.")] id: Key<id::ContactList>,
    ) -> Result<ContactListConfirmPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let outcome = service(context)?.confirm_contact_list(actor, id.0).await;
        ContactListConfirmPayload::of(outcome)
    }

    /// Queues a reminder by mail for the people of a list. It leaves only to those who have not answered by then.
    async fn contact_list_remind(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which list.")] id: Key<id::ContactList>,
    ) -> Result<ContactListRemindPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let outcome = service(context)?.remind_contact_list(actor, id.0).await;
        ContactListRemindPayload::of(outcome)
    }

    /// Makes the unused invitations of a list void and erases its addresses. Answers that were given stay.
    async fn contact_list_withdraw(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which list.")] id: Key<id::ContactList>,
        #[graphql(desc = "Why; it stays in the log.")] reason: String,
    ) -> Result<ContactListWithdrawPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let outcome = (service(context)?.withdraw_contact_list(actor, id.0, &reason)).await;
        ContactListWithdrawPayload::of(outcome)
    }
}
