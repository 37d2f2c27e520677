//! The hours of a survey: set before it begins, moved with a reason while it runs, and kept by the clock.
//!
//! Whether an answer comes in time is asked where it is booked; here a survey whose last hour is over is closed, so
//! that its sheets are sealed and its results can be seen without anybody's doing.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::access::Actor;
use domain::correction::InputKind;
use domain::id::{self, Id};
use entity::survey;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::run::{SurveyChange, end};
use crate::freeze::{Touch, touch};
use crate::{Fault, Refusal, Service, audit, clock};

/// The hours that a survey is to have.
#[derive(Debug, Clone)]
pub struct NewHours {
    /// The survey.
    pub survey: Id<id::Survey>,
    /// The first instant at which answers are taken; without it as soon as it is open.
    pub opens_at: Option<DateTime<Utc>>,
    /// The first instant at which none are taken any more; without it when it is closed by hand.
    pub closes_at: Option<DateTime<Utc>>,
    /// Why; needed once it is open. It stays in the log.
    pub reason: String,
}

impl Service {
    /// Sets the hours of a survey, or moves its end while it runs.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SURVEY_CLOSED`, also once its hours are over; `SURVEY_BEGUN` if it takes answers and
    /// the beginning would change; `HOURS_OVER` if the end is not in the future; `ENDS_BEFORE_IT_BEGINS`;
    /// `REASON_NEEDED`; `ROUND_NOT_OPEN`, `INPUT_FROZEN`. [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn set_survey_hours(&self, actor: &Actor, new: &NewHours) -> Result<(), Fault> {
        let change = SurveyChange::begin(self, actor, new.survey).await?;
        let row = survey::Entity::find_by_id(new.survey.number())
            .one(&change.transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        check(&row, new, change.now)?;
        survey::Entity::update_many()
            .col_expr(
                survey::Column::OpensAt,
                Expr::val(new.opens_at.map(clock::micros)),
            )
            .col_expr(
                survey::Column::ClosesAt,
                Expr::val(new.closes_at.map(clock::micros)),
            )
            .filter(survey::Column::Id.eq(row.id))
            .exec(&change.transaction)
            .await?;
        let before = [row.opens_at, row.closes_at].map(|at| at.map(clock::instant).transpose());
        let [opened, closed] = before;
        let reason = format!(
            "{} – {}, before: {} – {}; {}",
            write(new.opens_at),
            write(new.closes_at),
            write(opened?),
            write(closed?),
            new.reason.trim()
        );
        change.finish("survey.set_hours", Some(&reason)).await
    }

    /// Closes the surveys whose last hour is over, and returns how many that were. Meant to be called about once a
    /// second; a survey of a round that takes no changes is left as it is.
    ///
    /// # Errors
    /// What the database gives.
    pub async fn close_due_surveys(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let due = survey::Entity::find()
            .filter(survey::Column::State.eq(survey::State::Open))
            .filter(survey::Column::ClosesAt.lte(clock::micros(now)))
            .order_by_asc(survey::Column::Id)
            .all(&self.database.reader())
            .await?;
        let mut done = 0;
        // Each in a transaction of its own: one that cannot be closed must not keep the others open.
        for row in due {
            match self.close_due(&row, now).await {
                Ok(()) => done += 1,
                // Somebody else was first, or its round is closed.
                Err(Fault::Refused(_) | Fault::Conflict) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(done)
    }

    async fn close_due(&self, row: &survey::Model, now: DateTime<Utc>) -> Result<(), Fault> {
        let transaction = self.database.begin_write().await?;
        let answers = [InputKind::Survey(row.code.clone())];
        touch(
            &transaction,
            Id::new(row.round_id),
            Touch::Change(&answers),
            now,
        )
        .await?;
        // Its end may have been moved since it was found.
        let again = survey::Entity::find_by_id(row.id).one(&transaction).await?;
        if again.is_none_or(|again| again.closes_at != row.closes_at) {
            return Err(Fault::Conflict);
        }
        let id = Id::<id::Survey>::new(row.id);
        end(self, &transaction, id, now).await?;
        let entry = audit::Entry {
            at: now,
            who: "program",
            action: "survey.close",
            object: &id.to_string(),
            reason: Some("its hours are over"),
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await
    }
}

fn check(row: &survey::Model, new: &NewHours, now: DateTime<Utc>) -> Result<(), Fault> {
    let refuse = |code, message, field| {
        let refusal = Refusal::new(code, message).at([field]);
        Err(Fault::refused(refusal))
    };
    let at = clock::micros(now);
    let is_over = row.closes_at.is_some_and(|closes_at| at >= closes_at);
    let is_open = row.state == survey::State::Open;
    if row.state == survey::State::Closed || is_open && is_over {
        let message = "the survey is over; its hours can no longer be moved";
        return refuse("SURVEY_CLOSED", message, "surveyId");
    }
    let begun = is_open && row.opens_at.is_none_or(|opens_at| at >= opens_at);
    if begun && new.opens_at.map(clock::micros) != row.opens_at {
        let message = "the survey takes answers already: leave its beginning as it is";
        return refuse("SURVEY_BEGUN", message, "opensAt");
    }
    if new.closes_at.is_some_and(|closes_at| closes_at <= now) {
        let message =
            "the end must lie in the future; to end the survey now, close it with a reason";
        return refuse("HOURS_OVER", message, "closesAt");
    }
    if let (Some(opens_at), Some(closes_at)) = (new.opens_at, new.closes_at)
        && closes_at <= opens_at
    {
        let message = "the survey would end before it begins";
        return refuse("ENDS_BEFORE_IT_BEGINS", message, "closesAt");
    }
    if is_open && new.reason.trim().is_empty() {
        return refuse(
            "REASON_NEEDED",
            "say why: the reason stays in the log",
            "reason",
        );
    }
    Ok(())
}

fn write(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(
        || "by hand".to_owned(),
        |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}
