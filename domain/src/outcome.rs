//! What a close-out decides, with every reason: one document per round.
//!
//! Everything is named by its code, in the order of codes or of the scheme, so that the same inputs give the same
//! bytes. Sentences for people are deliberately absent: [`crate::explain`] makes them from this document.

mod coded;
mod comparison;
mod few;
mod gap;
mod ground;
mod obstacle;
mod part;
mod points;
mod reading;
mod seldom;
mod term;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::inputs::Date;
use crate::number::{Points, Ratio};
use crate::reason::Reason;
use crate::scheme::file::{AnswerClass, Words};

pub use coded::{Coded, Row};
pub use comparison::{Asked, Comparison, Shown, Sign, Truth3};
pub use few::Few;
pub use gap::{Action, Gap, GapKind};
pub use ground::{Award, CaseGround, Former, Ground, Predecessor, RoundGround, Undone};
pub use obstacle::{Ahead, Change, Obstacle};
pub use part::{PartBeside, PartResult};
pub use points::{ItemResult, NodeResult};
pub use reading::Reading;
pub use seldom::Seldom;
pub use term::Term;

/// The value of `format` that this engine writes.
pub const FORMAT: &str = "mingjian-outcome/1";

/// The place of a gap where subjects are composed of each other.
pub const COMPOSED: &str = "composed";

/// The version of the engine's meaning: it changes when, and only when, some inputs give another outcome.
pub const ENGINE: &str = "1";

/// A figure of fewer answers than this is withheld from those who are not staff: it would say who answered what.
pub const FEW: u64 = 10;

/// The outcome of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Always `mingjian-outcome/1`.
    pub format: Arc<str>,
    /// The engine's version.
    pub engine: Arc<str>,
    /// The round's code.
    pub round: Arc<str>,
    /// The scheme's code.
    pub scheme: Arc<str>,
    /// The scheme's version.
    pub scheme_version: Arc<str>,
    /// SHA-256 of the scheme file, in hexadecimal.
    pub scheme_digest: Arc<str>,
    /// SHA-256 of the canonical inputs, in hexadecimal.
    pub inputs_digest: Arc<str>,
    /// One decision for each subject, by code.
    pub decisions: Vec<Decision>,
    /// What stands in the way of closing, and what is alarming.
    pub gaps: Vec<Gap>,
    /// How each quota was filled in each group.
    pub quotas: Vec<QuotaResult>,
}

/// What one subject got, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The subject's code.
    pub subject: Arc<str>,
    /// Its category.
    pub category: Arc<str>,
    /// Its region.
    pub region: Arc<str>,
    /// Whose history it carries on, by day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predecessors: Vec<Predecessor>,
    /// Whether it could be decided.
    pub status: Status,
    /// The total after scaling, deductions and bonuses.
    pub total: Option<Points>,
    /// The most that the total can be without bonuses.
    pub maximum: Points,
    /// Common and specific points before they were scaled to the full maximum, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unscaled: Option<Points>,
    /// The grade that the total, or the proposal, gives.
    pub base_grade: Option<Arc<str>>,
    /// The grade in the end.
    pub grade: Option<Arc<str>>,
    /// The competition rank within the category; equal totals share it.
    pub rank: Option<u32>,
    /// Whether it is disqualified.
    pub disqualified: bool,
    /// Whether it is eligible; absent while undetermined.
    pub eligible: Option<bool>,
    /// Labels that it holds.
    pub labels: Vec<Arc<str>>,
    /// How it was ranked for each label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub label_ranks: Vec<LabelRank>,
    /// What each step did to the grade.
    pub steps: Vec<GradeStep>,
    /// Every rule for its category with its outcome.
    pub rules: Vec<RuleResult>,
    /// Sections and indicators, in the scheme's order.
    pub nodes: Coded<NodeResult>,
    /// Items, in the scheme's order.
    pub items: Coded<ItemResult>,
    /// Figures of surveys that were looked at, or that belong to the whole survey.
    pub figures: Vec<FigureResult>,
    /// What stands between the subject and the next grade, or its recognition.
    pub obstacles: Vec<Obstacle>,
    /// What comes of the decision.
    pub consequences: Vec<Consequence>,
    /// Whether its scores and figures are withheld, since too few people answered; total and rules are given then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub withheld: bool,
}

/// Whether a subject could be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was.
    Decided,
    /// Something is missing or contradictory.
    Undetermined,
    /// A waiver holds it: no grade, no seat.
    Held,
}

/// The outcome of a rule for a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleResult {
    /// The rule's code.
    pub rule: Arc<str>,
    /// Whether it fired.
    pub fired: Truth3,
    /// The values compared.
    pub compared: Few<Comparison>,
    /// Whether the scheme's word or a waiver decided, because the condition was undetermined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<Settled>,
    /// Whether it fired and a waiver of a contradiction says that it yields.
    #[serde(default, skip_serializing_if = "is_false")]
    pub yields: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_false(yes: &bool) -> bool {
    !*yes
}

/// What settled a value or a rule that was undetermined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// The scheme says what then holds.
    Scheme,
    /// A waiver does.
    Waiver,
    /// It is given, since the figures behind it are withheld.
    Withheld,
}

/// A step of the grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeStep {
    /// Which step of the order of evaluation.
    pub step: Step,
    /// The grade before.
    pub from: Option<Arc<str>>,
    /// The grade after.
    pub to: Option<Arc<str>>,
    /// The rule or quota that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Arc<str>>,
}

/// Steps that set or change a grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Disqualified.
    Disqualified,
    /// Read off the total by bands, or the proposed grade.
    Base,
    /// Capped, floored or set by a rule that looks at the subject alone.
    Rule,
    /// Capped because of a related subject.
    RelatedCap,
    /// Beyond a quota.
    Quota,
    /// Tied across a quota's line, where all who are tied fall.
    TieFalls,
    /// Tied across a quota's line; the committee chose others.
    NotChosen,
    /// Tied across a quota's line and chosen by the committee, so that the grade stays.
    Chosen,
    /// Handed a seat that a cap freed.
    HandedOn,
    /// Adjusted by the committee.
    Adjustment,
}

impl Step {
    /// Whether a quota alone took a grade away.
    pub(crate) const fn is_by_quota(self) -> bool {
        matches!(self, Self::Quota | Self::TieFalls | Self::NotChosen)
    }
}

/// How an item got its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Scored.
    Scored,
    /// Its gate is shut.
    Gated,
    /// A value is missing; the scheme says what holds.
    ByScheme,
    /// A value is missing; a waiver says what holds.
    ByWaiver,
    /// It does not apply.
    NotApplicable,
    /// A value is missing.
    Missing,
}

/// What is behind an item's points.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemTrace {
    /// Its parts.
    #[serde(default, skip_serializing_if = "Few::is_empty")]
    pub parts: Few<PartResult>,
    /// The comparisons of its gate.
    #[serde(default, skip_serializing_if = "Seldom::is_empty")]
    pub gate: Seldom<Comparison>,
}

/// Those of one category that something is composed of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// The category, in the scheme that decided on them.
    pub category: Arc<str>,
    /// What that scheme calls it, where it is another and the inputs tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Words>,
    /// The closed rounds that their results are of, each with its revision; none where they are of this round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<(Arc<str>, u32)>,
    /// How many count.
    pub counted: u32,
    /// How many have no total; the scheme says whether these count as 0 or not at all.
    pub without_total: u32,
    /// The mean result of those that count, by their sizes where they weigh by size; absent where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Ratio>,
    /// What this mean weighs: the weight of the category, or the sum of the sizes.
    pub weight: Ratio,
}

/// What inspectors awarded for one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StretchResult {
    /// The stretch, such as `2026-Q1`.
    pub period: Arc<str>,
    /// The inspectors' points combined, exactly.
    pub value: Shown,
    /// What each inspector awarded, where several did or one of them noted something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awards: Vec<Award>,
}

/// A figure of a survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureResult {
    /// What it is: `survey/public/satisfaction_rate` with question, panel and channel.
    pub what: Arc<str>,
    /// Its value: counts where it is a plain rate.
    pub value: Shown,
    /// The same cut for reading, such as `93.33%`.
    pub text: Reading,
    /// The 95 % Wilson interval of a plain rate, in ten-thousandths; for information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wilson_e4: Option<(u32, u32)>,
    /// Counts by class of answer.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub classes: Box<[(AnswerClass, u64)]>,
    /// Of a ballot the lines that counted and how many of them were left blank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Box<LineCounts>>,
    /// What it is the weighted mean of, where it is one.
    #[serde(default, skip_serializing_if = "Seldom::is_empty")]
    pub terms: Seldom<Term>,
    /// Why it is undefined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Reason>,
    /// Whether it rests on fewer than [`FEW`] answers.
    #[serde(default, skip_serializing_if = "is_false")]
    pub few: bool,
}

impl FigureResult {
    /// The parts that it is the mean of, unless one rests on so few answers that, where `withholding`, none is told: what
    /// is left of a sum tells what was taken out of it.
    pub fn shown_terms(&self, withholding: bool) -> Option<&[Term]> {
        let few = self.few || self.terms.iter().any(|term| term.few);
        (!(withholding && few)).then_some(&self.terms)
    }
}

/// Lines of ballots about a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounts {
    /// Those on valid sheets.
    pub valid: u64,
    /// Those with a rated answer.
    pub rated: u64,
    /// Those left blank as a whole: abstentions.
    pub abstained: u64,
}

/// How a subject was ranked for a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRank {
    /// The label.
    pub label: Arc<str>,
    /// What ranks.
    pub what: Arc<str>,
    /// Its value.
    pub value: Shown,
    /// The rank, from the top for a label of the best, from the bottom for one of the worst; equal values share it.
    pub rank: u32,
    /// How many were ranked.
    pub of: u32,
    /// The cases that the value counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<Ground>,
    /// Whether it is given.
    pub given: bool,
    /// The comparisons of what it demands besides.
    #[serde(default, skip_serializing_if = "Few::is_empty")]
    pub compared: Few<Comparison>,
    /// Whether the value rests on fewer than [`FEW`] answers.
    #[serde(default, skip_serializing_if = "is_false")]
    pub few: bool,
}

/// What comes of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consequence {
    /// The rule.
    pub rule: Arc<str>,
    /// `alert`, or the kind of follow-up.
    pub kind: Arc<str>,
    /// The case that it comes of, where the rule is asked for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Arc<str>>,
    /// How many answers it comes of, where the rule is asked for each: once for each of them. Which sheets these stand
    /// on is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<u64>,
    /// Whether these are fewer than [`FEW`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub few: bool,
    /// Whom it concerns.
    pub subjects: Few<Arc<str>>,
    /// The day whose relations say so, where the scheme names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Date>,
    /// Calendar days to do it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_days: Option<u32>,
    /// Working days to do it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_working_days: Option<u32>,
    /// Points on the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_points: Option<Points>,
    /// The highest grade left open in another appraisal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Arc<str>>,
}

/// How a quota was filled in one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaResult {
    /// The quota's code.
    pub quota: Arc<str>,
    /// The group, as codes joined by `/`.
    pub group: Arc<str>,
    /// How many subjects count.
    pub size: u32,
    /// How many seats there are.
    pub seats: u32,
    /// Who holds one, in order.
    pub holders: Vec<Arc<str>>,
    /// Who fell for want of one, in order.
    pub fallen: Vec<Arc<str>>,
}

impl Outcome {
    /// What comes of decisions for others than they are on: of whose decision, whom it falls on, and what.
    pub fn consequences_on_others(
        &self,
    ) -> impl Iterator<Item = (&Arc<str>, &Arc<str>, &Consequence)> {
        self.decisions.iter().flat_map(|decision| {
            let source = &decision.subject;
            decision.consequences.iter().flat_map(move |one| {
                let others = one.subjects.iter().filter(move |on| *on != source);
                others.map(move |on| (source, on, one))
            })
        })
    }

    /// The decision on a subject.
    pub fn find(&self, subject: &str) -> Option<&Decision> {
        let place = self
            .decisions
            .binary_search_by(|decision| decision.subject.as_ref().cmp(subject))
            .ok()?;
        self.decisions.get(place)
    }

    /// What keeps the round from being closed.
    pub fn blocking(&self) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter(|gap| gap.blocks)
    }
}

/// The 95 % Wilson interval of n out of d, in ten-thousandths, both bounds rounded outwards; for information only,
/// and absent where the counts are beyond what it is worth computing.
pub fn wilson_e4(n: u64, d: u64) -> Option<(u32, u32)> {
    // So far everything fits into 64 bits, in which a root and a division cost a fraction.
    if d < 10_000_000 {
        let (low, high) = bounds_u64(n, d)?;
        return Some((u32::try_from(low).ok()?, u32::try_from(high).ok()?));
    }
    let (low, high) = bounds_u128(n.into(), d.into())?;
    Some((u32::try_from(low).ok()?, u32::try_from(high).ok()?))
}

/// The bounds of the interval, in one width of number and in another.
macro_rules! wilson_bounds {
    ($name:ident: $type:ty) => {
        fn $name(n: $type, d: $type) -> Option<($type, $type)> {
            // With z² = 3.8416: (p + z²/2d ± z·√(p(1−p)/d + z²/4d²)) / (1 + z²/d), all scaled to whole numbers:
            // centre·2(d + z²) = 2n + z²; the root's square is z²·(4n(d−n)/d + z²).
            const Z2: $type = 38_416;
            const SCALE: $type = 10_000;
            let under = d.checked_mul(SCALE)?.checked_add(Z2)?.checked_mul(2)?;
            let centre = n.checked_mul(SCALE)?.checked_mul(2)?.checked_add(Z2)?;
            let spread = n
                .checked_mul(d.checked_sub(n)?)?
                .checked_mul(SCALE.checked_mul(4)?)?
                .checked_div(d)?;
            let root = Z2
                .checked_mul(spread.checked_add(Z2)?)?
                .isqrt()
                .checked_add(1)?;
            let low = centre
                .saturating_sub(root)
                .checked_mul(SCALE)?
                .checked_div(under)?;
            let high = centre
                .checked_add(root)?
                .checked_mul(SCALE)?
                .div_ceil(under);
            Some((low.min(SCALE), high.min(SCALE)))
        }
    };
}

wilson_bounds!(bounds_u64: u64);
wilson_bounds!(bounds_u128: u128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wilson_interval_agrees_with_the_textbook() {
        // 90 of 100: 0.8256 to 0.9448.
        let (low, high) = wilson_e4(90, 100).unwrap();
        assert!(
            (8254..=8257).contains(&low) && (9447..=9450).contains(&high),
            "{low} {high}"
        );
        assert_eq!((wilson_e4(0, 0), wilson_e4(2, 1)), (None, None));
        assert_eq!(
            wilson_e4(500_000_000_000, 1_000_000_000_000),
            Some((4_999, 5_001))
        );
        assert_eq!(wilson_e4(0, 10).unwrap().0, 0);
        assert_eq!(wilson_e4(10, 10).unwrap().1, 10_000);
    }

    #[test]
    fn the_wilson_interval_is_the_same_in_either_width() {
        for (n, d) in [
            (0, 1),
            (1, 3),
            (612, 1_000),
            (9_999_998, 9_999_999),
            (4_999_999, 9_999_999),
        ] {
            let wide = bounds_u128(n.into(), d.into());
            let narrow = bounds_u64(n, d).map(|(low, high)| (low.into(), high.into()));
            assert!(wide.is_some() && wide == narrow, "{n}/{d}");
        }
    }

    #[test]
    fn three_valued_logic_keeps_its_table() {
        use Truth3::{False, True, Undetermined};
        assert_eq!(False.and(Undetermined), False);
        assert_eq!(True.or(Undetermined), True);
        assert_eq!(True.and(Undetermined), Undetermined);
        assert_eq!(False.or(Undetermined), Undetermined);
        assert_eq!(Undetermined.negate(), Undetermined);
    }
}
