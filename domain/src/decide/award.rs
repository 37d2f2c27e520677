//! Points that inspectors award, once for the round or for each stretch of it.

use super::Engine;
use super::score::Scored;
use crate::number::{NumberError, Points, Ratio, Rounding};
use crate::outcome::{Action, Award, Shown, StretchResult};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{OverAwards, Several};
use crate::snapshot::{AwardData, SlotValue};

impl Engine<'_> {
    /// What inspectors awarded for the round, if anybody did.
    pub(super) fn award(&self, subject: usize, slot: usize, several: Several) -> Scored {
        let list = match self.slot(subject, slot) {
            SlotValue::One(points) => return Scored::of(*points, Shown::Points(*points)),
            SlotValue::Several(list) => list,
            _ => return Scored::missing(ReasonCode::NoAward, Action::EnterScore),
        };
        let scored = match combine(list, several) {
            Some(Ok(combined)) => combined.into_scored(self.scheme.file.numbers),
            Some(Err(_)) => Scored::missing(ReasonCode::Overflow, Action::MendScheme),
            None => Scored::missing(ReasonCode::NoAward, Action::EnterScore),
        };
        Scored {
            awards: told(list).into(),
            ..scored
        }
    }

    /// Awards for each stretch, each combined exactly, and rounded once at the end. Whatever stretch has none is named.
    pub(super) fn dated_award(
        &self,
        subject: usize,
        slot: usize,
        several: Several,
        over: OverAwards,
    ) -> Scored {
        let periods = self.snapshot.award_stretches.get(slot);
        let periods = periods.map_or(&[][..], Vec::as_slice);
        let mut values = Vec::with_capacity(periods.len());
        let mut stretches = Vec::with_capacity(periods.len());
        let mut missing = Vec::new();
        for (stretch, period) in periods.iter().enumerate() {
            let list = match self.slot(subject, slot) {
                SlotValue::Dated(awarded) => awarded.get(&stretch).map(Vec::as_slice),
                _ => None,
            };
            let list = list.unwrap_or_default();
            let value = match combine(list, several) {
                Some(Err(_)) => return Scored::missing(ReasonCode::Overflow, Action::MendScheme),
                Some(Ok(combined)) => {
                    let shown = Shown::Exact(combined.exact.clone());
                    values.push(combined);
                    shown
                }
                None => {
                    missing.push(period.as_ref());
                    Shown::Missing
                }
            };
            stretches.push(StretchResult {
                period: period.clone(),
                value,
                awards: told(list),
            });
        }
        let scored = match over_stretches(values, over) {
            Some(combined) if missing.is_empty() => combined.into_scored(self.scheme.file.numbers),
            _ => {
                let why = Reason::with(ReasonCode::AwardMissing, [missing.join(", ")]);
                Scored::missing(why, Action::EnterScore)
            }
        };
        Scored {
            stretches: stretches.into(),
            ..scored
        }
    }
}

/// What is told of single awards: nothing where one inspector awarded points without a word, for they are the value.
fn told(list: &[AwardData]) -> Vec<Award> {
    let one = |award: &AwardData| Award {
        points: award.points,
        note: award.note.clone(),
    };
    match list {
        [only] if only.note.is_none() => Vec::new(),
        _ => list.iter().map(one).collect(),
    }
}

/// What several awards come to, before any rounding.
struct Combined {
    exact: Ratio,
    /// The award that it is, where nothing was divided: such points are taken as they were given.
    award: Option<Points>,
}

impl Combined {
    fn into_scored(self, numbers: Rounding) -> Scored {
        let shown = Shown::Exact(self.exact.clone());
        match self.award {
            Some(points) => Scored::of(points, shown),
            None => Scored::of_quotient(self.exact, numbers, shown),
        }
    }
}

/// What is made of the stretches' values; nothing without one.
fn over_stretches(values: Vec<Combined>, over: OverAwards) -> Option<Combined> {
    match over {
        OverAwards::Mean if values.len() > 1 => {
            let count = i64::try_from(values.len()).ok()?;
            let sum = (values.iter()).fold(Ratio::zero(), |sum, one| sum.add(&one.exact));
            let exact = sum.div(&Ratio::from_whole(count))?;
            Some(Combined { exact, award: None })
        }
        OverAwards::Least => (values.into_iter()).min_by(|one, other| one.exact.cmp(&other.exact)),
        OverAwards::Last | OverAwards::Mean => values.into_iter().next_back(),
    }
}

/// What several inspectors' points come to; nothing without one.
fn combine(list: &[AwardData], several: Several) -> Option<Result<Combined, NumberError>> {
    let latest = list.last()?.points;
    let mut sorted: Vec<Points> = list.iter().map(|award| award.points).collect();
    sorted.sort_unstable();
    let kept: &[Points] = match several {
        Several::Latest => std::slice::from_ref(&latest),
        Several::Median => {
            let middle = sorted.len() / 2;
            if sorted.len() % 2 == 1 {
                sorted.get(middle..=middle)?
            } else {
                sorted.get(middle.checked_sub(1)?..=middle)?
            }
        }
        Several::Trimmed if sorted.len() >= 3 => sorted.get(1..sorted.len().checked_sub(1)?)?,
        Several::Mean | Several::Trimmed => &sorted,
    };
    if let [award] = kept {
        return Some(Ok(Combined {
            exact: award.to_ratio(),
            award: Some(*award),
        }));
    }
    let count = i64::try_from(kept.len()).ok()?;
    let sum = kept
        .iter()
        .try_fold(Points::ZERO, |sum, points| sum.add(*points));
    match sum {
        Ok(sum) => {
            let exact = sum.to_ratio().div(&Ratio::from_whole(count))?;
            Some(Ok(Combined { exact, award: None }))
        }
        Err(error) => Some(Err(error)),
    }
}
