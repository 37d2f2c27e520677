//! What is doubtful and may be meant: things that nothing looks at, and things that are scored twice.

use std::collections::{BTreeMap, BTreeSet};

use super::super::file::Words;
use super::super::load::Faults;
use super::super::model::{
    Cases, ConditionPlan, EffectPlan, FactsPlan, FigurePlan, Scheme, Target, ValueKind, ValuePlan,
    Way,
};
use super::{each_comparison, of_item};

pub(super) fn review(scheme: &Scheme, faults: &mut Faults) {
    warn_of_unused(scheme, faults);
    warn_of_twice(scheme, faults);
    warn_of_points_on_nothing(scheme, faults);
}

/// What is looked at anywhere. Labels are not asked: a title is there for itself.
#[derive(Default)]
struct Used {
    measures: BTreeSet<usize>,
    facts: BTreeSet<usize>,
    surveys: BTreeSet<usize>,
}

impl Used {
    fn value(&mut self, scheme: &Scheme, value: &ValuePlan) {
        match &value.kind {
            ValueKind::Figure(figure) => {
                let plan = scheme.figures.get(*figure);
                self.surveys.extend(plan.map(|plan| plan.survey));
            }
            ValueKind::Answers(answers) => {
                let plan = scheme.answers.get(*answers);
                self.surveys.extend(plan.map(|plan| plan.survey));
            }
            ValueKind::Facts(plan) => {
                self.facts.insert(plan.kind);
            }
            ValueKind::Measure { measure, .. } => {
                self.measures.insert(*measure);
            }
            _ => {}
        }
    }

    fn condition(&mut self, scheme: &Scheme, condition: &ConditionPlan) {
        each_comparison("", condition, false, &mut |_, value, _, _| {
            self.value(scheme, value);
        });
    }
}

fn warn_of_unused(scheme: &Scheme, faults: &mut Faults) {
    let mut used = Used::default();
    for item in &scheme.items {
        item.gate
            .iter()
            .for_each(|gate| used.condition(scheme, gate));
        for part in &item.parts {
            match &part.way {
                Way::Shaped { value, .. } => used.value(scheme, value),
                Way::PerCase(plan) => {
                    if let Cases::Facts(facts) = &plan.cases {
                        used.facts.insert(facts.kind);
                    }
                }
                // Members weigh by it.
                Way::Composed(plan) => used.measures.extend(plan.size),
                _ => {}
            }
        }
    }
    for label in &scheme.labels {
        used.value(scheme, &label.by);
        label
            .when
            .iter()
            .for_each(|when| used.condition(scheme, when));
    }
    for rule in &scheme.rules {
        used.condition(scheme, &rule.when);
    }
    for (value, _) in &scheme.tie_breakers {
        used.value(scheme, value);
    }
    let scales: BTreeSet<&str> = scheme
        .file
        .survey
        .iter()
        .flat_map(|survey| &survey.question)
        .filter_map(|question| question.scale.as_deref())
        .collect();
    let followed: BTreeSet<&str> = (scheme.rules.iter())
        .filter_map(|rule| match &rule.effect {
            EffectPlan::FollowUp(follow_up) => Some(follow_up.kind.as_str()),
            _ => None,
        })
        .collect();
    let file = &scheme.file;
    let mut unused: Vec<(&str, &str, &str)> = Vec::new();
    for (place, measure) in file.measure.iter().enumerate() {
        if !used.measures.contains(&place) {
            unused.push(("measure", "量化数据", &measure.code));
        }
    }
    for (place, fact) in file.fact.iter().enumerate() {
        if !used.facts.contains(&place) {
            unused.push(("fact", "事实", &fact.code));
        }
    }
    for scale in &file.scale {
        if !scales.contains(scale.code.as_str()) {
            unused.push(("scale", "等级", &scale.code));
        }
    }
    for (place, survey) in file.survey.iter().enumerate() {
        if !used.surveys.contains(&place) {
            unused.push(("survey", "测评", &survey.code));
        }
    }
    for kind in &file.follow_up {
        if !followed.contains(kind.code.as_str()) {
            unused.push(("follow_up", "结果运用种类", &kind.code));
        }
    }
    for (key, word, code) in unused {
        let kind = if key == "follow_up" {
            "kind of follow-up"
        } else {
            key
        };
        faults.warn(
            &format!("{key}/{code}"),
            "not_used",
            Words::new(
                format!("没有任何地方用到这一{word}：请删去，或补上用它的考评项、规则"),
                format!("nothing looks at this {kind}: leave it out, or add what looks at it"),
            ),
        );
    }
}

/// Rules that give or take points where a category has no such item or node: of its subjects they move nothing.
fn warn_of_points_on_nothing(scheme: &Scheme, faults: &mut Faults) {
    for rule in &scheme.rules {
        let EffectPlan::Points { target, .. } = &rule.effect else {
            continue;
        };
        let without: Vec<&str> = scheme
            .categories
            .iter()
            .zip(&rule.applies)
            .filter(|(category, applies)| {
                let place = match target {
                    Target::Item(item) => category.item_place.get(*item),
                    Target::Node(node) => category.node_place.get(*node),
                };
                **applies && place.copied().flatten().is_none()
            })
            .map(|(category, _)| category.code.as_ref())
            .collect();
        if !without.is_empty() {
            faults.warn(
                &format!("rule/{}/effect", rule.code),
                "moves_nothing",
                Words::new(
                    format!("类别 {} 没有这一计分处，规则对其不起作用：请用 `for` 写明适用的类别", without.join("、")),
                    format!("subjects of {} have no such item or node, so of them this moves nothing: say in `for` whom it is for", without.join(", ")),
                ),
            );
        }
    }
}

/// A place where something gives or takes points.
struct Feed<'a> {
    path: String,
    name: String,
    applies: Vec<bool>,
    facts: Option<&'a FactsPlan>,
}

/// One thing that moves points in two places. It may be meant, and then a comment or an assumption should say so.
fn warn_of_twice(scheme: &Scheme, faults: &mut Faults) {
    let mut feeds: BTreeMap<(&str, usize), Vec<Feed<'_>>> = BTreeMap::new();
    for (place, item) in scheme.items.iter().enumerate() {
        let applies = of_item(scheme, place);
        for part in &item.parts {
            let facts = match &part.way {
                Way::Shaped { value, .. } => source(scheme, value),
                Way::PerCase(plan) => match &plan.cases {
                    Cases::Facts(facts) => Some(("fact", facts.kind, Some(facts))),
                    Cases::Label(label) => ranked_by(scheme, *label),
                },
                _ => None,
            };
            let Some((kind, what, facts)) = facts else {
                continue;
            };
            let (path, name) = match &part.code {
                Some(code) => (
                    format!("item/{}/part/{code}", item.code),
                    format!("{}/{code}", item.code),
                ),
                None => (format!("item/{}", item.code), item.code.to_string()),
            };
            feeds.entry((kind, what)).or_default().push(Feed {
                path,
                name,
                applies: applies.clone(),
                facts,
            });
        }
    }
    for rule in &scheme.rules {
        if !matches!(rule.effect, EffectPlan::Points { .. }) {
            continue;
        }
        let mut seen = BTreeSet::new();
        let mut sources = Vec::new();
        each_comparison("", &rule.when, false, &mut |_, value, _, _| {
            sources.extend(source(scheme, value));
        });
        rule.when.each_leaf(&mut |leaf| {
            if let ConditionPlan::Label(label) = leaf {
                sources.extend(ranked_by(scheme, *label));
            }
        });
        for (kind, what, facts) in sources {
            if seen.insert((kind, what)) {
                feeds.entry((kind, what)).or_default().push(Feed {
                    path: format!("rule/{}", rule.code),
                    name: rule.code.to_string(),
                    applies: rule.applies.clone(),
                    facts,
                });
            }
        }
    }
    for ((kind, what), list) in feeds {
        let code = match kind {
            "fact" => scheme.facts.get(what).map(|plan| &plan.code),
            "measure" => scheme.measures.get(what).map(|plan| &plan.code),
            _ => scheme.figures.get(what).map(|plan| &plan.what),
        };
        let code = code.map_or("", |code| code.as_ref());
        // Against those before it, up to a number that people would read.
        for (place, later) in list.iter().enumerate().take(50) {
            let before: Vec<&str> = list
                .iter()
                .take(place)
                .filter(|earlier| meet(earlier, later))
                .map(|earlier| earlier.name.as_str())
                .collect();
            if before.is_empty() {
                continue;
            }
            faults.warn(
                &later.path,
                "scored_twice",
                Words::new(
                    format!(
                        "`{code}` 在 {} 中已经计分，这里又计一次：同一件事可能重复计分",
                        before.join("、")
                    ),
                    format!(
                        "`{code}` moves points in {} already: here it is scored twice",
                        before.join(", ")
                    ),
                ),
            );
        }
    }
}

/// What a value is of: a kind of fact, a measure, or the answers to a question or a survey, of which several figures can
/// be made; they stand under the first of them.
fn source<'a>(
    scheme: &Scheme,
    value: &'a ValuePlan,
) -> Option<(&'static str, usize, Option<&'a FactsPlan>)> {
    match &value.kind {
        ValueKind::Figure(figure) => {
            let plan = scheme.figures.get(*figure)?;
            let answers = |one: &FigurePlan| {
                let survey = scheme.surveys.get(one.survey);
                let only = survey.is_some_and(|survey| survey.questions.len() == 1);
                let question = if only { None } else { one.question };
                (one.survey, question, one.panel, one.channel)
            };
            let mut figures = scheme.figures.iter();
            let first = figures.position(|one| answers(one) == answers(plan))?;
            Some(("survey", first, None))
        }
        ValueKind::Facts(plan) => Some(("fact", plan.kind, Some(plan))),
        ValueKind::Measure { measure, .. } => Some(("measure", *measure, None)),
        _ => None,
    }
}

/// What ranks for a label.
fn ranked_by(scheme: &Scheme, label: usize) -> Option<(&'static str, usize, Option<&FactsPlan>)> {
    source(scheme, &scheme.labels.get(label)?.by)
}

/// Whether one case, or one subject's value, can move both.
fn meet(one: &Feed<'_>, other: &Feed<'_>) -> bool {
    let together = one
        .applies
        .iter()
        .zip(&other.applies)
        .any(|(one, other)| *one && *other);
    let apart = one.facts.zip(other.facts).is_some_and(|(one, other)| {
        one.filter.iter().any(|(field, values)| {
            let same = other.filter.iter().find(|(name, _)| name == field);
            same.is_some_and(|(_, others)| !others.iter().any(|value| values.contains(value)))
        })
    });
    together && !apart
}
