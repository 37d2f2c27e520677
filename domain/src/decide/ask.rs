//! Asks conditions: every comparison is made and kept, so that nothing decides that is not named.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Engine;
use super::fact::Counted;
use super::figure::FigureValue;
use crate::inputs::{WaivedGap, WaiverHolds};
use crate::number::{Points, Ratio};
use crate::outcome::{Comparison, RuleResult, Settled, Shown, Sign, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{Finding, Gap, Over, Quantifier, RuleHolds, Step, Truth, Versus};
use crate::scheme::model::{ConditionPlan, EffectPlan, GradeBound, TestPlan, ValueKind, ValuePlan};
use crate::snapshot::LAST_YEAR;

/// A value that was looked at.
pub(super) enum Looked {
    Points(Points),
    Whole(i64),
    Exact(Ratio),
    Rate(FigureValue),
    Missing(Reason),
}

impl Looked {
    pub fn shown(&self) -> Shown {
        match self {
            Self::Points(points) => Shown::Points(*points),
            Self::Whole(whole) => Shown::Whole(*whole),
            Self::Exact(exact) => Shown::Exact(Box::new(exact.clone())),
            Self::Rate(figure) => figure.shown(),
            Self::Missing(_) => Shown::Missing,
        }
    }

    pub fn exact(&self) -> Option<Ratio> {
        match self {
            Self::Points(points) => Some(points.to_ratio()),
            Self::Whole(whole) => Some(Ratio::from_whole(*whole)),
            Self::Exact(exact) => Some(exact.clone()),
            Self::Rate(figure) => figure.value.clone(),
            Self::Missing(_) => None,
        }
    }

    pub fn why(&self) -> Option<Reason> {
        match self {
            Self::Rate(figure) => figure.why.clone(),
            Self::Missing(why) => Some(why.clone()),
            _ => None,
        }
    }

    fn of_points(points: Option<Points>, what: &str) -> Self {
        points.map_or_else(
            || Self::Missing(Reason::with(ReasonCode::NoPoints, [what])),
            Self::Points,
        )
    }
}

/// Why a condition was asked.
#[derive(Clone, Copy)]
struct View<'v> {
    /// The subject that is looked at in place of the first, where a relation led there.
    of: Option<&'v Arc<str>>,
}

impl Engine<'_> {
    /// Asks a rule of a subject, with what the scheme or a waiver says where it is undetermined.
    pub(super) fn ask(&self, subject: usize, rule: usize) -> RuleResult {
        let Some(plan) = self.scheme.rules.get(rule) else {
            return RuleResult {
                rule: Arc::from(""),
                fired: Truth3::Undetermined,
                compared: Vec::new(),
                settled_by: None,
            };
        };
        let mut compared = Vec::new();
        let mut fired = self.truth(subject, &plan.when, View { of: None }, &mut compared);
        // A requirement fires, that is, stands in the way, when its condition does not hold.
        if matches!(plan.effect, EffectPlan::Require) {
            fired = fired.negate();
        }
        let mut settled_by = None;
        if fired == Truth3::Undetermined {
            let waived = self.snapshot.subjects.get(subject).and_then(|data| {
                let found = data.waivers.iter().find(|(gap, _)| matches!(gap, WaivedGap::Rule(code) if code.as_str() == plan.code.as_ref()));
                found.map(|(_, holds)| *holds == WaiverHolds::Fired)
            });
            let disqualified = self
                .states
                .get(subject)
                .is_some_and(|state| state.disqualified);
            let scheme = plan
                .disqualified
                .filter(|_| disqualified)
                .or(plan.undetermined)
                .map(|holds| holds == RuleHolds::Fired);
            if let Some(holds) = waived {
                (fired, settled_by) = (Truth3::of(holds), Some(Settled::Waiver));
            } else if let Some(holds) = scheme {
                (fired, settled_by) = (Truth3::of(holds), Some(Settled::Scheme));
            }
        }
        RuleResult {
            rule: plan.code.clone(),
            fired,
            compared,
            settled_by,
        }
    }

    /// Asks a condition that belongs to no rule: a gate, or what a label demands besides.
    pub(super) fn holds(
        &self,
        subject: usize,
        condition: &ConditionPlan,
        compared: &mut Vec<Comparison>,
    ) -> Truth3 {
        self.truth(subject, condition, View { of: None }, compared)
    }

    fn truth(
        &self,
        subject: usize,
        condition: &ConditionPlan,
        view: View<'_>,
        compared: &mut Vec<Comparison>,
    ) -> Truth3 {
        match condition {
            ConditionPlan::All(list) => list.iter().fold(Truth3::True, |so_far, inner| {
                so_far.and(self.truth(subject, inner, view, compared))
            }),
            ConditionPlan::Any(list) => list.iter().fold(Truth3::False, |so_far, inner| {
                so_far.or(self.truth(subject, inner, view, compared))
            }),
            ConditionPlan::Not(inner) => self.truth(subject, inner, view, compared).negate(),
            ConditionPlan::Compare(value, test) => {
                let looked = self.look(subject, value);
                let holds = self.passes(value, test, &looked);
                compared.push(Comparison {
                    what: value.what.clone(),
                    left: looked.shown(),
                    op: test.op,
                    right: test.text.clone(),
                    holds,
                    of: view.of.cloned(),
                    why: looked.why(),
                });
                holds
            }
            ConditionPlan::Related {
                by,
                hold,
                nobody,
                that,
            } => self.related(subject, by, (*hold, *nobody), that, compared),
            _ => {
                let (what, left, right, holds, why) = self.word(subject, condition);
                compared.push(Comparison {
                    what,
                    left,
                    op: word_sign(condition),
                    right,
                    holds,
                    of: view.of.cloned(),
                    why,
                });
                holds
            }
        }
    }

    /// Conditions on words rather than numbers.
    fn word(
        &self,
        subject: usize,
        condition: &ConditionPlan,
    ) -> (Arc<str>, Shown, Arc<str>, Truth3, Option<Reason>) {
        let state = self.states.get(subject);
        let yes_no = |holds: bool| Shown::Word(Arc::from(if holds { "yes" } else { "no" }));
        match condition {
            ConditionPlan::Label(label) => {
                let holds = state.is_some_and(|state| state.labels.contains(label));
                let code = self
                    .scheme
                    .labels
                    .get(*label)
                    .map_or("", |plan| plan.code.as_ref());
                (
                    Arc::from(format!("label/{code}")),
                    yes_no(holds),
                    Arc::from("yes"),
                    Truth3::of(holds),
                    None,
                )
            }
            ConditionPlan::Finding { rule, is } => {
                let code = self
                    .scheme
                    .rules
                    .get(*rule)
                    .map_or("", |plan| plan.code.as_ref());
                let (found, why) = self.finding(subject, *rule);
                let word = |finding: Finding| match finding {
                    Finding::Verified => "verified",
                    Finding::Unfounded => "unfounded",
                };
                let (left, holds) = match found {
                    Found::None => (Shown::Word(Arc::from("none")), Truth3::False),
                    Found::Awaited => (Shown::Missing, Truth3::Undetermined),
                    Found::Perhaps(finding) if finding == *is => {
                        (Shown::Missing, Truth3::Undetermined)
                    }
                    Found::Perhaps(finding) | Found::Is(finding) => (
                        Shown::Word(Arc::from(word(finding))),
                        Truth3::of(finding == *is),
                    ),
                };
                (
                    Arc::from(format!("finding/{code}")),
                    left,
                    Arc::from(word(*is)),
                    holds,
                    why,
                )
            }
            ConditionPlan::Earlier {
                grades,
                in_a_row,
                gap,
                with_this_round,
            } => {
                let (run, holds, why) =
                    self.run(subject, grades, *in_a_row, *gap, *with_this_round);
                let names: Vec<&str> = grades
                    .iter()
                    .filter_map(|grade| self.scheme.grades.get(*grade))
                    .map(|plan| plan.code.as_ref())
                    .collect();
                let left = if holds == Truth3::Undetermined {
                    Shown::Missing
                } else {
                    Shown::Whole(i64::from(run))
                };
                (
                    Arc::from(format!("earlier/{}", names.join(","))),
                    left,
                    Arc::from(in_a_row.to_string()),
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
                    Arc::from("grade"),
                    left,
                    self.grade_code(Some(wanted))
                        .unwrap_or_else(|| Arc::from("")),
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
                    Arc::from("rank"),
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
                    Arc::from("eligible"),
                    eligible.map_or(Shown::Missing, yes_no),
                    Arc::from(if *wanted { "yes" } else { "no" }),
                    holds,
                    None,
                )
            }
            ConditionPlan::Disqualified(wanted) => {
                let is = self.is_disqualified(subject);
                let unknown = is == Truth3::Undetermined;
                (
                    Arc::from("disqualified"),
                    if unknown {
                        Shown::Missing
                    } else {
                        yes_no(is == Truth3::True)
                    },
                    Arc::from(if *wanted { "yes" } else { "no" }),
                    if *wanted { is } else { is.negate() },
                    unknown.then(|| ReasonCode::DisqualificationUnknown.into()),
                )
            }
            // The others are asked elsewhere.
            _ => (
                Arc::from(""),
                Shown::Missing,
                Arc::from(""),
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

    /// A value of a subject.
    pub(super) fn look(&self, subject: usize, value: &ValuePlan) -> Looked {
        let state = self.states.get(subject);
        let category = self.scheme.categories.get(self.category(subject));
        match &value.kind {
            ValueKind::Figure(figure) => Looked::Rate(
                state
                    .and_then(|state| state.figures.get(*figure))
                    .cloned()
                    .unwrap_or_default(),
            ),
            ValueKind::Item(item) => {
                let place = category
                    .and_then(|c| c.item_place.get(*item))
                    .copied()
                    .flatten();
                let points = place
                    .and_then(|place| state.and_then(|state| state.scored.get(place)))
                    .copied()
                    .flatten();
                Looked::of_points(points, &value.what)
            }
            ValueKind::Node(node) => {
                let place = category
                    .and_then(|c| c.node_place.get(*node))
                    .copied()
                    .flatten();
                let points = place
                    .and_then(|place| state.and_then(|state| state.nodes.get(place)))
                    .and_then(|node| node.points);
                Looked::of_points(points, &value.what)
            }
            ValueKind::Total => Looked::of_points(state.and_then(|state| state.total), "the total"),
            ValueKind::Facts(plan) => match self.count_facts(subject, plan) {
                Counted::Count(count) => Looked::Whole(i64::try_from(count).unwrap_or(i64::MAX)),
                Counted::Sum(sum) => Looked::Exact(sum),
                Counted::Unconfirmed => Looked::Missing(ReasonCode::NotConfirmed.into()),
            },
            ValueKind::Measure {
                measure,
                over,
                versus,
            } => self.measure(subject, *measure, *over, *versus),
        }
    }

    fn measure(
        &self,
        subject: usize,
        measure: usize,
        over: Option<Over>,
        versus: Option<Versus>,
    ) -> Looked {
        let (Some(data), Some(plan)) = (
            self.snapshot.subjects.get(subject),
            self.scheme.measures.get(measure),
        ) else {
            return Looked::Missing(ReasonCode::NoValue.into());
        };
        let of = |stretch: usize| data.measures.get(&(measure, stretch));
        let stretches = self
            .snapshot
            .stretches
            .get(measure)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut found: Option<Ratio> = None;
        for (stretch, period) in stretches.iter().enumerate() {
            let Some(value) = of(stretch) else {
                return Looked::Missing(Reason::with(
                    ReasonCode::MeasureMissing,
                    [plan.code.as_ref(), period.as_str()],
                ));
            };
            found = Some(match (found, over) {
                (Some(so_far), Some(Over::Least)) => so_far.min(value.clone()),
                (Some(so_far), Some(Over::Sum)) => so_far.add(value),
                _ => value.clone(),
            });
        }
        let Some(this_year) = found else {
            return Looked::Missing(ReasonCode::NoValue.into());
        };
        let Some(versus) = versus else {
            return Looked::Exact(this_year);
        };
        let Some(last_year) = of(LAST_YEAR) else {
            return Looked::Missing(Reason::with(
                ReasonCode::MeasureMissing,
                [plan.code.as_ref(), "last_year"],
            ));
        };
        let difference = this_year.sub(last_year);
        match versus {
            Versus::Difference => Looked::Exact(difference),
            Versus::Change => difference.div(last_year).map_or_else(
                || Looked::Missing(ReasonCode::LastYearZero.into()),
                Looked::Exact,
            ),
        }
    }

    /// Whether a value passes a test; undetermined where it is missing.
    pub(super) fn passes(&self, value: &ValuePlan, test: &TestPlan, looked: &Looked) -> Truth3 {
        if let ValueKind::Figure(figure) = &value.kind
            && self
                .scheme
                .figures
                .get(*figure)
                .is_some_and(|plan| plan.lower_bound)
        {
            let Looked::Rate(FigureValue {
                counts: Some((n, d)),
                ..
            }) = looked
            else {
                return Truth3::Undetermined;
            };
            return lower_bound_reaches(*n, *d, &test.bound);
        }
        if let (Looked::Points(points), Some(bound)) = (looked, test.points) {
            return Truth3::of(test.op.holds(points.cmp(&bound)));
        }
        looked
            .exact()
            .map_or(Truth3::Undetermined, |exact| Truth3::of(test.holds(&exact)))
    }

    /// Subjects at the end of a path of relations.
    pub(super) fn reach(&self, subject: usize, path: &[Step]) -> BTreeSet<usize> {
        let mut here = BTreeSet::from([subject]);
        for step in path {
            here = here
                .iter()
                .filter_map(|place| self.snapshot.subjects.get(*place)?.related.get(step))
                .flatten()
                .copied()
                .collect();
        }
        here
    }

    fn related(
        &self,
        subject: usize,
        by: &[Step],
        (hold, nobody): (Quantifier, Option<Truth>),
        that: &ConditionPlan,
        compared: &mut Vec<Comparison>,
    ) -> Truth3 {
        let reached = self.reach(subject, by);
        let empty = nobody.map(|truth| Truth3::of(truth == Truth::True));
        let mut truths = Vec::with_capacity(reached.len());
        for other in &reached {
            let Some(data) = self.snapshot.subjects.get(*other) else {
                continue;
            };
            truths.push(self.truth(
                *other,
                that,
                View {
                    of: Some(&data.code),
                },
                compared,
            ));
        }
        if truths.is_empty() {
            return match hold {
                Quantifier::All => empty.unwrap_or(Truth3::Undetermined),
                Quantifier::None => empty.unwrap_or(Truth3::True),
                Quantifier::Any | Quantifier::AtLeast(_) => Truth3::False,
            };
        }
        let any = || {
            truths
                .iter()
                .fold(Truth3::False, |so_far, truth| so_far.or(*truth))
        };
        match hold {
            Quantifier::Any => any(),
            Quantifier::None => any().negate(),
            Quantifier::All => truths
                .iter()
                .fold(Truth3::True, |so_far, truth| so_far.and(*truth)),
            Quantifier::AtLeast(least) => {
                let least = usize::try_from(least).unwrap_or(usize::MAX);
                let sure = truths
                    .iter()
                    .filter(|truth| **truth == Truth3::True)
                    .count();
                let perhaps = truths
                    .iter()
                    .filter(|truth| **truth != Truth3::False)
                    .count();
                match (sure >= least, perhaps >= least) {
                    (true, _) => Truth3::True,
                    (false, true) => Truth3::Undetermined,
                    (false, false) => Truth3::False,
                }
            }
        }
    }

    /// A run of grades in earlier rounds: how long it is, and whether it is long enough.
    fn run(
        &self,
        subject: usize,
        grades: &[usize],
        in_a_row: u32,
        gap: Gap,
        with_this_round: bool,
    ) -> (u32, Truth3, Option<Reason>) {
        let Some(data) = self.snapshot.subjects.get(subject) else {
            return (0, Truth3::False, None);
        };
        let state = self.states.get(subject);
        if with_this_round && state.is_some_and(|s| s.undetermined && !s.disqualified && !s.held) {
            return (0, Truth3::Undetermined, Some(ReasonCode::NoGrade.into()));
        }
        let this = with_this_round.then(|| (true, state.and_then(|state| state.grade)));
        let earlier = self
            .snapshot
            .earlier
            .iter()
            .zip(&data.history)
            .map(|(closed, grade)| (*closed, *grade));
        let mut run = 0_u32;
        for (closed, grade) in this.into_iter().chain(earlier) {
            if !closed {
                return (
                    run,
                    Truth3::Undetermined,
                    Some(ReasonCode::EarlierOpen.into()),
                );
            }
            match (grade, gap) {
                (Some(grade), _) if grades.contains(&grade) => run = run.saturating_add(1),
                (None, Gap::Skipped) => continue,
                (None, Gap::Undetermined) => {
                    return (
                        run,
                        Truth3::Undetermined,
                        Some(ReasonCode::RunHasGap.into()),
                    );
                }
                (Some(_), _) | (None, Gap::Breaks) => return (run, Truth3::False, None),
            }
            if run >= in_a_row {
                return (run, Truth3::True, None);
            }
        }
        (run, Truth3::False, None)
    }

    /// What the investigation that a rule opens has found.
    fn finding(&self, subject: usize, rule: usize) -> (Found, Option<Reason>) {
        let opened = self
            .snapshot
            .subjects
            .get(subject)
            .and_then(|data| data.investigations.iter().find(|one| one.rule == rule));
        let fires = self
            .states
            .get(subject)
            .and_then(|state| state.rules.get(rule))
            .and_then(Option::as_ref)
            .map(|result| result.fired);
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
const fn word_sign(condition: &ConditionPlan) -> Sign {
    match condition {
        ConditionPlan::Grade(GradeBound::AtMost(_)) | ConditionPlan::RankAtMost(_) => Sign::AtMost,
        ConditionPlan::Grade(GradeBound::AtLeast(_)) | ConditionPlan::Earlier { .. } => {
            Sign::AtLeast
        }
        _ => Sign::Equal,
    }
}

enum Found {
    None,
    Awaited,
    /// This, if it counts at all.
    Perhaps(Finding),
    Is(Finding),
}

/// Whether the lower bound of the 95 % Wilson interval is at least p: p̂ ≥ p and n(p̂ − p)² ≥ 3.8416·p(1 − p).
pub(super) fn lower_bound_reaches(n: u64, d: u64, p: &Ratio) -> Truth3 {
    let Some(rate) = Ratio::of_counts(n, d) else {
        return Truth3::Undetermined;
    };
    if rate < *p {
        return Truth3::False;
    }
    let off = rate.sub(p);
    let left = Ratio::of_count(d).mul(&off.mul(&off));
    let Some(z2) = Ratio::from_whole(38_416).div(&Ratio::from_whole(10_000)) else {
        return Truth3::Undetermined;
    };
    let right = z2.mul(&p.mul(&Ratio::one().sub(p)));
    Truth3::of(left >= right)
}
