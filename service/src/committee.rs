//! What a committee decides about a result: other grades (酌定), and who keeps a seat among those tied for it.
//!
//! Each is recorded with who, when and why, and stays on the result.

mod proposal;

use domain::access::{Action, Actor};
use domain::correction::InputKind;
use domain::id::{Id, Round, Staff, Subject};
use domain::inputs::{self, Date};
use entity::{adjustment, tie_choice};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use crate::frame::{local_day, staff_of};
use crate::freeze::Touch;
use crate::inspection::{Change, Done, Request, digest};
use crate::permit::ask_somewhere;
use crate::{Fault, Refusal, Service, clock};

pub use proposal::AdjustmentProposal;
use proposal::take_up;

/// A grade that the committee gives in place of the one decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// The round.
    pub round: Id<Round>,
    /// The subject.
    pub subject: Id<Subject>,
    /// The grade that it is to have; none takes an earlier adjustment back.
    pub grade: Option<String>,
    /// Why.
    pub reason: String,
}

/// A subject that keeps its seat among those tied across the line of a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieChoice {
    /// The round.
    pub round: Id<Round>,
    /// Code of the quota.
    pub quota: String,
    /// The subject.
    pub subject: Id<Subject>,
    /// Whether it keeps the seat, or such a choice is taken back.
    pub keeps: bool,
    /// Why.
    pub reason: String,
}

impl Service {
    /// Records that the committee gives a subject another grade, or takes that back. Where the scheme asks for two people,
    /// another one must have proposed just that.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `UNKNOWN_NAME`, `REASON_MISSING`, `SUBJECT_OUTSIDE_ROUND`, `PERSON_NEEDED`,
    /// `ROUND_NOT_OPEN`; where the scheme asks for two people, `PROPOSAL_MISSING`, `SAME_PERSON` or `PROPOSAL_DIFFERS`;
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn adjust_grade(&self, actor: &Actor, draft: Adjustment) -> Result<(), Fault> {
        // Whoever may only decide on what another proposed is let in where there is a proposal to decide on.
        let action = if actor.may_somewhere(Action::Waive) {
            Action::Waive
        } else {
            Action::Confirm
        };
        let by = need_person(actor, action)?;
        need_reason(&draft.reason)?;
        let about = (draft.round, draft.subject);
        let request = Request::about_one(actor, action, about, of(draft.grade.is_some()));
        let change = Change::begin(self, &request).await?;
        let proposer = if change.frame.scheme.file.closing.two_people {
            Some(take_up(&change.transaction, actor, &draft).await?)
        } else {
            (change.frame).allow(actor, Action::Waive, [draft.subject.number()])?;
            None
        };
        check_grade(&change, &draft, by)?;
        let now = clock::micros(change.now);
        if let Some(grade) = &draft.grade {
            let row = adjustment::ActiveModel {
                round_id: Set(draft.round.number()),
                subject_id: Set(draft.subject.number()),
                grade: Set(grade.clone()),
                reason: Set(draft.reason.clone()),
                by_staff_id: Set(by.number()),
                made_at: Set(now),
            };
            let conflict =
                OnConflict::columns([adjustment::Column::RoundId, adjustment::Column::SubjectId])
                    .update_columns([
                        adjustment::Column::Grade,
                        adjustment::Column::Reason,
                        adjustment::Column::ByStaffId,
                        adjustment::Column::MadeAt,
                    ])
                    .to_owned();
            adjustment::Entity::insert(row)
                .on_conflict(conflict)
                .exec_without_returning(&change.transaction)
                .await?;
        } else {
            adjustment::Entity::delete_many()
                .filter(adjustment::Column::RoundId.eq(draft.round.number()))
                .filter(adjustment::Column::SubjectId.eq(draft.subject.number()))
                .exec(&change.transaction)
                .await?;
        }
        let done = Done {
            action: "round.adjust_grade",
            digest: digest(&draft),
            reason: Some(&draft.reason),
            approver: proposer.as_deref(),
        };
        change.finish(&request, done).await
    }

    /// Records that the committee leaves a subject its seat among those tied for it, or takes that back.
    ///
    /// Whether the subject is tied at all shows when the round is decided: a choice among those who are not does
    /// nothing.
    ///
    /// # Errors
    /// As [`Service::adjust_grade`].
    pub async fn choose_tied(&self, actor: &Actor, draft: TieChoice) -> Result<(), Fault> {
        let by = need_person(actor, Action::Waive)?;
        need_reason(&draft.reason)?;
        let about = (draft.round, draft.subject);
        let request = Request::about_one(actor, Action::Waive, about, of(draft.keeps));
        let change = Change::begin(self, &request).await?;
        let subject = change.code_of(draft.subject)?;
        if draft.keeps {
            let now = clock::micros(change.now);
            let choice = inputs::TieChoice {
                quota: draft.quota.clone(),
                subject,
                by: Some(by.to_string()),
                on: Some(Date(local_day(now, &change.frame.round.time_zone)?)),
                reason: Some(draft.reason.clone()),
            };
            change.check_one("tie_choices", |inputs| inputs.tie_choices.push(choice))?;
            let row = tie_choice::ActiveModel {
                round_id: Set(draft.round.number()),
                quota: Set(draft.quota.clone()),
                subject_id: Set(draft.subject.number()),
                reason: Set(draft.reason.clone()),
                by_staff_id: Set(by.number()),
                made_at: Set(now),
            };
            let conflict = OnConflict::columns([
                tie_choice::Column::RoundId,
                tie_choice::Column::Quota,
                tie_choice::Column::SubjectId,
            ])
            .update_columns([
                tie_choice::Column::Reason,
                tie_choice::Column::ByStaffId,
                tie_choice::Column::MadeAt,
            ])
            .to_owned();
            tie_choice::Entity::insert(row)
                .on_conflict(conflict)
                .exec_without_returning(&change.transaction)
                .await?;
        } else {
            tie_choice::Entity::delete_many()
                .filter(tie_choice::Column::RoundId.eq(draft.round.number()))
                .filter(tie_choice::Column::Quota.eq(&draft.quota))
                .filter(tie_choice::Column::SubjectId.eq(draft.subject.number()))
                .exec(&change.transaction)
                .await?;
        }
        let done = Done {
            action: "round.choose_tied",
            digest: digest(&draft),
            reason: Some(&draft.reason),
            approver: None,
        };
        change.finish(&request, done).await
    }
}

/// Refuses a subject outside the round, and a grade that its scheme does not know.
fn check_grade(change: &Change, draft: &Adjustment, by: Id<Staff>) -> Result<(), Fault> {
    let code = change.code_of(draft.subject)?;
    let Some(grade) = &draft.grade else {
        return Ok(());
    };
    let now = clock::micros(change.now);
    let on = Date(local_day(now, &change.frame.round.time_zone)?);
    change.check_one("adjustments", |inputs| {
        inputs.adjustments.push(inputs::Adjustment {
            subject: code,
            grade: grade.clone(),
            by: by.to_string(),
            on,
            reason: draft.reason.clone(),
        });
    })
}

/// What is decided anew needs a reopening that names it; what stands can be taken back in every correction.
const fn of(decides: bool) -> Touch<'static> {
    if decides {
        Touch::Change(&[InputKind::Adjustments])
    } else {
        Touch::Withdraw
    }
}

fn need_reason(reason: &str) -> Result<(), Fault> {
    if !reason.trim().is_empty() {
        return Ok(());
    }
    Err(Fault::refused(
        Refusal::new("REASON_MISSING", "give the reason; it stays on the result").at(["reason"]),
    ))
}

/// Who decides: a person, never the command line. Whoever may not do it at all is told that alone.
pub(crate) fn need_person(actor: &Actor, action: Action) -> Result<Id<Staff>, Fault> {
    ask_somewhere(actor, action)?;
    staff_of(actor).ok_or_else(|| {
        Fault::refused(Refusal::new(
            "PERSON_NEEDED",
            "this is decided by a person, whose name stays on the result; log in",
        ))
    })
}
