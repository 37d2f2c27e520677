//! Documents that are named by their SHA-256 instead of being sent.
//!
//! Trusted ones come with the program's settings, from the build of a front end; where the settings say so, no others
//! are executed. Besides, a client may teach the server a document by sending it once together with its name
//! (automatic persisted queries): those live in memory alone, the ones not used for longest give way, and a client that
//! names a forgotten one is told to send it again. Whatever a name stands for passes the same guards as a document that
//! is sent.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::error::{ErrorCode, GraphqlFault};
use super::guard::{Limits, document, text};

/// Bytes of documents that clients taught.
const LEARNT_BYTES: usize = 4 << 20;

/// What Apollo and urql look for, letter by letter, before they send the document again.
const NOT_FOUND: &str = "PersistedQueryNotFound";

/// The SHA-256 of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// From 64 hexadecimal digits, perhaps with `sha256:` before them, as newer tools write it.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

/// Documents from files, by name.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    documents: BTreeMap<Digest, Arc<str>>,
}

/// Why documents cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustFault {
    /// The file or folder cannot be read.
    #[error("`{path}` cannot be read: {cause}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// It is no object of texts.
    #[error(
        "`{path}` is no list of documents: it is a JSON object of texts by their SHA-256, or has the ending `.graphql`"
    )]
    NoList {
        /// Which.
        path: PathBuf,
    },
    /// A name that does not belong to its document.
    #[error(
        "`{path}`: the document named `{name}` has the SHA-256 `{found}`: build the list with `sha256`"
    )]
    WrongName {
        /// In which file.
        path: PathBuf,
        /// As it stands there.
        name: String,
        /// As it would have to be.
        found: String,
    },
    /// A document that would never be executed.
    #[error("`{path}`: the document `{name}` is refused: {reason}")]
    Refused {
        /// In which file.
        path: PathBuf,
        /// Its SHA-256.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Trusted {
    /// Reads a file, or all files of a folder that end in `.json` or `.graphql`: of the former each is an object of
    /// documents by their names, as graphql-codegen and relay-compiler write it, of the latter each is one document.
    ///
    /// # Errors
    /// A file cannot be read, a name is not the SHA-256 of its document, or a guard refuses a document.
    pub fn read(path: &Path, limits: &Limits) -> Result<Self, TrustFault> {
        let unreadable = |error: &std::io::Error| TrustFault::Unreadable {
            path: path.to_path_buf(),
            cause: error.to_string(),
        };
        let mut files = Vec::new();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).map_err(|error| unreadable(&error))? {
                files.push(entry.map_err(|error| unreadable(&error))?.path());
            }
            files.retain(|file| has_ending(file, "json") || has_ending(file, "graphql"));
            files.sort();
        } else {
            files.push(path.to_path_buf());
        }
        let mut trusted = Self::default();
        for file in &files {
            trusted.take(file, limits)?;
        }
        Ok(trusted)
    }

    fn take(&mut self, path: &Path, limits: &Limits) -> Result<(), TrustFault> {
        let found = std::fs::read_to_string(path).map_err(|error| TrustFault::Unreadable {
            path: path.to_path_buf(),
            cause: error.to_string(),
        })?;
        let named: BTreeMap<String, String> = if has_ending(path, "graphql") {
            [(Digest::of(&found).to_string(), found)].into()
        } else {
            serde_json::from_str(&found).map_err(|_| TrustFault::NoList {
                path: path.to_path_buf(),
            })?
        };
        for (name, document) in named {
            let digest = Digest::of(&document);
            if Digest::parse(&name) != Some(digest) {
                return Err(TrustFault::WrongName {
                    path: path.to_path_buf(),
                    name,
                    found: digest.to_string(),
                });
            }
            judge(&document, limits).map_err(|fault| TrustFault::Refused {
                path: path.to_path_buf(),
                name,
                reason: fault.message().to_owned(),
            })?;
            self.documents.insert(digest, document.into());
        }
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

fn judge(query: &str, limits: &Limits) -> Result<(), GraphqlFault> {
    text::check(query, limits)?;
    let parsed = async_graphql::parser::parse_query(query)
        .map_err(|error| GraphqlFault::new(ErrorCode::GraphqlParseFailed, error.to_string()))?;
    Ok(document::check(&parsed, limits)?)
}

/// A document as a request gives it: its text, its name, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The text.
    pub query: Option<String>,
    /// The name, from `extensions.persistedQuery.sha256Hash` or `documentId`.
    pub name: Option<Digest>,
}

/// Everything that a name may stand for.
#[derive(Debug)]
pub(super) struct Documents {
    trusted: Trusted,
    only_trusted: bool,
    learnt: Mutex<Learnt>,
}

#[derive(Debug, Default)]
struct Learnt {
    documents: BTreeMap<Digest, (u64, Arc<str>)>,
    by_use: BTreeMap<u64, Digest>,
    uses: u64,
    bytes: usize,
}

impl Documents {
    pub(super) fn new(trusted: Trusted, only_trusted: bool) -> Self {
        Self {
            trusted,
            only_trusted,
            learnt: Mutex::default(),
        }
    }

    /// The text to execute.
    pub(super) fn find(&self, asked: &Asked) -> Result<Arc<str>, GraphqlFault> {
        let sent = match (&asked.query, asked.name) {
            (None, name) => {
                let known = name.and_then(|name| self.find_named(name));
                return known.ok_or_else(|| {
                    GraphqlFault::new(ErrorCode::PersistedQueryNotFound, NOT_FOUND)
                });
            }
            (Some(query), name) => {
                // Comparing costs a pass over the text, which the length of a body bounds.
                if name.is_some_and(|name| name != Digest::of(query)) {
                    let message = "`sha256Hash` is not the SHA-256 of `query`: send the document as it was hashed";
                    return Err(GraphqlFault::new(ErrorCode::BadRequest, message));
                }
                query
            }
        };
        if self.only_trusted && !self.trusted.documents.contains_key(&Digest::of(sent)) {
            let message = "this server executes only documents that came with its front ends: ask the operator to add it";
            return Err(GraphqlFault::new(ErrorCode::DocumentNotTrusted, message));
        }
        Ok(sent.as_str().into())
    }

    fn find_named(&self, name: Digest) -> Option<Arc<str>> {
        if let Some(document) = self.trusted.documents.get(&name) {
            return Some(Arc::clone(document));
        }
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.find(name)
    }

    /// Keeps a document that passed all guards, if its name came with it.
    pub(super) fn learn(&self, asked: &Asked) {
        let (Some(query), Some(name)) = (&asked.query, asked.name) else {
            return;
        };
        if !self.trusted.documents.contains_key(&name) {
            let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
            learnt.add(name, query);
        }
    }
}

impl Learnt {
    fn find(&mut self, name: Digest) -> Option<Arc<str>> {
        let (used, document) = self.documents.get_mut(&name)?;
        self.by_use.remove(used);
        self.uses += 1;
        *used = self.uses;
        self.by_use.insert(self.uses, name);
        Some(Arc::clone(document))
    }

    fn add(&mut self, name: Digest, query: &str) {
        if self.find(name).is_some() {
            return;
        }
        self.uses += 1;
        self.documents.insert(name, (self.uses, query.into()));
        self.by_use.insert(self.uses, name);
        self.bytes += query.len();
        while self.bytes > LEARNT_BYTES {
            let Some((_, oldest)) = self.by_use.pop_first() else {
                break;
            };
            if let Some((_, document)) = self.documents.remove(&oldest) {
                self.bytes -= document.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(query: &str) -> Asked {
        Asked {
            query: Some(query.to_owned()),
            name: Some(Digest::of(query)),
        }
    }

    #[test]
    fn the_documents_not_used_for_longest_give_way() {
        let documents = Documents::new(Trusted::default(), false);
        let text = |number: usize| format!("{number:032768}");
        let find = |number| documents.find_named(Digest::of(&text(number)));
        let fitting = LEARNT_BYTES / 32_768;
        for number in 0..fitting {
            documents.learn(&named(&text(number)));
        }
        assert!(find(0).is_some());
        documents.learn(&named(&text(fitting)));
        assert!(find(1).is_none());
        assert!(find(0).is_some() && find(2).is_some() && find(fitting).is_some());
        let learnt = documents.learnt.lock().unwrap();
        assert_eq!(learnt.bytes, LEARNT_BYTES);
        assert_eq!(learnt.by_use.len(), learnt.documents.len());
    }

    #[test]
    fn trusted_documents_are_read_from_a_file_or_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = ("{ one }", "query Other { other }");
        let list = serde_json::json!({ Digest::of(one).to_string(): one, format!("sha256:{}", Digest::of(one)): one });
        let file = folder.path().join("a.json");
        std::fs::write(&file, list.to_string()).unwrap();
        std::fs::write(folder.path().join("b.graphql"), other).unwrap();
        std::fs::write(folder.path().join("README.md"), "not a list").unwrap();
        let limits = Limits::default();
        assert_eq!(Trusted::read(&file, &limits).unwrap().len(), 1);
        let both = Trusted::read(folder.path(), &limits).unwrap();
        assert_eq!(both.len(), 2);
        let documents = Documents::new(both, true);
        assert_eq!(&*documents.find_named(Digest::of(other)).unwrap(), other);
    }

    #[test]
    fn a_list_with_a_wrong_name_or_a_document_that_no_guard_lets_through_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Trusted::read(&file, &Limits::default())
                .unwrap_err()
                .to_string()
        };
        let deep = "{".repeat(40);
        let wrong = read(&serde_json::json!({ "abc": "{ a }" }).to_string());
        assert!(
            wrong.contains("`abc`") && wrong.contains("sha256"),
            "{wrong}"
        );
        let wrong = read(&serde_json::json!({ Digest::of(&deep).to_string(): deep }).to_string());
        assert!(wrong.contains("levels of nesting"), "{wrong}");
        let wrong = read(&serde_json::json!({ Digest::of("{ a").to_string(): "{ a" }).to_string());
        assert!(wrong.contains("is refused"), "{wrong}");
        assert!(read("[]").contains("JSON object of texts"));
        let missing = Trusted::read(&folder.path().join("nowhere"), &Limits::default());
        assert!(matches!(missing, Err(TrustFault::Unreadable { .. })));
    }
}
