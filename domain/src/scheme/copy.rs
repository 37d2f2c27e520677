//! A survey of one scheme file taken over into another, for the next round: what was frozen stays as it is, the copy is
//! text that can still be changed.
//!
//! Files are handled as text that keeps its comments and its order. Whether the result is a scheme is not asked here:
//! whoever takes it on asks that anyway.

use std::collections::BTreeSet;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use super::Scheme;

/// What is to be copied.
#[derive(Debug, Clone, Copy)]
pub struct SurveyCopy<'a> {
    /// The file that has the survey.
    pub from: &'a str,
    /// The code of the survey.
    pub survey: &'a str,
    /// The file that is to have it; in place of its own of that code, else behind the others.
    pub into: &'a str,
    /// The version that the result is to bear.
    pub version: &'a str,
}

/// Why nothing was copied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CopyFault {
    /// One of the files cannot be read at all.
    #[error("a file is no scheme: {0}")]
    NotAScheme(String),
    /// The first file has no such survey.
    #[error("the scheme has no survey `{0}`")]
    NoSurvey(String),
    /// The result would have no version.
    #[error("say which version the copy is to be")]
    NoVersion,
    /// Both files have a scale of this code, with other options.
    #[error(
        "both schemes have a scale `{0}`, and their options differ: rename one of them, or make them equal"
    )]
    OtherScale(String),
}

/// The second file with the survey of the first and the scales that it asks by.
///
/// # Errors
/// [`CopyFault`].
pub fn copy_survey(copy: &SurveyCopy<'_>) -> Result<String, CopyFault> {
    if copy.version.trim().is_empty() {
        return Err(CopyFault::NoVersion);
    }
    let from = Scheme::parse(copy.from).map_err(|faults| {
        let first = faults.into_iter().next();
        CopyFault::NotAScheme(first.map_or_else(String::new, |fault| fault.message.en))
    })?;
    let mut surveys = from.file.survey.iter();
    let survey = surveys
        .find(|survey| survey.code == copy.survey)
        .ok_or_else(|| CopyFault::NoSurvey(copy.survey.to_owned()))?;
    let asked = survey.question.iter();
    let scales: BTreeSet<&str> = asked.filter_map(|one| one.scale.as_deref()).collect();
    let source = parse(copy.from)?;
    let mut target = parse(copy.into)?;
    for scale in scales {
        let Some(table) = find(&source, "scale", scale) else {
            continue;
        };
        match find(&target, "scale", scale) {
            None => put(&mut target, "scale", (scale, table)),
            Some(there) if is_alike(&there, &table) => {}
            Some(_) => return Err(CopyFault::OtherScale(scale.to_owned())),
        }
    }
    let table = find(&source, "survey", copy.survey)
        .ok_or_else(|| CopyFault::NoSurvey(copy.survey.to_owned()))?;
    put(&mut target, "survey", (copy.survey, table));
    target.insert("version", Item::Value(copy.version.into()));
    Ok(target.to_string())
}

fn parse(text: &str) -> Result<DocumentMut, CopyFault> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| CopyFault::NotAScheme(error.to_string()))
}

/// The table of a code in a list, which may be written as `[[list]]` or as `list = [{ … }]`.
fn find(document: &DocumentMut, list: &str, code: &str) -> Option<Table> {
    let is_it =
        |table: &dyn toml_edit::TableLike| table.get("code").and_then(Item::as_str) == Some(code);
    match document.get(list)? {
        Item::ArrayOfTables(tables) => tables.iter().find(|table| is_it(*table)).cloned(),
        Item::Value(Value::Array(values)) => (values.iter())
            .filter_map(Value::as_inline_table)
            .find(|table| is_it(*table))
            .cloned()
            .map(InlineTable::into_table),
        _ => None,
    }
}

/// Puts a table in place of that of its code, or behind the others.
fn put(document: &mut DocumentMut, list: &str, (code, mut table): (&str, Table)) {
    // Positions are those of the other file.
    forget_positions(&mut table);
    let has_code = |item: Option<&Item>| item.and_then(Item::as_str) == Some(code);
    match document.entry(list).or_insert(Item::None) {
        Item::ArrayOfTables(tables) => {
            let place = tables.iter().position(|table| has_code(table.get("code")));
            match place.and_then(|place| tables.get_mut(place)) {
                Some(there) => {
                    table.set_position(there.position());
                    *there = table;
                }
                None => tables.push(table),
            }
        }
        Item::Value(Value::Array(values)) => put_value(values, code, table),
        empty => {
            let mut tables = ArrayOfTables::new();
            tables.push(table);
            *empty = Item::ArrayOfTables(tables);
        }
    }
}

fn put_value(values: &mut Array, code: &str, table: Table) {
    let value = Value::InlineTable(table.into_inline_table());
    let is_it = |value: &Value| {
        let table = value.as_inline_table();
        table
            .and_then(|table| table.get("code"))
            .and_then(Value::as_str)
            == Some(code)
    };
    let place = values.iter().position(is_it);
    match place.and_then(|place| values.get_mut(place)) {
        Some(there) => *there = value,
        None => values.push_formatted(value),
    }
}

fn forget_positions(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => forget_positions(inner),
            Item::ArrayOfTables(tables) => tables.iter_mut().for_each(forget_positions),
            Item::None | Item::Value(_) => {}
        }
    }
}

/// Whether two tables say the same, however they are written.
fn is_alike(one: &Table, other: &Table) -> bool {
    let read = |table: &Table| {
        let mut document = DocumentMut::new();
        *document.as_table_mut() = table.clone();
        forget_positions(document.as_table_mut());
        document.to_string().parse::<toml::Table>().ok()
    };
    matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUHAI: &str = include_str!("../../../schemes/ouhai/organ.toml");

    fn copy(into: &str) -> Result<String, CopyFault> {
        let from = Scheme::parse(OUHAI).unwrap();
        copy_survey(&SurveyCopy {
            from: OUHAI,
            survey: &from.file.survey[0].code,
            into,
            version: "next",
        })
    }

    #[test]
    fn a_survey_replaces_the_one_of_its_code_and_changes_nothing_else() {
        let before = Scheme::parse(OUHAI).unwrap();
        let text = copy(OUHAI).unwrap();
        let after = Scheme::parse(&text).unwrap();
        assert_eq!(after.version(), "next");
        let same = |scheme: &Scheme| {
            let mut file = serde_json::to_value(&scheme.file).unwrap();
            file["version"] = serde_json::Value::Null;
            file
        };
        assert_eq!(same(&before), same(&after));
        // Comments stay.
        assert_eq!(
            text.matches('#').count(),
            OUHAI.matches('#').count(),
            "{text}"
        );
    }

    #[test]
    fn a_survey_goes_where_there_is_none_of_its_code_with_its_scales() {
        let from = Scheme::parse(OUHAI).unwrap();
        let survey = &from.file.survey[0];
        let bare = "code = \"other\"\nversion = \"1\"\n# kept\n[[survey]]\ncode = \"mine\"\n";
        let text = copy(bare).unwrap();
        let read: toml::Table = text.parse().unwrap();
        let codes: Vec<&str> = (read["survey"].as_array().unwrap().iter())
            .map(|survey| survey["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, ["mine", survey.code.as_str()]);
        assert!(!read["scale"].as_array().unwrap().is_empty());
        assert!(text.contains("# kept") && text.contains("version = \"next\""));
    }

    #[test]
    fn a_scale_of_the_same_code_with_other_options_is_not_overwritten() {
        let from = Scheme::parse(OUHAI).unwrap();
        let scale = from.file.survey[0].question[0].scale.clone().unwrap();
        let other = format!("version = \"1\"\n[[scale]]\ncode = \"{scale}\"\noption = []\n");
        assert_eq!(copy(&other), Err(CopyFault::OtherScale(scale)));
        assert!(matches!(copy("not toml ["), Err(CopyFault::NotAScheme(_))));
    }
}
