//! Who joins or leaves an open round: its roster is frozen, so each is a step of its own with day and reason.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::access::{Action, Actor};
use domain::correction::InputKind;
use domain::id::{self, Id};
use entity::{round_subject, subject};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement,
};

use super::ask_for;
use crate::database::WriteTransaction;
use crate::frame::{Frame, Whom};
use crate::freeze::{Touch, touch};
use crate::subject::kind_of;
use crate::text::digest_of;
use crate::{Fault, Refusal, Service, audit};

/// A subject that joins or leaves an open round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterStep {
    /// The round.
    pub round: Id<id::Round>,
    /// The subject.
    pub subject: Id<id::Subject>,
    /// The day from which.
    pub on: NaiveDate,
    /// Why.
    pub reason: String,
}

impl RosterStep {
    fn digest(&self) -> [u8; 32] {
        digest_of(&[
            &self.round.to_string(),
            &self.subject.to_string(),
            &self.on.to_string(),
            &self.reason,
        ])
    }
}

impl Service {
    /// Puts a subject onto the roster of an open round, as it is now, with its relations of the period.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_MISSING`, `SUBJECT_UNKNOWN`, `CATEGORY_UNKNOWN`, `ON_ROSTER`, `MERGED_ALREADY`,
    /// `DAY_OUTSIDE_PERIOD` or `ROUND_NOT_OPEN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn join_round(&self, actor: &Actor, step: &RosterStep) -> Result<(), Fault> {
        let (transaction, frame) = self.begin_step(actor, step).await?;
        let row = subject::Entity::find_by_id(step.subject.number())
            .one(&transaction)
            .await?;
        let Some(row) = row else {
            let message = "there is no such subject: add it first";
            return refuse("SUBJECT_UNKNOWN", message, "subjectId");
        };
        let mut categories = frame.scheme.file.category.iter();
        if !categories.any(|one| one.code == row.category && one.kind == kind_of(row.kind)) {
            let message = "the scheme of this round has no such category of that kind: change the subject's category";
            return refuse("CATEGORY_UNKNOWN", message, "subjectId");
        }
        let on_roster = round_subject::Entity::find_by_id((step.round.number(), row.id))
            .one(&transaction)
            .await?;
        if on_roster.is_some() {
            let message =
                "this subject is on the roster already, or was: a second time has no meaning";
            return refuse("ON_ROSTER", message, "subjectId");
        }
        let merged = entity::succession::Entity::find()
            .filter(entity::succession::Column::PredecessorId.eq(row.id))
            .filter(entity::succession::Column::Kind.eq("merger"))
            .filter(entity::succession::Column::EffectiveOn.lte(frame.round.period_to_on.as_str()))
            .one(&transaction)
            .await?;
        if merged.is_some() {
            let message = "this subject was merged into another, which takes part in its place";
            return refuse("MERGED_ALREADY", message, "subjectId");
        }
        round_subject::Entity::insert(round_subject::ActiveModel {
            round_id: Set(step.round.number()),
            subject_id: Set(row.id),
            category: Set(row.category),
            region_id: Set(row.region_id),
            name: Set(row.name),
            name_en: Set(row.name_en),
            joined_on: Set(Some(step.on.to_string())),
            left_on: Set(None),
        })
        .exec_without_returning(&transaction)
        .await?;
        add_relations(&transaction, &frame, step.subject).await?;
        self.finish_step(actor, transaction, ("round.join", step))
            .await
    }

    /// Takes a subject off the roster of an open round from a day on: it is not decided on, and what was put in about
    /// it stays on record.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_MISSING`, `SUBJECT_OUTSIDE_ROUND`, `DAY_OUTSIDE_PERIOD` or `ROUND_NOT_OPEN`;
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn leave_round(&self, actor: &Actor, step: &RosterStep) -> Result<(), Fault> {
        let (transaction, _) = self.begin_step(actor, step).await?;
        let day = step.on.to_string();
        let left = round_subject::Entity::update_many()
            .col_expr(round_subject::Column::LeftOn, Expr::value(day.clone()))
            .filter(round_subject::Column::RoundId.eq(step.round.number()))
            .filter(round_subject::Column::SubjectId.eq(step.subject.number()))
            .filter(round_subject::Column::LeftOn.is_null())
            .filter(
                round_subject::Column::JoinedOn
                    .is_null()
                    .or(round_subject::Column::JoinedOn.lte(day)),
            )
            .exec(&transaction)
            .await?;
        if left.rows_affected == 0 {
            let message = "this subject is not on the roster on that day; name one that is";
            return refuse("SUBJECT_OUTSIDE_ROUND", message, "subjectId");
        }
        self.finish_step(actor, transaction, ("round.leave", step))
            .await
    }

    async fn begin_step(
        &self,
        actor: &Actor,
        step: &RosterStep,
    ) -> Result<(WriteTransaction, Frame), Fault> {
        ask_for(actor, Action::ChangeRound, step.round)?;
        if step.reason.trim().is_empty() {
            let message = "say why; it stays on record";
            return refuse("REASON_MISSING", message, "reason");
        }
        let transaction = self.database.begin_write().await?;
        let roster = Touch::Change(&[InputKind::Roster]);
        touch(&transaction, step.round, roster, self.clock.now()).await?;
        let frame = Frame::load(&transaction, step.round, Whom::These(&BTreeSet::new())).await?;
        let day = step.on.to_string();
        if day < frame.round.period_from_on || day > frame.round.period_to_on {
            let message = "give a day within the period of the round";
            return refuse("DAY_OUTSIDE_PERIOD", message, "on");
        }
        Ok((transaction, frame))
    }

    async fn finish_step(
        &self,
        actor: &Actor,
        transaction: WriteTransaction,
        (action, step): (&str, &RosterStep),
    ) -> Result<(), Fault> {
        let permit = ask_for(actor, Action::ChangeRound, step.round)?;
        let object = step.round.to_string();
        let entry = audit::Entry {
            after: Some(step.digest()),
            reason: Some(&step.reason),
            ..permit.entry(self.clock.now(), action, &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await
    }
}

fn refuse<T>(code: &'static str, message: &'static str, field: &'static str) -> Result<T, Fault> {
    Err(Fault::refused(Refusal::new(code, message).at([field])))
}

/// Copies the relations of one subject that held on some day of the period, those that are not there yet.
async fn add_relations(
    transaction: &WriteTransaction,
    frame: &Frame,
    subject: Id<id::Subject>,
) -> Result<(), Fault> {
    const SQL: &str = "INSERT INTO round_relation (round_id, kind, from_subject_id, to_subject_id, from_on, to_on)
        SELECT CAST($1 AS BIGINT), kind, from_subject_id, to_subject_id, from_on, to_on FROM relation AS r
        WHERE from_on <= $3 AND (to_on IS NULL OR to_on >= $2) AND (from_subject_id = $4 OR to_subject_id = $4)
            AND NOT EXISTS (SELECT 1 FROM round_relation AS known WHERE known.round_id = $1 AND known.kind = r.kind
                AND known.from_subject_id = r.from_subject_id AND known.to_subject_id = r.to_subject_id
                AND known.from_on = r.from_on)";
    let values = [
        frame.round.id.into(),
        frame.round.period_from_on.clone().into(),
        frame.round.period_to_on.clone().into(),
        subject.number().into(),
    ];
    let backend = transaction.get_database_backend();
    transaction
        .execute_raw(Statement::from_sql_and_values(backend, SQL, values))
        .await?;
    Ok(())
}
