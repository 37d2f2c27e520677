//! Reads a scheme file and collects every fault of its form, each with line and column.
//!
//! Elements that cannot be read are left out, and what they would have been is remembered, so that one fault does
//! not set off others. Whether the parts agree is deliberately absent: [`super::check`] asks that.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{Closing, FORMAT, GradedBy, Grading, SchemeFile, Words};
use super::model::TestPlan;
use super::remark::{self, Fault, Warning};
use crate::number::{Ratio, Rounding, RoundingMode};
use crate::outcome::Sign;

/// Faults of one file are listed up to this many; more help nobody.
const MOST_FAULTS: usize = 200;

/// Values that are read again because others beside them cannot be read. After so many an element's further faults are
/// told when those before them are mended: hundreds of faults in an element of thousands of values are no slip.
const MOST_READ_AGAIN: usize = 200_000;

/// A file that was read, with the faults found so far.
pub(super) struct Loaded {
    /// What could be read.
    pub file: SchemeFile,
    /// Codes of elements that could not be read, so that nothing that names them is blamed.
    pub lost: BTreeSet<String>,
    /// What each indicator and item that could not be read belongs to, where that could be read.
    pub lost_in: Vec<Option<String>>,
    /// The faults.
    pub faults: Faults,
}

impl Loaded {
    /// Whether every element could be read.
    pub fn is_whole(&self) -> bool {
        self.lost.is_empty() && self.lost_in.is_empty()
    }
}

/// Faults with the places of a file's keys.
pub(super) struct Faults {
    list: Vec<Fault>,
    warnings: Vec<Warning>,
    places: BTreeMap<String, (u32, u32)>,
    /// Numbers that are written in quotes, as they stand in the file.
    numbers: BTreeMap<String, String>,
    lines: Vec<usize>,
}

impl Faults {
    fn new(text: &str) -> Self {
        let mut lines = vec![0];
        lines.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at.saturating_add(1)),
        );
        Self {
            list: Vec::new(),
            warnings: Vec::new(),
            places: BTreeMap::new(),
            numbers: BTreeMap::new(),
            lines,
        }
    }

    /// Line and column, from 1, of a byte.
    fn position(&self, at: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = line
            .checked_sub(1)
            .and_then(|l| self.lines.get(l))
            .copied()
            .unwrap_or(0);
        let column = at.saturating_sub(start).saturating_add(1);
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            u32::try_from(column).unwrap_or(u32::MAX),
        )
    }

    fn add_at(&mut self, at: usize, path: &str, code: &'static str, message: Words) {
        let (line, column) = self.position(at);
        self.push(Fault {
            code,
            path: path.to_owned(),
            line,
            column,
            message,
        });
    }

    /// A fault at a path, in words.
    pub fn say(&mut self, path: &str, code: &'static str, message: Words) {
        let (line, column) = self.place(path);
        self.push(Fault {
            code,
            path: path.to_owned(),
            line,
            column,
            message,
        });
    }

    /// Something that is doubtful, yet may be meant.
    pub fn warn(&mut self, path: &str, code: &'static str, message: Words) {
        let (line, column) = self.place(path);
        if self.warnings.len() < MOST_FAULTS {
            self.warnings.push(Warning {
                code,
                path: path.to_owned(),
                line,
                column,
                message,
            });
        }
    }

    /// Line and column of a path, or of the nearest part of it that stands in the file.
    fn place(&self, path: &str) -> (u32, u32) {
        let mut known = path;
        loop {
            if let Some(place) = self.places.get(known) {
                return *place;
            }
            match known.rsplit_once('/') {
                Some((shorter, _)) => known = shorter,
                None => return (1, 1),
            }
        }
    }

    /// A code that is used a second time, at the element that uses it again.
    pub fn add_twice(&mut self, path: &str, number: usize, message: Words) {
        let second = format!("{path}#{number}");
        let path = if self.knows(&second) { &second } else { path };
        self.say(path, "code_used_twice", message);
    }

    fn push(&mut self, fault: Fault) {
        if self.list.len() < MOST_FAULTS {
            self.list.push(fault);
        }
    }

    /// Whether more would not be listed.
    fn is_full(&self) -> bool {
        self.list.len() >= MOST_FAULTS
    }

    /// Whether something stands at this path.
    pub fn knows(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// A number as it stands in the file at a path.
    pub fn as_written(&self, path: &str, number: &Ratio) -> String {
        (self.numbers.get(path).cloned()).unwrap_or_else(|| number.to_string())
    }

    /// The bound of a comparison as it stands in the file, at the path itself or beside what is compared.
    pub fn bound_as_written(&self, path: &str, test: &TestPlan) -> String {
        let key = match test.op {
            Sign::AtLeast => "at_least",
            Sign::MoreThan => "more_than",
            Sign::AtMost => "at_most",
            Sign::LessThan => "less_than",
            Sign::Equal => "equal_to",
        };
        let beside = self.as_written(&format!("{path}/{key}"), &test.bound);
        self.numbers.get(path).cloned().unwrap_or(beside)
    }

    /// All faults and all warnings in the order of the file.
    pub fn into_lists(mut self) -> (Vec<Fault>, Vec<Warning>) {
        self.list.sort_by(|a, b| {
            (a.line, a.column, a.code, &a.path).cmp(&(b.line, b.column, b.code, &b.path))
        });
        self.list.dedup();
        self.warnings.sort_by(|a, b| {
            (a.line, a.column, a.code, &a.path).cmp(&(b.line, b.column, b.code, &b.path))
        });
        self.warnings.dedup();
        (self.list, self.warnings)
    }

    /// Whether a fault is listed at a path or below it.
    pub fn has_below(&self, path: &str) -> bool {
        self.list.iter().any(|fault| {
            fault
                .path
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Reads a file.
pub(super) fn load(text: &str) -> Loaded {
    let mut faults = Faults::new(text);
    let (tree, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().replace('\n', ": ");
        faults.add_at(at, "", "syntax", remark::of_reading("syntax", message));
    }
    record_places(&mut faults, "", tree.get_ref());

    let mut reader = Reader {
        faults,
        root: tree.into_inner(),
        lost: BTreeSet::new(),
        lost_in: Vec::new(),
        read_again: 0,
    };
    let file = SchemeFile {
        format: reader.one("format").unwrap_or_else(|| FORMAT.to_owned()),
        code: reader.one("code").unwrap_or_default(),
        version: reader.one("version").unwrap_or_default(),
        name: reader.one("name").unwrap_or_else(|| Words {
            zh: String::new(),
            en: String::new(),
        }),
        about: reader.maybe("about"),
        source: reader.list("source", Needed::No),
        assumption: reader.list("assumption", Needed::No),
        numbers: reader.one("numbers").unwrap_or(Rounding {
            decimals: 2,
            mode: RoundingMode::HalfUp,
        }),
        grading: reader.one("grading").unwrap_or(Grading {
            by: GradedBy::Total,
            minimum: None,
            scale_not_applicable: None,
            total_floor: None,
            total_ceiling: None,
            tie_breakers: Vec::new(),
        }),
        // Its absence is a fault; until that is told, the stricter of the two stands in its place.
        closing: reader
            .one("closing")
            .unwrap_or(Closing { two_people: true }),
        grade: reader.list("grade", Needed::Yes),
        category: reader.list("category", Needed::Yes),
        measure: reader.list("measure", Needed::No),
        fact: reader.list("fact", Needed::No),
        scale: reader.list("scale", Needed::No),
        survey: reader.list("survey", Needed::No),
        section: reader.list("section", Needed::Yes),
        indicator: reader.list("indicator", Needed::No),
        item: reader.list("item", Needed::Yes),
        label: reader.list("label", Needed::No),
        follow_up: reader.list("follow_up", Needed::No),
        rule: reader.list("rule", Needed::No),
        quota: reader.list("quota", Needed::No),
    };
    reader.refuse_rest();
    Loaded {
        file,
        lost: reader.lost,
        lost_in: reader.lost_in,
        faults: reader.faults,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    Yes,
    No,
}

struct Reader<'a> {
    faults: Faults,
    root: DeTable<'a>,
    lost: BTreeSet<String>,
    lost_in: Vec<Option<String>>,
    /// Values that were read again.
    read_again: usize,
}

impl<'a> Reader<'a> {
    /// A value that has to be there.
    fn one<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let found = self.root.remove(key);
        if found.is_none() {
            self.faults.say(
                key,
                "missing_key",
                Words::new(
                    format!("缺少 `{key}`：评价体系必须写明"),
                    format!("`{key}` is missing: a scheme has to say it"),
                ),
            );
        }
        self.read(key, found?)
    }

    /// A value that may be there.
    fn maybe<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let found = self.root.remove(key)?;
        self.read(key, found)
    }

    /// A list of tables, `[[key]]`.
    fn list<T: DeserializeOwned>(&mut self, key: &'static str, needed: Needed) -> Vec<T> {
        let Some(found) = self.root.remove(key) else {
            if needed == Needed::Yes {
                self.faults.say(
                    key,
                    "missing_key",
                    Words::new(
                        format!("没有 `[[{key}]]`：评价体系至少要有一个"),
                        format!("there is no `[[{key}]]`: a scheme needs at least one"),
                    ),
                );
            }
            return Vec::new();
        };
        let at = found.span().start;
        let DeValue::Array(elements) = found.into_inner() else {
            self.faults.add_at(
                at,
                key,
                "wrong_type",
                Words::new(
                    format!("`{key}` 是一列表：请写 `[[{key}]]`"),
                    format!("`{key}` is a list of tables: write `[[{key}]]`"),
                ),
            );
            return Vec::new();
        };
        let mut read = Vec::new();
        for (number, element) in elements.into_iter().enumerate() {
            let code = code_of(element.get_ref());
            let path = format!(
                "{key}/{}",
                code.clone().unwrap_or_else(|| number.to_string())
            );
            let parent = text_of(element.get_ref(), "in");
            if let Some(value) = self.read(&path, element) {
                read.push(value);
                continue;
            }
            self.lost.extend(code);
            if matches!(key, "item" | "indicator") {
                self.lost_in.push(parent);
            }
        }
        read
    }

    /// Reads a value, listing every key that it does not know and any other fault.
    fn read<T: DeserializeOwned>(&mut self, path: &str, value: Spanned<DeValue<'a>>) -> Option<T> {
        let mut value = value;
        let whole = value.span().start;
        let mut whole_value = true;
        // serde stops at the first fault: the key is reported and taken out, then it is tried again, so that all
        // faults of one element are listed. What lacks a key that was taken out is lost, without another fault.
        for _ in 0..MOST_FAULTS {
            let error = match T::deserialize(value.clone().into_deserializer()) {
                Ok(read) => return Some(read).filter(|_| whole_value),
                Err(error) => error,
            };
            let at = error.span().map_or(whole, |span| span.start);
            let message = error.message().replace('\n', ": ");
            let unknown = message.starts_with("unknown field")
                || message.starts_with("unexpected keys in table");
            let code = if unknown {
                "unknown_key"
            } else if message.starts_with("missing field") {
                "missing_key"
            } else {
                "wrong_value"
            };
            let missing = code == "missing_key";
            if whole_value || !missing {
                self.faults
                    .add_at(at, path, code, remark::of_reading(code, message));
            }
            whole_value &= unknown;
            self.read_again = self.read_again.saturating_add(count(value.get_ref()));
            let enough = self.read_again > MOST_READ_AGAIN || self.faults.is_full();
            if missing || enough || !remove_key_at(&mut value, at) {
                return None;
            }
        }
        None
    }

    fn refuse_rest(&mut self) {
        let rest: Vec<(usize, String)> = self
            .root
            .iter()
            .map(|(key, _)| (key.span().start, key.get_ref().to_string()))
            .collect();
        for (at, key) in rest {
            self.faults.add_at(
                at,
                &key,
                "unknown_key",
                Words::new(
                    format!("没有 `{key}` 这一项：评价体系中没有这样的部分"),
                    format!("unknown key `{key}`: a scheme has no such part"),
                ),
            );
        }
    }
}

fn code_of(value: &DeValue<'_>) -> Option<String> {
    text_of(value, "code")
}

fn text_of(value: &DeValue<'_>, key: &str) -> Option<String> {
    value
        .as_table()?
        .get(key)?
        .get_ref()
        .as_str()
        .map(str::to_owned)
}

/// How many values there are in a value, with itself.
fn count(value: &DeValue<'_>) -> usize {
    let inner = match value {
        DeValue::Table(table) => table.values().map(|one| count(one.get_ref())).sum(),
        DeValue::Array(list) => list.iter().map(|one| count(one.get_ref())).sum(),
        _ => 0_usize,
    };
    inner.saturating_add(1)
}

/// Takes out the key that stands at a byte, or whose value does, wherever it is nested.
fn remove_key_at(value: &mut Spanned<DeValue<'_>>, at: usize) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => {
            let found = table
                .iter()
                .find(|(key, value)| key.span().start == at || value.span().start == at)
                .map(|(key, _)| key.get_ref().to_string());
            if let Some(key) = found {
                return table.remove(key.as_str()).is_some();
            }
            table.iter_mut().any(|(_, inner)| remove_key_at(inner, at))
        }
        DeValue::Array(list) => list.iter_mut().any(|inner| remove_key_at(inner, at)),
        _ => false,
    }
}

/// Remembers where each key stands; elements of lists are named by their code, or their number from 0.
fn record_places(faults: &mut Faults, path: &str, table: &DeTable<'_>) {
    for (key, value) in table {
        let here = if path.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{path}/{}", key.get_ref())
        };
        let place = faults.position(key.span().start);
        faults.places.entry(here.clone()).or_insert(place);
        record_value(faults, &here, value);
    }
}

fn record_value(faults: &mut Faults, path: &str, value: &Spanned<DeValue<'_>>) {
    match value.get_ref() {
        DeValue::Table(table) => record_places(faults, path, table),
        DeValue::Array(list) => {
            for (number, element) in list.iter().enumerate() {
                let mut here = format!(
                    "{path}/{}",
                    code_of(element.get_ref()).unwrap_or_else(|| number.to_string())
                );
                if faults.places.contains_key(&here) {
                    here = format!("{here}#{number}");
                }
                let place = faults.position(element.span().start);
                faults.places.insert(here.clone(), place);
                record_value(faults, &here, element);
            }
        }
        DeValue::String(text) if is_like_a_number(text) => {
            let text = text.to_string();
            faults.numbers.entry(path.to_owned()).or_insert(text);
        }
        _ => {}
    }
}

/// Whether a text can be a number that is written otherwise than it is shown: `150%` and not `3/2`.
fn is_like_a_number(text: &str) -> bool {
    text.len() <= 60
        && text.ends_with(|last: char| last == '%' || last.is_ascii_digit())
        && (text.bytes()).all(|one| one.is_ascii_digit() || b"-+./%".contains(&one))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many keys of an element with so many unknown ones are listed.
    fn listed(keys: usize) -> usize {
        let lines: Vec<String> = (0..keys).map(|key| format!("k{key} = 1")).collect();
        let element = format!("[[item]]\n{}\n", lines.join("\n"));
        let (faults, _) = load(&element).faults.into_lists();
        let unknown = faults.iter().filter(|fault| fault.code == "unknown_key");
        unknown.count()
    }

    #[test]
    fn all_faults_of_an_element_are_listed_unless_it_is_so_large_that_reading_it_again_takes_long()
    {
        assert_eq!(listed(150), 150);
        assert_eq!(listed(5_000), 41);
        assert_eq!(listed(100_000), 2);
    }
}
