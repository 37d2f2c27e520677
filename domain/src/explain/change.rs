//! Changes between two versions of a scheme in words.

use std::collections::BTreeSet;

use serde_json::Value;

use super::key::{choice_word, key_word};
use super::{Explainer, joined, pair, same};
use crate::number::Ratio;
use crate::scheme::diff::{Change, Kind, LostBecause, LostScore, Part};
use crate::scheme::file::{Effect, Words};
use crate::scheme::model::ConditionPlan;

/// Longest value that is shown as it stands.
const LONGEST: usize = 60;

/// What changed, in one line; both versions lend their names.
pub fn change(old: &Explainer<'_>, new: &Explainer<'_>, change: &Change) -> Words {
    let owner = if change.new.is_some() || !matches!(change.kind, Kind::Removed) {
        new
    } else {
        old
    };
    let place = owner.changed_part_name(change);
    let (zh, en) = (&place.zh, &place.en);
    match &change.kind {
        Kind::Added => {
            let what = new.gist(change, change.new.as_ref());
            pair(
                format!("新增{zh}{}", what.zh),
                format!("added {en}{}", what.en),
            )
        }
        Kind::Removed => {
            let what = old.gist(change, change.old.as_ref());
            pair(
                format!("删去{zh}{}", what.zh),
                format!("removed {en}{}", what.en),
            )
        }
        Kind::Reordered => pair(format!("{zh}次序变动"), format!("{en}: in another order")),
        kind => {
            let key = key_name(kind);
            let before = old.side(change, change.old.as_ref());
            let after = new.side(change, change.new.as_ref());
            let what = if before == after {
                differences(change.old.as_ref(), change.new.as_ref())
            } else {
                arrow(&before, &after)
            };
            pair(
                format!("{zh}：{} {}", key.zh, what.zh),
                format!("{en}: {} {}", key.en, what.en),
            )
        }
    }
}

/// Two sides of which the words tell no difference, by what differs within them as the files have it.
fn differences(old: Option<&Value>, new: Option<&Value>) -> Words {
    let mut found = Vec::new();
    let null = Value::Null;
    differ("", old.unwrap_or(&null), new.unwrap_or(&null), &mut found);
    joined(&found, "；", "; ")
}

fn differ(key: &str, old: &Value, new: &Value, found: &mut Vec<Words>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(before), Value::Object(after)) => {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            let of = |map: &serde_json::Map<String, Value>, key: &str| {
                map.get(key).cloned().unwrap_or(Value::Null)
            };
            for key in keys {
                differ(key, &of(before, key), &of(after, key), found);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (before, after) in before.iter().zip(after) {
                differ(key, before, after, found);
            }
        }
        _ => {
            let (key, arrow) = (key_word(key), arrow(&exact(key, old), &exact(key, new)));
            found.push(pair(
                format!("{} {}", key.zh, arrow.zh).trim_start(),
                format!("{} {}", key.en, arrow.en).trim_start(),
            ));
        }
    }
}

/// A value whole and unrounded.
fn exact(key: &str, value: &Value) -> Words {
    match value {
        _ if is_nothing(value) => Explainer::value_words(key, &Value::Null),
        Value::String(text) => choice_word(key, text).unwrap_or_else(|| same(text)),
        _ => Explainer::value_words(key, value),
    }
}

fn arrow(before: &Words, after: &Words) -> Words {
    pair(
        format!("{} → {}", before.zh, after.zh),
        format!("{} → {}", before.en, after.en),
    )
}

/// A score that a new version makes missing, and why.
pub fn lost_score(scheme: &Explainer<'_>, lost: &LostScore) -> Words {
    let name = scheme.item_name(&lost.item);
    let why = match lost.why {
        LostBecause::Gone => pair("新版本中没有此项", "the new version has no such item"),
        LostBecause::Maximum => pair("满分不同", "its maximum is another"),
        LostBecause::Way => pair("评分方式不同", "it is awarded in another way"),
        LostBecause::Categories => pair("适用类别减少", "it is for fewer categories"),
    };
    pair(
        format!("{}：{}", name.zh, why.zh),
        format!("{}: {}", name.en, why.en),
    )
}

const fn part_word(part: Part) -> (&'static str, &'static str) {
    match part {
        Part::Setting => ("设置", "setting"),
        Part::Source => ("依据文件", "source"),
        Part::Grade => ("等次", "grade"),
        Part::Category => ("类别", "category"),
        Part::Measure => ("量化数据", "measure"),
        Part::Fact => ("事实", "fact"),
        Part::Scale => ("等级", "scale"),
        Part::Survey => ("测评", "survey"),
        Part::Section => ("部分", "section"),
        Part::Indicator => ("指标", "indicator"),
        Part::Item => ("考评项", "item"),
        Part::Label => ("称号", "label"),
        Part::FollowUp => ("结果运用种类", "kind of follow-up"),
        Part::Rule => ("规则", "rule"),
        Part::Quota => ("名额", "quota"),
        Part::Assumption => ("假定", "assumption"),
    }
}

/// What is said of a part: the key in words.
fn key_name(kind: &Kind) -> Words {
    match kind {
        Kind::Moved => pair("归属", "belongs to"),
        Kind::Maximum => pair("满分", "maximum"),
        Kind::Way => pair("评分方式", "way of scoring"),
        Kind::Shape => pair("得分线", "shape"),
        Kind::Condition => pair("条件", "condition"),
        Kind::Effect => pair("效果", "effect"),
        Kind::Categories => pair("适用类别", "for"),
        Kind::Threshold(key) | Kind::Words(key) | Kind::Setting(key) => {
            key_word(key.rsplit('/').next().unwrap_or(key))
        }
        Kind::Added | Kind::Removed | Kind::Reordered => Words::default_empty(),
    }
}

impl Explainer<'_> {
    /// A part with its name, such as `item B3.3 “…”`.
    fn changed_part_name(&self, change: &Change) -> Words {
        let (zh, en) = part_word(change.part);
        let code = change.code.as_str();
        if code.is_empty() {
            return pair(zh, en);
        }
        let head = code.split('/').next().unwrap_or(code);
        let file = &self.scheme.file;
        let find = |codes: Vec<(&String, &Words)>| {
            codes
                .into_iter()
                .find(|(other, _)| other.as_str() == head)
                .map(|(_, name)| name.clone())
        };
        if change.part == Part::Setting {
            let key = key_word(code);
            return pair(format!("{zh}“{}”", key.zh), format!("{en} {}", key.en));
        }
        let name = match change.part {
            Part::Grade => find(file.grade.iter().map(|g| (&g.code, &g.name)).collect()),
            Part::Category => find(file.category.iter().map(|c| (&c.code, &c.name)).collect()),
            Part::Measure => find(file.measure.iter().map(|m| (&m.code, &m.name)).collect()),
            Part::Fact => find(file.fact.iter().map(|f| (&f.code, &f.name)).collect()),
            Part::Survey => find(file.survey.iter().map(|s| (&s.code, &s.name)).collect()),
            Part::Section => find(file.section.iter().map(|s| (&s.code, &s.name)).collect()),
            Part::Indicator => find(file.indicator.iter().map(|i| (&i.code, &i.name)).collect()),
            Part::Item => find(file.item.iter().map(|i| (&i.code, &i.name)).collect()),
            Part::Label => find(file.label.iter().map(|l| (&l.code, &l.name)).collect()),
            Part::FollowUp => find(file.follow_up.iter().map(|f| (&f.code, &f.name)).collect()),
            Part::Rule => find(file.rule.iter().map(|r| (&r.code, &r.name)).collect()),
            Part::Quota => find(file.quota.iter().map(|q| (&q.code, &q.name)).collect()),
            Part::Setting | Part::Source | Part::Scale | Part::Assumption => None,
        };
        match name {
            Some(name) => pair(
                format!("{zh} {code}“{}”", name.zh),
                format!("{en} {code} “{}”", name.en),
            ),
            None => pair(format!("{zh} {code}"), format!("{en} {code}")),
        }
    }

    /// What one needs to know of a part that came or went.
    fn gist(&self, change: &Change, value: Option<&Value>) -> Words {
        let bare = !change.code.contains('/');
        match change.part {
            Part::Rule if bare => {
                let found = self.scheme.rules.iter();
                let plan = found
                    .zip(&self.scheme.file.rule)
                    .find(|(plan, _)| plan.code.as_ref() == change.code);
                plan.map_or_else(Words::default_empty, |(plan, rule)| {
                    let when = self.condition(&plan.when);
                    let effect = self.effect(&rule.effect);
                    pair(
                        format!("：当 {} 时，{}", when.zh, effect.zh),
                        format!(": when {}, {}", when.en, effect.en),
                    )
                })
            }
            _ => {
                let max = value.and_then(|value| value.get("max"));
                let from = value.and_then(|value| value.get("from"));
                let shown = |value: &Value| Self::value_words("", value);
                match (
                    max.filter(|max| !max.is_null()),
                    from.filter(|from| !from.is_null()),
                ) {
                    (Some(max), _) => {
                        let max = shown(max);
                        pair(
                            format!("（满分 {}）", max.zh),
                            format!(" (maximum {})", max.en),
                        )
                    }
                    (None, Some(from)) => {
                        let from = shown(from);
                        pair(
                            format!("（{} 起）", from.zh),
                            format!(" (from {})", from.en),
                        )
                    }
                    (None, None) => Words::default_empty(),
                }
            }
        }
    }

    /// One side of a change.
    fn side(&self, change: &Change, value: Option<&Value>) -> Words {
        let Some(value) = value else {
            return match change.kind {
                Kind::Categories => pair("所有类别", "all"),
                _ => pair("无", "none"),
            };
        };
        let key = match &change.kind {
            Kind::Threshold(keys) | Kind::Words(keys) | Kind::Setting(keys) => {
                keys.rsplit('/').next().unwrap_or(keys)
            }
            Kind::Categories => "for",
            _ => "",
        };
        match &change.kind {
            Kind::Setting(key) if key == "minimum" || key == "grade" => {
                let code = value.as_str().map(std::sync::Arc::from);
                self.grade(code.as_ref())
            }
            Kind::Condition => self.condition_of(change).map_or_else(
                || Self::value_words(key, value),
                |plan| self.condition(plan),
            ),
            Kind::Effect => serde_json::from_value::<Effect>(value.clone()).map_or_else(
                |_| Self::value_words(key, value),
                |effect| self.effect(&effect),
            ),
            Kind::Moved => value.as_str().map_or_else(
                || Self::value_words(key, value),
                |code| self.item_name(code),
            ),
            _ => Self::value_words(key, value),
        }
    }

    /// The condition that a change is of, as this version has it.
    fn condition_of(&self, change: &Change) -> Option<&ConditionPlan> {
        let code = change.code.as_str();
        match change.part {
            Part::Rule => {
                let mut rules = self.scheme.rules.iter();
                let rule = rules.find(|rule| rule.code.as_ref() == code)?;
                Some(&rule.when)
            }
            Part::Item => {
                let mut items = self.scheme.items.iter();
                items.find(|item| item.code.as_ref() == code)?.gate.as_ref()
            }
            Part::Label => {
                let mut labels = self.scheme.labels.iter();
                labels
                    .find(|label| label.code.as_ref() == code)?
                    .when
                    .as_ref()
            }
            _ => None,
        }
    }

    /// What stands at a key of the file, for reading.
    fn value_words(key: &str, value: &Value) -> Words {
        match value {
            Value::Null => pair("无", "none"),
            Value::Bool(true) => pair("是", "yes"),
            Value::Bool(false) => pair("否", "no"),
            Value::String(text) => choice_word(key, text)
                .unwrap_or_else(|| same(&number(text).unwrap_or_else(|| cut(text)))),
            Value::Number(number) => same(&number.to_string()),
            Value::Array(list) => {
                let parts: Vec<Words> =
                    list.iter().map(|one| Self::value_words(key, one)).collect();
                joined(&parts, "、", ", ")
            }
            Value::Object(map) => {
                if let (Some(Value::String(zh)), Some(Value::String(en)), 2) =
                    (map.get("zh"), map.get("en"), map.len())
                {
                    return pair(format!("“{}”", cut(zh)), format!("“{}”", cut(en)));
                }
                let parts: Vec<(Words, Words)> = map
                    .iter()
                    .filter(|(_, value)| !is_nothing(value))
                    .map(|(key, value)| (key_word(key), Self::value_words(key, value)))
                    .collect();
                let join = |pick: fn(&Words) -> &str, [open, between, close]: [&str; 3]| {
                    let parts = parts
                        .iter()
                        .map(|(key, words)| format!("{} {}", pick(key), pick(words)));
                    let joined = parts.collect::<Vec<_>>().join(between);
                    // One thing needs no brackets to hold it together.
                    if map.len() == 1 {
                        joined
                    } else {
                        format!("{open}{joined}{close}")
                    }
                };
                pair(
                    join(|words| &words.zh, ["（", "，", "）"]),
                    join(|words| &words.en, ["(", ", ", ")"]),
                )
            }
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// A fraction below one is read as a percentage.
fn number(text: &str) -> Option<String> {
    let value: Ratio = text.contains('/').then(|| text.parse().ok())??;
    let within = !value.is_negative() && value < Ratio::one();
    Some(if within {
        value.to_percent_text(2)
    } else {
        text.to_owned()
    })
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}
