//! Points of items: the ways of scoring, gates, and what holds where a value is missing.

use std::sync::Arc;

use super::Engine;
use super::fact::Counted;
use super::gap::action_for;
use super::look::Looked;
use crate::inputs::{WaivedGap, WaiverHolds};
use crate::number::{Points, Ratio, Rounding};
use crate::outcome::{
    Action, Award, Comparison, FEW, Few, Gap, GapKind, Ground, ItemResult, ItemState, ItemTrace,
    Members, PartBeside, PartResult, Seldom, Shown, StretchResult, Truth3, Undone,
};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{GateHolds, Missing, Start};
use crate::scheme::model::{
    Cases, ItemPlan, PartPlan, PerCasePlan, ShapePlan, ValueKind, ValuePlan, Way,
};
use crate::snapshot::SlotValue;

/// A part's points, or why there are none.
#[derive(Default)]
pub(super) struct Scored {
    pub points: Option<Points>,
    /// What they are before any digit is lost, where they are a quotient that lost some.
    pub exact: Option<Ratio>,
    pub shown: Shown,
    /// What each stretch was given, where points are awarded for each by itself.
    pub stretches: Seldom<StretchResult>,
    /// What each inspector awarded, where that is told.
    pub awards: Seldom<Award>,
    /// What was counted.
    pub counted: Seldom<Ground>,
    pub why: Option<Reason>,
    pub action: Action,
    pub members: Seldom<Members>,
    /// Tasks that are known not to be done.
    pub undone: Seldom<Undone>,
    /// Whether it rests on fewer than ten answers.
    pub few: bool,
}

impl Scored {
    pub fn of(points: Points, shown: Shown) -> Self {
        Self {
            points: Some(points),
            shown,
            ..Self::default()
        }
    }

    pub(super) fn missing(why: impl Into<Reason>, action: Action) -> Self {
        Self {
            why: Some(why.into()),
            action,
            ..Self::default()
        }
    }

    /// Points, if they could be counted.
    fn of_sum(points: Option<Points>, shown: Shown) -> Self {
        match points {
            Some(points) => Self::of(points, shown),
            None => Self {
                shown,
                ..Self::missing(ReasonCode::Overflow, Action::MendScheme)
            },
        }
    }

    /// A quotient that becomes points. What it was stays beside them where digits are lost.
    pub fn of_quotient(exact: Ratio, numbers: Rounding, shown: Shown) -> Self {
        let scored = Self::of_sum(numbers.to_points(&exact).ok(), shown);
        let lost = (scored.points).is_none_or(|points| !exact.is_points(points));
        Self {
            exact: lost.then_some(exact),
            ..scored
        }
    }

    /// Whether the scheme's word for a missing value says what holds. That nobody has named the closed rounds is no
    /// value of theirs: a person names them, or waives it.
    fn is_settled_by_scheme(why: Option<&Reason>) -> bool {
        why.is_none_or(|why| why.code != ReasonCode::NoClosedRound)
    }
}

impl Engine<'_> {
    /// Scores the items of one subject.
    pub(super) fn score_items(&mut self, subject: usize) {
        let scheme = self.scheme;
        let Some(category) = scheme.categories.get(self.category(subject)) else {
            return;
        };
        let mut items = Vec::with_capacity(category.items.len());
        let mut gaps = Vec::new();
        let slots = self.snapshot.subjects.get(subject);
        let slots = slots.map_or(&[][..], |data| &data.slots);
        for item in &category.items {
            let Some(plan) = scheme.items.get(*item) else {
                continue;
            };
            // An award by inspectors explains itself; everything else leaves a trace. Most items are awarded, so these
            // are written right where they belong.
            let slot = plan.plain_slot().filter(|_| plan.gate.is_none());
            match slot.and_then(|slot| slots.get(slot)) {
                Some(SlotValue::One(points)) => items.push(ItemResult::awarded(*points)),
                _ => items.push(self.score_item(subject, plan, &mut gaps)),
            }
        }
        self.gaps.append(&mut gaps);
        if let Some(state) = self.state(subject) {
            state.items = items;
        }
    }

    fn score_item(&self, subject: usize, plan: &ItemPlan, gaps: &mut Vec<Gap>) -> ItemResult {
        let mut gate = Few::new();
        if let Some(condition) = &plan.gate {
            let truth = self.holds(subject, condition, &mut gate);
            let shut = match (truth, plan.gate_undetermined) {
                (Truth3::True, _) | (Truth3::Undetermined, Some(GateHolds::Open)) => false,
                (Truth3::False, _) | (Truth3::Undetermined, Some(GateHolds::Shut)) => true,
                (Truth3::Undetermined, None) => {
                    let open = gate.iter().filter(|one| one.holds == Truth3::Undetermined);
                    let lacking = open.map(|one| Lacking {
                        part: None,
                        what: Some(one.what.clone()),
                        why: one
                            .why()
                            .cloned()
                            .unwrap_or_else(|| ReasonCode::NoValue.into()),
                        action: action_for(&one.what, one.why().map(|why| why.code)),
                    });
                    let lacking = lacking.collect();
                    let absent = Absent {
                        gate,
                        parts: Few::new(),
                        lacking,
                    };
                    return self.missing_item(subject, plan, gaps, absent);
                }
            };
            if shut {
                let trace = Some(Box::new(traced(Few::new(), gate)));
                return ItemResult {
                    points: Some(Points::ZERO),
                    state: ItemState::Gated,
                    trace,
                };
            }
        }
        // The same behind a gate that compared nothing.
        if gate.is_empty()
            && let Some(slot) = plan.plain_slot()
            && let SlotValue::One(points) = self.slot(subject, slot)
        {
            return ItemResult::awarded(*points);
        }
        let mut sum = Sum::of(plan.parts.len());
        let mut parts = Few::new();
        let mut state = ItemState::Scored;
        let mut lacking = Vec::new();
        for part in &plan.parts {
            let mut scored = self.score_part(subject, part);
            if scored.points.is_none() {
                match self.instead(subject, plan, part, &scored) {
                    Some((Some(points), by)) => {
                        scored.points = Some(points);
                        scored.exact = None;
                        state = by;
                    }
                    Some((None, _)) => {
                        parts.push(result(part, scored));
                        let trace = Some(Box::new(traced(parts, gate)));
                        return ItemResult {
                            points: None,
                            state: ItemState::NotApplicable,
                            trace,
                        };
                    }
                    None => {
                        // Go on: what is missing besides is listed at once.
                        lacking.push(Lacking {
                            part: part.code.clone(),
                            what: None,
                            why: scored
                                .why
                                .clone()
                                .unwrap_or_else(|| ReasonCode::NoValue.into()),
                            action: scored.action,
                        });
                        parts.push(result(part, scored));
                        continue;
                    }
                }
            }
            if scored.few && part.way.tells_its_value() {
                let reason = Reason::with(ReasonCode::PointsTellFew, [FEW.to_string()]);
                let place = plan.code.clone();
                let mut gap = self.gap(
                    Some(subject),
                    GapKind::FewAnswers,
                    place,
                    reason,
                    Action::Look,
                );
                gap.blocks = false;
                gaps.push(gap);
            }
            sum.add(&scored);
            if plan.parts.len() == 1 {
                // The item's own points say it: they are rounded here and nowhere else.
                scored.exact = None;
            }
            parts.push(result(part, scored));
        }
        if !lacking.is_empty() {
            let absent = Absent {
                gate,
                parts,
                lacking,
            };
            return self.missing_item(subject, plan, gaps, absent);
        }
        let sum = sum.into_points(self.scheme.file.numbers);
        if sum.is_none() {
            gaps.push(self.gap(
                Some(subject),
                GapKind::Overflow,
                plan.code.clone(),
                ReasonCode::Overflow,
                Action::MendScheme,
            ));
        }
        ItemResult {
            points: sum,
            state,
            trace: Some(Box::new(traced(parts, gate))),
        }
    }

    /// What the scheme or a waiver says of a missing value: points, or that the item does not apply.
    fn instead(
        &self,
        subject: usize,
        item: &ItemPlan,
        part: &PartPlan,
        scored: &Scored,
    ) -> Option<(Option<Points>, ItemState)> {
        if let Some(code) = &part.code
            && let Some(waived) = self.waived(subject, &format!("{}/{code}", item.code))
        {
            return Some(waived);
        }
        if !Scored::is_settled_by_scheme(scored.why.as_ref()) {
            return None;
        }
        let max = part.max.unwrap_or(Points::ZERO);
        match part.missing.as_ref().or(item.missing.as_ref())? {
            Missing::Zero => Some((Some(Points::ZERO), ItemState::ByScheme)),
            Missing::Full => Some((Some(max), ItemState::ByScheme)),
            Missing::Points(points) => Some((Some(*points), ItemState::ByScheme)),
            Missing::NotApplicable => Some((None, ItemState::NotApplicable)),
        }
    }

    /// What a waiver says of an item, or of a part as `item/part`.
    fn waived(&self, subject: usize, name: &str) -> Option<(Option<Points>, ItemState)> {
        let data = self.snapshot.subjects.get(subject)?;
        let (_, holds) = data
            .waivers
            .iter()
            .find(|(gap, _)| matches!(gap, WaivedGap::Item(code) if code.as_str() == name))?;
        match holds {
            WaiverHolds::Points(points) => Some((Some(*points), ItemState::ByWaiver)),
            WaiverHolds::NotApplicable => Some((None, ItemState::NotApplicable)),
            _ => None,
        }
    }

    fn missing_item(
        &self,
        subject: usize,
        plan: &ItemPlan,
        gaps: &mut Vec<Gap>,
        absent: Absent,
    ) -> ItemResult {
        let Absent {
            gate,
            parts,
            lacking,
        } = absent;
        let whole = lacking.iter().all(|one| one.part.is_none());
        let trace = Some(Box::new(traced(parts, gate)));
        // A waiver of an item stands for the whole of it, and so does the scheme's word where its gate is undetermined.
        let scheme = || {
            let settles = whole
                && lacking
                    .iter()
                    .all(|one| Scored::is_settled_by_scheme(Some(&one.why)));
            let holds = match plan.missing.as_ref().filter(|_| settles)? {
                Missing::Zero => (Some(Points::ZERO), ItemState::ByScheme),
                Missing::Full => (plan.max, ItemState::ByScheme),
                Missing::Points(points) => (Some(*points), ItemState::ByScheme),
                Missing::NotApplicable => (None, ItemState::NotApplicable),
            };
            Some(holds)
        };
        let waived = self.waived(subject, &plan.code).or_else(scheme);
        if let Some((points, state)) = waived {
            return ItemResult {
                points,
                state,
                trace,
            };
        }
        for lacking in lacking {
            let Lacking {
                part,
                what,
                why,
                action,
            } = lacking;
            let place = part.map_or_else(
                || plan.code.to_string(),
                |part| format!("{}/{part}", plan.code),
            );
            let mut gap = self.gap(Some(subject), GapKind::MissingValue, place, why, action);
            gap.what = what;
            gaps.push(gap);
        }
        ItemResult {
            points: None,
            state: ItemState::Missing,
            trace,
        }
    }

    fn score_part(&self, subject: usize, part: &PartPlan) -> Scored {
        match &part.way {
            Way::Graded {
                slot,
                several,
                dated: Some((_, over)),
                ..
            } => self.dated_award(subject, *slot, *several, *over),
            Way::Graded { slot, several, .. } => self.award(subject, *slot, *several),
            Way::Checklist {
                slot,
                all_or_nothing,
                ..
            } => self.checklist(subject, *slot, *all_or_nothing, part.max),
            Way::Shaped { value, shape } => {
                let (looked, counted) = self.look_into(subject, value, None);
                let max = part.max.unwrap_or_default();
                Scored {
                    few: looked.is_of_few(),
                    counted: counted.into(),
                    ..self.shaped(value, &looked, shape, max)
                }
            }
            Way::PerCase(plan) => self.per_case(subject, plan, part.max),
            Way::Composed(plan) => self.composed(subject, plan, part.max.unwrap_or_default()),
        }
    }

    pub(super) fn slot(&self, subject: usize, slot: usize) -> &SlotValue {
        static NOTHING: SlotValue = SlotValue::Nothing;
        self.snapshot
            .subjects
            .get(subject)
            .and_then(|data| data.slots.get(slot))
            .unwrap_or(&NOTHING)
    }

    fn checklist(
        &self,
        subject: usize,
        slot: usize,
        all_or_nothing: bool,
        max: Option<Points>,
    ) -> Scored {
        let SlotValue::Tasks { done, of, undone } = self.slot(subject, slot) else {
            return Scored::missing(ReasonCode::TasksMissing, Action::EnterScore);
        };
        let max = max.unwrap_or_default();
        let shown = Shown::Counts(u64::from(*done), u64::from(*of));
        let scored = if all_or_nothing {
            Scored::of(if done == of { max } else { Points::ZERO }, shown)
        } else if let Some(share) = Ratio::of_counts(u64::from(*done), u64::from(*of)) {
            let exact = max.to_ratio().mul(&share);
            Scored::of_quotient(exact, self.scheme.file.numbers, shown)
        } else {
            Scored::missing(ReasonCode::NoTasks, Action::EnterScore)
        };
        Scored {
            undone: undone.clone(),
            ..scored
        }
    }

    fn shaped(
        &self,
        value: &ValuePlan,
        looked: &Looked<'_>,
        shape: &ShapePlan,
        max: Points,
    ) -> Scored {
        let shown = looked.shown();
        let action = match value.kind {
            ValueKind::Figure(_) => Action::CollectAnswers,
            ValueKind::Facts(_) => Action::ConfirmNone,
            _ => Action::EnterMeasure,
        };
        let absent = || {
            Scored::missing(
                looked.why().unwrap_or_else(|| ReasonCode::NoValue.into()),
                action,
            )
        };
        match shape {
            ShapePlan::Line { zero_at, full_at } => {
                let Some(exact) = looked.exact() else {
                    return absent();
                };
                let Some(share) = exact.sub(zero_at).div(&full_at.sub(zero_at)) else {
                    return absent();
                };
                let share = share.within(&Ratio::zero(), &Ratio::one());
                let exact = max.to_ratio().mul(&share);
                Scored::of_quotient(exact, self.scheme.file.numbers, shown)
            }
            ShapePlan::Threshold(test) => match self.passes(value, test, looked) {
                Truth3::True => Scored::of(max, shown),
                Truth3::False => Scored::of(Points::ZERO, shown),
                Truth3::Undetermined => absent(),
            },
            ShapePlan::Bands(bands) => {
                for (test, points) in bands {
                    match self.passes(value, test, looked) {
                        Truth3::True => return Scored::of(*points, shown),
                        Truth3::False => {}
                        Truth3::Undetermined => return absent(),
                    }
                }
                Scored::of(Points::ZERO, shown)
            }
        }
    }

    fn per_case(&self, subject: usize, plan: &PerCasePlan, max: Option<Points>) -> Scored {
        let (count, counted) = match &plan.cases {
            Cases::Facts(facts) => match self.count_facts(subject, facts, None) {
                (Counted::Count(count), grounds) => (count, grounds),
                (Counted::Sum(_), _) => {
                    return Scored::missing(ReasonCode::NoValue, Action::MendScheme);
                }
                (Counted::Unconfirmed, _) => {
                    return Scored::missing(ReasonCode::NotConfirmed, Action::ConfirmNone);
                }
            },
            Cases::Label(label) => {
                let state = self.states.get(subject);
                let holds = state.is_some_and(|state| state.labels.contains(label));
                (u64::from(holds), Vec::new())
            }
        };
        let count = i64::try_from(if plan.once { count.min(1) } else { count }).unwrap_or(i64::MAX);
        let start = match plan.start {
            Start::Zero => Points::ZERO,
            Start::Full => max.unwrap_or_default(),
        };
        let worth = plan
            .points
            .times(count)
            .and_then(|points| start.add(points))
            .map(|points| {
                let points = plan.floor.map_or(points, |floor| points.max(floor));
                plan.ceiling.map_or(points, |ceiling| points.min(ceiling))
            });
        Scored {
            counted: counted.into(),
            ..Scored::of_sum(worth.ok(), Shown::Whole(count))
        }
    }
}

impl ItemResult {
    /// Points that explain themselves.
    const fn awarded(points: Points) -> Self {
        Self {
            points: Some(points),
            state: ItemState::Scored,
            trace: None,
        }
    }
}

impl Way {
    /// Whether points tell the value that they are for; met or not met may be told.
    const fn tells_its_value(&self) -> bool {
        matches!(
            self,
            Self::Shaped {
                shape: ShapePlan::Line { .. } | ShapePlan::Bands(_),
                ..
            }
        )
    }
}

impl ItemPlan {
    /// The slot of an item that is nothing but points awarded once for the round.
    fn plain_slot(&self) -> Option<usize> {
        match self.parts.as_slice() {
            [
                PartPlan {
                    code: None,
                    way:
                        Way::Graded {
                            slot, dated: None, ..
                        },
                    ..
                },
            ] => Some(*slot),
            _ => None,
        }
    }
}

/// What the parts of an item add up to: exactly where a part is a quotient, and then rounded once for all of them.
struct Sum {
    points: Option<Points>,
    /// Absent for an item without parts, whose points are rounded already.
    exact: Option<Ratio>,
    lost: bool,
}

impl Sum {
    fn of(parts: usize) -> Self {
        Self {
            points: Some(Points::ZERO),
            exact: (parts > 1).then(Ratio::zero),
            lost: false,
        }
    }

    fn add(&mut self, scored: &Scored) {
        let Some(points) = scored.points else {
            self.points = None;
            return;
        };
        self.points = self.points.and_then(|sum| sum.add(points).ok());
        if let Some(sum) = &mut self.exact {
            *sum = match &scored.exact {
                Some(exact) => sum.add(exact),
                None => sum.add(&points.to_ratio()),
            };
            self.lost |= scored.exact.is_some();
        }
    }

    fn into_points(self, numbers: Rounding) -> Option<Points> {
        match self.exact {
            Some(exact) if self.lost => numbers.to_points(&exact).ok(),
            _ => self.points,
        }
    }
}

/// An item that lacks a value.
struct Absent {
    gate: Few<Comparison>,
    parts: Few<PartResult>,
    lacking: Vec<Lacking>,
}

/// A value that is missing: of a part, or of the item as a whole.
struct Lacking {
    part: Option<Arc<str>>,
    /// What a gate looks at.
    what: Option<Arc<str>>,
    why: Reason,
    action: Action,
}

fn traced(parts: Few<PartResult>, gate: Few<Comparison>) -> ItemTrace {
    let gate = Vec::from(gate).into();
    ItemTrace { parts, gate }
}

fn result(part: &PartPlan, scored: Scored) -> PartResult {
    let beside = PartBeside {
        stretches: scored.stretches,
        awards: scored.awards,
        counted: scored.counted,
        exact: scored.exact,
        why: scored.why,
        members: scored.members,
        undone: scored.undone,
    };
    let named = (part.code.clone(), part.what.clone());
    PartResult::new(named, scored.shown, scored.points, scored.few, beside)
}
