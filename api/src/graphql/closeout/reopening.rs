//! Corrections: reopening a closed round, confirming what is carried over, and what two revisions differ in.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use domain::correction;
use domain::explain::{self, Explainer};
use domain::id;
use domain::trial::{Changed, Standing};
use service::closeout::{self, Confirmation, Difference, ReopeningDraft};
use service::round::RoundAt;

use super::decision::{DecisionStatus, Words};
use crate::graphql::asker::{Asker, service};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;
use crate::graphql::scalar::{Instant, Points};
use crate::graphql::staff::parse_row_version;

/// Kinds of inputs that a reopening can name; surveys are named one by one, by their codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum InputKind {
    /// Who takes part, under which name, in which category and region, and whom they carry on.
    Roster,
    /// Relations between subjects.
    Relations,
    /// Points awarded by inspectors.
    Scores,
    /// Tasks done.
    Checklists,
    /// Values of measures.
    Measures,
    /// Facts, and confirmations that there was none.
    Facts,
    /// Grades that were recorded as proposed.
    ProposedGrades,
    /// Investigations and what they found.
    Investigations,
    /// Gaps that are waived.
    Waivers,
    /// Grades that the committee gives, and its choices among the tied.
    Adjustments,
    /// Grades in earlier rounds.
    History,
    /// Results of closed rounds that this one is composed of.
    ClosedRounds,
}

impl From<InputKind> for correction::InputKind {
    fn from(kind: InputKind) -> Self {
        match kind {
            InputKind::Roster => Self::Roster,
            InputKind::Relations => Self::Relations,
            InputKind::Scores => Self::Scores,
            InputKind::Checklists => Self::Checklists,
            InputKind::Measures => Self::Measures,
            InputKind::Facts => Self::Facts,
            InputKind::ProposedGrades => Self::ProposedGrades,
            InputKind::Investigations => Self::Investigations,
            InputKind::Waivers => Self::Waivers,
            InputKind::Adjustments => Self::Adjustments,
            InputKind::History => Self::History,
            InputKind::ClosedRounds => Self::ClosedRounds,
        }
    }
}

/// What may change in a correction: kinds of inputs, and surveys.
struct Named {
    inputs: Vec<InputKind>,
    surveys: Vec<String>,
}

impl Named {
    fn of(kinds: BTreeSet<correction::InputKind>) -> Self {
        use correction::InputKind as Kind;
        let (mut inputs, mut surveys) = (Vec::new(), Vec::new());
        for kind in kinds {
            inputs.push(match kind {
                Kind::Roster => InputKind::Roster,
                Kind::Relations => InputKind::Relations,
                Kind::Scores => InputKind::Scores,
                Kind::Checklists => InputKind::Checklists,
                Kind::Measures => InputKind::Measures,
                Kind::Facts => InputKind::Facts,
                Kind::ProposedGrades => InputKind::ProposedGrades,
                Kind::Investigations => InputKind::Investigations,
                Kind::Waivers => InputKind::Waivers,
                Kind::Adjustments => InputKind::Adjustments,
                Kind::History => InputKind::History,
                Kind::ClosedRounds => InputKind::ClosedRounds,
                Kind::Survey(code) => {
                    surveys.push(code);
                    continue;
                }
            });
        }
        Self { inputs, surveys }
    }
}

/// A correction that is under way. The revision that is corrected stands until the round is closed again.
#[derive(Debug, Clone, SimpleObject)]
pub struct Reopening {
    /// The number of the revision that is corrected.
    revision: u32,
    /// What may change; everything else stays frozen.
    inputs: Vec<InputKind>,
    /// Codes of surveys that may take more answers.
    surveys: Vec<String>,
    /// Why.
    reason: String,
    /// The account that proposed it, where the scheme asks for two people; null where that was the command line.
    proposer_id: Option<Key<id::Staff>>,
    /// The account that reopened; null where it was the command line.
    by_id: Option<Key<id::Staff>>,
    /// When.
    reopened_at: Instant,
}

impl From<closeout::Reopening> for Reopening {
    fn from(reopening: closeout::Reopening) -> Self {
        let named = Named::of(reopening.inputs);
        Self {
            revision: reopening.revision,
            inputs: named.inputs,
            surveys: named.surveys,
            reason: reopening.reason,
            proposer_id: reopening.proposer.map(Key),
            by_id: reopening.by.map(Key),
            reopened_at: reopening.at.into(),
        }
    }
}

/// A proposal to reopen a round, where the scheme asks for two people.
#[derive(Debug, Clone, SimpleObject)]
pub struct ReopenProposal {
    /// The number of the revision that is to be corrected. The proposal lapses once there is a later one.
    revision: u32,
    /// What is to change.
    inputs: Vec<InputKind>,
    /// Codes of surveys that are to take more answers.
    surveys: Vec<String>,
    /// Why.
    reason: String,
    /// The account that proposed, and that may not reopen; null where it was the command line.
    by_id: Option<Key<id::Staff>>,
    /// When.
    proposed_at: Instant,
}

impl From<closeout::ReopenProposal> for ReopenProposal {
    fn from(proposal: closeout::ReopenProposal) -> Self {
        let named = Named::of(proposal.inputs);
        Self {
            revision: proposal.revision,
            inputs: named.inputs,
            surveys: named.surveys,
            reason: proposal.reason,
            by_id: proposal.by.map(Key),
            proposed_at: proposal.at.into(),
        }
    }
}

/// A revision of a round that the standing revision of another rests on, though it was corrected since, or is being
/// corrected. Nothing is recomputed by itself.
#[derive(Debug, Clone, SimpleObject)]
pub struct OutdatedSource {
    /// The round that rests on it.
    round_id: Key<id::Round>,
    /// Its code.
    round_code: String,
    /// The round that it rests on.
    source_id: Key<id::Round>,
    /// The code of that.
    source_code: String,
    /// Number of the revision that was used.
    used: u32,
    /// Number of the latest one.
    latest: u32,
    /// Whether that round is reopened just now.
    reopened: bool,
}

impl From<closeout::OutdatedSource> for OutdatedSource {
    fn from(found: closeout::OutdatedSource) -> Self {
        Self {
            round_id: found.round.into(),
            round_code: found.code,
            source_id: found.source.into(),
            source_code: found.source_code,
            used: found.used,
            latest: found.latest,
            reopened: found.reopened,
        }
    }
}

/// What a subject got in a revision.
#[derive(Debug, Clone, SimpleObject)]
pub struct RevisionStanding {
    /// Whether it could be decided.
    status: DecisionStatus,
    /// Its total.
    total: Option<Points>,
    /// Code of its grade.
    grade: Option<String>,
    /// Whether it is eligible; null while undetermined.
    eligible: Option<bool>,
    /// Whether it is disqualified.
    disqualified: bool,
}

impl From<&Standing> for RevisionStanding {
    fn from(standing: &Standing) -> Self {
        Self {
            status: standing.status.into(),
            total: standing.total.map(Points),
            grade: standing.grade.as_deref().map(str::to_owned),
            eligible: standing.eligible,
            disqualified: standing.disqualified,
        }
    }
}

/// A subject that two revisions, or two versions of a scheme, treat otherwise.
#[derive(Debug, Clone, SimpleObject)]
pub struct RevisionChange {
    /// Code of the subject.
    subject_code: String,
    /// What it got in the earlier revision, or as it was decided; null where it took no part.
    before: Option<RevisionStanding>,
    /// What it got in the later one, or would get; null where it takes no part.
    after: Option<RevisionStanding>,
    /// What makes the difference.
    because: Vec<Words>,
}

impl RevisionChange {
    /// In the words of the earlier and the later scheme.
    pub(super) fn of(changed: &Changed, (old, new): (&Explainer<'_>, &Explainer<'_>)) -> Self {
        let because = changed.because.iter();
        Self {
            subject_code: changed.subject.to_string(),
            before: Some((&changed.before).into()),
            after: changed.after.as_ref().map(Into::into),
            because: because
                .map(|one| explain::trial::because(old, new, one).into())
                .collect(),
        }
    }
}

/// A row of inputs that only one of two revisions has.
#[derive(Debug, Clone, SimpleObject)]
pub struct InputChange {
    /// The list of the inputs, such as `scores`.
    list: String,
    /// Whether the later revision has it; else the earlier one had it.
    is_new: bool,
    /// The row, as canonical JSON.
    row: String,
}

/// In what two revisions of a round differ.
#[derive(Debug)]
pub struct RevisionDifference(pub(super) Difference);

/// In what a later revision of a round differs from an earlier one.
#[Object]
impl RevisionDifference {
    /// Whom they treat otherwise, by code.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    async fn changes(
        &self,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<RevisionChange>, GraphqlFault> {
        let window = Window { first, after };
        let explainer = self.0.words.explainer();
        Connection::of_rows("revision_change", &window, &self.0.changed, |one| {
            RevisionChange::of(one, (&explainer, &explainer))
        })
    }

    /// Rows of inputs that only one of them has, by list.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    async fn inputs(
        &self,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<InputChange>, GraphqlFault> {
        let window = Window { first, after };
        Connection::of_rows("input_change", &window, &self.0.inputs, |one| InputChange {
            list: one.list.clone(),
            is_new: one.is_new,
            row: one.row.clone(),
        })
    }
}

/// A closed round to be reopened for a correction.
#[derive(Debug, InputObject)]
pub struct RoundReopenInput {
    /// The round.
    round_id: Key<id::Round>,
    /// `rowVersion` of the round as it was read.
    row_version: String,
    /// What may change.
    #[graphql(validator(max_items = 12))]
    inputs: Vec<InputKind>,
    /// Codes of surveys that may take more answers.
    #[graphql(default, validator(max_items = 50))]
    surveys: Vec<String>,
    /// Why; stays on the next revision.
    reason: String,
}

impl RoundReopenInput {
    fn draft(self) -> Result<ReopeningDraft, GraphqlFault> {
        let inputs = self.inputs.into_iter().map(correction::InputKind::from);
        let surveys = self.surveys.into_iter();
        Ok(ReopeningDraft {
            at: RoundAt {
                id: self.round_id.0,
                row_version: parse_row_version(&self.row_version)?,
            },
            inputs: inputs
                .chain(surveys.map(correction::InputKind::Survey))
                .collect(),
            reason: self.reason,
        })
    }
}

/// Kinds of what is carried over to a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "correction::CarriedKind")]
pub enum CarriedKind {
    /// A waiver.
    Waiver,
    /// The finding of an investigation.
    Finding,
    /// A grade that the committee gave.
    Adjustment,
    /// Somebody whom the committee chose among the tied.
    TieChoice,
}

/// Something that is carried over to a correction and stands.
#[derive(Debug, InputObject)]
pub struct CarriedConfirmInput {
    /// The round.
    round_id: Key<id::Round>,
    /// Whom it is about.
    subject_id: Key<id::Subject>,
    /// What it is.
    kind: CarriedKind,
    /// Which of them, as the `place` of the gap names it: the waived gap, the rule, the grade or the quota.
    place: String,
}

payload! {
    /// What came of reopening a round.
    RoundReopenPayload {
        /// The correction that is under way.
        reopening: Reopening
    }
}

payload! {
    /// What came of proposing to reopen a round.
    RoundProposeReopenPayload {
        /// The proposal.
        proposal: ReopenProposal
    }
}

payload! {
    /// What came of confirming something that is carried over.
    CarriedConfirmPayload {
        /// Whether it is confirmed.
        confirmed: bool
    }
}

/// The part of the mutation root about corrections.
#[derive(Debug, Default)]
pub struct ReopeningMutation;

#[Object]
impl ReopeningMutation {
    /// Reopens a closed round for a correction, with a reason and for named inputs alone; or names more while a correction
    /// is under way. The revision that stands goes on standing until the round is closed again. Of two people at once one
    /// reopens it, and the other is told. Where the scheme asks for two people, the same was proposed by another.
    #[graphql(complexity = "100 + child_complexity")]
    async fn round_reopen(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which round, for what, and why.")] input: RoundReopenInput,
    ) -> Result<RoundReopenPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?.reopen_round(actor, &input.draft()?).await;
        RoundReopenPayload::of(done.map(Reopening::from))
    }

    /// Proposes to reopen a closed round, where the scheme asks for two people; another person then reopens it for just
    /// that. Takes the place of an earlier proposal.
    async fn round_propose_reopen(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which round, for what, and why.")] input: RoundReopenInput,
    ) -> Result<RoundProposeReopenPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let proposed = service(context)?
            .propose_reopening(actor, &input.draft()?)
            .await;
        RoundProposeReopenPayload::of(proposed.map(ReopenProposal::from))
    }

    /// Confirms a waiver, finding, adjustment or choice that a correction carries over; what is not to stand is withdrawn
    /// by the mutation that takes it back. Confirming twice is no fault.
    #[graphql(complexity = "100 + child_complexity")]
    async fn carried_confirm(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What stands.")] input: CarriedConfirmInput,
    ) -> Result<CarriedConfirmPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let draft = Confirmation {
            round: input.round_id.0,
            subject: input.subject_id.0,
            kind: input.kind.into(),
            place: input.place,
        };
        let done = service(context)?.confirm_carried(actor, &draft).await;
        CarriedConfirmPayload::of(done.map(|()| true))
    }
}
