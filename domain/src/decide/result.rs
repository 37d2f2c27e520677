//! Puts the outcome together.

use std::sync::Arc;

use super::{Engine, State};
use crate::outcome::{
    Decision, ENGINE, FORMAT, FigureResult, LabelRank, LineCounts, Obstacle, Outcome, Predecessor,
    Shown, Status, wilson_e4,
};
use crate::scheme::file::{AnswerClass, Figure};
use crate::scheme::model::FigurePlan;
use crate::snapshot::PredecessorData;

impl Engine<'_> {
    pub(super) fn into_outcome(mut self) -> Outcome {
        let mut gaps = std::mem::take(&mut self.gaps);
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
        for (subject, obstacles) in obstacles.into_iter().enumerate() {
            let figures = if self.is_withheld(subject) {
                Vec::new()
            } else {
                self.figure_results(subject)
            };
            let Some(state) = self.states.get_mut(subject).map(std::mem::take) else {
                continue;
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
            nodes: state.nodes,
            items: state.items,
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

    fn figure_results(&self, subject: usize) -> Vec<FigureResult> {
        let Some(state) = self.states.get(subject) else {
            return Vec::new();
        };
        let plans = self.scheme.figures.iter().zip(&state.figures);
        let relevant = |plan: &&FigurePlan| {
            self.scheme
                .surveys
                .get(plan.survey)
                .is_some_and(|survey| self.applies(&survey.applies, subject))
        };
        plans
            .filter(|(plan, _)| relevant(plan))
            .map(|(plan, value)| {
                let text =
                    value
                        .value
                        .as_ref()
                        .map_or_else(String::new, |value| match plan.figure {
                            Figure::MeanScore => {
                                let rounding = crate::number::Rounding {
                                    decimals: 2,
                                    mode: crate::number::RoundingMode::HalfUp,
                                };
                                rounding
                                    .to_points(value)
                                    .map_or_else(|_| value.to_string(), |points| points.to_string())
                            }
                            _ => value.to_percent_text(2),
                        });
                let told = plan.figure == Figure::SatisfactionRate && !self.is_sealed(plan.survey);
                let classes = if told {
                    self.classes(subject, plan)
                } else {
                    Vec::new()
                };
                FigureResult {
                    what: plan.what.clone(),
                    value: value.shown(),
                    text: Arc::from(text),
                    wilson_e4: match value.shown() {
                        Shown::Counts(n, d) => wilson_e4(n, d),
                        _ => None,
                    },
                    classes,
                    lines: self.lines_of(subject, plan),
                    why: value.why.clone(),
                    few: value.few,
                }
            })
            .collect()
    }

    /// Lines of a ballot, within a figure's stratum; beside its satisfaction rate alone, as the classes.
    fn lines_of(&self, subject: usize, plan: &FigurePlan) -> Option<LineCounts> {
        let survey = self.scheme.surveys.get(plan.survey)?;
        let beside = plan.figure == Figure::SatisfactionRate && !self.is_sealed(plan.survey);
        if survey.ballot.is_none() || !beside {
            return None;
        }
        let counts = self
            .snapshot
            .subjects
            .get(subject)?
            .surveys
            .get(plan.survey)?;
        let within = counts.sheets.iter().filter(|sheets| {
            plan.panel.is_none_or(|panel| panel == sheets.panel)
                && plan.channel.is_none_or(|channel| channel == sheets.channel)
        });
        let none = LineCounts {
            valid: 0,
            rated: 0,
            abstained: 0,
        };
        Some(within.fold(none, |sum, sheets| LineCounts {
            valid: sum.valid.saturating_add(sheets.valid),
            rated: sum.rated.saturating_add(sheets.rated),
            abstained: sum.abstained.saturating_add(sheets.abstained),
        }))
    }

    /// Answers by class, within a figure's stratum.
    fn classes(&self, subject: usize, plan: &FigurePlan) -> Vec<(AnswerClass, u64)> {
        let data = self.snapshot.subjects.get(subject);
        let counts = data.and_then(|data| data.surveys.get(plan.survey));
        let strata = counts.map(|counts| counts.strata.as_slice());
        let mut classes = [None; 4];
        for stratum in strata.unwrap_or_default() {
            let within = plan.question.is_none_or(|q| q == stratum.question)
                && plan.panel.is_none_or(|p| p == stratum.panel)
                && plan.channel.is_none_or(|c| c == stratum.channel);
            for (sum, count) in classes.iter_mut().zip(&stratum.classes) {
                if let (true, Some(count)) = (within, count) {
                    *sum = Some(sum.unwrap_or(0_u64).saturating_add(*count));
                }
            }
        }
        let counted = AnswerClass::ALL.into_iter().zip(classes);
        counted
            .filter_map(|(class, count)| Some((class, count?)))
            .collect()
    }
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
