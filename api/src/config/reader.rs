//! Hands out settings one by one: default < file < environment < command line.
//!
//! The reader knows no setting by name. `config` asks for each one with its default and its meaning; the reader
//! notes every fault with the key and the place it came from, and goes on with the default, so that one start
//! shows all faults at once. What nobody asked for in the end is a misspelt key, and that is a fault too.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::Secret;
use super::setting::Setting;
use super::source::{FILE_VARIABLE, PREFIX, Sources, Written, read_file};

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The setting, as `group.name`.
    pub key: String,
    /// Where the value stands: `mingjian.toml:3:1`, `MINGJIAN_LISTEN`, or nothing for a missing one.
    pub place: Option<String>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(out, "`{}` ({place}): {}", self.key, self.message),
            None => write!(out, "`{}`: {}", self.key, self.message),
        }
    }
}

/// A setting as it is documented: for `doctor`, the README and the sample file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key, as `group.name`.
    pub key: &'static str,
    /// The default as it would be written, empty when there is none.
    pub default: String,
    /// What the setting does, with its unit.
    pub meaning: &'static str,
}

impl Entry {
    /// The environment variable of this setting.
    pub fn variable(&self) -> String {
        variable(self.key)
    }
}

/// `http.body_bytes` is `MINGJIAN_HTTP_BODY_BYTES`.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// Hands out settings one by one and remembers what was wrong with them.
pub(super) struct Reader {
    file: BTreeMap<String, Written>,
    environment: BTreeMap<String, Written>,
    overrides: BTreeMap<String, Written>,
    entries: Vec<Entry>,
    faults: Vec<Fault>,
}

impl Reader {
    pub(super) fn new(sources: Sources) -> Self {
        let mut faults = Vec::new();
        let file = match &sources.file {
            Some((path, text)) => read_file(path, text, &mut faults),
            None => BTreeMap::new(),
        };
        let written = |pairs: BTreeMap<String, String>, place: fn(&str) -> String| {
            pairs
                .into_iter()
                .map(|(key, text)| {
                    (
                        key.clone(),
                        Written {
                            text,
                            place: place(&key),
                        },
                    )
                })
                .collect()
        };
        let environment = sources
            .environment
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX) && name != FILE_VARIABLE);
        Self {
            file,
            environment: written(environment.collect(), str::to_owned),
            overrides: written(sources.overrides, |_| "command line".to_owned()),
            entries: Vec::new(),
            faults,
        }
    }

    /// The strongest value written for `key`. Each source is emptied of it, so that what is left was never asked for.
    fn take(&mut self, key: &str) -> Option<Written> {
        let file = self.file.remove(key);
        let environment = self.environment.remove(&variable(key));
        let chosen = self.overrides.remove(key).or(environment).or(file);
        // An empty environment variable is how compose files and systemd units say "not set".
        chosen.filter(|written| !written.text.is_empty())
    }

    /// A setting with a default.
    pub(super) fn value<T: Setting>(
        &mut self,
        key: &'static str,
        default: T,
        meaning: &'static str,
    ) -> T {
        self.entries.push(Entry {
            key,
            default: default.show(),
            meaning,
        });
        self.read(key).unwrap_or(default)
    }

    /// A setting that may be absent.
    pub(super) fn optional<T: Setting>(
        &mut self,
        key: &'static str,
        meaning: &'static str,
    ) -> Option<T> {
        self.entries.push(Entry {
            key,
            default: String::new(),
            meaning,
        });
        self.read(key)
    }

    fn read<T: Setting>(&mut self, key: &'static str) -> Option<T> {
        let written = self.take(key)?;
        match T::parse(&written.text) {
            Ok(value) => Some(value),
            Err(message) => {
                self.faults.push(Fault {
                    key: key.to_owned(),
                    place: Some(written.place),
                    message,
                });
                None
            }
        }
    }

    /// A whole number within bounds.
    pub(super) fn number<N>(
        &mut self,
        key: &'static str,
        default: N,
        bounds: RangeInclusive<N>,
        meaning: &'static str,
    ) -> N
    where
        N: Copy + PartialOrd + fmt::Display + std::str::FromStr,
    {
        self.entries.push(Entry {
            key,
            default: default.to_string(),
            meaning,
        });
        let Some(written) = self.take(key) else {
            return default;
        };
        match written.text.replace('_', "").parse::<N>() {
            Ok(value) if bounds.contains(&value) => value,
            _ => {
                let message = format!(
                    "`{}` is no whole number from {} to {}",
                    written.text,
                    bounds.start(),
                    bounds.end()
                );
                self.faults.push(Fault {
                    key: key.to_owned(),
                    place: Some(written.place),
                    message,
                });
                default
            }
        }
    }

    /// A length of time in whole seconds.
    pub(super) fn seconds(
        &mut self,
        key: &'static str,
        default: u64,
        bounds: RangeInclusive<u64>,
        meaning: &'static str,
    ) -> Duration {
        Duration::from_secs(self.number(key, default, bounds, meaning))
    }

    /// One of a closed list of words.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        meaning: &'static str,
    ) -> Option<T> {
        let first = words.first().map_or("", |(word, _)| word);
        self.entries.push(Entry {
            key,
            default: first.to_owned(),
            meaning,
        });
        let default = words.first().map(|(_, value)| *value);
        let Some(written) = self.take(key) else {
            return default;
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == written.text) {
            return Some(*value);
        }
        let known = words
            .iter()
            .map(|(word, _)| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let message = format!("`{}` is none of {known}", written.text);
        self.faults.push(Fault {
            key: key.to_owned(),
            place: Some(written.place),
            message,
        });
        default
    }

    /// A secret that stands in a file of its own. Environments are listed by `ps` and kept by crash reports.
    pub(super) fn secret_file(
        &mut self,
        key: &'static str,
        meaning: &'static str,
    ) -> Option<Secret> {
        let path: PathBuf = self.optional(key, meaning)?;
        match std::fs::read_to_string(&path) {
            Ok(text) if text.trim().is_empty() => {
                self.fault(
                    key,
                    format!("`{}` is empty: put the secret into it", path.display()),
                );
                None
            }
            Ok(text) => Some(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(error) => {
                self.fault(key, format!("`{}` cannot be read: {error}", path.display()));
                None
            }
        }
    }

    /// Notes a fault that only several settings together show.
    pub(super) fn fault(&mut self, key: &str, message: impl Into<String>) {
        self.faults.push(Fault {
            key: key.to_owned(),
            place: None,
            message: message.into(),
        });
    }

    /// Everything that was wrong, and the list of all settings.
    pub(super) fn finish(mut self) -> (Vec<Fault>, Vec<Entry>) {
        for (name, written) in self
            .file
            .into_iter()
            .chain(self.environment)
            .chain(self.overrides)
        {
            let message =
                "there is no such setting: `mingjian doctor --settings` lists them all".to_owned();
            self.faults.push(Fault {
                key: name,
                place: Some(written.place),
                message,
            });
        }
        (self.faults, self.entries)
    }
}
