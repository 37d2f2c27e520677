//! Quotas: within each group at most so many subjects hold a grade or a better one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Engine, FilledQuota};
use crate::inputs::WaiverHolds;
use crate::number::Ratio;
use crate::outcome::{Action, Comparison, GapKind, GradeStep, QuotaResult, Step, Truth3};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{GradedBy, Group, QuotaTie, SeatRounding};
use crate::scheme::model::{QuotaPlan, Seats};

impl Engine<'_> {
    /// Fills quotas from the highest grade down and, within a grade, in the scheme's order.
    pub(super) fn fill_quotas(&mut self) {
        for place in 0..self.scheme.quotas.len() {
            let Some(plan) = self.scheme.quotas.get(place) else {
                continue;
            };
            let mut groups: BTreeMap<[usize; 2], Vec<usize>> = BTreeMap::new();
            for subject in
                (0..self.states.len()).filter(|subject| self.applies(&plan.applies, *subject))
            {
                groups
                    .entry(self.group_of(plan.group, subject))
                    .or_default()
                    .push(subject);
            }
            for (group, members) in groups {
                self.fill_group(plan, group, &members);
            }
        }
    }

    /// Where more hold a grade by right than there are seats, waivers say whose rule yields and who is held. Tells
    /// whether any did.
    fn yield_seats(&mut self, rightful: &[usize]) -> bool {
        let mut any = false;
        for &subject in rightful {
            match self.waived_contradiction(subject) {
                Some(WaiverHolds::Held) => {
                    if let Some(state) = self.state(subject) {
                        (state.held, state.grade) = (true, None);
                        any = true;
                    }
                }
                Some(WaiverHolds::Yields(rule)) => {
                    let left = self.demanded_without(subject, &rule);
                    let state = self.states.get(subject);
                    if state.is_some_and(|state| (state.floor, state.exact) != left) {
                        any = true;
                        self.let_yield(subject, &rule);
                    }
                }
                _ => {}
            }
        }
        any
    }

    fn fill_group(&mut self, plan: &QuotaPlan, group: [usize; 2], members: &[usize]) {
        let state = |subject: &usize| self.states.get(*subject);
        let size = members
            .iter()
            .filter(|s| {
                plan.count_disqualified || state(s).is_some_and(|state| !state.disqualified)
            })
            .count();
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let seats = seats(&plan.seats, size);
        let name = self.group_name(plan.group, members);
        let undecided = |s: &usize| {
            state(s).is_some_and(|state| state.undetermined && !state.disqualified && !state.held)
        };
        let seated = |s: &usize| {
            state(s).is_some_and(|state| {
                state.grade.is_some_and(|grade| grade <= plan.grade)
                    && state.recognised != Some(false)
                    && !state.held
            })
        };
        let open = members.iter().filter(|s| undecided(s)).count();
        let (rightful, rest): (Vec<usize>, Vec<usize>) = members
            .iter()
            .copied()
            .filter(|s| seated(s) && !undecided(s))
            .partition(|s| self.by_right(*s, plan));
        let limit = usize::try_from(seats).unwrap_or(usize::MAX);
        let contested = rightful
            .len()
            .saturating_add(rest.len())
            .saturating_add(open)
            > limit;
        let classes = self.ranked_classes(rest.clone());
        if open > 0 {
            let reason = Reason::with(ReasonCode::GroupUndetermined, [name.as_str()]);
            let gap = self.gap(
                None,
                GapKind::QuotaUndetermined,
                plan.code.clone(),
                reason,
                Action::SettleRelated,
            );
            self.gaps.push(gap);
        }
        if rightful.len() > limit && self.yield_seats(&rightful) {
            // Each waiver is used once, so this ends.
            self.fill_group(plan, group, members);
            return;
        }
        if rightful.len() > limit {
            let reason = Reason::with(
                ReasonCode::SeatsByRight,
                [name.clone(), rightful.len().to_string(), seats.to_string()],
            );
            let gap = self.gap(
                None,
                GapKind::QuotaContradiction,
                plan.code.clone(),
                reason,
                Action::Waive,
            );
            self.gaps.push(gap);
            // Whose rule yields says how many seats are left for the others.
            for subject in rightful.iter().chain(&rest) {
                self.mark_undetermined(*subject);
            }
        }
        let mut free = limit.saturating_sub(rightful.len());
        let mut kept = rightful;
        let mut fallen = Vec::new();
        for class in classes {
            if class.len() <= free {
                free = free.saturating_sub(class.len());
                kept.extend(class);
                continue;
            }
            // Tied across the line: nobody is picked, and nobody further down passes them.
            let chosen = if free == 0 || plan.tie == QuotaTie::AllFall {
                Vec::new()
            } else {
                self.choose(plan, &class, free)
            };
            let step = match plan.tie {
                _ if free == 0 => Step::Quota,
                QuotaTie::AllFall => Step::TieFalls,
                QuotaTie::Committee if chosen.is_empty() => Step::Quota,
                QuotaTie::Committee => Step::NotChosen,
            };
            for subject in &chosen {
                let grade = self.states.get(*subject).and_then(|state| state.grade);
                self.step(*subject, Step::Chosen, grade, Some(plan.code.clone()));
            }
            let keeps: BTreeSet<usize> = chosen.iter().copied().collect();
            free = 0;
            let out = class.into_iter().filter(|s| !keeps.contains(s));
            fallen.extend(out.map(|subject| (subject, step)));
            kept.extend(chosen);
        }
        let next = plan.grade.saturating_add(1);
        for (subject, step) in &fallen {
            if next < self.scheme.grades.len() {
                self.step(*subject, *step, Some(next), Some(plan.code.clone()));
            }
        }
        let fallen: Vec<usize> = fallen.into_iter().map(|(subject, _)| subject).collect();
        // With somebody undecided among them it is not known who sits where.
        if open > 0 && contested {
            for subject in rest {
                self.mark_undetermined(subject);
            }
        }
        let codes = |list: &[usize]| {
            list.iter()
                .filter_map(|s| self.snapshot.subjects.get(*s))
                .map(|data| data.code.clone())
                .collect()
        };
        let result = QuotaResult {
            quota: plan.code.clone(),
            group: Arc::from(name),
            size,
            seats,
            holders: codes(&kept),
            fallen: codes(&fallen),
        };
        self.quotas.push(FilledQuota { group, result });
    }

    /// Whom the committee chose among those tied for the free seats.
    fn choose(&mut self, plan: &QuotaPlan, tied: &[usize], free: usize) -> Vec<usize> {
        let recorded = self.snapshot.tie_choices.get(plan.code.as_ref());
        let recorded: BTreeSet<usize> = recorded.into_iter().flatten().copied().collect();
        let chosen: Vec<usize> = tied
            .iter()
            .copied()
            .filter(|s| recorded.contains(s))
            .collect();
        if chosen.is_empty() || chosen.len() > free {
            self.list_tie(plan, tied, free);
            return Vec::new();
        }
        chosen
    }

    fn list_tie(&mut self, plan: &QuotaPlan, tied: &[usize], free: usize) {
        let names: Vec<&str> = tied
            .iter()
            .filter_map(|s| self.snapshot.subjects.get(*s))
            .map(|data| data.code.as_ref())
            .collect();
        let reason = Reason::with(
            ReasonCode::TiedForSeats,
            [names.join(", "), free.to_string()],
        );
        let gap = self.gap(
            None,
            GapKind::TieToDecide,
            plan.code.clone(),
            reason,
            Action::ChooseByCommittee,
        );
        self.gaps.push(gap);
        for subject in tied {
            self.mark_undetermined(*subject);
        }
    }

    pub(super) fn group_name(&self, group: Group, members: &[usize]) -> String {
        let Some(data) = members.first().and_then(|s| self.snapshot.subjects.get(*s)) else {
            return String::new();
        };
        let category = self
            .scheme
            .categories
            .get(data.category)
            .map_or("", |plan| plan.code.as_ref());
        let kind = match data.kind {
            crate::scheme::file::SubjectKind::Unit => "unit",
            crate::scheme::file::SubjectKind::Team => "team",
            crate::scheme::file::SubjectKind::Person => "person",
            crate::scheme::file::SubjectKind::Family => "family",
        };
        match group {
            Group::Everyone => "all".to_owned(),
            Group::Kind => kind.to_owned(),
            Group::Category => category.to_owned(),
            Group::CategoryRegion => format!(
                "{category}/{}",
                self.snapshot
                    .regions
                    .get(data.region)
                    .map_or("", AsRef::as_ref)
            ),
        }
    }

    /// Whether a floor or an exact grade gives the seat.
    pub(super) fn by_right(&self, subject: usize, plan: &QuotaPlan) -> bool {
        self.states.get(subject).is_some_and(|state| {
            let mut demanded = state.floor.into_iter().chain(state.exact);
            demanded.any(|grade| grade <= plan.grade)
        })
    }

    /// Subjects from the first to the last, those between whom nothing decides together: by total (÷ maximum), or
    /// where grades are proposed by what the scheme names; then by its tie-breakers. One that lacks a value for
    /// somebody who is tied decides nothing among them.
    pub(super) fn ranked_classes(&self, members: Vec<usize>) -> Vec<Vec<usize>> {
        let mut classes = vec![members];
        if self.scheme.file.grading.by != GradedBy::Proposed {
            classes = split(classes, |s| Some(self.share(s)), false);
        }
        for (value, lowest) in &self.scheme.tie_breakers {
            classes = split(classes, |s| self.look(s, value).exact().map(Some), *lowest);
        }
        classes.retain(|class| !class.is_empty());
        classes
    }

    /// How many others of a subject's group sit on a quota's seats, and how many seats there are.
    pub(super) fn seats_taken(&self, plan: &QuotaPlan, subject: usize) -> (usize, usize) {
        let group = self.group_of(plan.group, subject);
        let taken = (0..self.states.len())
            .filter(|other| {
                *other != subject
                    && self.applies(&plan.applies, *other)
                    && self.group_of(plan.group, *other) == group
                    && self.sits(plan, *other)
            })
            .count();
        let seats = self
            .quotas
            .iter()
            .find(|filled| filled.result.quota == plan.code && filled.group == group)
            .map_or(u32::MAX, |filled| filled.result.seats);
        (taken, usize::try_from(seats).unwrap_or(usize::MAX))
    }

    fn sits(&self, plan: &QuotaPlan, subject: usize) -> bool {
        self.states.get(subject).is_some_and(|state| {
            state.grade.is_some_and(|grade| grade <= plan.grade)
                && state.recognised != Some(false)
                && !state.held
        })
    }

    /// Hands a seat that a cap freed to the next who fell only by quota, at most once, where the scheme says so.
    pub(super) fn hand_on_seats(&mut self) {
        if !self.scheme.quotas.iter().any(|plan| plan.hand_on) {
            return;
        }
        for FilledQuota { result, .. } in self.quotas.clone() {
            let Some(plan) = self
                .scheme
                .quotas
                .iter()
                .find(|plan| plan.code == result.quota && plan.hand_on)
            else {
                continue;
            };
            let place = |code: &Arc<str>| self.snapshot.find(code);
            let freed: Vec<usize> = result
                .holders
                .iter()
                .filter_map(place)
                .filter(|subject| {
                    !self.sits(plan, *subject)
                        && self
                            .last_step(*subject)
                            .is_some_and(|step| step.step == Step::RelatedCap)
                })
                .collect();
            let waiting = result.fallen.iter().filter_map(place).filter(|subject| {
                let by_quota = self.fall(*subject, &plan.code).is_some();
                let state = self.states.get(*subject);
                by_quota && state.is_some_and(|s| s.cap <= plan.grade && !s.undetermined)
            });
            let mut left = freed.len();
            for class in self.ranked_classes(waiting.collect()) {
                // Of several who are next together nobody is picked.
                if class.len() > left {
                    break;
                }
                left = left.saturating_sub(class.len());
                for next in class {
                    self.try_hand_on(plan, &freed, next);
                }
            }
        }
    }

    /// The step by which a quota took a subject's grade, where nothing but quotas did since.
    fn fall(&self, subject: usize, quota: &Arc<str>) -> Option<&GradeStep> {
        let steps = &self.states.get(subject)?.steps;
        let mut last = steps.iter().rev().take_while(|one| one.step.is_by_quota());
        last.find(|one| one.by.as_ref() == Some(quota))
    }

    fn last_step(&self, subject: usize) -> Option<&GradeStep> {
        self.states.get(subject)?.steps.last()
    }

    /// Whether the caps that lowered a subject still fire, and so do those that lowered whomever they look at, along the
    /// whole chain.
    fn stands_on_ground(&self, subject: usize) -> bool {
        let mut seen = BTreeSet::from([subject]);
        let mut chain = vec![subject];
        while let Some(subject) = chain.pop() {
            let steps = self.states.get(subject).map(|state| state.steps.as_slice());
            let caps = steps.unwrap_or_default().iter();
            for cap in caps.filter(|step| step.step == Step::RelatedCap) {
                let mut rules = self.scheme.rules.iter();
                let Some(rule) = rules.position(|rule| Some(&rule.code) == cap.by.as_ref()) else {
                    continue;
                };
                let asked = self.ask(subject, rule);
                if asked.fired != Truth3::True {
                    return false;
                }
                let looked_at = asked.compared.iter().filter_map(Comparison::of);
                let below = looked_at.filter_map(|code| self.snapshot.find(code));
                chain.extend(below.filter(|other| seen.insert(*other)));
            }
        }
        true
    }

    /// Never where this removes the ground of a cap that freed a seat, nor into another quota that is full.
    fn try_hand_on(&mut self, plan: &QuotaPlan, freed: &[usize], next: usize) {
        let Some(state) = self.states.get(next) else {
            return;
        };
        let before = state.grade;
        // Back to what it fell from, as far as caps leave it open.
        let fall = self.fall(next, &plan.code);
        let from = fall.and_then(|step| step.from.clone());
        let grade = self
            .scheme
            .grades
            .iter()
            .position(|grade| Some(&grade.code) == from.as_ref())
            .map_or(plan.grade, |from| from.max(state.cap));
        let full = self.scheme.quotas.iter().any(|other| {
            let (taken, seats) = self.seats_taken(other, next);
            grade <= other.grade && self.applies(&other.applies, next) && taken >= seats
        });
        if full {
            return;
        }
        if let Some(state) = self.state(next) {
            state.grade = Some(grade);
        }
        let stands = freed.iter().all(|gone| self.stands_on_ground(*gone));
        if let Some(state) = self.state(next) {
            state.grade = before;
        }
        if stands {
            self.step(next, Step::HandedOn, Some(grade), Some(plan.code.clone()));
        }
    }
}

/// Splits each class by a key, more before less unless `lowest` turns it round; a class in which the key is missing
/// for somebody stays whole.
fn split<K: Ord>(
    classes: Vec<Vec<usize>>,
    key: impl Fn(usize) -> Option<K>,
    lowest: bool,
) -> Vec<Vec<usize>> {
    let mut finer = Vec::with_capacity(classes.len());
    for class in classes {
        let keys: Option<Vec<K>> = class.iter().map(|subject| key(*subject)).collect();
        let Some(keys) = keys.filter(|_| class.len() > 1) else {
            finer.push(class);
            continue;
        };
        let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for (key, subject) in keys.into_iter().zip(class) {
            groups.entry(key).or_default().push(subject);
        }
        if lowest {
            finer.extend(groups.into_values());
        } else {
            finer.extend(groups.into_values().rev());
        }
    }
    finer
}

/// How many seats a group has.
fn seats(seats: &Seats, size: u32) -> u32 {
    match seats {
        Seats::Fixed(seats) => *seats,
        Seats::Share {
            share,
            rounding,
            least,
        } => {
            let exact = share.mul(&Ratio::from_whole(i64::from(size)));
            let whole = match rounding {
                SeatRounding::Floor => exact.floor(),
                SeatRounding::HalfUp => exact.round_half_up(),
                SeatRounding::Ceiling => exact.ceil(),
            };
            let whole = whole
                .and_then(|whole| u32::try_from(whole).ok())
                .unwrap_or(0);
            if size == 0 { 0 } else { whole.max(*least) }
        }
    }
}
