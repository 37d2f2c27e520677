//! Points that inspectors award, once for the round or for each stretch of it.

use super::Engine;
use super::score::Scored;
use crate::number::{NumberError, Points, Ratio};
use crate::outcome::{Action, Shown, StretchResult};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{OverAwards, Several};
use crate::snapshot::SlotValue;

impl Engine<'_> {
    /// What inspectors awarded for the round, if anybody did.
    pub(super) fn award(
        &self,
        subject: usize,
        slot: usize,
        several: Several,
    ) -> Option<Result<Points, NumberError>> {
        match self.slot(subject, slot) {
            SlotValue::One(points) => Some(Ok(*points)),
            SlotValue::Several(list) => self.combine(list, several),
            _ => None,
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
                SlotValue::Dated(awarded) => awarded.get(&stretch),
                _ => None,
            };
            let value = match list.and_then(|list| exact_mean(list, several)) {
                Some(Err(_)) => return Scored::missing(ReasonCode::Overflow, Action::MendScheme),
                Some(Ok(exact)) => {
                    values.push(exact.clone());
                    Shown::Exact(Box::new(exact))
                }
                None => {
                    missing.push(period.as_ref());
                    Shown::Missing
                }
            };
            stretches.push(StretchResult {
                period: period.clone(),
                value,
            });
        }
        let scored = match over_stretches(values, over) {
            Some(exact) if missing.is_empty() => {
                let points = self.scheme.file.numbers.to_points(&exact);
                Scored::of_result(points, Shown::Exact(Box::new(exact)))
            }
            _ => {
                let why = Reason::with(ReasonCode::AwardMissing, [missing.join(", ")]);
                Scored::missing(why, Action::EnterScore)
            }
        };
        Scored {
            stretches,
            ..scored
        }
    }

    fn combine(&self, list: &[Points], several: Several) -> Option<Result<Points, NumberError>> {
        if several == Several::Latest {
            return list.last().copied().map(Ok);
        }
        let exact = exact_mean(list, several)?;
        Some(exact.and_then(|exact| self.scheme.file.numbers.to_points(&exact)))
    }
}

/// What is made of the stretches' values; nothing without one.
fn over_stretches(values: Vec<Ratio>, over: OverAwards) -> Option<Ratio> {
    match over {
        OverAwards::Least => values.into_iter().min(),
        OverAwards::Last => values.into_iter().next_back(),
        OverAwards::Mean => {
            let count = i64::try_from(values.len()).ok()?;
            let sum = values.iter().fold(Ratio::zero(), |sum, one| sum.add(one));
            sum.div(&Ratio::from_whole(count))
        }
    }
}

/// What several inspectors' points come to, before any rounding; nothing without one.
fn exact_mean(list: &[Points], several: Several) -> Option<Result<Ratio, NumberError>> {
    let mut sorted = list.to_vec();
    sorted.sort_unstable();
    let kept: &[Points] = match several {
        Several::Latest => list.last().map(std::slice::from_ref)?,
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
    let count = i64::try_from(kept.len()).ok()?;
    let sum = kept
        .iter()
        .try_fold(Points::ZERO, |sum, points| sum.add(*points));
    match sum {
        Ok(sum) => sum.to_ratio().div(&Ratio::from_whole(count)).map(Ok),
        Err(error) => Some(Err(error)),
    }
}
