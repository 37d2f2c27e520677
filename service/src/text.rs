//! Names and codes that people enter: one spelling, no control characters, a bounded length.
//!
//! SQLite stores a NUL that PostgreSQL refuses, so what comes in is made fit here before either sees it.

use chrono::NaiveDate;
use sea_orm::DbErr;
use sha2::{Digest, Sha256};

use crate::{Fault, Refusal, fault};

/// Longest name, in characters.
const NAME: usize = 200;
/// Longest code, in bytes.
const CODE: usize = 64;

/// SHA-256 of several texts, each with its length before it, so that no two lists of texts look alike. For the log.
pub(crate) fn digest_of(parts: &[&str]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_string());
        digest.update(":");
        digest.update(part);
    }
    digest.finalize().into()
}

/// A short text that stands for a digest, for compare-and-set at the edge.
pub(crate) fn version_of(digest: [u8; 32]) -> String {
    hex::encode(digest.get(..8).unwrap_or_default())
}

/// A day from its column.
pub(crate) fn parse_day(text: &str) -> Result<NaiveDate, Fault> {
    text.parse().map_err(Fault::internal)
}

/// The refusal of a code that is taken already, if that is what the database says.
pub(crate) fn code_taken(error: DbErr, code: &str) -> Fault {
    if fault::is_duplicate(&error) {
        let message = format!("the code `{code}` is taken: choose another");
        return Fault::refused(Refusal::new("CODE_TAKEN", message).at(["code"]));
    }
    error.into()
}

/// Collects everything that is wrong with an input, so that all of it is told at once.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Vec<Refusal>);

impl Refusals {
    /// Adds one.
    pub fn add(&mut self, refusal: Refusal) {
        self.0.push(refusal);
    }

    /// A name for people, cleaned.
    pub fn name(&mut self, path: &str, text: &str) -> String {
        let cleaned = domain::survey::clean(text);
        match cleaned {
            Some(name)
                if !name.is_empty() && !name.contains('\n') && name.chars().count() <= NAME =>
            {
                name
            }
            _ => {
                let message = format!(
                    "write a name of 1 to {NAME} characters on one line, without control characters"
                );
                self.add(Refusal::new("NAME_UNFIT", message).at([path]));
                String::new()
            }
        }
    }

    /// A code for files and addresses.
    pub fn code(&mut self, path: &str, text: &str) -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.is_empty() || text.len() > CODE || !text.chars().all(fits) {
            let message =
                format!("write a code of 1 to {CODE} letters a to z, digits, `-`, `_` and `.`");
            self.add(Refusal::new("CODE_UNFIT", message).at([path]));
        }
        text.to_owned()
    }

    /// All of it.
    pub fn into_list(self) -> Vec<Refusal> {
        self.0
    }

    /// Refuses if anything was added.
    ///
    /// # Errors
    /// [`Fault::Refused`] with all of it.
    pub fn settle(self) -> Result<(), Fault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Fault::Refused(self.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let mut refusals = Refusals::default();
        assert_eq!(refusals.name("name", " 河口 街道 "), "河口 街道");
        refusals.name("nameEn", "a\0b");
        refusals.code("code", "有");
        let Err(Fault::Refused(list)) = refusals.settle() else {
            panic!("refused")
        };
        let codes: Vec<&str> = list.iter().map(|refusal| refusal.code.as_str()).collect();
        assert_eq!(codes, ["NAME_UNFIT", "CODE_UNFIT"]);
    }
}
