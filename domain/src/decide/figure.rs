//! Figures of surveys: satisfaction rate, dissatisfied share, mean score; plain or weighted, whole or of a stratum.

use std::sync::Arc;

use super::Engine;
use super::demand::{add_up, unmet_demand};
use crate::number::Ratio;
use crate::outcome::{FEW, LineCounts, Seldom, Shown, Term};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{AnswerClass, Channel, Combine, Denominator, Figure, UndefinedStratum};
use crate::scheme::model::{FigurePlan, SurveyPlan};
use crate::snapshot::SurveyData;

/// A figure, or why there is none.
#[derive(Debug, Clone, Default)]
pub(super) struct FigureValue {
    pub value: Option<Ratio>,
    /// Numerator and denominator, where it is a plain rate.
    pub counts: Option<(u64, u64)>,
    pub why: Option<Reason>,
    /// What it is the weighted mean of.
    pub terms: Seldom<Term>,
    /// Whether it rests on so few answers that it would say who answered what.
    pub few: bool,
    /// What is told beside it, counted with it while its strata are at hand.
    pub beside: FigureBeside,
}

/// What is told beside a satisfaction rate.
#[derive(Debug, Clone, Default)]
pub(super) struct FigureBeside {
    pub classes: Vec<(AnswerClass, u64)>,
    pub lines: Option<Box<LineCounts>>,
}

impl FigureValue {
    /// Nothing was counted.
    pub const NOTHING: &Self = &Self {
        value: None,
        counts: None,
        why: None,
        terms: Seldom::new(),
        few: false,
        beside: FigureBeside {
            classes: Vec::new(),
            lines: None,
        },
    };

    fn undefined(why: impl Into<Reason>) -> Self {
        Self {
            why: Some(why.into()),
            ..Self::default()
        }
    }

    fn or_undefined(value: Option<Ratio>, why: ReasonCode) -> Self {
        match value {
            Some(_) => Self {
                value,
                ..Self::default()
            },
            None => Self::undefined(why),
        }
    }

    pub fn shown(&self) -> Shown {
        match (&self.counts, &self.value) {
            (Some((n, d)), _) => Shown::Counts(*n, *d),
            (None, Some(value)) => Shown::Exact(value.clone()),
            (None, None) => Shown::Missing,
        }
    }
}

impl Engine<'_> {
    /// Whether nobody may see a figure of the survey at this place yet.
    pub(super) fn is_sealed(&self, place: usize) -> bool {
        let is_open = self.snapshot.open.get(place) == Some(&true);
        is_open && (self.scheme.surveys.get(place)).is_some_and(|survey| survey.sealed)
    }

    /// Computes every figure that something looks at.
    pub(super) fn tally(&mut self) {
        let (scheme, snapshot) = (self.scheme, self.snapshot);
        let mut unmet: Vec<Option<Reason>> = Vec::with_capacity(scheme.surveys.len());
        for subject in 0..self.states.len() {
            let Some(data) = snapshot.subjects.get(subject) else {
                continue;
            };
            // Here, where its counts are at hand.
            self.list_overfull_surveys(subject, data);
            if data.withheld.is_some() {
                let figures = scheme.figures.iter();
                let figures = figures.map(|_| FigureValue::undefined(ReasonCode::Withheld));
                let figures = figures.collect();
                if let Some(state) = self.state(subject) {
                    state.figures = figures;
                }
                continue;
            }
            unmet.clear();
            unmet.extend((scheme.surveys.iter().zip(&data.surveys).enumerate()).map(
                |(place, (survey, counts))| {
                    let about = survey.applies.get(data.category) == Some(&true);
                    if !about {
                        Some(ReasonCode::SurveyNotAbout.into())
                    } else if self.is_sealed(place) {
                        Some(ReasonCode::SurveySealed.into())
                    } else {
                        unmet_demand(survey, counts)
                    }
                },
            ));
            let figure = |plan: &FigurePlan| {
                let of = plan.survey;
                let value = match (scheme.surveys.get(of), data.surveys.get(of), unmet.get(of)) {
                    (Some(survey), Some(data), Some(None)) => {
                        Counting { survey, data, plan }.figure()
                    }
                    (_, _, Some(Some(why))) => FigureValue::undefined(why.clone()),
                    _ => FigureValue::undefined(ReasonCode::NoValue),
                };
                FigureValue {
                    beside: self.figure_beside(data, plan).unwrap_or_default(),
                    ..value
                }
            };
            let figures = scheme.figures.iter().map(figure).collect();
            if let Some(state) = self.state(subject) {
                state.figures = figures;
            }
        }
    }
}

/// What one figure is counted from.
#[derive(Clone, Copy)]
struct Counting<'a> {
    survey: &'a SurveyPlan,
    data: &'a SurveyData,
    plan: &'a FigurePlan,
}

/// Which answers are counted; nothing stands for all.
#[derive(Clone, Copy)]
struct Within {
    question: Option<usize>,
    panel: Option<usize>,
    channel: Option<Channel>,
}

impl Counting<'_> {
    fn figure(self) -> FigureValue {
        let Self { survey, plan, .. } = self;
        let all = Within {
            question: plan.question,
            panel: plan.panel,
            channel: plan.channel,
        };
        let by_question = plan.question.is_none() && survey.combine != Combine::Pooled;
        let figure = match survey.weighting.filter(|_| !plan.plain) {
            None if by_question => self.mean_of_questions(all),
            None => self.pooled(all),
            Some(undefined) => self.weighted(by_question, undefined),
        };
        FigureValue {
            few: figure.value.is_some() && self.answers(all) < FEW,
            ..figure
        }
    }

    /// How many answered what the figure is of; of several questions the one that most answered.
    fn answers(self, among: Within) -> u64 {
        let (mut most, mut answered, mut question) = (0_u64, 0_u64, None);
        for stratum in &self.data.strata {
            // They lie question by question.
            if question != Some(stratum.question) {
                (question, answered) = (Some(stratum.question), 0);
            }
            if among.question.is_none_or(|q| q == stratum.question)
                && among.panel.is_none_or(|panel| panel == stratum.panel)
                && (among.channel).is_none_or(|channel| channel == stratum.channel)
            {
                for count in stratum.classes.iter().flatten() {
                    answered = answered.saturating_add(*count);
                }
                most = most.max(answered);
            }
        }
        most
    }

    /// The questions' mean, undefined where one has no figure.
    fn mean_of_questions(self, all: Within) -> FigureValue {
        let questions = self.survey.questions.iter().enumerate();
        let mut each = Vec::with_capacity(self.survey.questions.len());
        for (place, question) in questions {
            let one = self.term(Within {
                question: Some(place),
                ..all
            });
            if one.value.is_none() {
                let code = question.code.clone();
                return FigureValue::undefined(Reason::with(
                    ReasonCode::QuestionUnanswered,
                    [code],
                ));
            }
            each.push((one, &question.weight));
        }
        mean(each, UndefinedStratum::Undefined).into_figure(ReasonCode::NoValue)
    }

    /// Of all these answers together.
    fn pooled(self, among: Within) -> FigureValue {
        let within = |panel: usize, channel: Channel| {
            among.panel.is_none_or(|p| p == panel) && among.channel.is_none_or(|c| c == channel)
        };
        let mut counts = [0_u64; 4];
        let mut weight = Ratio::zero();
        let strata = self.data.strata.iter().filter(|stratum| {
            among.question.is_none_or(|q| q == stratum.question)
                && within(stratum.panel, stratum.channel)
        });
        for stratum in strata {
            for (sum, count) in counts.iter_mut().zip(&stratum.classes) {
                *sum = sum.saturating_add(count.unwrap_or(0));
            }
            if self.plan.figure == Figure::MeanScore {
                weight = weight.add(&stratum.weight);
            }
        }
        let [satisfied, neutral, dissatisfied, no_opinion] = counts;
        let rated = satisfied
            .saturating_add(neutral)
            .saturating_add(dissatisfied);
        let denominator = match self.survey.denominator {
            Denominator::Rated => rated,
            Denominator::RatedAndNoOpinion => rated.saturating_add(no_opinion),
            // Each question is asked on every sheet.
            Denominator::Valid => {
                let asked = among.question.map_or(self.survey.questions.len(), |_| 1);
                let sheets = self.data.sheets.iter();
                let here = sheets.filter(|sheets| within(sheets.panel, sheets.channel));
                add_up(here.map(|sheets| sheets.valid))
                    .saturating_mul(u64::try_from(asked).unwrap_or(u64::MAX))
            }
        };
        let wanted = match self.plan.figure {
            Figure::SatisfactionRate => satisfied,
            Figure::DissatisfiedShare => dissatisfied,
            Figure::MeanScore => {
                let mean = weight.div(&Ratio::of_count(denominator));
                return FigureValue::or_undefined(mean, ReasonCode::NoAnswers);
            }
        };
        match Ratio::of_counts(wanted, denominator) {
            Some(rate) => FigureValue {
                value: Some(rate),
                counts: Some((wanted, denominator)),
                ..FigureValue::default()
            },
            None => FigureValue::undefined(ReasonCode::NoAnswers),
        }
    }

    /// Channels are combined inside each panel, then panels; per question first where the survey is a mean of
    /// questions. A panel or channel that is asked for alone has its own figure, whatever it weighs among the others.
    fn weighted(self, by_question: bool, undefined: UndefinedStratum) -> FigureValue {
        let figure = if by_question {
            let questions = self.survey.questions.iter().enumerate();
            let each = questions.map(|(place, question)| {
                (self.of_question(Some(place), undefined), &question.weight)
            });
            mean(each, UndefinedStratum::Undefined)
        } else {
            self.of_question(self.plan.question, undefined)
        };
        figure.into_figure(ReasonCode::StratumEmpty)
    }

    fn of_question(self, question: Option<usize>, undefined: UndefinedStratum) -> Weighed {
        if let Some(panel) = self.plan.panel {
            return self.of_panel(panel, question, undefined);
        }
        let panels = self.survey.panels.iter().enumerate();
        let each =
            panels.map(|(panel, (_, weight))| (self.of_panel(panel, question, undefined), weight));
        mean(each, undefined)
    }

    fn of_panel(
        self,
        panel: usize,
        question: Option<usize>,
        undefined: UndefinedStratum,
    ) -> Weighed {
        let of_channel = |channel: Option<Channel>| {
            self.term(Within {
                question,
                panel: Some(panel),
                channel,
            })
        };
        let channels = &self.survey.channels;
        // One channel alone weighs nothing against itself; channels without weights are pooled.
        if self.plan.channel.is_some() || channels.iter().any(|(_, weight)| weight.is_none()) {
            return of_channel(self.plan.channel);
        }
        let each = channels
            .iter()
            .filter_map(|(channel, weight)| Some((of_channel(Some(*channel)), weight.as_ref()?)));
        mean(each, undefined)
    }

    /// All these answers together, as the whole of what they weigh.
    fn term(self, among: Within) -> Weighed {
        let figure = self.pooled(among);
        let answers = self.answers(among);
        let term = Term {
            what: self.name(among),
            share: Ratio::one(),
            value: figure.shown(),
            few: (1..FEW).contains(&answers),
        };
        Weighed {
            value: figure.value,
            terms: vec![term],
        }
    }

    /// The name of a figure of these answers.
    fn name(self, among: Within) -> Arc<str> {
        let Self { survey, plan, .. } = self;
        let mut segments = plan.what.split('/');
        let mut name = [segments.next(), segments.next(), segments.next()]
            .map(Option::unwrap_or_default)
            .join("/");
        let question = among.question.and_then(|one| survey.questions.get(one));
        let panel = among.panel.and_then(|one| survey.panels.get(one));
        for (key, code) in [
            ("question", question.map(|one| one.code.as_ref())),
            ("panel", panel.map(|(code, _)| code.as_ref())),
            ("channel", among.channel.map(Channel::word)),
        ] {
            if let Some(code) = code {
                name.extend(["/", key, "=", code]);
            }
        }
        name.into()
    }
}

/// A value with the parts that it is the mean of; there is no value where one that is needed has none.
struct Weighed {
    value: Option<Ratio>,
    terms: Vec<Term>,
}

impl Weighed {
    fn into_figure(self, why: ReasonCode) -> FigureValue {
        // What one part is the whole of needs no parts to be told.
        let terms = if self.value.is_some() && self.terms.len() > 1 {
            self.terms
        } else {
            Vec::new()
        };
        FigureValue {
            terms: terms.into(),
            ..FigureValue::or_undefined(self.value, why)
        }
    }
}

/// Σ w·value / Σ w.
fn mean<'w>(
    values: impl IntoIterator<Item = (Weighed, &'w Ratio)>,
    undefined: UndefinedStratum,
) -> Weighed {
    let (mut sum, mut weights) = (Ratio::zero(), Ratio::zero());
    let mut terms = Vec::new();
    let mut lacking = false;
    for (one, weight) in values {
        if weight.is_zero() {
            continue;
        }
        let weight = match (one.value, undefined) {
            (Some(value), _) => {
                sum = sum.add(&value.mul(weight));
                weights = weights.add(weight);
                weight.clone()
            }
            (None, UndefinedStratum::ShareOut) => Ratio::zero(),
            (None, UndefinedStratum::Undefined) => {
                lacking = true;
                continue;
            }
        };
        terms.extend(one.terms.into_iter().map(|term| Term {
            share: term.share.mul(&weight),
            ..term
        }));
    }
    for term in &mut terms {
        term.share = term.share.div(&weights).unwrap_or_else(Ratio::zero);
    }
    Weighed {
        value: sum.div(&weights).filter(|_| !lacking),
        terms,
    }
}
