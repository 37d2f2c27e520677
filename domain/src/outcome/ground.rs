//! What a count, a run or a sum is made of: single cases, earlier rounds, values of predecessors.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::inputs::{Date, SuccessionKind};
use crate::number::{Points, Ratio};

/// Something single that a value is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// A case that was counted.
    Case(CaseGround),
    /// A grade in an earlier round, or that there was none.
    Round(RoundGround),
    /// Last year's value of a predecessor.
    LastYear {
        /// The predecessor.
        of: Former,
        /// Its value.
        value: Ratio,
    },
}

/// A case that was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseGround {
    /// The kind of fact.
    pub kind: Arc<str>,
    /// The reference of the case.
    pub reference: Arc<str>,
    /// The day that places it in the look-back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// What it adds: persons where each counts, or the amount that is summed; absent where the case counts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Ratio>,
    /// The predecessor that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Former>,
}

/// A grade in an earlier round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundGround {
    /// The round.
    pub round: Arc<str>,
    /// Its revision, where it was closed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// The grade; absent where there was none.
    pub grade: Option<Arc<str>>,
    /// The predecessor that held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Former>,
}

/// A predecessor, with the step that ended it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Its code.
    pub subject: Arc<str>,
    /// What it was called.
    pub name: Arc<str>,
    /// What happened to it.
    pub kind: SuccessionKind,
    /// From which day.
    pub on: Date,
}

/// A rename, merger or transfer by which a subject carries on another's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predecessor {
    /// Code of whom it carries on.
    pub subject: Arc<str>,
    /// What that one was called.
    pub name: Arc<str>,
    /// What happened to it.
    pub kind: SuccessionKind,
    /// From which day.
    pub on: Date,
    /// Whom that one became: the subject itself, or another predecessor of it.
    pub into: Arc<str>,
    /// Whether its grades continue as those of the subject.
    pub grades: bool,
}

/// A task that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// Its number in the list, from 1.
    pub number: u32,
    /// The task, where the list is the subject's own (责任清单).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Arc<str>>,
}

/// What one inspector awarded. Inspectors are numbered in the order in which they awarded points, and not named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// The points.
    pub points: Points,
    /// What the inspector noted beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Arc<str>>,
}
