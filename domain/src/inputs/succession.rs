//! Recorded steps by which a subject carries on what another one was.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Date;

/// A recorded step by which a subject carries on what another one was: its history, its cases, its grades.
///
/// The predecessor takes no part in the round itself; it may have predecessors of its own. A subject that keeps its
/// code through a rename or a transfer is its own predecessor, and the step says what it was called before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Succession {
    /// What happened.
    pub kind: SuccessionKind,
    /// Who carries on.
    pub subject: String,
    /// Whom it carries on.
    pub predecessor: String,
    /// What the predecessor was called.
    pub name: String,
    /// The day from which.
    pub on: Date,
    /// Whether the predecessor's grades continue as those of the subject; before that day its own then stand aside.
    /// A rename or transfer always continues them.
    pub grades: bool,
    /// Why, such as the decision that ordered it.
    pub reason: String,
    /// Who recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// How a subject came to carry on another.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SuccessionKind {
    /// 更名: it goes by another name.
    Rename,
    /// 合并: it was merged into another, or with others into a new one.
    Merger,
    /// 划转: it came under another superior, region or category.
    Transfer,
}

impl SuccessionKind {
    /// The word for it in files and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rename => "rename",
            Self::Merger => "merger",
            Self::Transfer => "transfer",
        }
    }

    /// The kind of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Rename, Self::Merger, Self::Transfer]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}
