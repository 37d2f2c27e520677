//! Dry runs of a close-out.

use std::sync::Arc;

use async_graphql::{Enum, Object};
use domain::outcome;
use service::closeout;

use super::decision::{Decision, Source, Words};
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;
use crate::graphql::scalar::Instant;

/// Kinds of gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "outcome::GapKind")]
pub enum GapKind {
    /// An item has no value.
    MissingValue,
    /// A rule is undetermined.
    UndeterminedRule,
    /// A label's condition is undetermined.
    UndeterminedLabel,
    /// A survey is still open.
    OpenSurvey,
    /// An investigation is due, not yet opened.
    InvestigationDue,
    /// An investigation is open.
    InvestigationOpen,
    /// Rules contradict each other.
    Contradiction,
    /// More subjects hold a grade by right than there are seats.
    QuotaContradiction,
    /// Subjects tied across a quota's line wait for the committee.
    TieToDecide,
    /// A quota group holds an undetermined subject.
    QuotaUndetermined,
    /// Due two labels that exclude each other.
    LabelConflict,
    /// A cap whose ground an adjustment has lifted.
    CapWithoutGround,
    /// An adjustment was refused.
    AdjustmentRefused,
    /// A number is too large.
    Overflow,
    /// An alert fired.
    Alert,
    /// The recount of sheets differs from the tallies kept.
    TallyMismatch,
    /// More sheets came back than were issued: the scheme lets their figures stand, or none of the panel counts until
    /// that is decided, which blocks.
    MoreThanIssued,
    /// Points rest on a figure of fewer than ten answers, and tell it: whoever is shown them can work it out.
    FewAnswers,
    /// Carried over from the revision that is corrected, and not confirmed.
    Unconfirmed,
    /// A round that this one rests on was corrected since, or is being corrected.
    OutdatedSource,
}

/// The action that clears a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "outcome::Action")]
pub enum GapAction {
    /// Award the points.
    EnterScore,
    /// Report the measure.
    EnterMeasure,
    /// Record the facts, or confirm that there was none.
    ConfirmNone,
    /// Close the survey.
    CloseSurvey,
    /// Collect more answers, or waive.
    CollectAnswers,
    /// Open the investigation.
    OpenInvestigation,
    /// Record the finding.
    RecordFinding,
    /// Waive it by name with a reason.
    Waive,
    /// Let the committee choose.
    ChooseByCommittee,
    /// Mend the scheme in a new version.
    MendScheme,
    /// Settle the related subject's result first.
    SettleRelated,
    /// Name the closed rounds that the round is composed of, with their revisions.
    NameClosedRounds,
    /// Confirm what is carried over, or withdraw it.
    ConfirmCarried,
    /// Look at it; nothing is needed for closing.
    Look,
}

/// A gap of a dry run.
#[derive(Debug, Clone)]
pub struct Gap {
    gap: outcome::Gap,
    preflight: Arc<closeout::Preflight>,
}

/// Something that stands in the way of closing, or that is alarming.
#[Object]
impl Gap {
    /// What it is.
    async fn kind(&self) -> GapKind {
        self.gap.kind.into()
    }

    /// Code of the subject, where it concerns one.
    async fn subject_code(&self) -> Option<&str> {
        self.gap.subject.as_deref()
    }

    /// Code of the item, rule, survey or quota.
    async fn place(&self) -> &str {
        &self.gap.place
    }

    /// What exactly is missing, such as `measure/meetings`.
    async fn what(&self) -> Option<&str> {
        self.gap.what.as_deref()
    }

    /// Why it is a gap.
    async fn reason(&self) -> Words {
        self.preflight
            .words
            .explainer()
            .reason(&self.gap.reason)
            .into()
    }

    /// Whether the round cannot be closed with it.
    async fn blocks(&self) -> bool {
        self.gap.blocks
    }

    /// The action that clears it.
    async fn action(&self) -> GapAction {
        self.gap.action.into()
    }

    /// All of it in words, with what to do.
    async fn words(&self) -> Words {
        self.preflight.words.explainer().gap(&self.gap).into()
    }
}

/// A dry run.
#[derive(Debug, Clone)]
pub struct Preflight(pub Arc<closeout::Preflight>);

/// What closing a round now would give. It changes nothing and may be asked for as often as wanted.
#[Object]
impl Preflight {
    /// Whether the round could be closed as it is.
    async fn may_close(&self) -> bool {
        self.0.may_close()
    }

    /// The instant of its inputs.
    async fn as_of(&self) -> Instant {
        self.0.as_of.into()
    }

    /// How many gaps block.
    async fn blocking_count(&self) -> usize {
        self.0.outcome.blocking().count()
    }

    /// What stands in the way or is alarming, by subject.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    async fn gaps(
        &self,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<Gap>, GraphqlFault> {
        let window = Window { first, after };
        Connection::of_rows("gap", &window, &self.0.outcome.gaps, |gap| Gap {
            gap: gap.clone(),
            preflight: self.0.clone(),
        })
    }

    /// What each subject would get, by code.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    async fn decisions(
        &self,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<Decision>, GraphqlFault> {
        let window = Window { first, after };
        let source = Source::as_live(Some(self.0.as_of));
        Connection::of_rows(
            "preflight",
            &window,
            &self.0.outcome.decisions,
            |decision| Decision {
                decision: Arc::new(decision.clone()),
                words: self.0.words.clone(),
                source,
                withholding: false,
            },
        )
    }
}
