//! Invitations by mail: queued with a list, found when they are due, noted when they have left.

use std::collections::BTreeSet;

use domain::id::Id;
use entity::contact::Delivery as StoredDelivery;
use entity::{contact, contact_list, survey};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::change::ListChange;
use super::{About, Asked, PersonalLink, about, link_of, token_of};
use crate::frame::{Frame, Whom};
use crate::outbox::{self, NewJob};
use crate::{Fault, Service, clock};

/// The kind of the jobs that [`Service::find_invitation_mail`] is asked about.
pub const MAIL_JOB: &str = "invitation";

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

impl ListChange<'_> {
    /// Queues a mail for each contact none of whose mails is waiting. Whether the person has answered is asked when it
    /// leaves.
    pub(super) async fn queue_mails(
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
}

impl Service {
    /// The mail of a job of the kind [`MAIL_JOB`]; nothing if none is to be sent any more: the person has answered, the
    /// survey is over, or the contact was erased. Eight statements, ten for a ballot.
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
        let survey = survey::Entity::find_by_id(list.survey_id)
            .one(&snapshot)
            .await?;
        let Some(survey) = survey else {
            return Ok(None);
        };
        let definition = serde_json::from_str(&survey.definition).map_err(Fault::internal)?;
        let asked = Asked::of(&snapshot, &survey, &definition).await?;
        let hash = token_of(&list, &contact)?.hash();
        let unused = asked
            .list_unused(&snapshot, (survey.id, Some(hash)))
            .await?;
        let now = clock::micros(self.clock.now());
        if unused.is_empty()
            || survey.state != survey::State::Open
            || survey.closes_at.is_some_and(|closes_at| now >= closes_at)
        {
            return Ok(None);
        }
        let whom: BTreeSet<i64> = asked.subjects(contact.subject_id).into_iter().collect();
        let frame = Frame::load(&snapshot, Id::new(survey.round_id), Whom::These(&whom)).await?;
        snapshot.finish().await?;
        let Some(subject) = asked.words(&frame, contact.subject_id) else {
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
}
