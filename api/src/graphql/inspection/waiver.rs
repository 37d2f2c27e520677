//! Waivers, adjustments and choices among the tied.

use async_graphql::{Context, InputObject, Object, OneofObject, SimpleObject};
use domain::correction::name_gap;
use domain::id;
use domain::inputs::{WaivedGap, WaiverHolds};
use service::committee;
use service::waiver::{self, RecordedWaiver};

use super::mutation::{Rows, RowsChangePayload};
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;
use crate::graphql::scalar::{Instant, Points};

/// A gap that was waived by name, with a reason that stays on the result.
#[derive(Debug, Clone, SimpleObject)]
pub struct Waiver {
    /// Whom it is about.
    subject_id: Key<id::Subject>,
    /// What is waived: `item/A1`, `rule/veto`, `contradiction`, `grade` or `batch/<survey>/<panel>`.
    gap: String,
    /// What then holds: `points/3`, `not_applicable`, `fired`, `not_fired`, `yields/<rule>`, `held` or `counted`.
    holds: String,
    /// Why.
    reason: String,
    /// The account that waived it.
    by_id: Key<id::Staff>,
    /// When.
    made_at: Instant,
}

impl From<RecordedWaiver> for Waiver {
    fn from(recorded: RecordedWaiver) -> Self {
        let RecordedWaiver {
            waiver,
            by,
            made_at,
        } = recorded;
        Self {
            subject_id: waiver.subject.into(),
            gap: name_gap(&waiver.gap),
            holds: match waiver.holds {
                WaiverHolds::Points(points) => format!("points/{points}"),
                WaiverHolds::NotApplicable => "not_applicable".to_owned(),
                WaiverHolds::Fired => "fired".to_owned(),
                WaiverHolds::NotFired => "not_fired".to_owned(),
                WaiverHolds::Yields(rule) => format!("yields/{rule}"),
                WaiverHolds::Held => "held".to_owned(),
                WaiverHolds::Counted => "counted".to_owned(),
            },
            reason: waiver.reason,
            by_id: by.into(),
            made_at: made_at.into(),
        }
    }
}

/// What is waived: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum WaivedGapInput {
    /// The value of this item, or of a part, written `item/part`.
    Item(String),
    /// The outcome of this rule.
    Rule(String),
    /// The contradiction in the subject's grade.
    Contradiction(bool),
    /// The grade as a whole.
    Grade(bool),
    /// Sheets of a panel, written `survey/panel`, more of which came back than were issued.
    Batch(String),
}

/// What then holds: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum WaiverHoldsInput {
    /// The item is worth so much.
    Points(Points),
    /// The item does not apply.
    NotApplicable(bool),
    /// Whether the rule fires.
    Fired(bool),
    /// This rule yields.
    Yields(String),
    /// The subject is held: no grade, in the group's size, takes no seat.
    Held(bool),
    /// The sheets count all the same.
    Counted(bool),
}

/// A gap to be waived.
#[derive(Debug, InputObject)]
pub struct WaiverInput {
    /// The round.
    round_id: Key<id::Round>,
    /// Whom it is about.
    subject_id: Key<id::Subject>,
    /// What is waived.
    gap: WaivedGapInput,
    /// What then holds.
    holds: WaiverHoldsInput,
    /// Why; stays on the result.
    reason: String,
}

impl From<WaivedGapInput> for WaivedGap {
    fn from(input: WaivedGapInput) -> Self {
        match input {
            WaivedGapInput::Item(code) => Self::Item(code),
            WaivedGapInput::Rule(code) => Self::Rule(code),
            WaivedGapInput::Contradiction(_) => Self::Contradiction,
            WaivedGapInput::Grade(_) => Self::Grade,
            WaivedGapInput::Batch(name) => Self::Batch(name),
        }
    }
}

impl From<WaiverHoldsInput> for WaiverHolds {
    fn from(input: WaiverHoldsInput) -> Self {
        match input {
            WaiverHoldsInput::Points(points) => Self::Points(points.0),
            WaiverHoldsInput::NotApplicable(_) => Self::NotApplicable,
            WaiverHoldsInput::Fired(true) => Self::Fired,
            WaiverHoldsInput::Fired(false) => Self::NotFired,
            WaiverHoldsInput::Yields(rule) => Self::Yields(rule),
            WaiverHoldsInput::Held(_) => Self::Held,
            WaiverHoldsInput::Counted(_) => Self::Counted,
        }
    }
}

/// An adjustment by the committee (酌定).
#[derive(Debug, InputObject)]
pub struct GradeAdjustInput {
    /// The round.
    round_id: Key<id::Round>,
    /// Whom it is about.
    subject_id: Key<id::Subject>,
    /// Code of the grade that it is to have; leave it out to take an adjustment back.
    grade: Option<String>,
    /// Why; stays on the result.
    reason: String,
}

impl From<GradeAdjustInput> for committee::Adjustment {
    fn from(input: GradeAdjustInput) -> Self {
        Self {
            round: input.round_id.0,
            subject: input.subject_id.0,
            grade: input.grade,
            reason: input.reason,
        }
    }
}

/// A grade that one person proposed, and that another decides on.
#[derive(Debug, Clone, SimpleObject)]
pub struct AdjustProposal {
    /// Whom it is about.
    subject_id: Key<id::Subject>,
    /// Code of the grade that it is to have; null where an adjustment is to be taken back.
    grade: Option<String>,
    /// Why.
    reason: String,
    /// The account that proposed, and that may not decide.
    by_id: Key<id::Staff>,
    /// When.
    proposed_at: Instant,
}

impl From<committee::AdjustmentProposal> for AdjustProposal {
    fn from(proposal: committee::AdjustmentProposal) -> Self {
        Self {
            subject_id: Key(proposal.adjustment.subject),
            grade: proposal.adjustment.grade,
            reason: proposal.adjustment.reason,
            by_id: Key(proposal.by),
            proposed_at: proposal.at.into(),
        }
    }
}

/// The committee's choice of a subject that keeps its seat among those tied for it.
#[derive(Debug, InputObject)]
pub struct TieChooseInput {
    /// The round.
    round_id: Key<id::Round>,
    /// Code of the quota that they are tied at.
    quota: String,
    /// Who is chosen.
    subject_id: Key<id::Subject>,
    /// Whether it keeps its seat; `false` takes a choice back.
    keeps: bool,
    /// Why; stays on the result.
    reason: String,
}

payload! {
    /// What came of waiving a gap.
    WaiverAddPayload {
        /// The waiver.
        waiver: Waiver
    }
}

/// The part of the mutation root about waivers and what a committee decides.
#[derive(Debug, Default)]
pub struct WaiverMutation;

#[Object]
impl WaiverMutation {
    /// Waives a gap by name, in place of an earlier waiver of the same gap.
    async fn waiver_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is waived, and what then holds.")] input: WaiverInput,
    ) -> Result<WaiverAddPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let draft = waiver::Waiver {
            round: input.round_id.0,
            subject: input.subject_id.0,
            gap: input.gap.into(),
            holds: input.holds.into(),
            reason: input.reason,
        };
        WaiverAddPayload::of(service(context)?.add_waiver(actor, draft).await)
    }

    /// Takes a waiver back.
    async fn waiver_remove(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] round_id: Key<id::Round>,
        #[graphql(desc = "Whom it is about.")] subject_id: Key<id::Subject>,
        #[graphql(desc = "What was waived.")] gap: WaivedGapInput,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let waived = waiver::Waiver {
            round: round_id.0,
            subject: subject_id.0,
            gap: gap.into(),
            holds: WaiverHolds::Held,
            reason: String::new(),
        };
        let done = service(context)?.remove_waiver(actor, waived).await;
        RowsChangePayload::of(done.map(|()| Rows::ONE))
    }

    /// Proposes another grade for a subject, or to take one back, where the scheme asks for two people; another person then
    /// decides by `gradeAdjust` with the same words.
    async fn grade_propose_adjust(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who is to get which grade.")] input: GradeAdjustInput,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?
            .propose_adjustment(actor, input.into())
            .await;
        RowsChangePayload::of(done.map(|()| Rows::ONE))
    }

    /// Records that the committee gives a subject another grade, or takes that back. Where the scheme asks for two people,
    /// just this must have been proposed by another one.
    async fn grade_adjust(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who gets which grade.")] input: GradeAdjustInput,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?.adjust_grade(actor, input.into()).await;
        RowsChangePayload::of(done.map(|()| Rows::ONE))
    }

    /// Records that the committee leaves a subject its seat among those tied for it, or takes that back.
    async fn tie_choose(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who keeps which seat.")] input: TieChooseInput,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let draft = committee::TieChoice {
            round: input.round_id.0,
            quota: input.quota,
            subject: input.subject_id.0,
            keeps: input.keeps,
            reason: input.reason,
        };
        let done = service(context)?.choose_tied(actor, draft).await;
        RowsChangePayload::of(done.map(|()| Rows::ONE))
    }
}
