//! Two guards in front of the library, both linear in the document's length.
//!
//! The library's parser recurses once per bracket, so 4 KB of `[` end the process; and its validation walks fragments
//! naively, so 24 chained fragments, 1 KB, keep a core busy for seconds, and no timeout can interrupt that. [`text`]
//! runs before any parser, [`document`] before the library's validation. Every transport passes both.

pub mod document;
#[cfg(test)]
mod tests;
pub mod text;

use super::error::{ErrorCode, GraphqlFault};

/// What a document may contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text.
    pub bytes: usize,
    /// Lexical tokens.
    pub tokens: usize,
    /// Nesting of brackets in the text, and of selections once fragments are written out.
    pub depth: usize,
    /// Fields, spreads and inline fragments once fragments are written out, over all operations.
    pub selections: usize,
    /// Aliases, counted like selections.
    pub aliases: usize,
    /// Directives, counted like selections.
    pub directives: usize,
    /// Items of one list given as input.
    pub list_items: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 32_768,
            tokens: 3_000,
            depth: 32,
            selections: 2_000,
            aliases: 100,
            directives: 50,
            list_items: 250,
        }
    }
}

/// What was exceeded, for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// [`Limits::bytes`]
    Bytes,
    /// [`Limits::tokens`]
    Tokens,
    /// [`Limits::depth`]
    Depth,
    /// [`Limits::selections`]
    Selections,
    /// [`Limits::aliases`]
    Aliases,
    /// [`Limits::directives`]
    Directives,
    /// [`Limits::list_items`]
    ListItems,
}

impl Measure {
    fn words(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Tokens => "tokens",
            Self::Depth => "levels of nesting",
            Self::Selections => "selections after its fragments are written out",
            Self::Aliases => "aliases",
            Self::Directives => "directives",
            Self::ListItems => "items in one list",
        }
    }
}

/// Why a document goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is larger than a limit.
    TooLarge {
        /// Of what there is too much.
        measure: Measure,
        /// How much is allowed.
        limit: usize,
    },
    /// A fragment that contains itself.
    Cycle {
        /// The fragment's name.
        fragment: String,
    },
    /// A text in three quotes that never ends.
    UnendedText,
}

impl From<Refusal> for GraphqlFault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooLarge { measure, limit } => Self::new(
                ErrorCode::DocumentTooLarge,
                format!(
                    "the document has more than {limit} {}: ask for less at once",
                    measure.words()
                ),
            ),
            Refusal::Cycle { fragment } => Self::new(
                ErrorCode::GraphqlValidationFailed,
                format!("the fragment `{fragment}` contains itself: take the spread out"),
            ),
            Refusal::UnendedText => Self::new(
                ErrorCode::GraphqlParseFailed,
                "a block string never ends: close it with three quotes",
            ),
        }
    }
}
