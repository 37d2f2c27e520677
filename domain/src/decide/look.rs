//! Values of a subject that conditions and shapes look at, and whether they pass a test.

use super::Engine;
use super::ask::Event;
use super::fact::Counted;
use super::figure::FigureValue;
use crate::number::{Points, Ratio};
use crate::outcome::{FEW, Ground, Shown, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{Over, Versus};
use crate::scheme::model::{TestPlan, ValueKind, ValuePlan};
use crate::snapshot::LAST_YEAR;

/// A value that was looked at.
pub(super) enum Looked<'a> {
    Points(Points),
    Whole(i64),
    /// How many answers.
    Answers(u64),
    Exact(Ratio),
    Rate(&'a FigureValue),
    Missing(Reason),
}

impl Looked<'_> {
    pub fn shown(&self) -> Shown {
        match self {
            Self::Points(points) => Shown::Points(*points),
            Self::Whole(whole) => Shown::Whole(*whole),
            Self::Answers(count) => Shown::Whole(i64::try_from(*count).unwrap_or(i64::MAX)),
            Self::Exact(exact) => Shown::Exact(exact.clone()),
            Self::Rate(figure) => figure.shown(),
            Self::Missing(_) => Shown::Missing,
        }
    }

    /// The same by value, where the looked is no longer needed.
    pub fn into_parts(self) -> (Shown, Option<Reason>) {
        match self {
            Self::Rate(figure) => (figure.shown(), figure.why.clone()),
            Self::Missing(why) => (Shown::Missing, Some(why)),
            Self::Exact(exact) => (Shown::Exact(exact), None),
            other => (other.shown(), None),
        }
    }

    pub fn exact(&self) -> Option<Ratio> {
        match self {
            Self::Points(points) => Some(points.to_ratio()),
            Self::Whole(whole) => Some(Ratio::from_whole(*whole)),
            Self::Answers(count) => Some(Ratio::of_count(*count)),
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

    /// Whether it is a survey's figure of so few answers that it would say who answered what.
    pub const fn is_of_few(&self) -> bool {
        match self {
            Self::Rate(figure) => figure.few,
            // Those who gave a few answers might be known, also among many.
            Self::Answers(count) => *count < FEW,
            _ => false,
        }
    }

    fn of_facts(counted: Counted) -> Self {
        match counted {
            Counted::Count(count) => Self::Whole(i64::try_from(count).unwrap_or(i64::MAX)),
            Counted::Sum(sum) => Self::Exact(sum),
            Counted::Unconfirmed => Self::Missing(ReasonCode::NotConfirmed.into()),
        }
    }

    fn of_points(points: Option<Points>, what: &str) -> Self {
        points.map_or_else(
            || Self::Missing(Reason::with(ReasonCode::NoPoints, [what])),
            Self::Points,
        )
    }
}

impl Engine<'_> {
    /// A value of a subject.
    pub(super) fn look(&self, subject: usize, value: &ValuePlan) -> Looked<'_> {
        self.look_for(subject, value, None)
    }

    /// A value with what is behind it, which is gathered once for both; with an event, as if this case were the only
    /// one of its kind.
    pub(super) fn look_into(
        &self,
        subject: usize,
        value: &ValuePlan,
        event: Option<Event<'_>>,
    ) -> (Looked<'_>, Vec<Ground>) {
        if let ValueKind::Facts(plan) = &value.kind {
            let (counted, grounds) = self.count_facts(subject, plan, event);
            return (Looked::of_facts(counted), grounds);
        }
        let looked = self.look_for(subject, value, event);
        (looked, self.grounds(subject, value))
    }

    fn look_for(&self, subject: usize, value: &ValuePlan, event: Option<Event<'_>>) -> Looked<'_> {
        let state = self.states.get(subject);
        let category = self.scheme.categories.get(self.category(subject));
        match &value.kind {
            ValueKind::Figure(figure) => Looked::Rate(
                state
                    .and_then(|state| state.figures.get(*figure))
                    .unwrap_or(FigureValue::NOTHING),
            ),
            ValueKind::Item(item) => {
                let place = category
                    .and_then(|c| c.item_place.get(*item))
                    .copied()
                    .flatten();
                let points = place.and_then(|place| state?.scored(place));
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
            ValueKind::Facts(plan) => Looked::of_facts(self.count_facts(subject, plan, event).0),
            ValueKind::Answers(place)
                if (self.scheme.answers.get(*place))
                    .is_some_and(|plan| self.is_sealed(plan.survey)) =>
            {
                Looked::Missing(ReasonCode::SurveySealed.into())
            }
            ValueKind::Answers(place) => {
                let data = self.snapshot.subjects.get(subject);
                let count = data.and_then(|data| data.answers.get(*place)).copied();
                let count = count.unwrap_or(0);
                Looked::Answers(match event {
                    Some(Event::Answer(alone)) if alone == *place => count.min(1),
                    _ => count,
                })
            }
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
    ) -> Looked<'_> {
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
        let mut missing = Vec::new();
        for (stretch, period) in stretches.iter().enumerate() {
            let Some(value) = of(stretch) else {
                missing.push(period.as_str());
                continue;
            };
            found = Some(match (found, over) {
                (Some(so_far), Some(Over::Least)) => so_far.min(value.clone()),
                (Some(so_far), Some(Over::Sum)) => so_far.add(value),
                _ => value.clone(),
            });
        }
        let last_year = of(LAST_YEAR);
        if versus.is_some() && last_year.is_none() {
            missing.push("last_year");
        }
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let missing = [plan.code.as_ref(), missing.as_str()];
            return Looked::Missing(Reason::with(ReasonCode::MeasureMissing, missing));
        }
        let Some(this_year) = found else {
            return Looked::Missing(ReasonCode::NoValue.into());
        };
        let Some((versus, last_year)) = versus.zip(last_year) else {
            return Looked::Exact(this_year);
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
    pub(super) fn passes(&self, value: &ValuePlan, test: &TestPlan, looked: &Looked<'_>) -> Truth3 {
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
