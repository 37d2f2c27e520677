//! Schemes (评价体系) as data: read, checked, and laid out for evaluation.

mod check;
pub mod file;
mod load;
pub(crate) mod model;

pub use model::Scheme;

impl Scheme {
    /// Reads and checks a scheme file.
    ///
    /// # Errors
    /// Every fault that was found, in the order of the file; a scheme with a fault never loads in part.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        check::check(text, load::load(text))
    }

    /// The scheme's code.
    pub fn code(&self) -> &str {
        &self.file.code
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.file.version
    }

    /// The JSON Schema of scheme files.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(file::SchemeFile)
    }
}

/// A fault of a scheme file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// What kind of fault, for programs.
    pub code: &'static str,
    /// Where, as keys joined by `/`; elements of lists are named by their code.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}: {}: {}",
            self.line, self.column, self.path, self.message
        )
    }
}
