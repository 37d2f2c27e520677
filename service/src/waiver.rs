//! Gaps that are waived by name with a reason, which stays on the result.

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, Scope};
use domain::correction::InputKind;
use domain::id::{Id, Round, Staff, Subject};
use domain::inputs::{self, WaivedGap, WaiverHolds};
use entity::waiver;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::committee::need_person;
use crate::freeze::Touch;
use crate::inspection::{Change, Done, Request, digest};
use crate::{Fault, Service, clock};

/// A gap to be waived, or that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The round.
    pub round: Id<Round>,
    /// The subject.
    pub subject: Id<Subject>,
    /// What is waived.
    pub gap: WaivedGap,
    /// What then holds.
    pub holds: WaiverHolds,
    /// Why; stays on the result.
    pub reason: String,
}

/// A waiver on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedWaiver {
    /// What was waived.
    pub waiver: Waiver,
    /// Who waived it.
    pub by: Id<Staff>,
    /// When.
    pub made_at: DateTime<Utc>,
}

impl Service {
    /// Waives a gap by name, in place of an earlier waiver of the same gap.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `UNKNOWN_NAME`, `WAIVER_DOES_NOT_FIT`, `REASON_MISSING`, `SUBJECT_OUTSIDE_ROUND`,
    /// `PERSON_NEEDED`, `ROUND_NOT_OPEN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn add_waiver(&self, actor: &Actor, draft: Waiver) -> Result<RecordedWaiver, Fault> {
        let by = need_person(actor, Action::Waive)?;
        let request = Request::about_one(
            actor,
            Action::Waive,
            (draft.round, draft.subject),
            Touch::Change(&[InputKind::Waivers]),
        );
        let change = Change::begin(self, &request).await?;
        let code = change.code_of(draft.subject)?;
        change.check_one("waivers", |inputs| {
            inputs.waivers.push(inputs::Waiver {
                subject: code,
                gap: draft.gap.clone(),
                holds: draft.holds.clone(),
                reason: draft.reason.clone(),
            });
        })?;
        let gap = serde_json_canonicalizer::to_string(&draft.gap).map_err(Fault::internal)?;
        remove(&change, &draft, &gap).await?;
        let row = waiver::ActiveModel {
            id: Set(self.ids.draw()?),
            round_id: Set(draft.round.number()),
            subject_id: Set(Some(draft.subject.number())),
            gap: Set(gap),
            holds: Set(serde_json_canonicalizer::to_string(&draft.holds).map_err(Fault::internal)?),
            reason: Set(draft.reason.clone()),
            by_staff_id: Set(by.number()),
            made_at: Set(clock::micros(change.now)),
        };
        waiver::Entity::insert(row)
            .exec_without_returning(&change.transaction)
            .await?;
        let made_at = change.now;
        let done = Done {
            action: "round.waive",
            digest: digest(&draft),
            reason: Some(&draft.reason),
            approver: None,
        };
        change.finish(&request, done).await?;
        Ok(RecordedWaiver {
            waiver: draft,
            by,
            made_at,
        })
    }

    /// Takes a waiver back; what holds and why are not looked at. That there is none is no fault.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `ROUND_NOT_OPEN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn remove_waiver(&self, actor: &Actor, waived: Waiver) -> Result<(), Fault> {
        let request = Request::about_one(
            actor,
            Action::Waive,
            (waived.round, waived.subject),
            Touch::Withdraw,
        );
        let change = Change::begin(self, &request).await?;
        let gap = serde_json_canonicalizer::to_string(&waived.gap).map_err(Fault::internal)?;
        remove(&change, &waived, &gap).await?;
        let done = Done {
            action: "round.take_waiver_back",
            digest: digest(&waived),
            reason: None,
            approver: None,
        };
        change.finish(&request, done).await
    }

    /// The waivers of a round, in the order in which they were made. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_waivers(
        &self,
        actor: &Actor,
        round: Id<Round>,
    ) -> Result<Vec<RecordedWaiver>, Fault> {
        let scope = Scope {
            round: Some(round),
            ..Scope::default()
        };
        if !actor.may(Action::ReadEvidence, &scope) {
            return Err(Fault::Denied);
        }
        let rows = waiver::Entity::find()
            .filter(waiver::Column::RoundId.eq(round.number()))
            .order_by_asc(waiver::Column::MadeAt)
            .order_by_asc(waiver::Column::Id)
            .all(&self.database.reader())
            .await?;
        rows.into_iter()
            .filter_map(|row| row.subject_id.map(|subject| (subject, row)))
            .map(|(subject, row)| {
                Ok(RecordedWaiver {
                    waiver: Waiver {
                        round,
                        subject: Id::new(subject),
                        gap: serde_json::from_str(&row.gap).map_err(Fault::internal)?,
                        holds: serde_json::from_str(&row.holds).map_err(Fault::internal)?,
                        reason: row.reason,
                    },
                    by: Id::new(row.by_staff_id),
                    made_at: clock::instant(row.made_at)?,
                })
            })
            .collect()
    }
}

async fn remove(change: &Change, waived: &Waiver, gap: &str) -> Result<(), Fault> {
    waiver::Entity::delete_many()
        .filter(waiver::Column::RoundId.eq(waived.round.number()))
        .filter(waiver::Column::SubjectId.eq(waived.subject.number()))
        .filter(waiver::Column::Gap.eq(gap))
        .exec(&change.transaction)
        .await?;
    Ok(())
}
