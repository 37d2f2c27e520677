//! What stands in the way of closing, each with the action that clears it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// Something that stands in the way of closing, or that is alarming.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The subject, where it concerns one.
    pub subject: Option<Arc<str>>,
    /// What it is.
    pub kind: GapKind,
    /// The item, rule, survey or quota.
    pub place: Arc<str>,
    /// What was looked at, where one thing is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<Arc<str>>,
    /// Why.
    pub reason: Reason,
    /// Whether the round cannot be closed with it.
    pub blocks: bool,
    /// The action that clears it.
    pub action: Action,
}

/// Kinds of gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Award the points.
    EnterScore,
    /// Report the measure.
    EnterMeasure,
    /// Confirm that there was none.
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
    /// Confirm the related subject's result first.
    SettleRelated,
    /// Name the closed rounds that the round is composed of, with their revisions.
    NameClosedRounds,
    /// Confirm what is carried over, or withdraw it.
    ConfirmCarried,
    /// Look at it; nothing is needed for closing.
    #[default]
    Look,
}
