//! Schemes (评价体系) as data: read, checked, and laid out for evaluation.

pub mod file;
#[cfg(test)]
mod load;

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
