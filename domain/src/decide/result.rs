//! Puts the outcome together.

use std::sync::Arc;

use super::figure::{FigureBeside, FigureValue};
use super::{Engine, State};
use crate::number::{Ratio, Rounding, RoundingMode};
use crate::outcome::{
    Coded, Decision, ENGINE, FORMAT, FigureResult, Gap, GapKind, LabelRank, LineCounts, Obstacle,
    Outcome, Predecessor, Reading, Status, wilson_e4,
};
use crate::scheme::file::{AnswerClass, Figure};
use crate::scheme::model::FigurePlan;
use crate::snapshot::{PredecessorData, SubjectData, SurveyData};

impl Engine<'_> {
    pub(super) fn into_outcome(mut self) -> Outcome {
        let mut gaps = std::mem::take(&mut self.gaps);
        self.clear_held(&mut gaps);
        gaps.sort();
        gaps.dedup();
        let lines = self.lines();
        let mut decisions = Vec::with_capacity(self.states.len());
        let every = 0..self.states.len();
        // All before any is put into its decision: they look at each other's totals.
        let obstacles: Vec<Vec<Obstacle>> = every
            .map(|subject| {
                if self.is_withheld(subject) {
                    Vec::new()
                } else {
                    self.obstacles(subject, &lines)
                }
            })
            .collect();
        let states = std::mem::take(&mut self.states).into_iter();
        for (subject, (mut state, obstacles)) in states.zip(obstacles).enumerate() {
            let figures = if self.is_withheld(subject) {
                Vec::new()
            } else {
                self.figure_results(subject, std::mem::take(&mut state.figures))
            };
            decisions.extend(self.decision(subject, state, obstacles, figures));
        }
        Outcome {
            format: Arc::from(FORMAT),
            engine: Arc::from(ENGINE),
            round: self.snapshot.round.clone(),
            scheme: Arc::from(self.scheme.code()),
            scheme_version: Arc::from(self.scheme.version()),
            scheme_digest: self.scheme.digest.clone(),
            inputs_digest: self.snapshot.digest.clone(),
            decisions,
            gaps,
            quotas: (self.quotas.into_iter())
                .map(|filled| filled.result)
                .collect(),
        }
    }

    /// Nothing waits for what is open of somebody who is held, but for what was decided on it besides.
    fn clear_held(&self, gaps: &mut [Gap]) {
        for gap in gaps {
            let place = gap
                .subject
                .as_ref()
                .and_then(|code| self.snapshot.find(code));
            let state = place.and_then(|place| self.states.get(place));
            if state.is_some_and(|state| state.held) && gap.kind != GapKind::AdjustmentRefused {
                gap.blocks = false;
            }
        }
    }

    fn decision(
        &self,
        subject: usize,
        state: State,
        obstacles: Vec<Obstacle>,
        figures: Vec<FigureResult>,
    ) -> Option<Decision> {
        let data = self.snapshot.subjects.get(subject)?;
        let status = if state.held {
            Status::Held
        } else if state.undetermined && !state.disqualified {
            Status::Undetermined
        } else {
            Status::Decided
        };
        let mut labels: Vec<Arc<str>> = state
            .labels
            .iter()
            .filter_map(|label| self.scheme.labels.get(*label))
            .map(|plan| plan.code.clone())
            .collect();
        labels.sort();
        let mut label_ranks = state.label_ranks;
        label_ranks.sort_by_key(|(label, _)| *label);
        let label_ranks = label_ranks
            .into_iter()
            .map(|(label, rank)| LabelRank {
                given: state.labels.contains(&label),
                ..rank
            })
            .collect();
        let places = self.phases.places.get(data.category)?;
        // In the place where they lie.
        let rules = state.rules.into_iter().flatten().collect();
        Some(Decision {
            subject: data.code.clone(),
            category: self.scheme.categories.get(data.category)?.code.clone(),
            region: self.snapshot.regions.get(data.region)?.clone(),
            predecessors: data.predecessors.iter().map(predecessor).collect(),
            status,
            total: state.total,
            maximum: state.maximum,
            unscaled: state.unscaled,
            base_grade: self.grade_code(state.base),
            grade: self.grade_code(state.grade),
            rank: state.rank,
            disqualified: state.disqualified,
            eligible: state.eligible,
            labels,
            label_ranks,
            steps: state.steps,
            rules,
            nodes: Coded::new(&places.nodes, state.nodes),
            items: Coded::new(&places.items, state.items),
            figures,
            obstacles,
            consequences: state.consequences,
            withheld: data.withheld.is_some(),
        })
    }

    /// Whether what is known of a subject is given, since too few people answered.
    pub(super) fn is_withheld(&self, subject: usize) -> bool {
        let data = self.snapshot.subjects.get(subject);
        data.is_some_and(|data| data.withheld.is_some())
    }

    fn figure_results(&self, subject: usize, figures: Vec<FigureValue>) -> Vec<FigureResult> {
        let plans = self.scheme.figures.iter().zip(figures);
        let about = |survey: usize| {
            let survey = self.scheme.surveys.get(survey);
            survey.is_some_and(|survey| self.applies(&survey.applies, subject))
        };
        let relevant = self.scheme.figures.iter();
        let relevant = relevant.filter(|plan| about(plan.survey)).count();
        let mut results = Vec::with_capacity(relevant);
        for (plan, value) in plans.filter(|(plan, _)| about(plan.survey)) {
            let text = value
                .value
                .as_ref()
                .map_or(Reading::Nothing, |value| reading(plan.figure, value));
            let (shown, wilson_e4) = (
                value.shown(),
                value.counts.and_then(|(n, d)| wilson_e4(n, d)),
            );
            let FigureBeside { classes, lines } = value.beside;
            results.push(FigureResult {
                what: plan.what.clone(),
                value: shown,
                text,
                wilson_e4,
                classes: classes.into_boxed_slice(),
                lines,
                terms: value.terms,
                why: value.why,
                few: value.few,
            });
        }
        results
    }

    /// What is told beside a satisfaction rate that somebody may see: answers by class and, of a ballot, its lines.
    pub(super) fn figure_beside(
        &self,
        data: &SubjectData,
        plan: &FigurePlan,
    ) -> Option<FigureBeside> {
        let survey = self.scheme.surveys.get(plan.survey)?;
        let about = survey.applies.get(data.category) == Some(&true);
        let told = plan.figure == Figure::SatisfactionRate && !self.is_sealed(plan.survey);
        let counts = data.surveys.get(plan.survey).filter(|_| about && told)?;
        let lines = survey.ballot.map(|_| Box::new(lines(counts, plan)));
        Some(FigureBeside {
            classes: classes(counts, plan),
            lines,
        })
    }
}

/// Lines of a ballot, within a figure's stratum.
fn lines(counts: &SurveyData, plan: &FigurePlan) -> LineCounts {
    let within = counts.sheets.iter().filter(|sheets| {
        plan.panel.is_none_or(|panel| panel == sheets.panel)
            && plan.channel.is_none_or(|channel| channel == sheets.channel)
    });
    let none = LineCounts {
        valid: 0,
        rated: 0,
        abstained: 0,
    };
    within.fold(none, |sum, sheets| LineCounts {
        valid: sum.valid.saturating_add(sheets.valid),
        rated: sum.rated.saturating_add(sheets.rated),
        abstained: sum.abstained.saturating_add(sheets.abstained),
    })
}

/// Answers by class, within a figure's stratum.
fn classes(counts: &SurveyData, plan: &FigurePlan) -> Vec<(AnswerClass, u64)> {
    let (mut sums, mut there) = ([0_u64; 4], [false; 4]);
    for stratum in &counts.strata {
        if plan.question.is_none_or(|q| q == stratum.question)
            && plan.panel.is_none_or(|p| p == stratum.panel)
            && plan.channel.is_none_or(|c| c == stratum.channel)
        {
            for ((sum, there), count) in sums.iter_mut().zip(&mut there).zip(&stratum.classes) {
                *sum = sum.saturating_add(count.unwrap_or(0));
                *there |= count.is_some();
            }
        }
    }
    // As much room as is needed: what a filter leaves cannot be told beforehand, and is asked for by fours.
    let mut counted = Vec::with_capacity(there.iter().filter(|there| **there).count());
    let each = AnswerClass::ALL.into_iter().zip(sums).zip(there);
    counted.extend(each.filter_map(|(counted, there)| there.then_some(counted)));
    counted
}

/// A figure cut for reading, with two places.
fn reading(figure: Figure, value: &Ratio) -> Reading {
    let rounding = Rounding {
        decimals: 2,
        mode: RoundingMode::HalfUp,
    };
    let text = |_| Reading::Text(Arc::from(value.to_string()));
    if figure == Figure::MeanScore {
        return rounding.to_points(value).map_or_else(text, Reading::Mean);
    }
    (rounding.to_percent(value)).map_or_else(text, Reading::Percent)
}

fn predecessor(one: &PredecessorData) -> Predecessor {
    Predecessor {
        subject: one.code.clone(),
        name: one.name.clone(),
        kind: one.kind,
        on: one.on,
        into: one.into.clone(),
        grades: one.grades,
    }
}
