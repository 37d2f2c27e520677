//! Where settings are written, and where exactly: the position of every value is kept for messages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::reader::Fault;

/// Environment variables with this prefix are settings; the rest of the environment is not ours.
pub const PREFIX: &str = "MINGJIAN_";

/// Names the settings file. It is read before everything else and is therefore no setting itself.
pub const FILE_VARIABLE: &str = "MINGJIAN_CONFIG";

/// The places that settings are read from, weakest first.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A TOML file, given as its path and its text.
    pub file: Option<(PathBuf, String)>,
    /// The environment; only names that start with [`PREFIX`] are looked at.
    pub environment: BTreeMap<String, String>,
    /// Key and value from the command line, or from `demo`, which decides a few by itself.
    pub overrides: BTreeMap<String, String>,
}

impl Sources {
    /// The process's own environment and the file it names in [`FILE_VARIABLE`] or that `path` names.
    ///
    /// # Errors
    /// The file cannot be read, or it is not text.
    pub fn gather(path: Option<&Path>) -> Result<Self, std::io::Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        let path = path
            .map(Path::to_path_buf)
            .or_else(|| environment.get(FILE_VARIABLE).map(PathBuf::from));
        let file = match path {
            Some(path) => {
                let text = std::fs::read_to_string(&path).map_err(|error| {
                    std::io::Error::new(
                        error.kind(),
                        format!("settings file `{}`: {error}", path.display()),
                    )
                })?;
                Some((path, text))
            }
            None => None,
        };
        Ok(Self {
            file,
            environment,
            overrides: BTreeMap::new(),
        })
    }
}

/// A value as it was written.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) place: String,
}

/// All values of a file by key; what cannot be one is a fault.
pub(super) fn read_file(
    path: &Path,
    text: &str,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, Written> {
    let mut values = BTreeMap::new();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        faults.push(Fault {
            key: "settings file".to_owned(),
            place: Some(place(path, text, error.span().map_or(0, |span| span.start))),
            message: error.message().to_owned(),
        });
    }
    flatten(table.get_ref(), "", &mut |key, value, start| {
        let at = place(path, text, start);
        match scalar(value) {
            Some(text) => {
                values.insert(key, Written { text, place: at });
            }
            None => faults.push(Fault {
                key,
                place: Some(at),
                message: "is neither a text, a whole number, `true`, `false`, nor a list of texts"
                    .to_owned(),
            }),
        }
    });
    values
}

fn flatten(table: &DeTable<'_>, prefix: &str, found: &mut impl FnMut(String, &DeValue<'_>, usize)) {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => flatten(inner, &format!("{key}."), found),
            other => found(key, other, name.span().start),
        }
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) => Some(text.to_string()),
                    _ => None,
                })
                .collect();
            texts.map(|texts| texts.join(","))
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

/// `file:line:column`, both from one; the column counts characters.
fn place(path: &Path, text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("{}:{line}:{column}", path.display())
}
