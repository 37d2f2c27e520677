//! Figures of surveys: satisfaction rate, dissatisfied share, mean score; plain or weighted, whole or of a stratum.

use super::Engine;
use crate::number::Ratio;
use crate::outcome::Shown;
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{
    Among, AnswerClass, Channel, Combine, Denominator, Figure, UndefinedStratum,
};
use crate::scheme::model::{FigurePlan, QuestionPlan, SurveyPlan, TestPlan};
use crate::snapshot::SurveyData;

/// A figure, or why there is none.
#[derive(Debug, Clone, Default)]
pub(super) struct FigureValue {
    pub value: Option<Ratio>,
    /// Numerator and denominator, where it is a plain rate.
    pub counts: Option<(u64, u64)>,
    pub why: Option<Reason>,
}

impl FigureValue {
    fn undefined(why: impl Into<Reason>) -> Self {
        Self {
            value: None,
            counts: None,
            why: Some(why.into()),
        }
    }

    pub fn shown(&self) -> Shown {
        match (&self.counts, &self.value) {
            (Some((n, d)), _) => Shown::Counts(*n, *d),
            (None, Some(value)) => Shown::Exact(Box::new(value.clone())),
            (None, None) => Shown::Missing,
        }
    }
}

impl Engine<'_> {
    /// Computes every figure that something looks at.
    pub(super) fn tally(&mut self) {
        for subject in 0..self.states.len() {
            let figures = self
                .scheme
                .figures
                .iter()
                .map(|plan| self.figure(subject, plan))
                .collect();
            if let Some(state) = self.state(subject) {
                state.figures = figures;
            }
        }
    }

    fn figure(&self, subject: usize, plan: &FigurePlan) -> FigureValue {
        let Some(survey) = self.scheme.surveys.get(plan.survey) else {
            return FigureValue::undefined(ReasonCode::NoValue);
        };
        if !self.applies(&survey.applies, subject) {
            return FigureValue::undefined(ReasonCode::SurveyNotAbout);
        }
        let empty = SurveyData::default();
        let data = self
            .snapshot
            .subjects
            .get(subject)
            .and_then(|data| data.surveys.get(&plan.survey))
            .unwrap_or(&empty);
        if let Some(why) = unmet_demand(survey, data) {
            return FigureValue::undefined(why);
        }
        match survey.weighting.filter(|_| !plan.plain) {
            None => plain(survey, data, plan),
            Some(undefined) => weighted(survey, data, plan, undefined),
        }
    }
}

/// Which cells are counted.
#[derive(Clone, Copy)]
struct Stratum {
    panel: Option<usize>,
    channel: Option<Channel>,
}

/// What is summed up: for rates counts, for scores weights.
struct Sums {
    numerator: Ratio,
    counts: Option<(u64, u64)>,
    denominator: u64,
}

fn plain(survey: &SurveyPlan, data: &SurveyData, plan: &FigurePlan) -> FigureValue {
    stratum_value(
        survey,
        data,
        plan,
        Stratum {
            panel: plan.panel,
            channel: plan.channel,
        },
    )
}

/// The value of one stratum: of one question, of all answers together, or of the questions' mean.
fn stratum_value(
    survey: &SurveyPlan,
    data: &SurveyData,
    plan: &FigurePlan,
    stratum: Stratum,
) -> FigureValue {
    let questions: Vec<usize> = plan.question.map_or_else(
        || (0..survey.questions.len()).collect(),
        |question| vec![question],
    );
    if plan.question.is_some() || survey.combine == Combine::Pooled {
        let mut sums = Sums {
            numerator: Ratio::zero(),
            counts: Some((0, 0)),
            denominator: 0,
        };
        for question in questions {
            let one = sum(survey, data, plan, question, stratum);
            sums.numerator = sums.numerator.add(&one.numerator);
            sums.denominator = sums.denominator.saturating_add(one.denominator);
            sums.counts = sums
                .counts
                .zip(one.counts)
                .map(|((n, d), (m, e))| (n.saturating_add(m), d.saturating_add(e)));
        }
        return of_sums(&sums);
    }
    let mut weighted = Ratio::zero();
    let mut weights = Ratio::zero();
    for question in questions {
        let Some(written) = survey.questions.get(question) else {
            continue;
        };
        let Some(value) = of_sums(&sum(survey, data, plan, question, stratum)).value else {
            return FigureValue::undefined(Reason::with(
                ReasonCode::QuestionUnanswered,
                [written.code.clone()],
            ));
        };
        weighted = weighted.add(&value.mul(&written.weight));
        weights = weights.add(&written.weight);
    }
    match weighted.div(&weights) {
        Some(value) => FigureValue {
            value: Some(value),
            counts: None,
            why: None,
        },
        None => FigureValue::undefined(ReasonCode::NoValue),
    }
}

fn of_sums(sums: &Sums) -> FigureValue {
    match sums.numerator.div(&Ratio::of_count(sums.denominator)) {
        Some(value) => FigureValue {
            value: Some(value),
            counts: sums.counts,
            why: None,
        },
        None => FigureValue::undefined(ReasonCode::NoAnswers),
    }
}

fn sum(
    survey: &SurveyPlan,
    data: &SurveyData,
    plan: &FigurePlan,
    question: usize,
    stratum: Stratum,
) -> Sums {
    let within = |panel: usize, channel: Channel| {
        stratum.panel.is_none_or(|p| p == panel) && stratum.channel.is_none_or(|c| c == channel)
    };
    let written = survey.questions.get(question);
    let (mut wanted, mut rated, mut no_opinion) = (0_u64, 0_u64, 0_u64);
    let mut weight = Ratio::zero();
    for cell in data
        .cells
        .iter()
        .filter(|cell| cell.question == question && within(cell.panel, cell.channel))
    {
        let Some((_, class, worth)) = written.and_then(|q| q.options.get(cell.option)) else {
            continue;
        };
        match class {
            AnswerClass::NoOpinion => no_opinion = no_opinion.saturating_add(cell.count),
            _ => rated = rated.saturating_add(cell.count),
        }
        let counts = match plan.figure {
            Figure::SatisfactionRate => *class == AnswerClass::Satisfied,
            Figure::DissatisfiedShare => *class == AnswerClass::Dissatisfied,
            Figure::MeanScore => {
                weight = weight.add(&worth.mul(&Ratio::of_count(cell.count)));
                false
            }
        };
        if counts {
            wanted = wanted.saturating_add(cell.count);
        }
    }
    let denominator = match survey.denominator {
        Denominator::Rated => rated,
        Denominator::RatedAndNoOpinion => rated.saturating_add(no_opinion),
        Denominator::Valid => data
            .sheets
            .iter()
            .filter(|s| within(s.panel, s.channel))
            .map(|s| s.valid)
            .fold(0, u64::saturating_add),
    };
    if plan.figure == Figure::MeanScore {
        return Sums {
            numerator: weight,
            counts: None,
            denominator,
        };
    }
    Sums {
        numerator: Ratio::of_count(wanted),
        counts: Some((wanted, denominator)),
        denominator,
    }
}

/// Channels are combined inside each panel, then panels; per question first where the survey is a mean of questions.
/// A panel or channel that is asked for alone has its own figure, whatever it weighs among the others.
fn weighted(
    survey: &SurveyPlan,
    data: &SurveyData,
    plan: &FigurePlan,
    undefined: UndefinedStratum,
) -> FigureValue {
    let of_panel = |panel: usize, question: Option<usize>| {
        let one = FigurePlan {
            question,
            ..plan.clone()
        };
        let of_channel = |channel: Option<Channel>| {
            let stratum = Stratum {
                panel: Some(panel),
                channel,
            };
            stratum_value(survey, data, &one, stratum).value
        };
        let channels: Option<Vec<(Channel, Ratio)>> = survey
            .channels
            .iter()
            .map(|(channel, weight)| Some((*channel, weight.clone()?)))
            .collect();
        match (plan.channel, channels) {
            // One channel alone weighs nothing against itself; channels without weights are pooled.
            (Some(_), _) | (None, None) => of_channel(plan.channel),
            (None, Some(channels)) => {
                let values = channels
                    .into_iter()
                    .map(|(channel, weight)| (of_channel(Some(channel)), weight));
                mean(values, undefined)
            }
        }
    };
    let of_question = |question: Option<usize>| {
        if let Some(panel) = plan.panel {
            return of_panel(panel, question);
        }
        let panels = survey.panels.iter().enumerate();
        let values = panels.map(|(panel, (_, weight))| (of_panel(panel, question), weight.clone()));
        mean(values, undefined)
    };
    let value = if plan.question.is_some() || survey.combine == Combine::Pooled {
        of_question(plan.question)
    } else {
        let values = survey
            .questions
            .iter()
            .enumerate()
            .map(|(place, q): (usize, &QuestionPlan)| (of_question(Some(place)), q.weight.clone()));
        mean(values, UndefinedStratum::Undefined)
    };
    match value {
        Some(value) => FigureValue {
            value: Some(value),
            counts: None,
            why: None,
        },
        None => FigureValue::undefined(ReasonCode::StratumEmpty),
    }
}

/// Σ w·value / Σ w.
fn mean(
    values: impl Iterator<Item = (Option<Ratio>, Ratio)>,
    undefined: UndefinedStratum,
) -> Option<Ratio> {
    let (mut sum, mut weights) = (Ratio::zero(), Ratio::zero());
    for (value, weight) in values {
        if weight.is_zero() {
            continue;
        }
        match (value, undefined) {
            (Some(value), _) => {
                sum = sum.add(&value.mul(&weight));
                weights = weights.add(&weight);
            }
            (None, UndefinedStratum::ShareOut) => {}
            (None, UndefinedStratum::Undefined) => return None,
        }
    }
    sum.div(&weights)
}

/// The first demand of a survey that is not met, in words.
fn unmet_demand(survey: &SurveyPlan, data: &SurveyData) -> Option<Reason> {
    let demand = &survey.demand;
    let add = |values: &mut dyn Iterator<Item = u64>| values.fold(0, u64::saturating_add);
    let valid = add(&mut data.sheets.iter().map(|s| s.valid));
    let rated = add(&mut data.sheets.iter().map(|s| s.rated));
    let returned = add(&mut data.sheets.iter().map(|s| s.returned));
    if let Some(least) = demand.least_valid
        && rated < u64::from(least)
    {
        return Some(Reason::with(
            ReasonCode::FewSheets,
            [rated.to_string(), least.to_string()],
        ));
    }
    let total = |pick: &dyn Fn(&crate::inputs::Turnout) -> Option<u64>| {
        let picked: Option<Vec<u64>> = data
            .turnouts
            .iter()
            .map(|(_, turnout)| pick(turnout))
            .collect();
        picked
            .filter(|list| !list.is_empty())
            .map(|list| list.into_iter().fold(0, u64::saturating_add))
    };
    let quorum = |test: &Option<TestPlan>, counts: Option<(u64, u64)>, unknown, short| {
        let test = test.as_ref()?;
        let Some((n, d)) = counts else {
            return Some(Reason::from(unknown));
        };
        let met = Ratio::of_counts(n, d).is_some_and(|share| test.holds(&share));
        let wanted = format!("{} {}", test.op.text(), test.text);
        (!met).then(|| Reason::with(short, [format!("{n}/{d}"), wanted]))
    };
    let issued = total(&|t| t.issued);
    quorum(
        &demand.attended,
        total(&|t| t.attended).zip(total(&|t| t.entitled)),
        ReasonCode::AttendanceUnknown,
        ReasonCode::AttendanceShort,
    )
    .or_else(|| {
        let counts = issued.map(|issued| (returned, issued));
        quorum(
            &demand.returned,
            counts,
            ReasonCode::ReturnsUnknown,
            ReasonCode::ReturnsShort,
        )
    })
    .or_else(|| {
        let over = demand.returned_within_issued && issued.is_none_or(|issued| returned > issued);
        let issued = issued.map_or_else(|| "?".to_owned(), |issued| issued.to_string());
        over.then(|| {
            Reason::with(
                ReasonCode::ReturnedOverIssued,
                [returned.to_string(), issued],
            )
        })
    })
    .or_else(|| {
        demand
            .shares
            .iter()
            .find_map(|share| unmet_share(share, data, valid, returned))
    })
}

fn unmet_share(
    share: &crate::scheme::model::SharePlan,
    data: &SurveyData,
    valid: u64,
    returned: u64,
) -> Option<Reason> {
    let sheets = |pick: &dyn Fn(&crate::snapshot::Sheets) -> u64| -> u64 {
        match &share.mark {
            Some(mark) => data
                .sheets
                .iter()
                .map(|s| s.marks.get(mark).copied().unwrap_or(0))
                .fold(0, u64::saturating_add),
            None => data
                .sheets
                .iter()
                .filter(|s| share.panels.contains(&s.panel))
                .map(pick)
                .fold(0, u64::saturating_add),
        }
    };
    let (n, d) = match share.among {
        Among::Valid => (sheets(&|s| s.valid), valid),
        Among::Returned => (sheets(&|s| s.returned), returned),
        Among::Invited => {
            let invited = |turnout: &crate::inputs::Turnout| turnout.invited.unwrap_or(0);
            let all = data
                .turnouts
                .iter()
                .map(|(_, t)| invited(t))
                .fold(0, u64::saturating_add);
            let some = match &share.mark {
                Some(mark) => data
                    .turnouts
                    .iter()
                    .map(|(_, t)| t.marks.get(mark).copied().unwrap_or(0))
                    .fold(0, u64::saturating_add),
                None => data
                    .turnouts
                    .iter()
                    .filter(|(panel, _)| share.panels.contains(panel))
                    .map(|(_, t)| invited(t))
                    .fold(0, u64::saturating_add),
            };
            (some, all)
        }
    };
    let met = Ratio::of_counts(n, d).is_some_and(|found| found >= share.at_least);
    (!met).then(|| {
        let who = share.mark.clone().unwrap_or_else(|| share.names.join(", "));
        Reason::with(
            ReasonCode::ShareShort,
            [format!("{n}/{d}"), who, share.at_least.to_string()],
        )
    })
}
