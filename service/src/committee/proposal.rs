//! Two people for another grade, where the scheme asks for them: one proposes it with its reason, another decides on just
//! that.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::id::{Id, Round, Staff, Subject};
use entity::adjustment_proposal;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{Adjustment, check_grade, need_person, need_reason, of};
use crate::database::WriteTransaction;
use crate::inspection::{Change, Done, Request, digest};
use crate::proposal::{self, Proposed, Sentences};
use crate::round::ask_for;
use crate::{Fault, Refusal, Service, clock};

/// A proposal that nobody has decided yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentProposal {
    /// What is proposed.
    pub adjustment: Adjustment,
    /// Who proposed.
    pub by: Id<Staff>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Service {
    /// Proposes that the committee gives a subject another grade, or takes that back, in place of an earlier proposal
    /// about the same subject. Another person then decides by [`Service::adjust_grade`].
    ///
    /// # Errors
    /// As [`Service::adjust_grade`], and [`Fault::Refused`] with `ONE_PERSON_ADJUSTS` where the scheme asks for no second
    /// person.
    pub async fn propose_adjustment(&self, actor: &Actor, draft: Adjustment) -> Result<(), Fault> {
        let by = need_person(actor, Action::Waive)?;
        need_reason(&draft.reason)?;
        let about = (draft.round, draft.subject);
        let request = Request::about_one(actor, Action::Waive, about, of(draft.grade.is_some()));
        let change = Change::begin(self, &request).await?;
        if !change.frame.scheme.file.closing.two_people {
            let message = "the scheme asks for no second person: adjust the grade";
            return Err(Fault::refused(Refusal::new("ONE_PERSON_ADJUSTS", message)));
        }
        check_grade(&change, &draft, by)?;
        let row = adjustment_proposal::ActiveModel {
            round_id: Set(draft.round.number()),
            subject_id: Set(draft.subject.number()),
            grade: Set(draft.grade.clone()),
            reason: Set(draft.reason.clone()),
            by_staff_id: Set(by.number()),
            proposed_at: Set(clock::micros(change.now)),
        };
        let latest = OnConflict::columns([
            adjustment_proposal::Column::RoundId,
            adjustment_proposal::Column::SubjectId,
        ])
        .update_columns([
            adjustment_proposal::Column::Grade,
            adjustment_proposal::Column::Reason,
            adjustment_proposal::Column::ByStaffId,
            adjustment_proposal::Column::ProposedAt,
        ])
        .to_owned();
        adjustment_proposal::Entity::insert(row)
            .on_conflict(latest)
            .exec_without_returning(&change.transaction)
            .await?;
        let done = Done {
            action: "round.propose_adjustment",
            digest: digest(&draft),
            reason: Some(&draft.reason),
            approver: None,
        };
        change.finish(&request, done).await
    }

    /// The grades of a round that were proposed and not decided yet, by subject. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_adjustment_proposals(
        &self,
        actor: &Actor,
        round: Id<Round>,
    ) -> Result<BTreeMap<Id<Subject>, AdjustmentProposal>, Fault> {
        ask_for(actor, Action::Preflight, round)?;
        let rows = adjustment_proposal::Entity::find()
            .filter(adjustment_proposal::Column::RoundId.eq(round.number()))
            .order_by_asc(adjustment_proposal::Column::SubjectId)
            .all(&self.database.reader())
            .await?;
        let read = rows.into_iter().map(|row| {
            let proposal = read(row)?;
            Ok((proposal.adjustment.subject, proposal))
        });
        read.collect()
    }
}

fn read(row: adjustment_proposal::Model) -> Result<AdjustmentProposal, Fault> {
    Ok(AdjustmentProposal {
        adjustment: Adjustment {
            round: Id::new(row.round_id),
            subject: Id::new(row.subject_id),
            grade: row.grade,
            reason: row.reason,
        },
        by: Id::new(row.by_staff_id),
        at: clock::instant(row.proposed_at)?,
    })
}

/// Who proposed what is being decided, as the log names them; the proposal is over with it.
///
/// # Errors
/// [`Fault::Refused`] with `PROPOSAL_MISSING`, `SAME_PERSON` or `PROPOSAL_DIFFERS`.
pub(super) async fn take_up(
    transaction: &WriteTransaction,
    actor: &Actor,
    draft: &Adjustment,
) -> Result<String, Fault> {
    let key = (draft.round.number(), draft.subject.number());
    let row = adjustment_proposal::Entity::find_by_id(key)
        .one(transaction)
        .await?;
    let proposal = row.map(read).transpose()?;
    let proposed = proposal.map(|one| Proposed {
        by: Some(one.by),
        is_this: one.adjustment == *draft,
    });
    let sentences = Sentences {
        missing: "the scheme asks for two people: let one propose the grade, then another decide",
        same_person: "whoever proposed the grade does not decide it: let another person decide",
        another: (
            "PROPOSAL_DIFFERS",
            "another grade or another reason was proposed: decide on just that, or propose anew",
        ),
    };
    let proposer = proposal::find_proposer(actor, proposed, &sentences)?;
    adjustment_proposal::Entity::delete_by_id(key)
        .exec(transaction)
        .await?;
    Ok(proposal::name_of(proposer))
}
