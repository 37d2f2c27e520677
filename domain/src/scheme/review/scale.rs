//! Bounds on another scale than what they are compared with, and answers that are paid for being bad.

use super::super::file::{AnswerClass, Bound, Combine, Figure, GradedBy, Words};
use super::super::load::Faults;
use super::super::model::{
    FigurePlan, PartPlan, Scheme, ShapePlan, TestPlan, ValueKind, ValuePlan, Way,
};
use super::bound::{Bounds, figure_range};
use super::range::Range;
use super::{conditions, each_comparison, is_clear, of_item};
use crate::number::{Points, Ratio};
use crate::outcome::Sign;

/// Surveys by themselves: shares of people above one, and items that pay when everybody is dissatisfied.
pub(super) fn review_surveys(scheme: &Scheme, faults: &mut Faults) {
    for survey in &scheme.file.survey {
        let demands = [
            ("attended", &survey.demand.attended),
            ("returned", &survey.demand.returned),
        ];
        for (key, bound) in demands {
            let outside = |bound: &Ratio| bound.is_negative() || *bound > Ratio::one();
            let Some(Bound {
                at_least,
                more_than,
            }) = bound
            else {
                continue;
            };
            for (sign, value) in [("at_least", at_least), ("more_than", more_than)] {
                if let Some(value) = value.as_ref().filter(|value| outside(value)) {
                    say_no_share(
                        &format!("survey/{}/demand/{key}/{sign}", survey.code),
                        value,
                        faults,
                    );
                }
            }
        }
    }
    warn_of_dissatisfied_weights(scheme, faults);
    for item in &scheme.items {
        for part in &item.parts {
            if let Some(points) = paid_for_dissatisfaction(scheme, part) {
                let max = part.max.unwrap_or_default();
                let path = format!("{}/surveyed", path_of(&item.code, part));
                faults.say(
                    &path,
                    "dissatisfaction_pays",
                    Words::new(
                        format!("人人都不满意时，此项 {max} 分中仍得 {points} 分：请调整选项权重或得分线"),
                        format!("when everybody is dissatisfied this still gives {points} of {max} points: change the weights of the options or the shape"),
                    ),
                );
            }
        }
    }
}

fn say_no_share(path: &str, value: &Ratio, faults: &mut Faults) {
    let value = faults.as_written(path, value);
    faults.say(
        path,
        "wrong_scale",
        Words::new(
            format!("`{value}` 不是占比：请写成 `90%` 这样"),
            format!("`{value}` is not a share: write such as `90%`"),
        ),
    );
}

fn path_of(item: &str, part: &PartPlan) -> String {
    match &part.code {
        Some(code) => format!("item/{item}/part/{code}"),
        None => format!("item/{item}"),
    }
}

/// What a part is worth when every answer is the best of the dissatisfied ones, where that is half of it or more.
fn paid_for_dissatisfaction(scheme: &Scheme, part: &PartPlan) -> Option<Ratio> {
    let Way::Shaped { value, shape } = &part.way else {
        return None;
    };
    let ValueKind::Figure(figure) = value.kind else {
        return None;
    };
    let figure = scheme.figures.get(figure)?;
    let max = part.max.filter(|max| *max > Points::ZERO)?.to_ratio();
    let points = worth(shape, &max, &figure_of_dissatisfied(scheme, figure)?);
    (points.add(&points) >= max).then_some(points)
}

/// A figure when every answer to every question is the best of the dissatisfied ones; nothing where a question has none.
fn figure_of_dissatisfied(scheme: &Scheme, figure: &FigurePlan) -> Option<Ratio> {
    let survey = scheme.surveys.get(figure.survey)?;
    let (mut sum, mut weights) = (Ratio::zero(), Ratio::zero());
    for (place, question) in survey.questions.iter().enumerate() {
        if figure.question.is_some_and(|wanted| wanted != place) {
            continue;
        }
        let dissatisfied = question
            .options
            .iter()
            .filter(|(_, class, _)| *class == AnswerClass::Dissatisfied);
        let best = dissatisfied.map(|(_, _, weight)| weight).max()?;
        let weight = match survey.combine {
            Combine::Pooled => Ratio::one(),
            Combine::MeanOfQuestions => question.weight.clone(),
        };
        sum = sum.add(&best.mul(&weight));
        weights = weights.add(&weight);
    }
    let mean = sum.div(&weights)?;
    Some(match figure.figure {
        Figure::SatisfactionRate => Ratio::zero(),
        Figure::DissatisfiedShare => Ratio::one(),
        Figure::MeanScore => mean,
    })
}

/// Scales whose dissatisfied answers are worth half or more in a mean score, whatever is made of it.
fn warn_of_dissatisfied_weights(scheme: &Scheme, faults: &mut Faults) {
    for scale in &scheme.file.scale {
        let options = scale.options();
        let dissatisfied = options
            .iter()
            .filter(|option| option.class == AnswerClass::Dissatisfied);
        let best = dissatisfied
            .filter_map(|option| option.weight.as_ref())
            .max();
        if let Some(best) = best.filter(|best| best.add(best) >= Ratio::from_whole(100)) {
            faults.warn(
                &format!("scale/{}", scale.code),
                "dissatisfaction_pays",
                Words::new(
                    format!("人人都不满意时，平均得分仍达 {best}（满分 100）：请核对不满意选项的权重"),
                    format!("when everybody is dissatisfied the mean score is still {best} of 100: look at the weights of the dissatisfied options"),
                ),
            );
        }
    }
}

/// What a shape makes of a value, before rounding.
fn worth(shape: &ShapePlan, max: &Ratio, value: &Ratio) -> Ratio {
    match shape {
        ShapePlan::Line { zero_at, full_at } => value
            .sub(zero_at)
            .div(&full_at.sub(zero_at))
            .map_or_else(Ratio::zero, |share| {
                max.mul(&share.within(&Ratio::zero(), &Ratio::one()))
            }),
        ShapePlan::Threshold(test) if test.holds(value) => max.clone(),
        ShapePlan::Threshold(_) => Ratio::zero(),
        ShapePlan::Bands(bands) => bands
            .iter()
            .find(|(test, _)| test.holds(value))
            .map_or_else(Ratio::zero, |(_, points)| points.to_ratio()),
    }
}

/// Bounds that lie outside what they are compared with, or on the scale of rates where scores are compared.
pub(super) fn review(scheme: &Scheme, bounds: &[Bounds<'_>], faults: &mut Faults) {
    for (path, applies, condition) in conditions(scheme) {
        each_comparison(
            &path,
            condition,
            false,
            &mut |path, value, test, elsewhere| {
                if !(elsewhere && is_points(value)) {
                    compare(scheme, bounds, &applies, (path, value, test), faults);
                }
            },
        );
    }
    for (place, item) in scheme.items.iter().enumerate() {
        let applies = of_item(scheme, place);
        for part in &item.parts {
            let Way::Shaped { value, shape } = &part.way else {
                continue;
            };
            let way = if matches!(value.kind, ValueKind::Figure(_)) {
                "surveyed"
            } else {
                "measured"
            };
            let path = format!("{}/{way}/shape", path_of(&item.code, part));
            let mut tests = Vec::new();
            match shape {
                ShapePlan::Line { full_at, .. } => {
                    let path = format!("{path}/line/full_at");
                    review_line(scheme, bounds, &applies, (&path, value, full_at), faults);
                }
                ShapePlan::Threshold(test) => tests.push((format!("{path}/threshold"), test)),
                ShapePlan::Bands(bands) => {
                    for (number, (test, _)) in bands.iter().enumerate() {
                        tests.push((format!("{path}/bands/{number}/when"), test));
                    }
                }
            }
            for (path, test) in tests {
                compare(scheme, bounds, &applies, (&path, value, test), faults);
            }
        }
    }
    review_bands(scheme, bounds, faults);
}

fn is_points(value: &ValuePlan) -> bool {
    matches!(
        value.kind,
        ValueKind::Item(_) | ValueKind::Node(_) | ValueKind::Total
    )
}

fn compare(
    scheme: &Scheme,
    bounds: &[Bounds<'_>],
    applies: &[bool],
    (path, value, test): (&str, &ValuePlan, &TestPlan),
    faults: &mut Faults,
) {
    let range = range_of(scheme, bounds, applies, value);
    let Some(range) = range.filter(|_| is_clear(faults, path)) else {
        return;
    };
    let text = faults.bound_as_written(path, test);
    if lies_outside(&test.bound, &range) {
        say_out_of_reach(path, &text, &range, faults);
        return;
    }
    if is_score(scheme, value) && reads_as_share(&test.bound, &range) {
        // One point may be meant, and so may next to none, and of an item a part of a point; of others a percentage was
        // on somebody's mind.
        let certain = test.bound < Ratio::one()
            && test.op != Sign::AtMost
            && !matches!(value.kind, ValueKind::Item(_));
        say_share_for_score(path, &text, &range, certain, faults);
    }
}

/// Where a line gives all points: within reach, and no rate where scores are looked at.
fn review_line(
    scheme: &Scheme,
    bounds: &[Bounds<'_>],
    applies: &[bool],
    (path, value, full_at): (&str, &ValuePlan, &Ratio),
    faults: &mut Faults,
) {
    let range = range_of(scheme, bounds, applies, value);
    let Some(range) = range.filter(|_| is_clear(faults, path)) else {
        return;
    };
    let text = faults.as_written(path, full_at);
    if lies_outside(full_at, &range) {
        say_out_of_reach(path, &text, &range, faults);
    } else if is_score(scheme, value) && reads_as_share(full_at, &range) {
        say_share_for_score(path, &text, &range, *full_at < Ratio::one(), faults);
    }
}

/// Between which bounds a value lies; nothing where it is never there.
fn range_of(
    scheme: &Scheme,
    bounds: &[Bounds<'_>],
    applies: &[bool],
    value: &ValuePlan,
) -> Option<Range> {
    match &value.kind {
        ValueKind::Figure(figure) => figure_range(scheme, scheme.figures.get(*figure)?),
        _ => bounds
            .iter()
            .filter(|bounds| bounds.applies(applies))
            .filter_map(|bounds| bounds.value(value))
            .reduce(|one, other| one.join(&other)),
    }
}

fn lies_outside(bound: &Ratio, range: &Range) -> bool {
    let below = range.low().is_some_and(|low| bound < low);
    let above = range.high().is_some_and(|high| bound > high);
    below || above
}

fn is_score(scheme: &Scheme, value: &ValuePlan) -> bool {
    match &value.kind {
        ValueKind::Figure(figure) => scheme
            .figures
            .get(*figure)
            .is_some_and(|figure| figure.figure == Figure::MeanScore),
        _ => is_points(value),
    }
}

fn say_out_of_reach(path: &str, text: &str, range: &Range, faults: &mut Faults) {
    let shown = shown(range);
    faults.say(
        path,
        "wrong_scale",
        Words::new(
            format!("`{text}` 取不到：此处的数值在 {shown} 之间"),
            format!("`{text}` is out of reach: what is compared lies between {shown}"),
        ),
    );
}

/// Whether a bound of a score looks like a rate: not above one where the score goes to ten or more.
fn reads_as_share(bound: &Ratio, range: &Range) -> bool {
    let wide = range
        .high()
        .is_some_and(|high| *high >= Ratio::from_whole(10));
    wide && *bound > Ratio::zero() && *bound <= Ratio::one()
}

fn say_share_for_score(path: &str, text: &str, range: &Range, certain: bool, faults: &mut Faults) {
    let shown = shown(range);
    let words = Words::new(
        format!("这里比较的是得分（{shown}），`{text}` 像是比率：请写成得分"),
        format!(
            "a score ({shown}) is compared here, and `{text}` looks like a rate: write it in points"
        ),
    );
    if certain {
        faults.say(path, "wrong_scale", words);
    } else {
        faults.warn(path, "wrong_scale", words);
    }
}

/// A band of a grade that is written as a share where totals are read.
fn review_bands(scheme: &Scheme, bounds: &[Bounds<'_>], faults: &mut Faults) {
    if scheme.file.grading.by != GradedBy::Total {
        return;
    }
    let range = bounds
        .iter()
        .filter_map(|bounds| bounds.graded.clone())
        .reduce(|one, other| one.join(&other));
    let Some(range) = range else { return };
    for grade in &scheme.grades {
        let path = format!("grade/{}/from", grade.code);
        if let Some(from) = &grade.from
            && reads_as_share(from, &range)
            && is_clear(faults, &path)
        {
            let text = faults.as_written(&path, from);
            say_share_for_score(&path, &text, &range, true, faults);
        }
    }
}

fn shown(range: &Range) -> String {
    let end = |end: Option<&Ratio>| end.map_or_else(|| "…".to_owned(), ToString::to_string);
    format!("{} – {}", end(range.low()), end(range.high()))
}
