//! Quotas: within each group at most so many subjects hold a grade or a better one.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use crate::number::Ratio;
use crate::outcome::{Action, GapKind, QuotaResult, Step};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{Group, QuotaTie, SeatRounding};
use crate::scheme::model::{QuotaPlan, Seats};

impl Engine<'_> {
    /// Fills quotas from the highest grade down and, within a grade, in the scheme's order.
    pub(super) fn fill_quotas(&mut self) {
        for place in 0..self.scheme.quotas.len() {
            let Some(plan) = self.scheme.quotas.get(place) else {
                continue;
            };
            let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
            for subject in
                (0..self.states.len()).filter(|subject| self.applies(&plan.applies, *subject))
            {
                groups
                    .entry(self.group_of(plan.group, subject))
                    .or_default()
                    .push(subject);
            }
            for members in groups.into_values() {
                self.fill_group(plan, &members);
            }
        }
    }

    fn fill_group(&mut self, plan: &QuotaPlan, members: &[usize]) {
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
        if members.iter().any(|s| {
            state(s).is_some_and(|state| state.undetermined && !state.disqualified && !state.held)
        }) {
            let reason = Reason::with(ReasonCode::GroupUndetermined, [name.as_str()]);
            let gap = self.gap(
                None,
                GapKind::QuotaUndetermined,
                &plan.code,
                reason,
                Action::SettleRelated,
            );
            self.gaps.push(gap);
        }
        let seated = |s: &usize| {
            state(s).is_some_and(|state| {
                state.grade.is_some_and(|grade| grade <= plan.grade)
                    && state.recognised != Some(false)
                    && !state.held
            })
        };
        let mut takers: Vec<usize> = members.iter().copied().filter(seated).collect();
        takers.sort_by(|a, b| {
            self.by_right(*a, plan)
                .cmp(&self.by_right(*b, plan))
                .reverse()
                .then_with(|| self.standing(*a, *b))
                .then_with(|| a.cmp(b))
        });
        let rightful = takers.iter().filter(|s| self.by_right(**s, plan)).count();
        let limit = usize::try_from(seats).unwrap_or(usize::MAX);
        if rightful > limit {
            let reason = Reason::with(
                ReasonCode::SeatsByRight,
                [name.clone(), rightful.to_string(), seats.to_string()],
            );
            let gap = self.gap(
                None,
                GapKind::QuotaContradiction,
                &plan.code,
                reason,
                Action::Waive,
            );
            self.gaps.push(gap);
            for subject in takers.iter().take(rightful).copied().collect::<Vec<_>>() {
                self.mark_undetermined(subject);
            }
        }
        let line = limit.max(rightful).min(takers.len());
        let mut kept: Vec<usize> = takers.get(..line).unwrap_or_default().to_vec();
        let mut fallen: Vec<usize> = takers.get(line..).unwrap_or_default().to_vec();
        let tied_across = match (kept.last(), fallen.first()) {
            (Some(last), Some(first)) => {
                line > rightful
                    && self.standing(*last, *first) == Ordering::Equal
                    && !self.by_right(*last, plan)
            }
            _ => false,
        };
        if tied_across {
            let edge = kept.last().copied().unwrap_or_default();
            let tied =
                |s: &usize| self.standing(*s, edge) == Ordering::Equal && !self.by_right(*s, plan);
            let all: Vec<usize> = takers.iter().copied().filter(tied).collect();
            let free = kept.iter().filter(|s| tied(s)).count();
            let chosen: Vec<usize> = match plan.tie {
                QuotaTie::AllFall => Vec::new(),
                QuotaTie::Committee => {
                    let recorded = self
                        .snapshot
                        .tie_choices
                        .get(plan.code.as_ref())
                        .cloned()
                        .unwrap_or_default();
                    let chosen: Vec<usize> = all
                        .iter()
                        .copied()
                        .filter(|s| recorded.contains(s))
                        .collect();
                    if chosen.is_empty() || chosen.len() > free {
                        self.list_tie(plan, &all, free);
                        Vec::new()
                    } else {
                        chosen
                    }
                }
            };
            kept.retain(|s| !all.contains(s));
            kept.extend(chosen.iter().copied());
            fallen = takers
                .iter()
                .copied()
                .filter(|s| !kept.contains(s))
                .collect();
        }
        let next = plan.grade.saturating_add(1);
        for subject in &fallen {
            if next < self.scheme.grades.len() {
                self.step(*subject, Step::Quota, Some(next), Some(plan.code.clone()));
            }
        }
        let codes = |list: &[usize]| {
            list.iter()
                .filter_map(|s| self.snapshot.subjects.get(*s))
                .map(|data| data.code.clone())
                .collect()
        };
        self.quotas.push(QuotaResult {
            quota: plan.code.clone(),
            group: Arc::from(name),
            size,
            seats,
            holders: codes(&kept),
            fallen: codes(&fallen),
        });
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
            &plan.code,
            reason,
            Action::ChooseByCommittee,
        );
        self.gaps.push(gap);
        for subject in tied {
            self.mark_undetermined(*subject);
        }
    }

    fn group_name(&self, group: Group, members: &[usize]) -> String {
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
    fn by_right(&self, subject: usize, plan: &QuotaPlan) -> bool {
        self.states.get(subject).is_some_and(|state| {
            state
                .floor
                .or(state.exact)
                .is_some_and(|grade| grade <= plan.grade)
        })
    }

    /// Who stands before whom: better grade, then total, then the scheme's tie-breakers.
    pub(super) fn standing(&self, a: usize, b: usize) -> Ordering {
        let grade = |s: usize| {
            self.states
                .get(s)
                .and_then(|state| state.grade)
                .unwrap_or(usize::MAX)
        };
        let by_total = match (self.share(a), self.share(b)) {
            (Some(a), Some(b)) => b.cmp(&a),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        let mut order = grade(a).cmp(&grade(b)).then(by_total);
        for (value, lowest) in &self.scheme.tie_breakers {
            if order != Ordering::Equal {
                break;
            }
            let (x, y): (Option<Ratio>, Option<Ratio>) =
                (self.look(a, value).exact(), self.look(b, value).exact());
            order = match (x, y) {
                (Some(x), Some(y)) if *lowest => x.cmp(&y),
                (Some(x), Some(y)) => y.cmp(&x),
                _ => Ordering::Equal,
            };
        }
        order
    }

    /// Hands a seat that a cap freed to the next who fell only by quota, at most once, where the scheme says so.
    pub(super) fn hand_on_seats(&mut self) {
        let results = self.quotas.clone();
        for result in results {
            let Some(plan) = self
                .scheme
                .quotas
                .iter()
                .find(|plan| plan.code == result.quota && plan.hand_on)
            else {
                continue;
            };
            let place = |code: &Arc<str>| {
                self.snapshot
                    .subjects
                    .binary_search_by(|data| data.code.cmp(code))
                    .ok()
            };
            let holds = |subject: usize| {
                self.states
                    .get(subject)
                    .and_then(|state| state.grade)
                    .is_some_and(|grade| grade <= plan.grade)
            };
            let freed: Vec<usize> = result
                .holders
                .iter()
                .filter_map(place)
                .filter(|subject| !holds(*subject))
                .collect();
            let mut waiting: Vec<usize> = result.fallen.iter().filter_map(place).collect();
            for gone in freed {
                let next = waiting.iter().copied().find(|subject| {
                    let state = self.states.get(*subject);
                    let by_quota = state.is_some_and(|state| {
                        state.steps.last().is_some_and(|step| {
                            step.step == Step::Quota && step.by.as_ref() == Some(&plan.code)
                        })
                    });
                    by_quota && state.is_some_and(|state| state.cap <= plan.grade)
                });
                let Some(next) = next else { break };
                waiting.retain(|subject| *subject != next);
                self.try_hand_on(plan, gone, next);
            }
        }
    }

    /// Never where this removes the ground of the cap that freed the seat.
    fn try_hand_on(&mut self, plan: &QuotaPlan, gone: usize, next: usize) {
        let before = self.states.get(next).and_then(|state| state.grade);
        if let Some(state) = self.state(next) {
            state.grade = Some(plan.grade);
        }
        let cap = self
            .states
            .get(gone)
            .and_then(|state| {
                state
                    .steps
                    .iter()
                    .rev()
                    .find(|step| step.step == Step::RelatedCap)
            })
            .and_then(|step| step.by.clone());
        let rule = cap.and_then(|code| self.scheme.rules.iter().position(|rule| rule.code == code));
        let stands =
            rule.is_none_or(|rule| self.ask(gone, rule).fired == crate::outcome::Truth3::True);
        if let Some(state) = self.state(next) {
            state.grade = before;
        }
        if stands {
            self.step(
                next,
                Step::HandedOn,
                Some(plan.grade),
                Some(plan.code.clone()),
            );
        }
    }
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
