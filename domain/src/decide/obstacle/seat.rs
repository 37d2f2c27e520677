//! Seats that others took: whom a subject was compared with at the line of a quota, and by what it fell short.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decide::Engine;
use crate::number::{Points, Ratio};
use crate::outcome::{Ahead, Change, Comparison, Obstacle, QuotaResult, Shown, Sign, Truth3};
use crate::scheme::file::GradedBy;
use crate::scheme::model::{QuotaPlan, ValueKind};

/// By quota and group, those who competed for its free seats, the first first. Made once, for each who fell looks at it.
pub(in crate::decide) struct Lines(BTreeMap<(Arc<str>, Arc<str>), Vec<usize>>);

/// Of two subjects the first thing in which one goes before the other, or the last where nothing does.
struct Key {
    what: Arc<str>,
    own: Shown,
    other: Shown,
    /// Points of what was compared with which the subject would go before the other.
    short: Option<Points>,
}

impl Engine<'_> {
    /// Ranks those who competed for the free seats of each quota.
    pub(in crate::decide) fn lines(&self) -> Lines {
        let place = |code: &Arc<str>| {
            self.snapshot
                .subjects
                .binary_search_by(|data| data.code.cmp(code))
                .ok()
        };
        let ranked = |result: &QuotaResult| {
            let plan = self
                .scheme
                .quotas
                .iter()
                .find(|plan| plan.code == result.quota)?;
            let competed = result
                .holders
                .iter()
                .chain(&result.fallen)
                .filter_map(place)
                .filter(|subject| !self.by_right(*subject, plan))
                .collect();
            let key = (result.quota.clone(), result.group.clone());
            Some((key, self.ranked_classes(competed).concat()))
        };
        Lines(self.quotas.iter().filter_map(ranked).collect())
    }

    /// Quotas in which a subject has no seat for the grade that it aims at, once it has risen by so many points.
    pub(super) fn add_seats(
        &self,
        subject: usize,
        aim: usize,
        risen: Points,
        lines: &Lines,
        found: &mut Vec<Obstacle>,
    ) {
        // Whoever is not recognised keeps its grade and takes no seat; once what it lacks is there, it needs one.
        let (Some(state), Some(data)) = (
            self.states.get(subject),
            self.snapshot.subjects.get(subject),
        ) else {
            return;
        };
        for plan in self.scheme.quotas.iter().filter(|plan| plan.grade >= aim) {
            // A floor keeps its seat; an exact grade that is in the way itself takes its seat along when it goes.
            let floor = state.floor.is_some_and(|floor| floor <= plan.grade);
            let exact = state.exact.is_some_and(|exact| exact <= aim);
            if !self.applies(&plan.applies, subject) || floor || exact {
                continue;
            }
            let competed = !self.by_right(subject, plan);
            let group = self.group_name(plan.group, &[subject]);
            let result = self
                .quotas
                .iter()
                .find(|result| result.quota == plan.code && result.group.as_ref() == group);
            let sits = |result: &&QuotaResult| competed && result.holders.contains(&data.code);
            let Some(result) = result.filter(|result| !sits(result)) else {
                continue;
            };
            let line = lines.0.get(&(plan.code.clone(), result.group.clone()));
            let line = line.map(Vec::as_slice).unwrap_or_default();
            if let Some((compared, ahead)) = self.ahead(subject, plan, result, line)
                && ahead.short.is_none_or(|short| short > risen)
            {
                found.push(Obstacle {
                    grade: self.grade_code(Some(aim)),
                    by: Some(plan.code.clone()),
                    compared,
                    change: Change::Ahead(ahead),
                });
            }
        }
    }

    /// Who is in the way of a seat; nothing where there is a free one.
    fn ahead(
        &self,
        subject: usize,
        plan: &QuotaPlan,
        result: &QuotaResult,
        line: &[usize],
    ) -> Option<(Option<Comparison>, Ahead)> {
        let by_right = result
            .holders
            .iter()
            .filter_map(|code| {
                self.snapshot
                    .subjects
                    .binary_search_by(|data| data.code.cmp(code))
                    .ok()
            })
            .filter(|holder| *holder != subject && self.by_right(*holder, plan))
            .count();
        let free = usize::try_from(result.seats)
            .unwrap_or(usize::MAX)
            .saturating_sub(by_right);
        let ahead = |line: Option<usize>, short| Ahead {
            seats: result.seats,
            holders: result.holders.clone(),
            line: line
                .and_then(|line| self.snapshot.subjects.get(line))
                .map(|data| data.code.clone()),
            short,
        };
        let Some(last) = free.checked_sub(1) else {
            return Some((None, ahead(None, None)));
        };
        let last = line
            .iter()
            .copied()
            .filter(|other| *other != subject)
            .nth(last)?;
        let Some(key) = self.deciding_key(subject, last) else {
            return Some((None, ahead(Some(last), None)));
        };
        let compared = Comparison {
            what: key.what,
            left: key.own,
            op: Sign::MoreThan,
            right: Arc::from(key.other.to_string()),
            holds: Truth3::False,
            of: None,
            why: None,
            few: false,
            counted: Vec::new(),
        };
        Some((Some(compared), ahead(Some(last), key.short)))
    }

    /// What decides between a subject and another at the line: the total, or its share of the maximum where maxima
    /// differ, then the scheme's tie-breakers. Where nothing does, the first of these would.
    fn deciding_key(&self, subject: usize, other: usize) -> Option<Key> {
        let mut first = None;
        if self.scheme.file.grading.by != GradedBy::Proposed {
            let key = self.total_key(subject, other)?;
            if self.share(subject) != self.share(other) {
                return Some(key);
            }
            first = Some(key);
        }
        for (value, lowest) in &self.scheme.tie_breakers {
            let (own, others) = (self.look(subject, value), self.look(other, value));
            let (Some(exact), Some(other_exact)) = (own.exact(), others.exact()) else {
                continue;
            };
            let points = matches!(
                value.kind,
                ValueKind::Item(_) | ValueKind::Node(_) | ValueKind::Total
            );
            let key = Key {
                what: value.what.clone(),
                own: own.shown(),
                other: others.shown(),
                short: past(&exact, &other_exact, *lowest).filter(|_| points),
            };
            if exact != other_exact && (points || first.is_none()) {
                return Some(key);
            }
            first.get_or_insert(key);
        }
        first
    }

    fn total_key(&self, subject: usize, other: usize) -> Option<Key> {
        let (own, others) = (self.states.get(subject)?, self.states.get(other)?);
        let own_total = own.total?;
        // The other's share of the subject's own maximum.
        let line = self.share(other)?.mul(&own.maximum.to_ratio());
        let short = past(&own_total.to_ratio(), &line, false);
        let key = if own.maximum == others.maximum {
            Key {
                what: Arc::from("points/total"),
                own: Shown::Points(own_total),
                other: Shown::Points(others.total?),
                short,
            }
        } else {
            let shown = |share: Ratio| Shown::Exact(Box::new(share));
            Key {
                what: Arc::from("share"),
                own: shown(self.share(subject)?),
                other: shown(self.share(other)?),
                short,
            }
        };
        Some(key)
    }
}

/// The points that carry a value just past another, upwards or downwards.
fn past(own: &Ratio, other: &Ratio, lowest: bool) -> Option<Points> {
    let e4 = other.sub(own).mul(&Ratio::from_whole(10_000));
    let whole = if lowest {
        e4.ceil()?.checked_sub(1)?
    } else {
        e4.floor()?.checked_add(1)?
    };
    Some(Points::from_e4(whole))
}
