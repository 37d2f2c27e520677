//! Running a survey: opened, closed, sent out and looked at, each by somebody who may.

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, Scope};
use domain::correction::InputKind;
use domain::id::{self, Id};
use domain::survey::Definition;
use entity::{round_subject, survey};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::invitation::refuse_few;
use super::{
    IssuedInvitation, LinkFor, NewInvitations, OpenLink, add_links, close, issue_invitations, open,
    reopen,
};
use crate::database::WriteTransaction;
use crate::frame::get_round;
use crate::freeze::{Touch, touch};
use crate::permit::Permit;
use crate::{Fault, Refusal, Service, audit, clock, scope};

impl Service {
    /// Lets a survey of an open round take answers; in a round that was reopened for it, a closed survey takes more.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SURVEY_NOT_DRAFT`, `ROUND_NOT_OPEN`, `INPUT_FROZEN`; [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn open_survey(&self, actor: &Actor, id: Id<id::Survey>) -> Result<(), Fault> {
        let change = SurveyChange::begin(self, actor, id).await?;
        if change.reopened {
            reopen(&change.transaction, id).await?;
        } else {
            open(&change.transaction, id).await?;
        }
        change.finish("survey.open", None).await
    }

    /// Ends a survey for good, with a reason if that is before its time. Answers that were acknowledged are in, later
    /// ones are refused.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SURVEY_NOT_OPEN`, `REASON_NEEDED`, `ROUND_NOT_OPEN`, `INPUT_FROZEN`;
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn close_survey(
        &self,
        actor: &Actor,
        id: Id<id::Survey>,
        reason: Option<&str>,
    ) -> Result<(), Fault> {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        let change = SurveyChange::begin(self, actor, id).await?;
        let row = survey::Entity::find_by_id(id.number())
            .one(&change.transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        let early = (row.closes_at).is_some_and(|closes_at| clock::micros(change.now) < closes_at);
        if early && row.state == survey::State::Open && reason.is_none() {
            let message =
                "the survey would end before its time: say why, the reason stays in the log";
            return Err(Fault::refused(
                Refusal::new("REASON_NEEDED", message).at(["reason"]),
            ));
        }
        end(self, &change.transaction, id, change.now).await?;
        change.finish("survey.close", reason).await
    }

    /// Makes one-time invitations; the tokens are told once. The log says how many, never which.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `PANEL_UNKNOWN`, `SUBJECT_NOT_IN_ROUND`, `SURVEY_NOT_ABOUT_SUBJECT`, `SURVEY_CLOSED`,
    /// `MARK_UNKNOWN`, `TOO_MANY_INVITATIONS` or `PANEL_TOO_SMALL`, [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn issue_survey_invitations(
        &self,
        actor: &Actor,
        new: &NewInvitations,
    ) -> Result<Vec<IssuedInvitation>, Fault> {
        let transaction = self.database.begin_write().await?;
        let wanted = LinkFor {
            subject: new.subject,
            panel: new.panel.clone(),
            marks: new.marks.clone(),
        };
        let (permit, definition) =
            ask_for_subject(&transaction, actor, new.survey, &wanted).await?;
        let issued = issue_invitations(self, &transaction, (new, &definition)).await?;
        let asked = (new.subject.number(), new.panel.clone());
        refuse_few(self, &transaction, new.survey.number(), [asked]).await?;
        let object = new.survey.to_string();
        let reason = format!(
            "{} invitations for {} ({})",
            issued.len(),
            new.subject,
            new.panel
        );
        let entry = audit::Entry {
            reason: Some(&reason),
            ..permit.entry(self.clock.now(), "survey.invite", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(issued)
    }

    /// Makes an open link to a survey for a subject and a panel.
    ///
    /// # Errors
    /// As [`Service::issue_survey_invitations`].
    pub async fn add_survey_link(
        &self,
        actor: &Actor,
        survey: Id<id::Survey>,
        wanted: LinkFor,
    ) -> Result<OpenLink, Fault> {
        let transaction = self.database.begin_write().await?;
        let (permit, definition) = ask_for_subject(&transaction, actor, survey, &wanted).await?;
        let made = add_links(&transaction, &self.ids, (survey, &definition), vec![wanted])
            .await?
            .pop();
        let made = made.ok_or_else(|| Fault::internal("a link was asked for and none was made"))?;
        let object = survey.to_string();
        let reason = format!(
            "link {} for {} ({})",
            made.code, made.link.subject, made.link.panel
        );
        let entry = audit::Entry {
            reason: Some(&reason),
            ..permit.entry(self.clock.now(), "survey.link", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(made)
    }
}

/// Closes a survey, asks for its seal, and notes when: from then on counts the time after which addresses are erased.
pub(super) async fn end(
    service: &Service,
    transaction: &WriteTransaction,
    id: Id<id::Survey>,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    close(transaction, id).await?;
    super::seal::request(service, transaction, [id]).await?;
    survey::Entity::update_many()
        .col_expr(survey::Column::ClosedAt, Expr::val(clock::micros(now)))
        .filter(survey::Column::Id.eq(id.number()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// A survey that is being opened, moved or closed, which changes what its round is decided by.
pub(super) struct SurveyChange {
    pub transaction: WriteTransaction,
    permit: Permit,
    survey: Id<id::Survey>,
    /// Whether its round was closed and is being corrected.
    reopened: bool,
    pub now: DateTime<Utc>,
}

impl SurveyChange {
    pub async fn begin(
        service: &Service,
        actor: &Actor,
        survey: Id<id::Survey>,
    ) -> Result<Self, Fault> {
        let now = service.clock.now();
        let transaction = service.database.begin_write().await?;
        let asked = ask_for_survey(&transaction, actor, Action::RunSurvey, survey).await?;
        // The round's row before the survey's, as everybody takes them.
        let round = Id::new(asked.row.round_id);
        let answers = [InputKind::Survey(asked.row.code)];
        touch(&transaction, round, Touch::Change(&answers), now).await?;
        Ok(Self {
            permit: asked.permit,
            survey,
            reopened: get_round(&transaction, round).await?.correcting.is_some(),
            transaction,
            now,
        })
    }

    pub async fn finish(self, action: &str, reason: Option<&str>) -> Result<(), Fault> {
        let object = self.survey.to_string();
        let entry = audit::Entry {
            reason,
            ..self.permit.entry(self.now, action, &object)
        };
        audit::append(&self.transaction, &entry).await?;
        self.transaction.commit().await
    }
}

/// Permission for a survey as a whole.
pub(super) struct AskedForSurvey {
    pub permit: Permit,
    pub row: survey::Model,
}

/// Asks for a survey as a whole, which belongs to its round and to no region.
pub(super) async fn ask_for_survey(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    action: Action,
    id: Id<id::Survey>,
) -> Result<AskedForSurvey, Fault> {
    crate::permit::ask_somewhere(actor, action)?;
    let row = survey::Entity::find_by_id(id.number())
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)?;
    let scope = Scope {
        round: Some(Id::new(row.round_id)),
        ..Scope::default()
    };
    let permit = Permit::ask(actor, action, &scope)?;
    Ok(AskedForSurvey { permit, row })
}

/// Asks for what lies where a subject of the survey's round does; nothing where it is not on the roster.
///
/// # Errors
/// [`Fault::Denied`], also for whoever asks about somebody else without being allowed the whole round: nobody learns who
/// is on a roster.
pub(super) async fn ask_about(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    (action, row, subject): (Action, &survey::Model, Id<id::Subject>),
) -> Result<Option<(Permit, round_subject::Model)>, Fault> {
    let round = Some(Id::new(row.round_id));
    let found = round_subject::Entity::find_by_id((row.round_id, subject.number()))
        .one(connection)
        .await?;
    let Some(found) = found else {
        let scope = Scope {
            round,
            ..Scope::default()
        };
        Permit::ask(actor, action, &scope)?;
        return Ok(None);
    };
    let regions = scope::path_of(connection, Id::new(found.region_id)).await?;
    let place = Scope {
        regions: &regions,
        category: Some(&found.category),
        round,
        subject: Some(subject),
    };
    let permit = Permit::ask(actor, action, &place)?;
    Ok(Some((permit, found)))
}

/// Asks for a survey about one subject, and refuses what could never be answered.
async fn ask_for_subject(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    id: Id<id::Survey>,
    wanted: &LinkFor,
) -> Result<(Permit, Definition), Fault> {
    crate::permit::ask_somewhere(actor, Action::RunSurvey)?;
    let row = survey::Entity::find_by_id(id.number())
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)?;
    let found = ask_about(connection, actor, (Action::RunSurvey, &row, wanted.subject)).await?;
    let Some((permit, subject)) = found else {
        let message = format!(
            "`{}` is not on the roster of the survey's round",
            wanted.subject
        );
        return Err(Fault::refused(
            Refusal::new("SUBJECT_NOT_IN_ROUND", message).at(["subject"]),
        ));
    };
    let definition: Definition = serde_json::from_str(&row.definition).map_err(Fault::internal)?;
    super::ballot::refuse_ballot(&definition)?;
    super::refuse_not_about(&definition, [&subject], "subject")?;
    if row.state == survey::State::Closed {
        return Err(Fault::refused(Refusal::new(
            "SURVEY_CLOSED",
            "the survey is closed and takes no more answers",
        )));
    }
    if definition.panel(&wanted.panel).is_none() {
        let message = format!("the survey has no panel `{}`", wanted.panel);
        return Err(Fault::refused(
            Refusal::new("PANEL_UNKNOWN", message).at(["panel"]),
        ));
    }
    Ok((permit, definition))
}
