//! Conditions on words rather than numbers: labels, findings, grades, ranks, earlier rounds.

use std::sync::Arc;

use super::Engine;
use super::fact::former;
use crate::outcome::{Asked, Ground, RoundGround, Shown, Sign, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::Scheme;
use crate::scheme::file::{Finding, Gap};
use crate::scheme::model::{ConditionPlan, EffectPlan, GradeBound, GradePlan, LabelPlan, RulePlan};

/// What conditions on words ask and how they are answered, made once and shared by all comparisons.
pub(super) struct Vocabulary {
    nothing: Arc<Asked>,
    yes: Arc<str>,
    no: Arc<str>,
    none: Arc<str>,
    verified: Arc<str>,
    unfounded: Arc<str>,
    /// Whether it is eligible, and whether not.
    eligible: [Arc<Asked>; 2],
    /// Whether it is disqualified, and whether not.
    disqualified: [Arc<Asked>; 2],
    /// By grade: whether this or a worse one, this or a better one, just this.
    grades: Vec<[Arc<Asked>; 3]>,
    /// By label.
    labels: Vec<Arc<Asked>>,
    /// By rule: whether its finding is verified, whether unfounded.
    findings: Vec<[Arc<Asked>; 2]>,
    pub alert: Arc<str>,
    /// By rule: the kind of its follow-up, and the grade that this leaves open.
    follow_ups: Vec<FollowUpWords>,
}

/// One thing to ask.
fn asked(what: &Arc<str>, op: Sign, right: &Arc<str>) -> Arc<Asked> {
    Arc::new(Asked {
        what: what.clone(),
        op,
        right: right.clone(),
    })
}

type FollowUpWords = (Arc<str>, Option<Arc<str>>);

impl Vocabulary {
    pub fn of(scheme: &Scheme) -> Self {
        let word = |word: &str| Arc::<str>::from(word);
        let [yes, no, verified, unfounded] = ["yes", "no", "verified", "unfounded"].map(word);
        let either = |what: &str, [one, other]: [&Arc<str>; 2]| {
            let what = word(what);
            [one, other].map(|right| asked(&what, Sign::Equal, right))
        };
        let grade = word("grade");
        let of_grade = |plan: &GradePlan| {
            [Sign::AtMost, Sign::AtLeast, Sign::Equal].map(|op| asked(&grade, op, &plan.code))
        };
        let label = |plan: &LabelPlan| {
            let what = word(&format!("label/{}", plan.code));
            asked(&what, Sign::Equal, &yes)
        };
        let finding = |plan: &RulePlan| {
            let what = format!("finding/{}", plan.code);
            either(&what, [&verified, &unfounded])
        };
        let follow_up = |plan: &RulePlan| match &plan.effect {
            EffectPlan::FollowUp(follow_up) => (
                Arc::from(follow_up.kind.as_str()),
                follow_up.limit.as_deref().map(Arc::from),
            ),
            _ => (word(""), None),
        };
        Self {
            nothing: asked(&word(""), Sign::Equal, &word("")),
            none: word("none"),
            eligible: either("eligible", [&yes, &no]),
            disqualified: either("disqualified", [&yes, &no]),
            grades: scheme.grades.iter().map(of_grade).collect(),
            labels: scheme.labels.iter().map(label).collect(),
            findings: scheme.rules.iter().map(finding).collect(),
            alert: word("alert"),
            follow_ups: scheme.rules.iter().map(follow_up).collect(),
            yes,
            no,
            verified,
            unfounded,
        }
    }

    /// The kind of a rule's follow-up, and the grade that this leaves open.
    pub fn follow_up(&self, rule: usize) -> FollowUpWords {
        let found = self.follow_ups.get(rule);
        found.map_or_else(|| (self.nothing.what.clone(), None), Clone::clone)
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
            asked,
        } = condition
        {
            let run = self.run(subject, grades, *in_a_row, (*gap, *with_this_round));
            return read_run(run, asked);
        }
        let (asked, left, holds, why) = self.compare_word(subject, condition);
        Read {
            asked: asked.clone(),
            left,
            holds,
            why,
            counted: Vec::new(),
        }
    }

    fn compare_word<'e>(
        &'e self,
        subject: usize,
        condition: &'e ConditionPlan,
    ) -> (&'e Arc<Asked>, Shown, Truth3, Option<Reason>) {
        let state = self.states.get(subject);
        let words = &self.words;
        let yes_no = |holds: bool| Shown::Word(words.yes_no(holds));
        match condition {
            ConditionPlan::Label(label) => {
                let holds = state.is_some_and(|state| state.labels.contains(label));
                let asked = words.labels.get(*label).unwrap_or(&words.nothing);
                (asked, yes_no(holds), Truth3::of(holds), None)
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
                let asked = words.findings.get(*rule);
                let asked = asked.map_or(&words.nothing, |[verified, unfounded]| match is {
                    Finding::Verified => verified,
                    Finding::Unfounded => unfounded,
                });
                (asked, left, holds, why)
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
                let asked = words.grades.get(wanted);
                let asked = asked.map_or(&words.nothing, |[worse, better, just]| match bound {
                    GradeBound::AtMost(_) => worse,
                    GradeBound::AtLeast(_) => better,
                    GradeBound::Is(_) => just,
                });
                (asked, left, holds, why)
            }
            ConditionPlan::RankAtMost(most, asked) => {
                let rank = state.and_then(|state| state.rank);
                let holds = rank.map_or(Truth3::Undetermined, |rank| Truth3::of(rank <= *most));
                let left = rank.map_or(Shown::Missing, |rank| Shown::Whole(i64::from(rank)));
                let why = rank.is_none().then(|| ReasonCode::NoRank.into());
                (asked, left, holds, why)
            }
            ConditionPlan::Eligible(wanted) => {
                let eligible = state.and_then(|state| state.eligible);
                let holds = eligible.map_or(Truth3::Undetermined, |eligible| {
                    Truth3::of(eligible == *wanted)
                });
                let left = eligible.map_or(Shown::Missing, yes_no);
                (either(&words.eligible, *wanted), left, holds, None)
            }
            ConditionPlan::Disqualified(wanted) => {
                let is = self.is_disqualified(subject);
                let unknown = is == Truth3::Undetermined;
                let left = if unknown {
                    Shown::Missing
                } else {
                    yes_no(is == Truth3::True)
                };
                (
                    either(&words.disqualified, *wanted),
                    left,
                    if *wanted { is } else { is.negate() },
                    unknown.then(|| ReasonCode::DisqualificationUnknown.into()),
                )
            }
            // The others are asked elsewhere.
            _ => (&words.nothing, Shown::Missing, Truth3::Undetermined, None),
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
            .enumerate()
            .filter(|(_, plan)| matches!(plan.effect, EffectPlan::Disqualify))
            .any(|(rule, _)| self.truth_of(subject, rule) == Some(Truth3::Undetermined));
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
        let fires = self.truth_of(subject, rule);
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

const fn either([yes, no]: &[Arc<Asked>; 2], wanted: bool) -> &Arc<Asked> {
    if wanted { yes } else { no }
}

/// A condition on words, as it was read.
pub(super) struct Read {
    pub asked: Arc<Asked>,
    pub left: Shown,
    pub holds: Truth3,
    pub why: Option<Reason>,
    pub counted: Vec<Ground>,
}

fn read_run(run: Run, asked: &Arc<Asked>) -> Read {
    let left = if run.holds == Truth3::Undetermined {
        Shown::Missing
    } else {
        Shown::Whole(i64::from(run.length))
    };
    Read {
        asked: asked.clone(),
        left,
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
