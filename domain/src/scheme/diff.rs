//! What changed between two versions of a scheme, part by part.
//!
//! Nothing is left out: whatever differs between the two files is in the list, under the part it belongs to. Numbers
//! are compared as numbers, so `90%` for `0.9` is no change. Words for people are made by [`crate::explain`].

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::file::Item;
use super::model::{CategoryPlan, Scheme};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What kind of part.
    pub part: Part,
    /// Its code; what is listed below it is `A1/part/x` or `v/question/q`, a setting of the whole scheme its key.
    pub code: String,
    /// What became of it.
    pub kind: Kind,
    /// What was said before, as in the file; absent where the part is new.
    pub old: Option<Value>,
    /// What is said now; absent where the part is gone.
    pub new: Option<Value>,
}

/// Kinds of part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A setting of the scheme as a whole.
    Setting,
    /// A document that it comes from.
    Source,
    /// A grade.
    Grade,
    /// A category.
    Category,
    /// A measure.
    Measure,
    /// A kind of fact.
    Fact,
    /// A scale.
    Scale,
    /// A survey.
    Survey,
    /// A section.
    Section,
    /// An indicator.
    Indicator,
    /// An item.
    Item,
    /// A label.
    Label,
    /// A kind of consequence.
    FollowUp,
    /// A rule.
    Rule,
    /// A quota.
    Quota,
    /// An assumption.
    Assumption,
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It belongs to another section or indicator.
    Moved,
    /// The parts of this kind stand in another order.
    Reordered,
    /// How many points it is worth at most.
    Maximum,
    /// The way in which it is scored.
    Way,
    /// The shape through which a value becomes points.
    Shape,
    /// A bound of a shape, a band or a demand; the key names it.
    Threshold(String),
    /// The condition of a rule, a gate or a label.
    Condition,
    /// What a rule does.
    Effect,
    /// The categories that it is for.
    Categories,
    /// Words alone; the key names them.
    Words(String),
    /// Anything else; the keys name it.
    Setting(String),
}

/// A score that a new version makes missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LostScore {
    /// The item, or `item/part`.
    pub item: String,
    /// Why.
    pub why: LostBecause,
}

/// Why a score becomes missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LostBecause {
    /// There is no such item or part any more.
    Gone,
    /// It is worth more or less at most.
    Maximum,
    /// It is awarded in another way or in other steps.
    Way,
    /// It is no longer for every category that it was for.
    Categories,
}

/// What changed from one version to another, in the order of the file; nothing where both say the same.
pub fn diff(old: &Scheme, new: &Scheme) -> Vec<Change> {
    let mut changes = Changes::default();
    let file = |scheme: &Scheme| serde_json::to_value(&scheme.file).unwrap_or(Value::Null);
    let (old, new) = (file(old), file(new));
    for key in ["code", "name", "about", "numbers", "grading", "closing"] {
        let path = Place {
            part: Part::Setting,
            code: key,
        };
        changes.compare(path, "", old.get(key), new.get(key));
    }
    for (part, key) in [
        (Part::Source, "source"),
        (Part::Grade, "grade"),
        (Part::Category, "category"),
        (Part::Measure, "measure"),
        (Part::Fact, "fact"),
        (Part::Scale, "scale"),
        (Part::Survey, "survey"),
        (Part::Section, "section"),
        (Part::Indicator, "indicator"),
        (Part::Item, "item"),
        (Part::Label, "label"),
        (Part::FollowUp, "follow_up"),
        (Part::Rule, "rule"),
        (Part::Quota, "quota"),
        (Part::Assumption, "assumption"),
    ] {
        let list = |file: &Value| -> Vec<(String, Value)> {
            let list = file.get(key).and_then(Value::as_array);
            named(list.map(Vec::as_slice).unwrap_or_default())
        };
        changes.compare_lists(part, "", &list(&old), &list(&new));
    }
    changes.list
}

/// The codes of the categories that an item is for; none where there is no such item.
pub fn categories_of(scheme: &Scheme, item: &str) -> BTreeSet<String> {
    let mut items = scheme.file.item.iter();
    let Some(place) = items.position(|one| one.code == item) else {
        return BTreeSet::new();
    };
    let is_for = |category: &&CategoryPlan| {
        let places = &category.item_place;
        places.get(place).copied().flatten().is_some()
    };
    let categories = scheme.categories.iter().filter(is_for);
    categories
        .map(|category| category.code.to_string())
        .collect()
}

/// The scores that an open round loses when it moves from one version to the other: those of items or parts that are
/// gone, worth another maximum, awarded in another way, or no longer for a category. Other words or another place in
/// the table take nothing away.
pub fn lost_scores(old: &Scheme, new: &Scheme) -> Vec<LostScore> {
    let mut lost = Vec::new();
    for item in &old.file.item {
        let mut items = new.file.item.iter();
        let later = items.find(|later| later.code == item.code);
        let narrower = later.is_some()
            && !categories_of(old, &item.code).is_subset(&categories_of(new, &item.code));
        for (name, award) in awards(item) {
            let later = later.map(awards);
            let found = later.as_ref().and_then(|later| {
                let mut awards = later.iter();
                awards
                    .find(|(other, _)| *other == name)
                    .map(|(_, award)| award)
            });
            let why = match found {
                None => Some(LostBecause::Gone),
                Some(found) if found.max != award.max => Some(LostBecause::Maximum),
                Some(found) if found.way != award.way => Some(LostBecause::Way),
                Some(_) if narrower => Some(LostBecause::Categories),
                Some(_) => None,
            };
            lost.extend(why.map(|why| LostScore { item: name, why }));
        }
    }
    lost.sort();
    lost
}

/// What inspectors or a list of tasks give for an item or a part.
struct Award {
    max: Value,
    way: Value,
}

fn awards(item: &Item) -> Vec<(String, Award)> {
    let Ok(item) = serde_json::to_value(item) else {
        return Vec::new();
    };
    let code = text(&item, "code").unwrap_or_default();
    let award = |value: &Value| {
        let way = ["graded", "checklist"]
            .iter()
            .find_map(|key| value.get(key).filter(|way| !way.is_null()))?;
        Some(Award {
            max: value.get("max").cloned().unwrap_or(Value::Null),
            way: way.clone(),
        })
    };
    let own = award(&item).map(|award| (code.clone(), award));
    let parts = item.get("part").and_then(Value::as_array);
    let parts = parts.into_iter().flatten().filter_map(|part| {
        let name = format!("{code}/{}", text(part, "code")?);
        Some((name, award(part)?))
    });
    own.into_iter().chain(parts).collect()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

/// Elements by what names them: their code, their setting, their title, or their place from 1. Of several with one name
/// the later ones are told apart by a number.
fn named(list: &[Value]) -> Vec<(String, Value)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    list.iter()
        .enumerate()
        .map(|(place, element)| {
            let name = ["code", "setting", "title"]
                .iter()
                .find_map(|key| text(element, key));
            let name = name.unwrap_or_else(|| place.saturating_add(1).to_string());
            let count = seen.entry(name.clone()).or_default();
            *count = count.saturating_add(1);
            let name = match *count {
                1 => name,
                count => format!("{name}#{count}"),
            };
            (name, element.clone())
        })
        .collect()
}

#[derive(Clone, Copy)]
struct Place<'a> {
    part: Part,
    code: &'a str,
}

#[derive(Default)]
struct Changes {
    list: Vec<Change>,
}

/// Ways of scoring.
const WAYS: [&str; 6] = [
    "graded",
    "checklist",
    "measured",
    "surveyed",
    "per_case",
    "composed",
];

impl Changes {
    fn add(&mut self, place: Place<'_>, kind: Kind, old: Option<&Value>, new: Option<&Value>) {
        self.list.push(Change {
            part: place.part,
            code: place.code.to_owned(),
            kind,
            old: old.filter(|value| !value.is_null()).cloned(),
            new: new.filter(|value| !value.is_null()).cloned(),
        });
    }

    fn compare_lists(
        &mut self,
        part: Part,
        above: &str,
        old: &[(String, Value)],
        new: &[(String, Value)],
    ) {
        let code = |name: &str| {
            if above.is_empty() {
                name.to_owned()
            } else {
                format!("{above}/{name}")
            }
        };
        let by_name = |list| -> BTreeMap<&str, &Value> {
            let list: &[(String, Value)] = list;
            list.iter()
                .map(|(name, value)| (name.as_str(), value))
                .collect()
        };
        let (before, after) = (by_name(old), by_name(new));
        for (name, value) in old {
            let code = code(name);
            let place = Place { part, code: &code };
            match after.get(name.as_str()) {
                None => self.add(place, Kind::Removed, Some(value), None),
                Some(later) => self.compare(place, "", Some(value), Some(later)),
            }
        }
        for (name, value) in new {
            if !before.contains_key(name.as_str()) {
                let code = code(name);
                self.add(Place { part, code: &code }, Kind::Added, None, Some(value));
            }
        }
        // The order of what is in both.
        let order = |list: &[(String, Value)], other: &BTreeMap<&str, &Value>| -> Vec<Value> {
            list.iter()
                .filter(|(name, _)| other.contains_key(name.as_str()))
                .map(|(name, _)| Value::String(name.clone()))
                .collect()
        };
        let (before, after) = (order(old, &after), order(new, &before));
        if before != after {
            self.add(
                Place { part, code: above },
                Kind::Reordered,
                Some(&Value::Array(before)),
                Some(&Value::Array(after)),
            );
        }
    }

    /// Compares what stands at some keys below a part.
    fn compare(&mut self, place: Place<'_>, keys: &str, old: Option<&Value>, new: Option<&Value>) {
        if old == new {
            return;
        }
        let (Some(Value::Object(before)), Some(Value::Object(after))) = (old, new) else {
            return self.add(place, kind_of(keys), old, new);
        };
        if is_whole(keys, before, after) {
            return self.add(place, kind_of(keys), old, new);
        }
        // Which way it is scored in is one change, not two.
        let way = |map: &serde_json::Map<String, Value>| {
            WAYS.into_iter()
                .find(|way| map.get(*way).is_some_and(|value| !value.is_null()))
        };
        let (was, is) = (way(before), way(after));
        let other_way = keys.is_empty() && was != is;
        if other_way {
            let side = |map: &serde_json::Map<String, Value>, way: Option<&str>| {
                let way = way?;
                let value = map.get(way)?.clone();
                let only: serde_json::Map<String, Value> =
                    std::iter::once((way.to_owned(), value)).collect();
                Some(Value::Object(only))
            };
            let (old, new) = (side(before, was), side(after, is));
            self.add(place, Kind::Way, old.as_ref(), new.as_ref());
        }
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let key = name.as_str();
            if other_way && WAYS.contains(&key) {
                continue;
            }
            let (old, new) = (before.get(key), after.get(key));
            match (old, new) {
                (Some(Value::Array(old)), Some(Value::Array(new)))
                    if old != new && have_codes(old) && have_codes(new) =>
                {
                    let above = format!("{}/{key}", place.code);
                    self.compare_lists(place.part, &above, &named(old), &named(new));
                }
                _ => {
                    let keys = if keys.is_empty() {
                        key.to_owned()
                    } else {
                        format!("{keys}/{key}")
                    };
                    self.compare(place, &keys, old, new);
                }
            }
        }
    }
}

fn have_codes(list: &[Value]) -> bool {
    list.iter().all(|element| text(element, "code").is_some())
}

/// What is compared as a whole: words, conditions, effects, shapes of two kinds.
fn is_whole(
    keys: &str,
    before: &serde_json::Map<String, Value>,
    after: &serde_json::Map<String, Value>,
) -> bool {
    let last = keys.rsplit('/').next().unwrap_or(keys);
    let words = |map: &serde_json::Map<String, Value>| map.contains_key("zh") && map.len() == 2;
    let other_shape = last == "shape" && !before.keys().eq(after.keys());
    words(before)
        || words(after)
        || other_shape
        || matches!(
            last,
            "when"
                | "gate"
                | "effect"
                | "value"
                | "facts"
                | "by"
                | "threshold"
                | "attended"
                | "returned"
        )
}

/// What a change at these keys is.
fn kind_of(keys: &str) -> Kind {
    let last = keys.rsplit('/').next().unwrap_or(keys);
    match last {
        "in" => Kind::Moved,
        "max" => Kind::Maximum,
        "for" => Kind::Categories,
        "when" | "gate" => Kind::Condition,
        "effect" => Kind::Effect,
        "shape" | "bands" => Kind::Shape,
        "zero_at" | "full_at" | "threshold" | "from" | "attended" | "returned" | "least_valid" => {
            Kind::Threshold(keys.to_owned())
        }
        "name" | "text" | "words" | "about" | "intro" | "clause" | "title" => {
            Kind::Words(keys.to_owned())
        }
        _ => Kind::Setting(keys.to_owned()),
    }
}
