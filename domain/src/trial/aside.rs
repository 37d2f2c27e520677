//! Rows of a round that another version of its scheme has no place for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{SetAside, TrialFault};
use crate::inputs::Inputs;
use crate::scheme::Scheme;
use crate::scheme::diff::{LostBecause, lost_scores};
use crate::snapshot::Snapshot;

/// Rows are set aside in at most this many rounds of asking; each takes up to a thousand.
const MOST_PASSES: usize = 2_000;

/// Rows that are set aside.
#[derive(Default)]
pub(super) struct Aside {
    found: BTreeMap<(String, String, String), (String, usize)>,
}

impl Aside {
    fn add(&mut self, list: &str, name: String, code: &str, message: &str) {
        let key = (list.to_owned(), name, code.to_owned());
        let (_, rows) = self
            .found
            .entry(key)
            .or_insert_with(|| (message.to_owned(), 0));
        *rows = rows.saturating_add(1);
    }

    /// Sets aside what inspectors and task lists gave for items that are no longer the same.
    pub fn without_lost(&mut self, old: &Scheme, new: &Scheme, inputs: &Inputs) -> Inputs {
        let lost: BTreeMap<String, LostBecause> = lost_scores(old, new)
            .into_iter()
            .map(|lost| (lost.item, lost.why))
            .collect();
        let mut inputs = inputs.clone();
        let mut keep = |list: &str, item: &str, part: Option<&String>| {
            let name = part.map_or_else(|| item.to_owned(), |part| format!("{item}/{part}"));
            let why = lost
                .get(&name)
                .filter(|why| **why != LostBecause::Categories);
            let Some(why) = why else { return true };
            let (code, message) = match why {
                LostBecause::Gone => ("item_gone", "the new version has no such item"),
                LostBecause::Maximum => ("maximum_changed", "the maximum of the item is another"),
                _ => ("way_changed", "the item is awarded in another way"),
            };
            self.add(list, name, code, message);
            false
        };
        inputs
            .scores
            .retain(|row| keep("scores", &row.item, row.part.as_ref()));
        inputs
            .checklists
            .retain(|row| keep("checklists", &row.item, row.part.as_ref()));
        inputs
            .duty_lists
            .retain(|row| keep("duty_lists", &row.item, row.part.as_ref()));
        inputs
    }

    /// Lays the inputs out, setting aside each row that the new version refuses.
    pub fn fit(&mut self, new: &Scheme, inputs: Inputs) -> Result<Snapshot, TrialFault> {
        let mut inputs = inputs;
        for _ in 0..MOST_PASSES {
            let faults = match Snapshot::build(new, &inputs) {
                Ok(snapshot) => return Ok(snapshot),
                Err(faults) => faults,
            };
            let Ok(Value::Object(mut document)) = serde_json::to_value(&inputs) else {
                break;
            };
            let mut rows: BTreeMap<&str, BTreeMap<usize, (&str, &str)>> = BTreeMap::new();
            for fault in &faults {
                let Some((list, row)) = row_of(&fault.path) else {
                    return Err(TrialFault::Round(fault.message.clone()));
                };
                let list = rows.entry(list).or_default();
                list.entry(row).or_insert((fault.code, &fault.message));
            }
            for (path, places) in rows {
                let Some(list) = list_at(&mut document, path) else {
                    return Err(TrialFault::Round(path.to_owned()));
                };
                for (place, (code, message)) in &places {
                    if let Some(row) = list.get(*place) {
                        self.add(path, name_of(path, row), code, message);
                    }
                }
                let mut place = 0_usize;
                list.retain(|_| {
                    let kept = !places.contains_key(&place);
                    place = place.saturating_add(1);
                    kept
                });
            }
            inputs = serde_json::from_value(Value::Object(document))
                .map_err(|error| TrialFault::Round(error.to_string()))?;
        }
        Err(TrialFault::Round(
            "too many rows do not fit: is this a version of the same scheme?".to_owned(),
        ))
    }

    pub fn into_list(self) -> Vec<SetAside> {
        self.found
            .into_iter()
            .map(|((list, name, code), (message, rows))| SetAside {
                list,
                name,
                code,
                message,
                rows,
            })
            .collect()
    }
}

/// The list and the place in it that a fault of a row names.
fn row_of(path: &str) -> Option<(&str, usize)> {
    let rest = path.strip_prefix("round/").unwrap_or(path);
    let (list, row) = rest.split_once('/')?;
    let row = row.split('/').next()?.parse().ok()?;
    let end = path
        .len()
        .checked_sub(rest.len())?
        .checked_add(list.len())?;
    Some((path.get(..end)?, row))
}

fn list_at<'d>(
    document: &'d mut serde_json::Map<String, Value>,
    path: &str,
) -> Option<&'d mut Vec<Value>> {
    let mut keys = path.split('/');
    let mut here = document.get_mut(keys.next()?)?;
    for key in keys {
        here = here.get_mut(key)?;
    }
    here.as_array_mut()
}

/// What a row is of.
fn name_of(list: &str, row: &Value) -> String {
    let of = |key: &str| row.get(key).and_then(Value::as_str);
    let name = match list {
        "scores" | "checklists" | "duty_lists" => of("item").map(|item| match of("part") {
            Some(part) => format!("{item}/{part}"),
            None => item.to_owned(),
        }),
        "measures" => of("measure").map(str::to_owned),
        "facts" | "nil_reports" => of("kind").map(str::to_owned),
        "tallies" | "sheets" | "turnouts" => of("survey").map(str::to_owned),
        "investigations" => of("rule").map(str::to_owned),
        "subjects" => of("category").map(str::to_owned),
        "history" | "proposed" | "adjustments" => of("grade").map(str::to_owned),
        "tie_choices" => of("quota").map(str::to_owned),
        "given_labels" => of("label").map(str::to_owned),
        "withheld" => of("subject").map(str::to_owned),
        _ => row.as_str().map(str::to_owned),
    };
    name.unwrap_or_default()
}
