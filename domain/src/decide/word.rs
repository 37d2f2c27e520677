//! Conditions on words rather than numbers: labels, findings, grades, ranks, earlier rounds.

use std::sync::Arc;

use super::Engine;
use super::fact::former;
use crate::outcome::{Ground, RoundGround, Shown, Sign, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::Scheme;
use crate::scheme::file::{Finding, Gap};
use crate::scheme::model::{ConditionPlan, EffectPlan, GradeBound, LabelPlan, RulePlan};

/// Texts of comparisons on words, made once and shared by all of them.
pub(super) struct Vocabulary {
    nothing: Arc<str>,
    yes: Arc<str>,
    no: Arc<str>,
    none: Arc<str>,
    verified: Arc<str>,
    unfounded: Arc<str>,
    grade: Arc<str>,
    rank: Arc<str>,
    eligible: Arc<str>,
    disqualified: Arc<str>,
    /// By label.
    labels: Vec<Arc<str>>,
    /// By rule.
    findings: Vec<Arc<str>>,
}

impl Vocabulary {
    pub fn of(scheme: &Scheme) -> Self {
        let label = |plan: &LabelPlan| Arc::from(format!("label/{}", plan.code));
        let finding = |plan: &RulePlan| Arc::from(format!("finding/{}", plan.code));
        Self {
            nothing: Arc::from(""),
            yes: Arc::from("yes"),
            no: Arc::from("no"),
            none: Arc::from("none"),
            verified: Arc::from("verified"),
            unfounded: Arc::from("unfounded"),
            grade: Arc::from("grade"),
            rank: Arc::from("rank"),
            eligible: Arc::from("eligible"),
            disqualified: Arc::from("disqualified"),
            labels: scheme.labels.iter().map(label).collect(),
            findings: scheme.rules.iter().map(finding).collect(),
        }
    }

    fn yes_no(&self, holds: bool) -> Arc<str> {
        if holds { &self.yes } else { &self.no }.clone()
    }
}

impl Engine<'_> {
    /// Conditions on words rather than numbers.
    pub(super) fn word(&self, subject: usize, condition: &ConditionPlan) -> Read {
        if let ConditionPlan::Earlier {
            grades,
            in_a_row,
            gap,
            with_this_round,
            text,
        } = condition
        {
            let run = self.run(subject, grades, *in_a_row, (*gap, *with_this_round));
            return read_run(run, text);
        }
        let (what, left, right, holds, why) = self.compare_word(subject, condition);
        Read {
            what,
            left,
            right,
            holds,
            why,
            counted: Vec::new(),
        }
    }

    fn compare_word(
        &self,
        subject: usize,
        condition: &ConditionPlan,
    ) -> (Arc<str>, Shown, Arc<str>, Truth3, Option<Reason>) {
        let state = self.states.get(subject);
        let words = &self.words;
        let yes_no = |holds: bool| Shown::Word(words.yes_no(holds));
        match condition {
            ConditionPlan::Label(label) => {
                let holds = state.is_some_and(|state| state.labels.contains(label));
                (
                    words.labels.get(*label).unwrap_or(&words.nothing).clone(),
                    yes_no(holds),
                    words.yes.clone(),
                    Truth3::of(holds),
                    None,
                )
            }
            ConditionPlan::Finding { rule, is } => {
                let (found, why) = self.finding(subject, *rule);
                let word = |finding: Finding| match finding {
                    Finding::Verified => words.verified.clone(),
                    Finding::Unfounded => words.unfounded.clone(),
                };
                let (left, holds) = match found {
                    Found::None => (Shown::Word(words.none.clone()), Truth3::False),
                    Found::Awaited => (Shown::Missing, Truth3::Undetermined),
                    Found::Perhaps(finding) if finding == *is => {
                        (Shown::Missing, Truth3::Undetermined)
                    }
                    Found::Perhaps(finding) | Found::Is(finding) => {
                        (Shown::Word(word(finding)), Truth3::of(finding == *is))
                    }
                };
                (
                    words.findings.get(*rule).unwrap_or(&words.nothing).clone(),
                    left,
                    word(*is),
                    holds,
                    why,
                )
            }
            ConditionPlan::Grade(bound) => {
                // What an undetermined subject would hold if nothing came in its way is no grade.
                let grade = state
                    .filter(|state| !state.undetermined)
                    .and_then(|state| state.grade);
                let wanted = match bound {
                    GradeBound::AtMost(wanted)
                    | GradeBound::AtLeast(wanted)
                    | GradeBound::Is(wanted) => *wanted,
                };
                let holds = grade.map_or(Truth3::Undetermined, |grade| {
                    Truth3::of(match bound {
                        GradeBound::AtMost(wanted) => grade >= *wanted,
                        GradeBound::AtLeast(wanted) => grade <= *wanted,
                        GradeBound::Is(wanted) => grade == *wanted,
                    })
                });
                let left = self.grade_code(grade).map_or(Shown::Missing, Shown::Word);
                let why = (holds == Truth3::Undetermined).then(|| {
                    Reason::from(if state.is_some_and(|s| s.disqualified) {
                        ReasonCode::NoGradeDisqualified
                    } else {
                        ReasonCode::NoGrade
                    })
                });
                (
                    words.grade.clone(),
                    left,
                    self.grade_code(Some(wanted))
                        .unwrap_or_else(|| words.nothing.clone()),
                    holds,
                    why,
                )
            }
            ConditionPlan::RankAtMost(most) => {
                let rank = state.and_then(|state| state.rank);
                let holds = rank.map_or(Truth3::Undetermined, |rank| Truth3::of(rank <= *most));
                let left = rank.map_or(Shown::Missing, |rank| Shown::Whole(i64::from(rank)));
                let why = rank.is_none().then(|| ReasonCode::NoRank.into());
                (
                    words.rank.clone(),
                    left,
                    Arc::from(most.to_string()),
                    holds,
                    why,
                )
            }
            ConditionPlan::Eligible(wanted) => {
                let eligible = state.and_then(|state| state.eligible);
                let holds = eligible.map_or(Truth3::Undetermined, |eligible| {
                    Truth3::of(eligible == *wanted)
                });
                (
                    words.eligible.clone(),
                    eligible.map_or(Shown::Missing, yes_no),
                    words.yes_no(*wanted),
                    holds,
                    None,
                )
            }
            ConditionPlan::Disqualified(wanted) => {
                let is = self.is_disqualified(subject);
                let unknown = is == Truth3::Undetermined;
                (
                    words.disqualified.clone(),
                    if unknown {
                        Shown::Missing
                    } else {
                        yes_no(is == Truth3::True)
                    },
                    words.yes_no(*wanted),
                    if *wanted { is } else { is.negate() },
                    unknown.then(|| ReasonCode::DisqualificationUnknown.into()),
                )
            }
            // The others are asked elsewhere.
            _ => (
                words.nothing.clone(),
                Shown::Missing,
                words.nothing.clone(),
                Truth3::Undetermined,
                None,
            ),
        }
    }

    /// Whether a subject is disqualified; undetermined while a rule that would do it is.
    fn is_disqualified(&self, subject: usize) -> Truth3 {
        let Some(state) = self.states.get(subject) else {
            return Truth3::False;
        };
        if state.disqualified {
            return Truth3::True;
        }
        let open = self
            .scheme
            .rules
            .iter()
            .zip(&state.rules)
            .any(|(plan, result)| {
                matches!(plan.effect, EffectPlan::Disqualify)
                    && result
                        .as_ref()
                        .is_some_and(|result| result.fired == Truth3::Undetermined)
            });
        if open {
            Truth3::Undetermined
        } else {
            Truth3::False
        }
    }

    /// A run of grades in earlier rounds: how long it is, and whether it is long enough.
    fn run(
        &self,
        subject: usize,
        grades: &[usize],
        in_a_row: u32,
        (gap, with_this_round): (Gap, bool),
    ) -> Run {
        let mut run = Run {
            length: 0,
            holds: Truth3::False,
            why: None,
            rounds: Vec::new(),
        };
        let Some(data) = self.snapshot.subjects.get(subject) else {
            return run;
        };
        let state = self.states.get(subject);
        if with_this_round && state.is_some_and(|s| s.undetermined && !s.disqualified && !s.held) {
            return run.unknown(ReasonCode::NoGrade);
        }
        let this = with_this_round.then(|| (None, state.and_then(|state| state.grade)));
        let earlier = self.snapshot.earlier.iter().zip(&data.history);
        let earlier = earlier
            .map(|(round, past)| (Some((round, past)), past.as_ref().map(|past| past.grade)));
        for (looked_at, grade) in this.into_iter().chain(earlier) {
            if let Some((round, past)) = looked_at {
                if !round.closed {
                    return run.unknown(ReasonCode::EarlierOpen);
                }
                run.rounds.push(Ground::Round(RoundGround {
                    round: round.code.clone(),
                    revision: past.as_ref().and_then(|past| past.revision),
                    grade: self.grade_code(grade),
                    of: (past.as_ref().and_then(|past| past.of.as_ref()))
                        .and_then(|code| former(data, code)),
                }));
            }
            match (grade, gap) {
                (Some(grade), _) if grades.contains(&grade) => {
                    run.length = run.length.saturating_add(1);
                }
                (None, Gap::Skipped) => continue,
                (None, Gap::Undetermined) => return run.unknown(ReasonCode::RunHasGap),
                (Some(_), _) | (None, Gap::Breaks) => return run,
            }
            if run.length >= in_a_row {
                run.holds = Truth3::True;
                return run;
            }
        }
        run
    }

    /// What the investigation that a rule opens has found.
    fn finding(&self, subject: usize, rule: usize) -> (Found, Option<Reason>) {
        let opened = self
            .snapshot
            .subjects
            .get(subject)
            .and_then(|data| data.investigations.iter().find(|one| one.rule == rule));
        let fires = self.result(subject, rule).map(|result| result.fired);
        let by_hand = opened.is_some_and(|one| one.by_hand);
        match (opened, fires) {
            // The rule is not for this subject, or did not fire, and nobody opened one by hand.
            (_, None | Some(Truth3::False)) if !by_hand => (Found::None, None),
            (None, Some(Truth3::Undetermined)) => (
                Found::Awaited,
                Some(ReasonCode::InvestigationUnknown.into()),
            ),
            (None, _) => (Found::Awaited, Some(ReasonCode::InvestigationDue.into())),
            (Some(one), fires) => match one.finding {
                // It counts while the rule fires, which is not known here.
                Some(finding) if !by_hand && fires == Some(Truth3::Undetermined) => (
                    Found::Perhaps(finding),
                    Some(ReasonCode::InvestigationUnknown.into()),
                ),
                Some(finding) => (Found::Is(finding), None),
                None => (Found::Awaited, Some(ReasonCode::InvestigationOpen.into())),
            },
        }
    }
}

/// The sign between words: grades and ranks have an order, the rest is there or not.
pub(super) const fn word_sign(condition: &ConditionPlan) -> Sign {
    match condition {
        ConditionPlan::Grade(GradeBound::AtMost(_)) | ConditionPlan::RankAtMost(_) => Sign::AtMost,
        ConditionPlan::Grade(GradeBound::AtLeast(_)) | ConditionPlan::Earlier { .. } => {
            Sign::AtLeast
        }
        _ => Sign::Equal,
    }
}

/// A condition on words, as it was read.
pub(super) struct Read {
    pub what: Arc<str>,
    pub left: Shown,
    pub right: Arc<str>,
    pub holds: Truth3,
    pub why: Option<Reason>,
    pub counted: Vec<Ground>,
}

fn read_run(run: Run, [what, right]: &[Arc<str>; 2]) -> Read {
    let left = if run.holds == Truth3::Undetermined {
        Shown::Missing
    } else {
        Shown::Whole(i64::from(run.length))
    };
    Read {
        what: what.clone(),
        left,
        right: right.clone(),
        holds: run.holds,
        why: run.why.map(Reason::from),
        counted: run.rounds,
    }
}

/// A run of grades.
struct Run {
    length: u32,
    holds: Truth3,
    why: Option<ReasonCode>,
    /// The earlier rounds that were looked at, the latest first.
    rounds: Vec<Ground>,
}

impl Run {
    fn unknown(self, why: ReasonCode) -> Self {
        Self {
            holds: Truth3::Undetermined,
            why: Some(why),
            ..self
        }
    }
}

enum Found {
    None,
    Awaited,
    /// This, if it counts at all.
    Perhaps(Finding),
    Is(Finding),
}
