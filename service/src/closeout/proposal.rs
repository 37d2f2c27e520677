//! Two people for one close-out, where the scheme asks for them: one proposes it on the figures of a moment, another
//! decides on the very same.
//!
//! A proposal names the digest of its inputs, so it lapses by itself as soon as anything is put in. The last one
//! stands; every one is in the log. Deliberately absent: taking one back, for nothing comes of it alone.

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::id::{Id, Round, Staff};
use entity::{close_proposal, round};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait, QuerySelect};

use super::load::load;
use super::{Decided, allow, compare, decide_loaded, is_under_way, list_refusals};
use crate::database::WriteTransaction;
use crate::frame::{Frame, staff_of, who};
use crate::freeze::not_open;
use crate::proposal::{self, Proposed, Sentences};
use crate::{Fault, Refusal, Service, audit, clock};

/// A proposal to close a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseProposal {
    /// Who proposed; absent where it was the command line.
    pub by: Option<Id<Staff>>,
    /// When.
    pub at: DateTime<Utc>,
    /// SHA-256 of the inputs, in hexadecimal. Closing finds the same, or the proposal has lapsed.
    pub inputs_digest: String,
}

impl Service {
    /// Proposes to close a round, in place of an earlier proposal. Counts and decides as closing does, and stores what
    /// it was decided by.
    ///
    /// # Errors
    /// [`Fault::Refused`] with one refusal for each gap that blocks, `ROUND_NOT_OPEN`, or `ONE_PERSON_CLOSES` where the
    /// scheme asks for no second person; [`Fault::Denied`]; [`Fault::NotFound`]; [`Fault::Conflict`] as in closing.
    pub async fn propose_closing(
        &self,
        actor: &Actor,
        id: Id<Round>,
    ) -> Result<CloseProposal, Fault> {
        allow(actor, Action::CloseRound, id)?;
        let counted = self.count_sheets(id).await?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        // Held until the end: what is proposed is what lies there.
        let row = round::Entity::find_by_id(id.number())
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        if !is_under_way(&row) {
            return Err(Fault::refused(not_open(row.state)));
        }
        let loaded = load(&transaction, id).await?;
        if !loaded.frame.scheme.file.closing.two_people {
            let message = "the scheme asks for no second person: close the round";
            return Err(Fault::refused(Refusal::new("ONE_PERSON_CLOSES", message)));
        }
        let mut standing_in_the_way = compare(&loaded, &counted)?;
        standing_in_the_way.extend(loaded.unconfirmed());
        let frame = loaded.frame.clone();
        let decided = decide_loaded(loaded).await?;
        let refusals = list_refusals(&frame, &standing_in_the_way, &decided);
        if !refusals.is_empty() {
            return Err(Fault::Refused(refusals));
        }
        let by = staff_of(actor);
        let row = close_proposal::ActiveModel {
            round_id: Set(id.number()),
            inputs_digest: Set(decided.inputs_digest.to_vec()),
            by_staff_id: Set(by.map(Id::number)),
            proposed_at: Set(clock::micros(now)),
        };
        let latest = OnConflict::column(close_proposal::Column::RoundId)
            .update_columns([
                close_proposal::Column::InputsDigest,
                close_proposal::Column::ByStaffId,
                close_proposal::Column::ProposedAt,
            ])
            .to_owned();
        close_proposal::Entity::insert(row)
            .on_conflict(latest)
            .exec_without_returning(&transaction)
            .await?;
        audit::append(
            &transaction,
            &audit::Entry {
                at: now,
                who: &who(actor),
                action: "round.propose_close",
                object: &id.to_string(),
                after: Some(decided.inputs_digest),
                ..audit::Entry::default()
            },
        )
        .await?;
        transaction.commit().await?;
        Ok(CloseProposal {
            by,
            at: now,
            inputs_digest: hex::encode(decided.inputs_digest),
        })
    }

    /// The proposal to close a round that was made last, lapsed or not. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn find_close_proposal(
        &self,
        actor: &Actor,
        id: Id<Round>,
    ) -> Result<Option<CloseProposal>, Fault> {
        allow(actor, Action::Preflight, id)?;
        let row = close_proposal::Entity::find_by_id(id.number())
            .one(&self.database.reader())
            .await?;
        row.map(|row| {
            Ok(CloseProposal {
                by: row.by_staff_id.map(Id::new),
                at: clock::instant(row.proposed_at)?,
                inputs_digest: hex::encode(row.inputs_digest),
            })
        })
        .transpose()
    }
}

/// Who proposed the close-out that is being decided, as the log names them; nobody where one person may close.
///
/// # Errors
/// [`Fault::Refused`] with `PROPOSAL_MISSING`, `SAME_PERSON` or `PROPOSAL_LAPSED`; [`Fault::Denied`] to whoever decides on
/// proposals alone, where there need not be one.
pub(super) async fn find_proposer(
    transaction: &WriteTransaction,
    frame: &Frame,
    decided: &Decided,
    actor: &Actor,
) -> Result<Option<String>, Fault> {
    if !frame.scheme.file.closing.two_people {
        // Asked again here, where the version of the scheme cannot change any more.
        allow(actor, Action::CloseRound, frame.id())?;
        return Ok(None);
    }
    let row = close_proposal::Entity::find_by_id(frame.round.id)
        .one(transaction)
        .await?;
    let proposed = row.map(|row| Proposed {
        by: row.by_staff_id.map(Id::new),
        is_this: row.inputs_digest == decided.inputs_digest,
    });
    let sentences = Sentences {
        missing: "the scheme asks for two people: let one propose the close-out, then another close",
        same_person: "whoever proposed the close-out does not decide it: let another person close",
        another: (
            "PROPOSAL_LAPSED",
            "what the round is decided by has changed since the close-out was proposed: propose it again",
        ),
    };
    let proposer = proposal::find_proposer(actor, proposed, &sentences)?;
    Ok(Some(proposal::name_of(proposer)))
}
