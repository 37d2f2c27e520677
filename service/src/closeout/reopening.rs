//! Reopening a closed round for a correction: with a reason, for named inputs, under the same scheme version. The
//! revision that stands goes on standing until the round is closed again.
//!
//! Where the scheme asks for two people for a close-out it asks for two here: one proposes, another reopens just that.
//! While a correction is under way more can be named, for a changed score may need a waiver that nobody thought of; what
//! was named stays so. Deliberately absent: calling a correction off. Closed again with nothing changed, the next
//! revision says the same.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::correction::{Carried, CarriedKind, InputKind};
use domain::id::{Id, Round, Staff, Subject};
use entity::{
    carried_confirmation, close_proposal, kept_sheets, reopen_proposal, reopening, reopening_input,
    round, survey,
};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};

use super::export::collect_sheets;
use super::load::load;
use super::{allow, find_current};
use crate::committee::need_person;
use crate::database::WriteTransaction;
use crate::frame::{Frame, Whom, staff_of, who};
use crate::freeze::{Touch, list_named};
use crate::inspection::{Change, Done, Request, digest};
use crate::proposal::{self, Proposed, Sentences};
use crate::round::RoundAt;
use crate::standing::find_source;
use crate::text::digest_of;
use crate::{Fault, Refusal, Service, audit, clock};

/// What is to be reopened, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReopeningDraft {
    /// The round, as it was read.
    pub at: RoundAt,
    /// What may change.
    pub inputs: BTreeSet<InputKind>,
    /// Why; stays on the next revision.
    pub reason: String,
}

/// A correction that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopening {
    /// The round.
    pub round: Id<Round>,
    /// The number of the revision that is corrected.
    pub revision: u32,
    /// What may change.
    pub inputs: BTreeSet<InputKind>,
    /// Why.
    pub reason: String,
    /// Who proposed it, where the scheme asks for two people and that was not the command line.
    pub proposer: Option<Id<Staff>>,
    /// Who reopened; absent where it was the command line.
    pub by: Option<Id<Staff>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A proposal to reopen a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReopenProposal {
    /// The number of the revision that is to be corrected. Once there is a later one the proposal has lapsed.
    pub revision: u32,
    /// What may change.
    pub inputs: BTreeSet<InputKind>,
    /// Why.
    pub reason: String,
    /// Who proposed; absent where it was the command line.
    pub by: Option<Id<Staff>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Something carried over that is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The round.
    pub round: Id<Round>,
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// What it is.
    pub kind: CarriedKind,
    /// Which of them, as the dry run names it: the gap, the rule, the grade or the quota.
    pub place: String,
}

impl ReopeningDraft {
    fn words(&self) -> String {
        let words: Vec<String> = self.inputs.iter().map(ToString::to_string).collect();
        words.join(" ")
    }

    fn digest(&self) -> [u8; 32] {
        digest_of(&[&self.at.id.to_string(), &self.words(), &self.reason])
    }

    /// What the log says: what may change, and why.
    fn logged(&self) -> String {
        format!("{}: {}", self.words(), self.reason)
    }
}

impl Service {
    /// Reopens a closed round for a correction, or names more that may change while one is under way. Of two people at
    /// once one reopens, and the other is told. Asking again for the same does nothing more.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_MISSING`, `INPUTS_MISSING`, `SURVEY_UNKNOWN`, `ROUND_NOT_CLOSED`, or
    /// `REOPENED_ALREADY` where somebody else did so since the round was read; where the scheme asks for two people,
    /// `PROPOSAL_MISSING`, `SAME_PERSON` or `PROPOSAL_DIFFERS`; [`Fault::Conflict`] if the round changed otherwise;
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn reopen_round(
        &self,
        actor: &Actor,
        draft: &ReopeningDraft,
    ) -> Result<Reopening, Fault> {
        self.allow_deciding(actor, Action::ReopenRound, draft.at.id)
            .await?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let row = lock(&transaction, draft).await?;
        let under_way = find_reopening(&transaction, &row).await?;
        if row.row_version != draft.at.row_version {
            return match under_way {
                // Their own request, sent again.
                Some(found) if found.by == staff_of(actor) && found.agrees(draft) => Ok(found),
                Some(found) => Err(Fault::refused(reopened_already(&found))),
                None => Err(Fault::Conflict),
            };
        }
        refuse_unknown_surveys(&transaction, draft).await?;
        let frame = Frame::load(&transaction, draft.at.id, Whom::Everybody).await?;
        let revision = find_current(&transaction, draft.at.id).await?;
        let revision = revision.ok_or_else(|| Fault::internal("a closed round has no revision"))?;
        let proposer = find_proposer(&transaction, &frame, (draft, revision.number), actor).await?;
        let number = i64::from(revision.number);
        if under_way.is_none() {
            reopening::Entity::insert(reopening::ActiveModel {
                round_id: Set(row.id),
                revision: Set(number),
                reason: Set(draft.reason.clone()),
                proposer_staff_id: Set(proposer.flatten().map(Id::number)),
                by_staff_id: Set(staff_of(actor).map(Id::number)),
                reopened_at: Set(clock::micros(now)),
            })
            .exec_without_returning(&transaction)
            .await?;
            // A proposal to close was of the revision that stands: the next one is proposed anew.
            close_proposal::Entity::delete_by_id(row.id)
                .exec(&transaction)
                .await?;
        }
        let known = under_way.map(|one| one.inputs).unwrap_or_default();
        let added: BTreeSet<InputKind> = draft.inputs.difference(&known).cloned().collect();
        name_inputs(&transaction, (row.id, number), &added, now).await?;
        keep_sheets(&transaction, &frame, (number, &added)).await?;
        reopen_proposal::Entity::delete_by_id(row.id)
            .exec(&transaction)
            .await?;
        round::Entity::update_many()
            .col_expr(round::Column::Correcting, Expr::value(number))
            .col_expr(
                round::Column::RowVersion,
                Expr::col(round::Column::RowVersion).add(1_i64),
            )
            .filter(round::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        let approver = proposer.map(proposal::name_of);
        audit::append(
            &transaction,
            &audit::Entry {
                at: now,
                who: &who(actor),
                action: "round.reopen",
                object: &draft.at.id.to_string(),
                after: Some(draft.digest()),
                reason: Some(&draft.logged()),
                approver: approver.as_deref(),
                ..audit::Entry::default()
            },
        )
        .await?;
        audit::checkpoint::request(self, &transaction).await?;
        let row = round::Model {
            correcting: Some(number),
            ..row
        };
        let stored = find_reopening(&transaction, &row).await?;
        transaction.commit().await?;
        stored.ok_or_else(|| Fault::internal("a reopening was stored and is not there"))
    }

    /// Proposes to reopen a round, in place of an earlier proposal; another person then reopens it for just that.
    ///
    /// # Errors
    /// As [`Service::reopen_round`], and `ONE_PERSON_REOPENS` where the scheme asks for no second person.
    pub async fn propose_reopening(
        &self,
        actor: &Actor,
        draft: &ReopeningDraft,
    ) -> Result<ReopenProposal, Fault> {
        allow(actor, Action::ReopenRound, draft.at.id)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let row = lock(&transaction, draft).await?;
        if row.row_version != draft.at.row_version {
            return Err(Fault::Conflict);
        }
        refuse_unknown_surveys(&transaction, draft).await?;
        let nobody = BTreeSet::new();
        let frame = Frame::load(&transaction, draft.at.id, Whom::These(&nobody)).await?;
        if !frame.scheme.file.closing.two_people {
            let message = "the scheme asks for no second person: reopen the round";
            return Err(Fault::refused(Refusal::new("ONE_PERSON_REOPENS", message)));
        }
        let revision = find_current(&transaction, draft.at.id).await?;
        let revision = revision.ok_or_else(|| Fault::internal("a closed round has no revision"))?;
        let by = staff_of(actor);
        let proposed = reopen_proposal::ActiveModel {
            round_id: Set(row.id),
            revision: Set(revision.number.into()),
            inputs: Set(draft.words()),
            reason: Set(draft.reason.clone()),
            by_staff_id: Set(by.map(Id::number)),
            proposed_at: Set(clock::micros(now)),
        };
        let latest = OnConflict::column(reopen_proposal::Column::RoundId)
            .update_columns([
                reopen_proposal::Column::Revision,
                reopen_proposal::Column::Inputs,
                reopen_proposal::Column::Reason,
                reopen_proposal::Column::ByStaffId,
                reopen_proposal::Column::ProposedAt,
            ])
            .to_owned();
        reopen_proposal::Entity::insert(proposed)
            .on_conflict(latest)
            .exec_without_returning(&transaction)
            .await?;
        audit::append(
            &transaction,
            &audit::Entry {
                at: now,
                who: &who(actor),
                action: "round.propose_reopen",
                object: &draft.at.id.to_string(),
                after: Some(draft.digest()),
                reason: Some(&draft.logged()),
                ..audit::Entry::default()
            },
        )
        .await?;
        transaction.commit().await?;
        Ok(ReopenProposal {
            revision: revision.number,
            inputs: draft.inputs.clone(),
            reason: draft.reason.clone(),
            by,
            at: now,
        })
    }

    /// The proposal to reopen a round that was made last, lapsed or not. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn find_reopen_proposal(
        &self,
        actor: &Actor,
        id: Id<Round>,
    ) -> Result<Option<ReopenProposal>, Fault> {
        allow(actor, Action::Preflight, id)?;
        let row = reopen_proposal::Entity::find_by_id(id.number())
            .one(&self.database.reader())
            .await?;
        row.as_ref().map(read_proposal).transpose()
    }

    /// The correction of a round that is under way. Some statements; whoever may read the results may know that they are
    /// being corrected.
    ///
    /// # Errors
    /// [`Fault::NotFound`], also where this actor may not see the results.
    pub async fn find_reopening(
        &self,
        actor: &Actor,
        id: Id<Round>,
    ) -> Result<Option<Reopening>, Fault> {
        let reading = self.database.begin_read().await?;
        let shown = find_source(&reading, actor, (id, None)).await?;
        let found = find_reopening(&reading, &shown.round).await?;
        reading.finish().await?;
        Ok(found)
    }

    /// Confirms something that is carried over to a correction; without that the round is not closed again. To confirm
    /// twice is no fault. What bears a name on the result is confirmed by a person, a finding by the command line too.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `NOT_CARRIED`, `SUBJECT_OUTSIDE_ROUND`, `PERSON_NEEDED`, `ROUND_NOT_OPEN`;
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn confirm_carried(&self, actor: &Actor, draft: &Confirmation) -> Result<(), Fault> {
        let (action, by) = match draft.kind {
            // Findings bear no name, so that the command line may confirm what it may record.
            CarriedKind::Finding => (Action::Investigate, staff_of(actor)),
            CarriedKind::Waiver | CarriedKind::Adjustment | CarriedKind::TieChoice => {
                (Action::Waive, Some(need_person(actor, Action::Waive)?))
            }
        };
        let about = (draft.round, draft.subject);
        let request = Request::about_one(actor, action, about, Touch::Withdraw);
        let change = Change::begin(self, &request).await?;
        let carried = Carried {
            kind: draft.kind,
            subject: change.code_of(draft.subject)?,
            place: draft.place.clone(),
        };
        let loaded = load(&change.transaction, draft.round).await?;
        let Some(correction) = loaded
            .correction
            .filter(|one| one.carried.contains(&carried))
        else {
            let message =
                "nothing of that kind is carried over as it stood; the dry run lists what is";
            return Err(Fault::refused(
                Refusal::new("NOT_CARRIED", message).at(["place"]),
            ));
        };
        if !correction.unconfirmed.contains(&carried) {
            return change.transaction.rollback().await;
        }
        carried_confirmation::Entity::insert(carried_confirmation::ActiveModel {
            round_id: Set(draft.round.number()),
            revision: Set(correction.revision),
            kind: Set(draft.kind.word().to_owned()),
            subject_id: Set(draft.subject.number()),
            place: Set(draft.place.clone()),
            by_staff_id: Set(by.map(Id::number)),
            confirmed_at: Set(clock::micros(change.now)),
        })
        .exec_without_returning(&change.transaction)
        .await?;
        let done = Done {
            action: "round.confirm_carried",
            digest: digest(draft),
            reason: None,
            approver: None,
        };
        change.finish(&request, done).await
    }
}

impl Reopening {
    /// Whether it is what is asked for.
    fn agrees(&self, draft: &ReopeningDraft) -> bool {
        self.reason == draft.reason && self.inputs.is_superset(&draft.inputs)
    }
}

/// The round's row, locked until the end; refuses what could never be reopened.
async fn lock(
    transaction: &WriteTransaction,
    draft: &ReopeningDraft,
) -> Result<round::Model, Fault> {
    if draft.reason.trim().is_empty() {
        let message = "say why; it stays on the next revision";
        return Err(Fault::refused(
            Refusal::new("REASON_MISSING", message).at(["reason"]),
        ));
    }
    if draft.inputs.is_empty() {
        let message = "name what may change, such as `scores`; everything else stays frozen";
        return Err(Fault::refused(
            Refusal::new("INPUTS_MISSING", message).at(["inputs"]),
        ));
    }
    let row = round::Entity::find_by_id(draft.at.id.number())
        .lock_exclusive()
        .one(transaction)
        .await?
        .ok_or(Fault::NotFound)?;
    if row.state == round::State::Closed {
        return Ok(row);
    }
    let message = "only a closed round is reopened; this one still takes what is missing";
    Err(Fault::refused(
        Refusal::new("ROUND_NOT_CLOSED", message).at(["round"]),
    ))
}

fn reopened_already(found: &Reopening) -> Refusal {
    let named: Vec<String> = found.inputs.iter().map(|one| format!("`{one}`")).collect();
    let message = format!(
        "somebody reopened the round since you read it, for {}: read it again, and name more if that is needed",
        named.join(", ")
    );
    Refusal::new("REOPENED_ALREADY", message).at(["round"])
}

async fn refuse_unknown_surveys(
    connection: &impl ConnectionTrait,
    draft: &ReopeningDraft,
) -> Result<(), Fault> {
    let named: Vec<&String> = (draft.inputs.iter())
        .filter_map(|kind| match kind {
            InputKind::Survey(code) => Some(code),
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    let known: Vec<String> = survey::Entity::find()
        .select_only()
        .column(survey::Column::Code)
        .filter(survey::Column::RoundId.eq(draft.at.id.number()))
        .into_tuple()
        .all(connection)
        .await?;
    named
        .into_iter()
        .find(|code| !known.contains(code))
        .map_or(Ok(()), |code| {
            let message = format!("the round has no survey `{code}`");
            Err(Fault::refused(
                Refusal::new("SURVEY_UNKNOWN", message).at(["inputs"]),
            ))
        })
}

/// Who proposed the reopening that is being decided: nothing where one person may reopen, else the account, if it was
/// not the command line.
async fn find_proposer(
    transaction: &WriteTransaction,
    frame: &Frame,
    (draft, revision): (&ReopeningDraft, u32),
    actor: &Actor,
) -> Result<Option<Option<Id<Staff>>>, Fault> {
    if !frame.scheme.file.closing.two_people {
        return Ok(None);
    }
    let row = reopen_proposal::Entity::find_by_id(frame.round.id)
        .one(transaction)
        .await?;
    let proposal = row.as_ref().map(read_proposal).transpose()?;
    let proposal = proposal.filter(|one| one.revision == revision);
    let proposed = proposal.map(|one| Proposed {
        by: one.by,
        is_this: (&one.inputs, &one.reason) == (&draft.inputs, &draft.reason),
    });
    let sentences = Sentences {
        missing: "the scheme asks for two people: let one propose the reopening, then another reopen",
        same_person: "whoever proposed the reopening does not decide it: let another person reopen",
        another: (
            "PROPOSAL_DIFFERS",
            "another reason or other inputs were proposed: reopen for just that, or propose anew",
        ),
    };
    proposal::find_proposer(actor, proposed, &sentences).map(Some)
}

fn read_inputs(words: &str) -> Result<BTreeSet<InputKind>, Fault> {
    let words = words.split(' ');
    words
        .map(|word| word.parse().map_err(Fault::internal))
        .collect()
}

fn read_proposal(row: &reopen_proposal::Model) -> Result<ReopenProposal, Fault> {
    Ok(ReopenProposal {
        revision: u32::try_from(row.revision).map_err(Fault::internal)?,
        inputs: read_inputs(&row.inputs)?,
        reason: row.reason.clone(),
        by: row.by_staff_id.map(Id::new),
        at: clock::instant(row.proposed_at)?,
    })
}

/// The correction of a round that is under way. Two statements, none where there is none.
pub(super) async fn find_reopening(
    connection: &impl ConnectionTrait,
    round: &round::Model,
) -> Result<Option<Reopening>, Fault> {
    let Some(revision) = round.correcting else {
        return Ok(None);
    };
    let row = reopening::Entity::find_by_id((round.id, revision))
        .one(connection)
        .await?
        .ok_or_else(|| Fault::internal("a round is reopened and nothing says why"))?;
    Ok(Some(Reopening {
        round: Id::new(round.id),
        revision: u32::try_from(revision).map_err(Fault::internal)?,
        inputs: list_named(connection, Id::new(round.id), revision).await?,
        reason: row.reason,
        proposer: row.proposer_staff_id.map(Id::new),
        by: row.by_staff_id.map(Id::new),
        at: clock::instant(row.reopened_at)?,
    }))
}

async fn name_inputs(
    transaction: &WriteTransaction,
    (round, revision): (i64, i64),
    added: &BTreeSet<InputKind>,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    if added.is_empty() {
        return Ok(());
    }
    let rows = added.iter().map(|kind| reopening_input::ActiveModel {
        round_id: Set(round),
        revision: Set(revision),
        input: Set(kind.to_string()),
        named_at: Set(clock::micros(now)),
    });
    reopening_input::Entity::insert_many(rows)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// Puts the sheets of surveys by that may get more of them, for an auditor of the revision that is corrected. Who leaves
/// the roster takes sheets along, so all are put by before it changes.
async fn keep_sheets(
    transaction: &WriteTransaction,
    frame: &Frame,
    (revision, added): (i64, &BTreeSet<InputKind>),
) -> Result<(), Fault> {
    let all = added.contains(&InputKind::Roster);
    let concerns_sheets = |kind: &InputKind| matches!(kind, InputKind::Survey(_));
    if !all && !added.iter().any(concerns_sheets) {
        return Ok(());
    }
    let known: Vec<i64> = kept_sheets::Entity::find()
        .select_only()
        .column(kept_sheets::Column::SurveyId)
        .filter(kept_sheets::Column::RoundId.eq(frame.round.id))
        .filter(kept_sheets::Column::Revision.eq(revision))
        .into_tuple()
        .all(transaction)
        .await?;
    let wanted = |row: &survey::Model| {
        let named = all || added.contains(&InputKind::Survey(row.code.clone()));
        named && !known.contains(&row.id)
    };
    for (survey_id, sheets) in collect_sheets(transaction, frame, wanted).await? {
        let body = serde_json_canonicalizer::to_string(&sheets).map_err(Fault::internal)?;
        kept_sheets::Entity::insert(kept_sheets::ActiveModel {
            round_id: Set(frame.round.id),
            revision: Set(revision),
            survey_id: Set(survey_id),
            body: Set(body),
        })
        .exec_without_returning(transaction)
        .await?;
    }
    Ok(())
}
