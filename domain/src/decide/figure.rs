//! Figures of surveys: satisfaction rate, dissatisfied share, mean score; plain or weighted, whole or of a stratum.

use std::collections::BTreeMap;

use super::Engine;
use crate::number::Ratio;
use crate::outcome::{FEW, LineCounts, Shown};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{
    Among, AnswerClass, Channel, Combine, Denominator, Figure, UndefinedStratum,
};
use crate::scheme::model::{FigurePlan, SharePlan, SurveyPlan, TestPlan};
use crate::snapshot::{Sheets, SurveyData};

/// A figure, or why there is none.
#[derive(Debug, Clone, Default)]
pub(super) struct FigureValue {
    pub value: Option<Ratio>,
    /// Numerator and denominator, where it is a plain rate.
    pub counts: Option<(u64, u64)>,
    pub why: Option<Reason>,
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
        let figure = match self.survey.weighting.filter(|_| !self.plan.plain) {
            None => self.within(Within {
                question: self.plan.question,
                panel: self.plan.panel,
                channel: self.plan.channel,
            }),
            Some(undefined) => self.weighted(undefined),
        };
        FigureValue {
            few: figure.value.is_some() && self.answers() < FEW,
            ..figure
        }
    }

    /// How many answered what the figure is of; of several questions the one that most answered.
    fn answers(self) -> u64 {
        let Self { plan, .. } = self;
        let (mut most, mut answered, mut question) = (0_u64, 0_u64, None);
        for stratum in &self.data.strata {
            // They lie question by question.
            if question != Some(stratum.question) {
                (question, answered) = (Some(stratum.question), 0);
            }
            if plan.question.is_none_or(|q| q == stratum.question)
                && plan.panel.is_none_or(|panel| panel == stratum.panel)
                && (plan.channel).is_none_or(|channel| channel == stratum.channel)
            {
                for count in stratum.classes.iter().flatten() {
                    answered = answered.saturating_add(*count);
                }
                most = most.max(answered);
            }
        }
        most
    }

    /// Of one question, of all answers together, or of the questions' mean.
    fn within(self, among: Within) -> FigureValue {
        if among.question.is_some() || self.survey.combine == Combine::Pooled {
            return self.pooled(among);
        }
        let (mut weighted, mut weights) = (Ratio::zero(), Ratio::zero());
        for (place, question) in self.survey.questions.iter().enumerate() {
            let one = Within {
                question: Some(place),
                ..among
            };
            let Some(value) = self.pooled(one).value else {
                let code = question.code.clone();
                return FigureValue::undefined(Reason::with(
                    ReasonCode::QuestionUnanswered,
                    [code],
                ));
            };
            weighted = weighted.add(&value.mul(&question.weight));
            weights = weights.add(&question.weight);
        }
        FigureValue::or_undefined(weighted.div(&weights), ReasonCode::NoValue)
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
    fn weighted(self, undefined: UndefinedStratum) -> FigureValue {
        let questions = &self.survey.questions;
        let value = if self.plan.question.is_some() || self.survey.combine == Combine::Pooled {
            self.of_question(self.plan.question, undefined)
        } else {
            let values = questions.iter().enumerate().map(|(place, question)| {
                (self.of_question(Some(place), undefined), &question.weight)
            });
            mean(values, UndefinedStratum::Undefined)
        };
        FigureValue::or_undefined(value, ReasonCode::StratumEmpty)
    }

    fn of_question(self, question: Option<usize>, undefined: UndefinedStratum) -> Option<Ratio> {
        if let Some(panel) = self.plan.panel {
            return self.of_panel(panel, question, undefined);
        }
        let panels = self.survey.panels.iter().enumerate();
        let values =
            panels.map(|(panel, (_, weight))| (self.of_panel(panel, question, undefined), weight));
        mean(values, undefined)
    }

    fn of_panel(
        self,
        panel: usize,
        question: Option<usize>,
        undefined: UndefinedStratum,
    ) -> Option<Ratio> {
        let of_channel = |channel: Option<Channel>| {
            let among = Within {
                question,
                panel: Some(panel),
                channel,
            };
            self.within(among).value
        };
        let channels = &self.survey.channels;
        // One channel alone weighs nothing against itself; channels without weights are pooled.
        if self.plan.channel.is_some() || channels.iter().any(|(_, weight)| weight.is_none()) {
            return of_channel(self.plan.channel);
        }
        let values = channels
            .iter()
            .filter_map(|(channel, weight)| Some((of_channel(Some(*channel)), weight.as_ref()?)));
        mean(values, undefined)
    }
}

/// Σ w·value / Σ w.
fn mean<'w>(
    values: impl Iterator<Item = (Option<Ratio>, &'w Ratio)>,
    undefined: UndefinedStratum,
) -> Option<Ratio> {
    let (mut sum, mut weights) = (Ratio::zero(), Ratio::zero());
    for (value, weight) in values {
        if weight.is_zero() {
            continue;
        }
        match (value, undefined) {
            (Some(value), _) => {
                sum = sum.add(&value.mul(weight));
                weights = weights.add(weight);
            }
            (None, UndefinedStratum::ShareOut) => {}
            (None, UndefinedStratum::Undefined) => return None,
        }
    }
    sum.div(&weights)
}

fn add_up(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

/// The first demand of a survey that is not met, in words.
fn unmet_demand(survey: &SurveyPlan, data: &SurveyData) -> Option<Reason> {
    let demand = &survey.demand;
    let returned = add_up(data.sheets.iter().map(|sheets| sheets.returned));
    // Of a ballot only the lines that rate the subject are about it.
    let (there, few) = if survey.ballot.is_some() {
        let rated = data.sheets.iter().map(|sheets| sheets.rated);
        (add_up(rated), ReasonCode::FewRatedLines)
    } else {
        let valid = data.sheets.iter().map(|sheets| sheets.valid);
        (add_up(valid), ReasonCode::FewSheets)
    };
    if let Some(least) = demand.least_valid
        && there < u64::from(least)
    {
        return Some(Reason::with(few, [there.to_string(), least.to_string()]));
    }
    // Of all panels together; unknown where one does not report it, or none does.
    let total = |pick: fn(&crate::inputs::Turnout) -> Option<u64>| {
        let counts = data.turnouts.iter().map(|(_, turnout)| pick(turnout));
        let add = |sum: Option<u64>, count: Option<u64>| {
            count.map(|count| Some(sum.unwrap_or(0).saturating_add(count)))
        };
        counts.into_iter().try_fold(None, add).flatten()
    };
    let quorum = |test: &Option<TestPlan>, counts: Option<(u64, u64)>, unknown, short| {
        let test = test.as_ref()?;
        let Some((n, d)) = counts else {
            return Some(Reason::from(unknown));
        };
        let met = Ratio::of_counts(n, d).is_some_and(|share| test.holds(&share));
        let wanted = || format!("{} {}", test.op.text(), test.text);
        (!met).then(|| Reason::with(short, [format!("{n}/{d}"), wanted()]))
    };
    // Sheets of a panel to which it is not known how many were issued cannot be set against those of the others.
    let told = |panel: usize| data.turnouts.iter().any(|(other, _)| *other == panel);
    let all_told = (data.sheets.iter()).all(|sheets| sheets.returned == 0 || told(sheets.panel));
    let issued = total(|turnout| turnout.issued).filter(|_| all_told);
    let invited = total(|turnout| turnout.invited).filter(|_| all_told);
    let attended = total(|turnout| turnout.attended).filter(|_| all_told);
    quorum(
        &demand.attended,
        attended.zip(total(|turnout| turnout.entitled)),
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
        let issued = || issued.map_or_else(|| "?".to_owned(), |issued| issued.to_string());
        over.then(|| {
            Reason::with(
                ReasonCode::ReturnedOverIssued,
                [returned.to_string(), issued()],
            )
        })
    })
    .or_else(|| {
        let mut shares = demand.shares.iter();
        shares.find_map(|share| unmet_share(share, data, returned, invited))
    })
}

/// `invited_to_all` is absent where it is unknown of some panel how many were invited.
fn unmet_share(
    share: &SharePlan,
    data: &SurveyData,
    returned: u64,
    invited_to_all: Option<u64>,
) -> Option<Reason> {
    let sheets = |all: fn(&Sheets) -> u64, marked: fn(&Sheets) -> &BTreeMap<String, u64>| {
        let counts = data.sheets.iter();
        part(share, counts.map(|one| (one.panel, marked(one), all(one))))
    };
    let (n, d) = match share.among {
        Among::Valid => {
            let valid = add_up(data.sheets.iter().map(|sheets| sheets.valid));
            (sheets(|one| one.valid, |one| &one.marks), valid)
        }
        Among::Returned => {
            let some = sheets(|one| one.returned, |one| &one.returned_marks);
            (some, returned)
        }
        Among::Invited => {
            let Some(all) = invited_to_all else {
                return Some(ReasonCode::InvitedUnknown.into());
            };
            let invited = |turnout: &crate::inputs::Turnout| turnout.invited.unwrap_or(0);
            let counts = data.turnouts.iter();
            let some = part(
                share,
                counts.map(|(panel, turnout)| (*panel, &turnout.marks, invited(turnout))),
            );
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

/// Those with a share's mark or, without one, those of its panels; counts come by panel with those by mark.
fn part<'c>(
    share: &SharePlan,
    counts: impl Iterator<Item = (usize, &'c BTreeMap<String, u64>, u64)>,
) -> u64 {
    add_up(counts.map(|(panel, marks, count)| match &share.mark {
        Some(mark) => marks.get(mark).copied().unwrap_or(0),
        None if share.panels.contains(&panel) => count,
        None => 0,
    }))
}
