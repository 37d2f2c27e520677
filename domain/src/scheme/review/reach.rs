//! Grades that are never given, rules that never take effect, gates that never open.

use super::super::file::Words;
use super::super::load::Faults;
use super::super::model::{EffectPlan, RulePlan, Scheme};
use super::bound::{Bounds, Known, can_not_apply};
use super::range::Range;
use super::{is_clear, of_item, reads_totals};
use crate::outcome::Sign;

pub(super) fn review(scheme: &Scheme, bounds: &[Bounds<'_>], faults: &mut Faults) {
    if bounds.is_empty() {
        return;
    }
    review_items(scheme, bounds, faults);
    review_rules(scheme, bounds, faults);
    review_grades(scheme, bounds, faults);
}

fn review_rules(scheme: &Scheme, bounds: &[Bounds<'_>], faults: &mut Faults) {
    for rule in &scheme.rules {
        let path = format!("rule/{}/when", rule.code);
        if bounds.iter().any(|bounds| bounds.can_fire(rule)) || !is_clear(faults, &path) {
            continue;
        }
        let words = if matches!(rule.effect, EffectPlan::Require) {
            Words::new(
                "这一要求总是满足，挡不住任何对象：请核对条件中的数值",
                "this requirement is always met, so it never stands in anybody's way: look at the values in its condition",
            )
        } else {
            Words::new(
                "这条规则永远不会触发：条件中的数值取不到，或几个条件不能同时成立",
                "this rule can never fire: a value in its condition is out of reach, or its parts cannot hold together",
            )
        };
        faults.say(&path, "rule_never_fires", words);
    }
    for rule in &scheme.rules {
        review_always(scheme, rule, bounds, faults);
    }
    for label in &scheme.labels {
        let Some(when) = &label.when else { continue };
        let path = format!("label/{}/when", label.code);
        let can = bounds
            .iter()
            .any(|bounds| bounds.applies(&label.applies) && bounds.can(when, true, &Known::new()));
        if !can && is_clear(faults, &path) {
            faults.say(
                &path,
                "label_never_given",
                Words::new(
                    "没有对象能满足这一条件，此称号永远不会授予",
                    "nobody can meet this condition, so the label is never given",
                ),
            );
        }
    }
}

/// Rules that stand in everybody's way or hold for everybody, but for those of whom a value is missing.
fn review_always(scheme: &Scheme, rule: &RulePlan, bounds: &[Bounds<'_>], faults: &mut Faults) {
    let path = format!("rule/{}/when", rule.code);
    let always: Vec<&str> = (bounds.iter())
        .filter(|bounds| bounds.can_fire(rule) && !bounds.can_rest(rule))
        .filter_map(|bounds| scheme.categories.get(bounds.category))
        .map(|category| category.code.as_ref())
        .collect();
    if always.is_empty() || !is_clear(faults, &path) {
        return;
    }
    let everywhere =
        !(bounds.iter()).any(|bounds| bounds.applies(&rule.applies) && bounds.can_rest(rule));
    let (zh, en) = (always.join("、"), always.join(", "));
    let (certain, words) = match rule.effect {
        EffectPlan::Require => (
            everywhere,
            Words::new(
                format!("类别 {zh} 的对象无一能满足这一要求：请核对条件中的数值"),
                format!(
                    "nobody of {en} can ever meet this requirement: look at the values in its condition"
                ),
            ),
        ),
        EffectPlan::Disqualify => (
            everywhere,
            Words::new(
                format!("这一取消资格的条件对类别 {zh} 的对象不可能不成立，无一能够参评"),
                format!(
                    "nobody of {en} stays eligible: the condition of this disqualification can never come out false"
                ),
            ),
        ),
        EffectPlan::Cap(_)
        | EffectPlan::Floor(_)
        | EffectPlan::Set(_)
        | EffectPlan::Points { .. }
        | EffectPlan::Investigate
        | EffectPlan::Alert => (
            false,
            Words::new(
                format!("这条规则的条件对类别 {zh} 的对象不可能不成立：人人都会触发"),
                format!(
                    "this rule fires for all subjects of {en}: its condition can never come out false"
                ),
            ),
        ),
        // Of everybody something may be due.
        EffectPlan::FollowUp(_) => return,
    };
    // What concerns some categories alone, or a grade, may be meant.
    if certain {
        faults.say(&path, "rule_always_fires", words);
    } else {
        faults.warn(&path, "rule_always_fires", words);
    }
}

fn review_items(scheme: &Scheme, bounds: &[Bounds<'_>], faults: &mut Faults) {
    for (place, item) in scheme.items.iter().enumerate() {
        let applies = of_item(scheme, place);
        let here: Vec<&Bounds<'_>> = bounds
            .iter()
            .filter(|bounds| bounds.applies(&applies))
            .collect();
        if here.is_empty() {
            continue;
        }
        let path = format!("item/{}", item.code);
        if item.gate.is_some() {
            let opens = here.iter().any(|bounds| bounds.can_open(item));
            let path = format!("{path}/gate");
            if !opens && is_clear(faults, &path) {
                faults.say(
                    &path,
                    "gate_never_opens",
                    Words::new(
                        "这一前提永远不成立，此项永远是 0 分",
                        "this gate can never open, so the item is always worth 0",
                    ),
                );
            }
        }
        let empty: Vec<&str> = here
            .iter()
            .filter(|bounds| bounds.item_range(place).is_none() && !can_not_apply(item))
            .filter_map(|bounds| scheme.categories.get(bounds.category))
            .map(|category| category.code.as_ref())
            .collect();
        if !empty.is_empty() && is_clear(faults, &path) {
            let names = empty.join(", ");
            faults.say(
                &path,
                "item_never_scored",
                Words::new(
                    format!("类别 {} 在此项上永远没有得分：所依据的测评不针对这些类别", empty.join("、")),
                    format!("subjects of {names} can never have points here: what is looked at is not about them"),
                ),
            );
        }
    }
}

fn review_grades(scheme: &Scheme, bounds: &[Bounds<'_>], faults: &mut Faults) {
    // Where nobody has a total at all, whatever keeps it from them is the fault.
    let none = bounds.iter().all(|bounds| bounds.graded.is_none());
    if !reads_totals(scheme) || (none && !faults.is_empty()) {
        return;
    }
    let last = scheme.grades.len().saturating_sub(1);
    let mut above: Option<&crate::number::Ratio> = None;
    for (place, grade) in scheme.grades.iter().enumerate() {
        let band = |range: &Range| {
            let range = match &grade.from {
                Some(from) => range.passing(Sign::AtLeast, from),
                None => range.clone(),
            };
            match above {
                Some(above) => range.passing(Sign::LessThan, above),
                None => range,
            }
        };
        let read = bounds
            .iter()
            .filter_map(|bounds| bounds.graded.as_ref())
            .any(|range| !band(range).is_empty());
        let ruled = scheme.rules.iter().any(|rule| {
            let gives = match rule.effect {
                EffectPlan::Cap(to) | EffectPlan::Floor(to) | EffectPlan::Set(to) => to == place,
                _ => false,
            };
            gives && bounds.iter().any(|bounds| bounds.can_fire(rule))
        });
        // Who finds no seat falls to the next grade.
        let fallen = scheme
            .quotas
            .iter()
            .any(|quota| quota.grade.saturating_add(1) == place);
        above = grade.from.as_ref().or(above);
        let path = if place == last {
            format!("grade/{}", grade.code)
        } else {
            format!("grade/{}/from", grade.code)
        };
        if read || ruled || fallen || !is_clear(faults, &path) {
            continue;
        }
        let ranges: Vec<String> = bounds
            .iter()
            .filter_map(|bounds| {
                let category = scheme.categories.get(bounds.category)?;
                let range = bounds.graded.as_ref()?;
                let end = |end: Option<&crate::number::Ratio>| {
                    end.map_or_else(|| "…".to_owned(), ToString::to_string)
                };
                Some(format!(
                    "{}: {} – {}",
                    category.code,
                    end(range.low()),
                    end(range.high())
                ))
            })
            .collect();
        faults.say(
            &path,
            "grade_out_of_reach",
            Words::new(
                format!(
                    "没有总分能取到这一等次，也没有规则给出它。总分范围：{}",
                    ranges.join("；")
                ),
                format!(
                    "no total can reach this grade and no rule gives it. Totals lie between: {}",
                    ranges.join("; ")
                ),
            ),
        );
    }
}
