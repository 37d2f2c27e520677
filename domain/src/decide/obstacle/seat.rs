//! Seats that others took: whom a subject was compared with at the line of a quota, and by what it fell short.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decide::{Engine, FilledQuota};
use crate::number::{Points, Ratio};
use crate::outcome::{Ahead, Asked, Change, Comparison, Obstacle, Shown, Sign, Truth3};
use crate::scheme::file::GradedBy;
use crate::scheme::model::{QuotaPlan, ValueKind};

/// The lines of all quotas, laid out once, so that whoever fell looks at its own place alone: by quota of the scheme.
pub(in crate::decide) struct Lines(Vec<QuotaLines>);

/// The lines of one quota.
struct QuotaLines {
    groups: BTreeMap<[usize; 2], Line>,
    /// By subject.
    stands: Vec<Stand>,
}

/// One group of a quota.
struct Line {
    seats: u32,
    taken: u32,
    by_right: usize,
    /// Those who competed for the free seats, the first first.
    competed: Vec<usize>,
}

/// Where a subject stands in its group.
#[derive(Clone, Copy, Default)]
struct Stand {
    holds: bool,
    /// Its place among those who competed.
    place: Option<usize>,
}

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
        let lines = |plan: &QuotaPlan| {
            let mut lines = QuotaLines {
                groups: BTreeMap::new(),
                stands: vec![Stand::default(); self.states.len()],
            };
            for filled in (self.quotas.iter()).filter(|filled| filled.result.quota == plan.code) {
                self.add_line(plan, filled, &mut lines);
            }
            lines
        };
        Lines(self.scheme.quotas.iter().map(lines).collect())
    }

    fn add_line(&self, plan: &QuotaPlan, filled: &FilledQuota, lines: &mut QuotaLines) {
        let result = &filled.result;
        let place = |code: &Arc<str>| self.snapshot.find(code);
        let (by_right, mut competed): (Vec<usize>, Vec<usize>) = (result.holders.iter())
            .filter_map(place)
            .partition(|subject| self.by_right(*subject, plan));
        for subject in by_right.iter().chain(&competed) {
            if let Some(stand) = lines.stands.get_mut(*subject) {
                stand.holds = true;
            }
        }
        competed.extend(result.fallen.iter().filter_map(place));
        let competed = self.ranked_classes(competed).concat();
        for (place, subject) in competed.iter().enumerate() {
            if let Some(stand) = lines.stands.get_mut(*subject) {
                stand.place = Some(place);
            }
        }
        let line = Line {
            seats: result.seats,
            taken: u32::try_from(result.holders.len()).unwrap_or(u32::MAX),
            by_right: by_right.len(),
            competed,
        };
        lines.groups.insert(filled.group, line);
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
        let Some(state) = self.states.get(subject) else {
            return;
        };
        let quotas = self.scheme.quotas.iter().zip(&lines.0);
        for (plan, lines) in quotas.filter(|(plan, _)| plan.grade >= aim) {
            // A floor keeps its seat; an exact grade that is in the way itself takes its seat along when it goes.
            let floor = state.floor.is_some_and(|floor| floor <= plan.grade);
            let exact = state.exact.is_some_and(|exact| exact <= aim);
            if !self.applies(&plan.applies, subject) || floor || exact {
                continue;
            }
            let stand = lines.stands.get(subject).copied().unwrap_or_default();
            let by_right = stand.holds && self.by_right(subject, plan);
            if stand.holds && !by_right {
                continue;
            }
            let line = lines.groups.get(&self.group_of(plan.group, subject));
            if let Some(line) = line
                && let Some((compared, ahead)) = self.ahead(subject, line, (stand, by_right))
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
        line: &Line,
        (stand, by_right): (Stand, bool),
    ) -> Option<(Option<Comparison>, Ahead)> {
        // Its own seat by right goes with the right.
        let by_right = line.by_right.saturating_sub(usize::from(by_right));
        let free = usize::try_from(line.seats)
            .unwrap_or(usize::MAX)
            .saturating_sub(by_right);
        let ahead = |last: Option<usize>, short| Ahead {
            seats: line.seats,
            taken: line.taken,
            line: last
                .and_then(|last| self.snapshot.subjects.get(last))
                .map(|data| data.code.clone()),
            short,
        };
        let Some(last) = free.checked_sub(1) else {
            return Some((None, ahead(None, None)));
        };
        // Of the others: whoever stands behind the subject is one place further up among them.
        let skipped = stand.place.is_some_and(|own| own <= last);
        let last = *(line.competed).get(last.saturating_add(usize::from(skipped)))?;
        let Some(key) = self.deciding_key(subject, last) else {
            return Some((None, ahead(Some(last), None)));
        };
        let asked = Asked {
            what: key.what,
            op: Sign::MoreThan,
            right: Arc::from(key.other.to_string()),
        };
        let compared = Comparison::plain(Arc::new(asked), key.own, Truth3::False);
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
                short: past(&exact, &other_exact, *lowest, self.scheme.grain).filter(|_| points),
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
        let short = past(&own_total.to_ratio(), &line, false, self.scheme.grain);
        let key = if own.maximum == others.maximum {
            Key {
                what: Arc::from("points/total"),
                own: Shown::Points(own_total),
                other: Shown::Points(others.total?),
                short,
            }
        } else {
            let shown = |share: Ratio| Shown::Exact(share);
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

/// The points, counted in grains, that carry a value just past another, upwards or downwards.
fn past(own: &Ratio, other: &Ratio, lowest: bool, grain: Points) -> Option<Points> {
    let off = grain.count_in(&other.sub(own))?;
    let count = if lowest {
        off.ceil()?.checked_sub(1)?
    } else {
        off.floor()?.checked_add(1)?
    };
    grain.times(count).ok()
}
