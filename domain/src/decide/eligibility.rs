//! Requirements, rank and eligibility.

use super::Engine;
use crate::outcome::Truth3;
use crate::scheme::model::RulePhase;

impl Engine<'_> {
    /// Asks what a recognition requires. A requirement that does not hold takes no seat, so this comes before quotas.
    pub(super) fn ask_requirements(&mut self) {
        self.ask_all(RulePhase::Eligibility);
        for subject in 0..self.states.len() {
            let rules = self.rules_of(RulePhase::Eligibility);
            let truths = rules.filter_map(|rule| self.truth_of(subject, rule));
            let stands_in_the_way = truths.fold(Truth3::False, Truth3::or);
            let scheme = self.scheme;
            if let Some(state) = self.state(subject) {
                if stands_in_the_way == Truth3::True {
                    // Not recognised: no label for the best, whenever it was given.
                    state.labels.retain(|label| {
                        scheme
                            .labels
                            .get(*label)
                            .is_some_and(|plan| plan.best.is_none())
                    });
                }
                state.recognised = match stands_in_the_way {
                    Truth3::False => Some(true),
                    Truth3::True => Some(false),
                    Truth3::Undetermined => None,
                };
            }
        }
    }

    /// Competition ranks within each category: equal totals share a rank, the next rank skips.
    pub(super) fn rank(&mut self) {
        let ranked = |engine: &Self, subject: &usize| {
            engine
                .states
                .get(*subject)
                .is_some_and(|state| !state.disqualified)
        };
        let mut order: Vec<(usize, usize, crate::number::Ratio)> = (0..self.states.len())
            .filter(|subject| ranked(self, subject))
            .filter_map(|subject| Some((self.category(subject), subject, self.share(subject)?)))
            .collect();
        order.sort_by(|a, b| {
            a.0.cmp(&b.0)
                .then_with(|| b.2.cmp(&a.2))
                .then_with(|| a.1.cmp(&b.1))
        });
        let mut place = 0_u32;
        let mut rank = 0_u32;
        let mut before: Option<(usize, crate::number::Ratio)> = None;
        for (category, subject, share) in order {
            if before.as_ref().is_none_or(|(other, _)| *other != category) {
                place = 0;
                before = None;
            }
            place = place.saturating_add(1);
            if before.as_ref().is_none_or(|(_, other)| *other != share) {
                rank = place;
            }
            before = Some((category, share));
            if let Some(state) = self.state(subject) {
                state.rank = Some(rank);
            }
        }
    }

    pub(super) fn decide_eligibility(&mut self) {
        for subject in 0..self.states.len() {
            let minimum = self.scheme.minimum;
            let Some(state) = self.state(subject) else {
                continue;
            };
            if state.undetermined && !state.disqualified && !state.held {
                // What is undetermined is shown as such, not as the grade it would have if nothing came in its way.
                state.grade = None;
            }
            let good_enough = match (state.grade, minimum) {
                (Some(grade), Some(minimum)) => Truth3::of(grade <= minimum),
                (Some(_), None) => Truth3::True,
                (None, _) if state.held => Truth3::False,
                (None, _) => Truth3::Undetermined,
            };
            let recognised = state.recognised.map_or(Truth3::Undetermined, Truth3::of);
            let eligible = Truth3::of(!state.disqualified)
                .and(good_enough)
                .and(recognised);
            state.eligible = match eligible {
                Truth3::True => Some(true),
                Truth3::False => Some(false),
                Truth3::Undetermined => None,
            };
        }
        self.list_open_surveys();
    }
}
